"""A stand-in over TLS and HTTP/2: what each fault is there, by what both of our ways to send make of it."""

import asyncio
import contextlib
import json
import socket
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.http.addresses import AddressPolicy
from channels.http.client import HttpClient
from channels.http.messages import Answer, BrokenAnswer, NoAnswer
from ops.lab.gateways import launch
from ops.lab.gateways.http.exchange import MAX_BODY
from ops.lab.world.certificate import write_certificate
from tests.lab.conftest import Running

# A TLS connection that we close stays with the loop until the other side agrees; a client's end waits for nobody.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed resource <TCPTransport:ResourceWarning"),
    pytest.mark.processes,
]

TIMEOUT_S = 20.0
SOON_S = 0.5
MESSAGE = {"to": "+4900000000001", "text": "Hochwasser", "sender": "Kreis", "validity_s": 60}
SETTINGS = bytes(3) + b"\x04" + bytes(5)
GOAWAY = b"\x00\x00\x08\x07" + bytes(5)
STATUS_AND_FIELDS = len(":status" + "202" + "content-type" + "application/json" + "content-length" + "26")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Certificate and key as PEM files; the certificate is its own authority."""
    return write_certificate(tmp_path_factory.mktemp("tls"), datetime.now(UTC))


@pytest.fixture(scope="module")
def running(
    certificate: Any, trusting: Any, state: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    pem, key = certificate
    ledger = tmp_path_factory.mktemp("ledger") / "sms.ndjson"
    options = ("--tls-cert", str(pem), "--tls-key", str(key))
    with launch.start("sms", ledger=ledger, state=state, options=options, tls=trusting(pem)) as standin:
        yield Running(standin)


@pytest.fixture
def gateway(running: Running) -> Any:
    running.clear_faults()
    return running


class Sender:
    """Sends by one of our two ways."""

    def __init__(self, gateway: Any, client: Any) -> None:
        self.gateway, self.client = gateway, client
        self.sent = 0
        self.warmed = 0

    async def send(self, timeout_s: Any = TIMEOUT_S, body: bytes = b"") -> Any:
        self.sent += 1
        message = json.dumps(MESSAGE | {"client_ref": f"A-{self.sent}"}).encode()
        return await self.client.post(f"{self.gateway.url}/messages", {"X": "y"}, body or message, timeout_s)

    async def fails(self, timeout_s: Any = TIMEOUT_S) -> Any:
        with pytest.raises((NoAnswer, BrokenAnswer)) as caught:
            await self.send(timeout_s)
        return caught.value

    async def warm(self, pool: Any) -> None:
        """Until the way to be tested is open."""
        await self.send()
        while pool and not self.pool():
            await self.send()

    def pool(self) -> list[Any]:
        """The connections of our own that can be used."""
        pools = self.client._http2._pools.values()
        return [one for pool in pools for one in pool._connections if one.open and one.ready]

    def entries(self) -> Any:
        """What the gateway wrote down after the warming."""
        return self.gateway.entries()[self.warmed :]


@pytest.fixture(params=["libcurl", "pool"])
async def sender(request: pytest.FixtureRequest, gateway: Any, certificate: Any) -> AsyncIterator[Sender]:
    pool = request.param == "pool"
    policy = AddressPolicy(frozenset({gateway.url}))
    client = HttpClient(policy, ca_file=str(certificate[0]), http2_after=1 if pool else sys.maxsize)
    sender = Sender(gateway, client)
    await sender.warm(pool)
    sender.warmed = len(gateway.entries())
    yield sender
    await client.aclose()


def accepted(sender: Any) -> list[Any]:
    return [entry.accepted for entry in sender.entries()]


async def test_the_protocol_is_the_best_that_the_client_offers(gateway: Any, sender: Sender) -> None:
    before = Counter(gateway.stats()["by_protocol"])
    await sender.send()
    gateway.request("POST", "/messages", json.dumps(MESSAGE | {"client_ref": "B-1"}).encode())
    assert Counter(gateway.stats()["by_protocol"]) - before == {"h2": 1, "http/1.1": 1}


async def test_hundreds_at_once_are_each_answered_and_written_down(sender: Sender) -> None:
    answers = await asyncio.gather(*(sender.send() for _ in range(400)))
    references = {json.loads(answer.body)["id"] for answer in answers}
    assert len(references) == 400
    assert {entry.reference for entry in sender.entries()} == references
    assert {entry.port for entry in sender.entries()} == set(sender.gateway.ready.ports)


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "7"}])
async def test_a_status_has_its_headers_and_body(sender: Sender, headers: dict[Any, Any]) -> None:
    action = {"kind": "status", "status": 429, "headers": headers, "body": "later"}
    sender.gateway.set_faults({"action": action})
    answer = await sender.send()
    assert (answer.status, answer.body) == (429, b"later")
    assert answer.header("retry-after") == headers.get("Retry-After")
    assert accepted(sender) == [False]


@pytest.mark.parametrize(("kind", "taken"), [("hang", False), ("hang_after", True)])
async def test_one_that_hangs_holds_up_nobody_else(sender: Sender, kind: str, taken: bool) -> None:
    sender.gateway.set_faults({"match": {"nth": [1]}, "action": {"kind": kind}})
    hanging, *others = await asyncio.gather(sender.fails(SOON_S), *(sender.send() for _ in range(3)))
    assert hanging.code == "timeout"
    assert [answer.status for answer in others] == [202, 202, 202]
    assert accepted(sender) == [taken, True, True, True]


@pytest.mark.parametrize(("kind", "taken"), [("reset", False), ("reset_after", True)])
async def test_a_reset_is_of_its_stream_alone(sender: Sender, kind: str, taken: bool) -> None:
    delay = {"name": "delay", "match": {"nth": [2]}, "action": {"kind": "delay", "delay_s": 0.2}}
    sender.gateway.set_faults({"match": {"nth": [1]}, "action": {"kind": kind, "delay_s": 0.1}}, delay)
    broken, other = await asyncio.gather(sender.fails(), sender.send())
    assert isinstance(broken, NoAnswer)
    assert (broken.code, other.status) == ("reset", 202)
    assert sorted(accepted(sender)) == [taken, True]


@pytest.mark.parametrize(
    "sender", ["pool"], indirect=True
)  # libcurl's connection may be gone before it can be judged
async def test_what_was_refused_unread_is_sent_again_at_once(sender: Sender) -> None:
    sender.gateway.set_faults({"match": {"nth": [1]}, "action": {"kind": "refuse"}})
    assert (await sender.send()).status == 202
    first, second = sender.entries()
    assert (first.accepted, second.accepted) == (False, True)
    assert first.collapse == second.collapse


async def test_a_truncated_answer_breaks_off_before_or_after_its_status(sender: Sender) -> None:
    sender.gateway.set_faults({"action": {"kind": "truncate", "keep_bytes": 10}})
    assert isinstance(await sender.fails(), NoAnswer)
    sender.gateway.set_faults({"action": {"kind": "truncate", "keep_bytes": STATUS_AND_FIELDS + 4}})
    broken = await sender.fails()
    assert isinstance(broken, BrokenAnswer)
    assert (broken.code, broken.answer.status) == ("truncated", 202)
    assert accepted(sender) == [True, True]


async def test_a_slow_answer_comes_in_pieces_and_is_whole(sender: Sender) -> None:
    sender.gateway.set_faults({"action": {"kind": "slow", "pause_s": 0.002}})
    began = time.monotonic()
    answer = await sender.send()
    assert time.monotonic() - began > 0.1
    assert answer.status == 202
    assert json.loads(answer.body)["id"] == sender.entries()[0].reference


async def test_one_that_is_too_slow_is_given_up_although_it_never_falls_silent(sender: Sender) -> None:
    sender.gateway.set_faults({"match": {"nth": [1]}, "action": {"kind": "slow", "pause_s": SOON_S / 5}})
    broken = await sender.fails(SOON_S)
    assert (type(broken), broken.code) == (NoAnswer, "timeout")
    assert (await sender.send()).status == 202
    assert accepted(sender) == [True, True]


async def test_a_connection_that_breaks_takes_all_on_it_along(sender: Sender) -> None:
    hang = {"name": "hang", "match": {"first_attempts": 10}, "action": {"kind": "hang_after"}}
    sender.gateway.set_faults({"match": {"nth": [11]}, "action": {"kind": "disconnect"}}, hang)
    outcomes = await asyncio.gather(*(sender.send() for _ in range(11)), return_exceptions=True)
    assert {type(one) for one in outcomes} <= {NoAnswer, Answer}
    assert sum(isinstance(one, NoAnswer) for one in outcomes) == 11
    assert {one.code for one in outcomes} == {"reset"}
    assert sum(accepted(sender)) == 10
    sender.gateway.clear_faults()
    assert (await sender.send()).status == 202


async def test_garbage_takes_the_connection_along(sender: Sender) -> None:
    sender.gateway.set_faults({"action": {"kind": "garbage"}})
    outcomes = await asyncio.gather(*(sender.send() for _ in range(3)), return_exceptions=True)
    assert {type(one) for one in outcomes} == {NoAnswer}
    assert not any(accepted(sender))
    sender.gateway.clear_faults()
    assert (await sender.send()).status == 202


GOES_AWAY = {"kind": "go_away"}
DELAY = {"name": "delay", "action": {"kind": "delay", "delay_s": 0.01}}


@pytest.mark.parametrize("sender", ["pool"], indirect=True)
async def test_one_that_goes_away_answers_what_it_has_and_the_rest_is_sent_again(sender: Sender) -> None:
    """What came after the GOAWAY says nothing of goes over another connection."""
    sender.gateway.set_faults({"match": {"nth": [20]}, "action": GOES_AWAY}, DELAY)
    answers = await asyncio.gather(*(sender.send() for _ in range(90)))
    assert {answer.status for answer in answers} == {202}
    assert len(sender.entries()) == len({entry.collapse for entry in sender.entries()}) == 90


async def test_one_that_keeps_going_away_makes_us_send_nothing_twice(sender: Sender) -> None:
    """Of some libcurl cannot tell any more whether they were acted upon: these have no answer, and are not repeated."""
    sender.gateway.set_faults({"match": {"every": 20}, "action": GOES_AWAY}, DELAY)
    outcomes = await asyncio.gather(*(sender.send() for _ in range(300)), return_exceptions=True)
    answered = [one for one in outcomes if isinstance(one, Answer)]
    assert {answer.status for answer in answered} == {202}
    assert {one.code for one in outcomes if one not in answered} <= {"reset"}
    assert len(answered) <= len(sender.entries()) == len({entry.collapse for entry in sender.entries()})


async def test_a_body_beyond_all_channels_is_refused(gateway: Any, certificate: Any) -> None:
    client = HttpClient(AddressPolicy(frozenset({gateway.url})), ca_file=str(certificate[0]))
    answer = await Sender(gateway, client).send(body=b"x" * (MAX_BODY + 1))
    assert answer.status == 413
    await client.aclose()
    assert all(entry.reason != "body" for entry in gateway.entries())


@contextlib.contextmanager
def connected(gateway: Any, context: Any) -> Iterator[Any]:
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection(("127.0.0.1", gateway.ready.ports[0]), timeout=TIMEOUT_S) as raw,
        context.wrap_socket(raw, server_hostname="127.0.0.1") as connection,
    ):
        yield connection


def all_of(connection: Any) -> bytes:
    data = b""
    while more := connection.recv(1000):
        data += more
    return data


def test_what_is_not_http2_is_closed_and_not_written_down(
    gateway: Any, trusting: Any, certificate: Any
) -> None:
    before = len(gateway.entries())
    with connected(gateway, trusting(certificate[0])) as connection:
        connection.sendall(b"POST /messages HTTP/1.1\r\nhost: x\r\n\r\n")
        assert GOAWAY in all_of(connection)
    assert len(gateway.entries()) == before


def test_it_says_goodbye_to_connections_that_are_open_at_its_end(
    start: Any, trusting: Any, certificate: Any
) -> None:
    pem, key = certificate
    ending = start("sms", "--tls-cert", str(pem), "--tls-key", str(key), tls=trusting(pem))
    with connected(ending, trusting(pem)) as connection:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SETTINGS)
        assert connection.recv(1000)
        assert ending.stop() == 0
        assert GOAWAY in all_of(connection)
