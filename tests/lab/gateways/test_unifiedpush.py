"""The stand-ins of ntfy and NextPush answer as the service's tables say that those do."""

import json
from typing import Any

import http_ece
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from channels.http.messages import Answer
from channels.webpush.services.answers import Judgement, meant
from channels.webpush.services.unifiedpush import NEXTPUSH, NTFY, UNIFIEDPUSH
from ops.lab.gateways.http.exchange import Request
from ops.lab.gateways.standins.unifiedpush import MAX_BODY, STANDIN, UnifiedPushServer
from ops.lab.gateways.state import UNIFIEDPUSH_FILE, unb64url
from ops.lab.world.ledger import Content

AWAKE, ASLEEP, UNKNOWN = "awake", "asleep", "unknown"
TABLES = {"ntfy": NTFY, "nextpush": NEXTPUSH, "nextpush-older": NEXTPUSH}
TAKEN = Content("A1", "alert", "")


def answered(manner: str, token: str, body: bytes = b"x", method: str = "POST") -> Any:
    """What comes of a request that has neither TTL nor VAPID: no server of these asks for any."""
    server = UnifiedPushServer(
        manner, "/up/", lambda known, _body: None if known == UNKNOWN else TAKEN, frozenset({ASLEEP})
    )
    return server.examine(Request(method, f"/up/{token}", {}, body, 1, "h2"), 1e9)


@pytest.mark.parametrize(
    ("manner", "token", "status", "meaning"),
    [
        ("ntfy", AWAKE, 200, Judgement.ACCEPTED),
        ("ntfy", ASLEEP, 507, Judgement.ABSENT),
        ("ntfy", UNKNOWN, 507, Judgement.ABSENT),
        ("nextpush", AWAKE, 201, Judgement.ACCEPTED),
        ("nextpush", UNKNOWN, 404, Judgement.GONE),
        ("nextpush-older", AWAKE, 200, Judgement.ACCEPTED),
        ("nextpush-older", UNKNOWN, 401, Judgement.GONE),
    ],
)
def test_each_has_its_manners_and_the_tables_know_them(
    manner: str, token: str, status: int, meaning: Judgement
) -> None:
    parcel = answered(manner, token)
    answer = Answer(parcel.answer.status, body=parcel.answer.body)
    assert (answer.status, parcel.refusal == "") == (status, meaning is Judgement.ACCEPTED)
    assert meant(answer, TABLES[manner].table) is meant(answer, UNIFIEDPUSH.table) is meaning
    assert parcel.content == (TAKEN if meaning is Judgement.ACCEPTED else Content("", "", ""))


@pytest.mark.parametrize("manner", TABLES)
def test_what_is_too_long_and_what_is_no_push_is_refused(manner: str) -> None:
    assert answered(manner, AWAKE, b"x" * MAX_BODY).refusal == ""
    assert answered(manner, AWAKE, b"x" * (MAX_BODY + 1)).refusal == "size"
    assert answered(manner, AWAKE, method="GET").answer.status == 404


def test_its_phones_read_what_comes_and_one_may_be_away(start: Any, state: Any) -> None:
    phones = [STANDIN.subscriber(1, number) for number in range(2)]
    (state / UNIFIEDPUSH_FILE).write_bytes(
        b"".join(msgspec.json.encode(one.secret) + b"\n" for one in phones)
    )
    awake, away = phones
    service = start("unifiedpush", "--asleep", away.ref)
    reply = service.request("POST", away.address, b"x")
    assert (reply.status, json.loads(reply.body)["code"]) == (507, 50701)
    sealed = http_ece.encrypt(
        b'{"alert": "A1", "kind": "alert"}',
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=unb64url(awake.keys["p256dh"]),
        auth_secret=unb64url(awake.keys["auth"]),
        version="aes128gcm",
    )
    reply = service.request("POST", awake.address, sealed, {"topic": "chain-1"})
    assert (reply.status, json.loads(reply.body)["topic"]) == (200, awake.ref)
    refused, taken = service.entries()
    assert (refused.channel, refused.accepted, refused.reason) == ("unifiedpush", False, "asleep")
    assert (taken.accepted, taken.alert, taken.collapse) == (True, "A1", "chain-1")
