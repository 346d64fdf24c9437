"""The faults of FCM: its errors mean to the service what they are called, and a phone that is forgotten is found."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.apns.answers import apns_error
from channels.base import ChannelMisconfigured, Gone, OwnKeyRefused, RateLimited, Transient
from channels.fcm.answers import fcm_error
from channels.http.messages import Answer
from ops.lab.faults.cases import phones
from ops.lab.world.ledger import Entry
from ops.lab.world.population import Recipient

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)
DUEREN, JUELICH = "05358008", "05358024"
PEOPLE = [
    Recipient("one", "fcm", "x", (DUEREN,), DUEREN),
    Recipient("other", "fcm", "y", (DUEREN, JUELICH), JUELICH),
    Recipient("elsewhere", "fcm", "z", (JUELICH,), JUELICH),
    Recipient("browser", "webpush", "b", (DUEREN,), DUEREN),
]


def entry(recipient: str, alert: str = "A", *, accepted: bool = True) -> Entry:
    return Entry(
        channel="fcm",
        recipient=recipient,
        accepted=accepted,
        status=200 if accepted else 404,
        wall_ns=1,
        mono_ns=1,
        process=1,
        number=1,
        port=1,
        alert=alert,
    )


@pytest.mark.parametrize(
    ("entries", "missing"),
    [
        ([entry("one"), entry("other")], set()),
        ([entry("one"), entry("other", accepted=False)], {"other"}),
        ([entry("one"), entry("other", "B")], {"other"}),
        ([], {"one", "other"}),
    ],
)
def test_a_phone_that_did_not_get_a_message_is_forgotten(entries: list[Entry], missing: set[str]) -> None:
    assert phones.forgotten(PEOPLE, {DUEREN}, entries, "A") == missing


def answered(rule: dict[str, Any]) -> Any:
    action = rule["action"]
    return fcm_error(Answer(action["status"], body=action["body"].encode()), lambda: NOW)


@pytest.mark.parametrize("prefix", phones.GONE)
def test_whoever_is_gone_is_gone_to_the_service_too(prefix: str) -> None:
    rule = phones.said(prefix, phones.GONE[prefix])
    assert rule["match"] == {"recipient_prefix": prefix, "first_attempts": 0}
    assert type(answered(rule)) is Gone


@pytest.mark.parametrize(("prefix", "kind"), [("H", Transient), ("I", Transient), ("J", OwnKeyRefused)])
def test_what_passes_ends_no_phone(prefix: str, kind: type) -> None:
    assert type(answered(phones.said(prefix, phones.PASSING[prefix], first_attempts=2))) is kind


@pytest.mark.parametrize("prefix", phones.APPLES_GONE)
def test_whoever_apple_calls_gone_is_gone_to_the_service_too(prefix: str) -> None:
    action = phones.apple_said(prefix, *phones.APPLES_GONE[prefix])["action"]
    assert type(apns_error(Answer(action["status"], body=action["body"].encode()), lambda: NOW)) is Gone


@pytest.mark.parametrize("prefix", phones.APPLES_PASSING)
def test_what_passes_at_apple_ends_no_iphone(prefix: str) -> None:
    action = phones.apple_said(prefix, *phones.APPLES_PASSING[prefix])["action"]
    error = apns_error(Answer(action["status"], body=action["body"].encode()), lambda: NOW)
    assert isinstance(error, Transient | RateLimited)


@pytest.mark.parametrize(("status", "body"), phones.FOREIGN)
def test_what_says_nothing_of_a_phone_is_about_us(status: int, body: str) -> None:
    assert type(answered({"action": {"status": status, "body": body}})) is ChannelMisconfigured
    assert isinstance(apns_error(Answer(status, body=body.encode()), lambda: NOW), ChannelMisconfigured)
    assert body.startswith("<!DOCTYPE") or "details" not in json.loads(body)["error"]
