"""The stand-in SMS provider."""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ops.lab.gateways.launch import StandinError
from ops.lab.gateways.reports import REPORT_SEQUENCES
from ops.lab.gateways.state import number_ref

GOOD = {
    "to": "+4900000000001",
    "text": "Hochwasser an der Rur. Bringen Sie sich in Sicherheit.",
    "sender": "KreisDueren",
    "client_ref": "A-1-42",
    "validity_s": 3600,
}


def send(gateway: Any, headers: Any = None, **changes: Any) -> Any:
    return gateway.request("POST", "/messages", json.dumps(GOOD | changes).encode(), headers)


def test_a_message_is_accepted_and_written_down_without_the_number(start: Any) -> None:
    gateway = start("sms")
    reply = send(gateway)
    (entry,) = gateway.entries()
    assert (reply.status, json.loads(reply.body)) == (
        202,
        {"id": entry.reference, "status": "accepted"},
    )
    assert (entry.recipient, entry.collapse, entry.alert) == (number_ref(GOOD["to"]), "A-1-42", "A-1")
    assert entry.hash == hashlib.sha256(str(GOOD["text"]).encode()).hexdigest()
    assert (entry.accepted, entry.status, entry.ttl, entry.channel) == (True, 202, 3600, "sms")
    assert b"+49" not in gateway.ledger.read_bytes()


def test_a_repeated_client_reference_gets_the_same_id_even_after_a_restart(start: Any) -> None:
    gateway = start("sms")
    first = send(gateway)
    gateway.kill()
    gateway = start("sms")
    assert send(gateway).body == first.body != send(gateway, client_ref="A-1-43").body
    assert [entry.collapse for entry in gateway.entries()] == ["A-1-42", "A-1-42", "A-1-43"]


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "0171"},
        {"text": ""},
        {"text": "x" * 1531},
        {"sender": ""},
        {"client_ref": ""},
        {"validity_s": 0},
    ],
)
def test_bad_messages_are_refused(start: Any, changes: dict[Any, Any]) -> None:
    gateway = start("sms")
    assert send(gateway, **changes).status == 400
    (entry,) = gateway.entries()
    assert (entry.accepted, entry.reason, entry.recipient) == (False, "body", "")


def test_wrong_paths_and_methods_are_refused(start: Any) -> None:
    gateway = start("sms")
    assert gateway.request("GET", "/messages").status == 405
    assert gateway.request("POST", "/elsewhere").status == 404
    assert [entry.reason for entry in gateway.entries()] == ["method", "path"]


def test_it_asks_for_its_token(start: Any) -> None:
    gateway = start("sms", "--bearer", "s3cret")
    assert send(gateway).status == 401
    assert send(gateway, {"Authorization": "Bearer s3cret"}).status == 202
    refused, accepted = gateway.entries()
    assert (refused.accepted, refused.reason, refused.recipient) == (
        False,
        "authorization",
        accepted.recipient,
    )


@pytest.fixture
def report_receiver() -> Iterator[tuple[Any, ...]]:
    """Receives reports: (address, [(secret shown, report)]). The first report of each kind is answered 503."""
    seen, refused = [], set()

    class ReportReceiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            document = json.loads(body)
            status = 200 if body in refused else 503
            refused.add(body)
            if status == 200:
                seen.append((self.headers["Authorization"], document))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps({"verdicts": {document["status"]: 1}}).encode())

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), ReportReceiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/reports", seen
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_reports_on_each_message_once_and_until_it_is_heard(
    start: Any, report_receiver: tuple[Any, ...]
) -> None:
    url, seen = report_receiver
    gateway = start("sms")
    gateway.report(url=url, secret="s3cret", seed=5, early=1.0)
    refs = [f"A-{number}" for number in range(40)]
    for ref in [*refs, *refs]:
        assert send(gateway, client_ref=ref).status == 202
    while gateway.reports().open:
        pass
    account = gateway.reports()
    assert {one.client_ref for one in account.heard} < set(refs), "some are silent"
    assert {one.way for one in account.heard} == {way for way, groups in REPORT_SEQUENCES.items() if groups}
    assert {one.status for one in account.heard} == {200}
    assert all(one.verdict == one.step.status for one in account.heard)
    assert len(account.heard) <= len(seen)
    assert {secret == "Bearer s3cret" for secret, _ in seen} == {True, False}
    gateway.report_no_more()
    with pytest.raises(StandinError):
        gateway.reports()


def test_a_report_may_come_before_the_answer(start: Any, report_receiver: tuple[Any, ...]) -> None:
    url, seen = report_receiver
    gateway = start("sms")
    gateway.report(url=url, secret="x", seed=5, early=1.0)
    for number in range(20):
        before = len(seen)
        send(gateway, client_ref=f"A-{number}")
        [*early] = [one for one in gateway.reports().heard if one.client_ref == f"A-{number}" and one.early]
        if early:
            assert len(seen) > before
            return
    pytest.fail("no message was reported on early")


def test_a_plan_without_sense_is_refused(start: Any) -> None:
    with pytest.raises(StandinError):
        start("sms").report(url="http://127.0.0.1:9", secrets="x")


def test_of_each_message_it_writes_down_as_many_texts_as_it_was_asked_to(start: Any) -> None:
    gateway = start("sms", "--texts", "1")
    for reference in ("A-1-42", "A-1-43", "B-1-42"):
        send(gateway, client_ref=reference)
    send(gateway, client_ref="C-1-1", text="")
    assert [entry.text for entry in gateway.entries()] == [GOOD["text"], "", GOOD["text"], ""]
