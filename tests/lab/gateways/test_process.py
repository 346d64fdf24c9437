"""A stand-in as a process: its connections, its ledger under a kill, its end."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.lab.gateways.launch import StandinError
from ops.lab.world import ledger

ROOT = Path(__file__).parents[3]
MESSAGE = {"to": "+4900000000001", "text": "Hochwasser", "sender": "Kreis", "validity_s": 60}


def body(client_ref: Any) -> bytes:
    return json.dumps(MESSAGE | {"client_ref": client_ref}).encode()


def request(client_ref: Any, extra: str = "") -> Any:
    content = body(client_ref)
    head = f"POST /messages HTTP/1.1\r\nhost: x\r\ncontent-length: {len(content)}\r\n{extra}\r\n"
    return head.encode() + content


@pytest.fixture
def gateway(start: Any) -> Any:
    return start("sms")


@pytest.fixture
def raw(gateway: Any) -> Iterator[Any]:
    with socket.create_connection(("127.0.0.1", gateway.ready.ports[0]), timeout=20) as connection:
        yield connection


def read_until(connection: Any, count: Any, mark: bytes = b"HTTP/1.1") -> bytes:
    """Bytes until `mark` has come `count` times and an answer's end, or until the other side closed."""
    data = b""
    while data.count(mark) < count or not data.endswith((b"}", b"\r\n\r\n", b"HTTP/1.1", b"only")):
        more = connection.recv(65_536)
        if not more:
            break
        data += more
    return data


def ended(connection: Any) -> bool:
    """Whether the other side closes; a connection that was not yet accepted when its process died is reset."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_it_says_where_it_listens(start: Any) -> None:
    gateway = start("app", "--port", "0", "--port", "0", "--host", "127.0.0.1")
    ready = gateway.ready
    assert ready.channel == "app"
    assert ready.pid == gateway.process.pid
    assert ready.ledger == str(gateway.ledger)
    assert ready.urls == tuple(f"http://127.0.0.1:{port}" for port in ready.ports)
    assert ready.url == ready.urls[0] != ready.urls[1]


def test_pipelined_requests_are_answered_in_their_order(gateway: Any, raw: Any) -> None:
    gateway.set_faults({"match": {"nth": [1]}, "action": {"kind": "delay", "delay_s": 0.2}})
    raw.sendall(request("A-1") + request("A-2") + request("A-3"))
    answers = read_until(raw, 3)
    order = sorted(gateway.entries(), key=lambda entry: answers.index(entry.reference.encode()))
    assert [entry.collapse for entry in order] == ["A-1", "A-2", "A-3"]
    assert [entry.collapse for entry in gateway.entries()][-1] == "A-1"


def test_a_request_may_come_in_pieces_and_in_chunks(gateway: Any, raw: Any) -> None:
    content = body("A-1")
    head = b"POST /messages?x=1 HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    for piece in (head[:20], head[20:], b"%x\r\n" % len(content), content, b"\r\n0\r\n\r\n"):
        raw.sendall(piece)
    assert b" 202 " in read_until(raw, 1)


def test_expect_continue_is_answered_at_once(gateway: Any, raw: Any) -> None:
    whole = request("A-1", "expect: 100-continue\r\n")
    head, _, content = whole.partition(b"\r\n\r\n")
    raw.sendall(head + b"\r\n\r\n")
    assert raw.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    raw.sendall(content)
    assert b" 202 " in read_until(raw, 1)


def test_an_offer_of_another_protocol_is_refused(gateway: Any, raw: Any) -> None:
    raw.sendall(request("A-1", "connection: upgrade\r\nupgrade: h2c\r\n"))
    assert b" 501 " in read_until(raw, 1)
    assert gateway.entries() == ()


def test_connection_close_is_honoured(gateway: Any, raw: Any) -> None:
    raw.sendall(request("A-1", "connection: close\r\n"))
    data = b""
    while more := raw.recv(1000):
        data += more
    assert b"connection: close" in data


@pytest.mark.parametrize(
    "data", [b"\x16\x03\x01\x02\x00 hello\r\n\r\n", b"NONSENSE\r\n\r\n", b"GET / HTTP/1.1\r\n: x\r\n\r\n"]
)
def test_what_is_not_http_is_refused_and_not_written_down(gateway: Any, raw: Any, data: bytes) -> None:
    raw.sendall(data)
    assert b" 400 " in read_until(raw, 1)
    assert gateway.entries() == ()


def test_a_body_beyond_all_channels_is_refused(gateway: Any, raw: Any) -> None:
    raw.sendall(b"POST /messages HTTP/1.1\r\nhost: x\r\ncontent-length: 99999\r\n\r\n" + b"x" * 70_000)
    assert b" 413 " in read_until(raw, 1)
    assert gateway.entries() == ()


def test_one_fsync_serves_many_and_every_answered_request_survives_a_kill(gateway: Any) -> None:
    """Eight senders without a pause; the gateway is killed once some hundred answers were read."""
    answered: set[str] = set()
    enough = threading.Event()

    def sender(name: Any) -> None:
        with gateway.client() as client:
            for number in range(100_000):
                reference = f"{name}-{number}"
                try:
                    reply = client.request("POST", "/messages", body(reference))
                except OSError:
                    return
                assert reply.status == 202
                answered.add(reference)
                if len(answered) >= 400:
                    enough.set()

    senders = [threading.Thread(target=sender, args=(name,)) for name in "abcdefgh"]
    for thread in senders:
        thread.start()
    assert enough.wait(60)
    stats = gateway.stats()
    gateway.kill()
    for thread in senders:
        thread.join()
    written = ledger.read(gateway.ledger)
    accepted = {entry.collapse for entry in written.entries if entry.accepted}
    assert answered <= accepted
    assert len(accepted - answered) <= 8
    assert stats["commits"] < stats["entries"]


def test_a_restarted_gateway_does_not_write_behind_a_torn_line(start: Any, tmp_path: Path) -> None:
    path = tmp_path / "torn.ndjson"
    first = start("sms", ledger=path)
    first.request("POST", "/messages", body("A-1"))
    first.kill()
    path.write_bytes(path.read_bytes() + b'{"channel":"sms","recip')
    second = start("sms", ledger=path)
    second.request("POST", "/messages", body("A-2"))
    found = ledger.read(path)
    assert [entry.collapse for entry in found.entries] == ["A-1", "A-2"]
    assert found.torn == 1
    assert len({entry.process for entry in found.entries}) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_and_closes_what_is_open(gateway: Any, raw: Any, number: Any) -> None:
    raw.sendall(request("A-1"))
    read_until(raw, 1)
    os.kill(gateway.process.pid, number)
    os.kill(gateway.process.pid, number)
    assert gateway.process.wait(20) == 0
    assert ended(raw)
    assert len(gateway.entries()) == 1


def test_a_gateway_that_cannot_write_its_ledger_ends_without_an_answer(
    start: Any, raw_to: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    gateway = start("sms", ledger=Path("/dev/full"))
    with raw_to(gateway) as connection:
        connection.sendall(request("A-1") + request("A-2"))
        assert connection.recv(1000) == b""
    assert gateway.process.wait(20) == 1
    assert "No space left" in capfd.readouterr().err


@pytest.fixture
def raw_to() -> Any:
    return lambda gateway: socket.create_connection(("127.0.0.1", gateway.ready.ports[0]), timeout=20)


@pytest.mark.processes
def test_it_does_not_stay_when_its_parent_is_gone_before_it_could_ask() -> None:
    program = "from ops.lab.gateways.process import die_with_parent; die_with_parent(0)"
    assert (
        subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == -signal.SIGKILL
    )


PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-m", "ops.lab.gateways", *sys.argv[1:]], stdout=subprocess.PIPE)
print(child.stdout.readline().decode(), flush=True)
sys.stdin.read()
"""


@pytest.mark.processes
@pytest.mark.parametrize("detached", [False, True])
def test_it_ends_with_its_parent_unless_told_otherwise(state: Any, tmp_path: Path, detached: bool) -> None:
    options = ["sms", "--state", state, "--ledger", tmp_path / "l", *(["--detached"] if detached else [])]
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as parent:
        ready = json.loads(parent.stdout.readline())
        with socket.create_connection(("127.0.0.1", ready["ports"][0]), timeout=20) as connection:
            parent.kill()
            parent.wait()
            if detached:
                connection.sendall(request("A-1"))
                assert b" 202 " in read_until(connection, 1)
                os.kill(ready["pid"], signal.SIGTERM)
            assert ended(connection)


def test_how_many_texts_are_kept_can_be_changed(gateway: Any) -> None:
    """None, until it is said; then of each message so many."""
    for number, kept in ((1, None), (2, 1), (3, None)):
        if kept:
            gateway.keep_texts(kept + 1)  # one of the message was accepted before
        assert gateway.request("POST", "/messages", body(f"A-{number}")).status < 300
    assert [bool(entry.text) for entry in gateway.entries()] == [False, True, False]
    with pytest.raises(StandinError):
        gateway.keep_texts("many")
