"""The whole method at once: a small sender, three real gateways, three ledgers, one verdict.

The negative controls are senders that do what a service must never do; the verdict must say so.
"""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops.lab.gateways.state import number_ref
from ops.lab.world import ledger, population
from ops.lab.world.population import Origins
from ops.lab.world.records import Expected, Kind, Message, ServiceRecord
from ops.lab.world.verdict import Evidence, judge
from tests.lab.conftest import Pusher

AFFECTED = {"05358012", "05358044", "05358024"}
TEXT = "Hochwasser an der Rur. Bringen Sie sich in Sicherheit."


@pytest.fixture
def gateways(start: Any) -> dict[Any, Any]:
    return {"webpush": start("webpush"), "sms": start("sms"), "app": start("app")}


@pytest.fixture
def owed(recipients: tuple[Any, ...]) -> list[Any]:
    return list(population.watching(recipients, AFFECTED))


class Sender:
    """Hands one message to each recipient once, and keeps the service's side of the ledger."""

    def __init__(self, gateways: Any, pusher: Any, sign: Any, document: Any) -> None:
        self.clients = {channel: gateway.client() for channel, gateway in gateways.items()}
        self.origins = Origins({name: [gateways[name].url] for name in ("app", "webpush")})
        self.pusher, self.sign, self.document = pusher, sign, document
        self.said = []

    def send(self, number: Any, one: Any, document: Any = None) -> None:
        client, document = self.clients[one.channel], document or self.document
        if one.channel == "webpush":
            reply = self.pusher.push(client, one, document, Topic="chain")
        elif one.channel == "app":
            headers = self.sign(one, document, identity="chain")
            reply = client.request("POST", one.address, document, headers)
        else:
            message = {"to": one.address, "text": TEXT, "sender": "Kreis", "validity_s": 60}
            message["client_ref"] = f"ref-{number}"
            reply = client.request("POST", "/messages", json.dumps(message).encode())
        state = "accepted" if reply.status < 300 else "dead"
        self.said.append(ServiceRecord("A", one.ref, one.channel, state))


@pytest.fixture
def sender(gateways: dict[Any, Any], pusher: Pusher, sign: Any, doc: Any) -> Sender:
    return Sender(gateways, pusher, sign, doc("A"))


@pytest.fixture
def message(doc: Any) -> Message:
    now = datetime.now(UTC)
    contents = {hashlib.sha256(right).hexdigest(): Kind.ALERT for right in (doc("A"), TEXT.encode())}
    return Message(
        "A", "chain", 0, Kind.ALERT, now, now + timedelta(hours=1), settle_by=now, contents=contents
    )


@pytest.fixture
def found(gateways: dict[Any, Any], sender: Sender, message: Message, owed: list[Any]) -> Any:
    """Judges what the sender did."""

    def verdict(message: Any = message) -> Any:
        records = [
            record
            for gateway in gateways.values()
            for record in ledger.gateway_records(gateway.entries(), {"ref": "A"})
        ]
        expected = [Expected("A", one.ref, one.channel) for one in owed]
        return judge(Evidence([message], expected, records, sender.said), at=datetime.now(UTC))

    return verdict


def test_a_faithful_sender_leaves_nothing_to_say(sender: Sender, found: Any, owed: list[Any]) -> None:
    for number, one in enumerate(owed):
        sender.send(number, one)
    judged = found()
    assert judged.failures == ()
    assert judged.total.accepted == judged.total.expected == len(owed) > 40
    assert {row.channel for row in judged.rows} == {"webpush", "sms", "app"}
    assert 0 < judged.total.time_to_first_ms <= judged.total.time_to_last_ms < 60_000


def test_unfaithful_senders_are_found_out(
    sender: Sender, found: Any, owed: list[Any], recipients: tuple[Any, ...], doc: Any
) -> None:
    stranger = next(one for one in recipients if not AFFECTED & set(one.places) and one.channel == "sms")
    faithful, forgotten, doubled, wrong = owed[:-3], *owed[-3:]
    for number, one in enumerate(faithful):
        sender.send(number, one)
    sender.said.append(ServiceRecord("A", forgotten.ref, forgotten.channel, "accepted"))
    sender.send(901, doubled)
    sender.send(902, doubled)
    assert wrong.channel == "webpush"
    sender.send(903, wrong, doc("A", "cancel"))
    sender.send(904, stranger)
    sender.said.pop()
    assert stranger.ref == number_ref(stranger.address)
    total = found().total
    assert (total.lost, total.false_delivered, total.phantom, total.wrong_content) == (1, 1, 1, 1)
    assert (total.doubled, total.unknown, total.late) == (1, 0, 0)


def test_an_accept_whose_answer_was_lost_is_not_a_loss_but_its_repeat_is_a_double(
    gateways: dict[Any, Any], sender: Sender, found: Any, owed: list[Any]
) -> None:
    gateways["webpush"].set_faults({"match": {"nth": [1]}, "action": {"kind": "reset_after"}})
    hit = next(one for one in owed if one.channel == "webpush")
    with pytest.raises(ConnectionResetError):
        sender.send(0, hit)
    sender.clients["webpush"].connection.close()
    for number, one in enumerate(owed):
        sender.send(number, one)
    judged = found()
    assert judged.failures == ("doubled=1>0",)
    assert (judged.total.lost, judged.total.uncollapsed) == (0, 0)


def test_what_comes_after_expiry_is_late(
    sender: Sender, found: Any, message: Message, owed: list[Any]
) -> None:
    sender.send(0, owed[0])
    late = replace(message, expires=message.submitted_at - timedelta(seconds=1))
    assert found(late).total.late == 1
