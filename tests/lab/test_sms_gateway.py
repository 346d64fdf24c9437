"""The stand-in SMS provider."""

import hashlib
import json

import pytest

from ops.lab.gateways.state import number_ref

GOOD = {
    "to": "+4900000000001",
    "text": "Hochwasser an der Rur. Bringen Sie sich in Sicherheit.",
    "sender": "KreisDueren",
    "client_ref": "A-1-42",
    "validity_s": 3600,
}


def send(gateway, headers=None, **changes):
    return gateway.request("POST", "/messages", json.dumps(GOOD | changes).encode(), headers)


def test_a_message_is_accepted_and_written_down_without_the_number(start):
    gateway = start("sms")
    reply = send(gateway)
    (entry,) = gateway.entries()
    assert (reply.status, json.loads(reply.body)) == (202, {"id": entry.reference})
    assert (entry.recipient, entry.collapse, entry.alert) == (number_ref(GOOD["to"]), "A-1-42", "A-1")
    assert entry.hash == hashlib.sha256(GOOD["text"].encode()).hexdigest()
    assert (entry.accepted, entry.status, entry.ttl, entry.channel) == (True, 202, 3600, "sms_http")
    assert b"+49" not in gateway.ledger.read_bytes()


def test_a_repeated_client_reference_gets_the_same_id_even_after_a_restart(start):
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
def test_bad_messages_are_refused(start, changes):
    gateway = start("sms")
    assert send(gateway, **changes).status == 400
    (entry,) = gateway.entries()
    assert (entry.accepted, entry.reason, entry.recipient) == (False, "body", "")


def test_wrong_paths_and_methods_are_refused(start):
    gateway = start("sms")
    assert gateway.request("GET", "/messages").status == 405
    assert gateway.request("POST", "/elsewhere").status == 404
    assert [entry.reason for entry in gateway.entries()] == ["method", "path"]


def test_it_asks_for_its_token(start):
    gateway = start("sms", "--bearer", "s3cret")
    assert send(gateway).status == 401
    assert send(gateway, {"Authorization": "Bearer s3cret"}).status == 202
    refused, accepted = gateway.entries()
    assert (refused.accepted, refused.reason, refused.recipient) == (
        False,
        "authorization",
        accepted.recipient,
    )
