"""What an iPhone shows and an app reads is what was rendered, and Apple takes it."""

import dataclasses
import json
import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.apns.message import (
    COLLAPSE_ID_BYTES,
    KEPT,
    PAYLOAD_BYTES,
    Interruption,
    MessageIds,
    collapse_id,
    expiration,
    headers,
    is_topic,
    require_gateway,
    require_token,
    template,
)
from channels.base import Endpoint, Notice, Permanent, Urgency
from channels.json_texts import as_json
from tests.support.apns_credentials import DEVICE, TOPIC

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SHOWN = {
    "title": "WARNUNG: Hochwasser",
    "body": 'Meiden Sie die Ufer der "Rur" – Повінь – فيضان',
    "silent": False,
}
DOCUMENT = {"v": 1, "kind": "alert", "headline": "Hochwasser", "notification": SHOWN}
NOTICE = Notice(
    alert_id="01JD8Z0000000000000000TEST",
    collapse_key="abcdefghijklmnopqrstuvwxyz012345",
    title="WARNUNG: Hochwasser",
    text="WARNUNG: Hochwasser\nMeiden Sie die Ufer.",
    payload=as_json(DOCUMENT),
    language="de",
    urgency=Urgency.HIGH,
    deadline=NOW + timedelta(hours=1),
)
RECEIPT = b"r" * 24


def notice(document: Any = DOCUMENT, **changes: Any) -> Notice:
    return dataclasses.replace(NOTICE, payload=as_json(document), **changes)


def read(body: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the phone shows by itself, and the document that the app reads."""
    assert len(body) <= PAYLOAD_BYTES
    payload = json.loads(body)
    assert set(payload) == {"aps", "notice"}
    return payload["aps"], payload["notice"]


def test_a_phone_shows_it_without_the_app_and_the_app_reads_the_whole_document() -> None:
    aps, document = read(template(NOTICE, Interruption.TIME_SENSITIVE).body(None))
    assert aps == {
        "alert": {"title": SHOWN["title"], "body": SHOWN["body"]},
        "interruption-level": "time-sensitive",
        "sound": "default",
        "thread-id": NOTICE.collapse_key,
        "mutable-content": 1,
    }
    assert document == DOCUMENT


def test_each_phone_gets_a_token_of_its_own_in_the_same_document() -> None:
    made = template(notice(receipt_token=lambda _: RECEIPT), Interruption.TIME_SENSITIVE)
    _, document = read(made.body(RECEIPT))
    assert document.pop("receipt") == RECEIPT.decode()
    assert document == DOCUMENT


@pytest.mark.parametrize(
    ("changes", "urgency", "granted", "level"),
    [
        ({}, Urgency.HIGH, Interruption.CRITICAL, "critical"),
        ({}, Urgency.HIGH, Interruption.TIME_SENSITIVE, "time-sensitive"),
        ({}, Urgency.NORMAL, Interruption.CRITICAL, "active"),
        ({"kind": "update"}, Urgency.HIGH, Interruption.CRITICAL, "critical"),
        ({"kind": "cancel"}, Urgency.HIGH, Interruption.CRITICAL, "time-sensitive"),
        ({"kind": "delisted"}, Urgency.HIGH, Interruption.CRITICAL, "time-sensitive"),
        ({"kind": "no_longer_affected"}, Urgency.HIGH, Interruption.CRITICAL, "time-sensitive"),
        ({"exercise": True}, Urgency.HIGH, Interruption.CRITICAL, "time-sensitive"),
        ({"test": True}, Urgency.HIGH, Interruption.CRITICAL, "time-sensitive"),
    ],
)
def test_only_a_warning_in_earnest_goes_through_the_mute_switch(
    changes: Any, urgency: Urgency, granted: Interruption, level: str
) -> None:
    aps, _ = read(template(notice({**DOCUMENT, **changes}, urgency=urgency), granted).body(None))
    assert aps["interruption-level"] == level
    critical = {"critical": 1, "name": "default", "volume": 1.0}
    assert aps["sound"] == (critical if level == "critical" else "default")


def test_what_is_not_to_be_guessed_by_apple_is_written_out() -> None:
    assert headers(NOTICE, TOPIC, NOW) == {
        "apns-topic": TOPIC,
        "apns-push-type": "alert",
        "apns-priority": "10",
        "apns-expiration": str(int(NOTICE.deadline.timestamp())),
        "apns-collapse-id": NOTICE.collapse_key,
        "content-type": "application/json",
    }
    assert headers(notice(urgency=Urgency.NORMAL), TOPIC, NOW)["apns-priority"] == "5"


@pytest.mark.parametrize(
    ("ahead", "kept"),
    [
        (timedelta(hours=1), timedelta(hours=1)),
        (timedelta(seconds=0.4), timedelta(seconds=1)),
        (timedelta(days=90), KEPT),
    ],
)
def test_it_is_kept_until_its_deadline_and_never_now_or_never(ahead: timedelta, kept: timedelta) -> None:
    until = expiration(notice(deadline=NOW + ahead), NOW)
    assert until == int((NOW + kept).timestamp())


def test_a_collapse_key_that_is_too_long_in_bytes_stays_one() -> None:
    assert collapse_id("x" * COLLAPSE_ID_BYTES) == "x" * COLLAPSE_ID_BYTES
    for key in ("x" * 65, "ü" * 33):
        assert len(collapse_id(key).encode()) <= COLLAPSE_ID_BYTES
        assert collapse_id(key) == collapse_id(key) != collapse_id(key + "x")


@given(st.text(max_size=60), st.integers(0, 1 << 48), st.integers(0, 1 << 48))
def test_the_id_of_a_message_is_a_uuid_of_its_alert_and_endpoint(alert: str, one: int, other: int) -> None:
    ids = MessageIds(alert)
    made = uuid.UUID(ids.of(one))
    assert (made.version, made.variant, str(made)) == (8, uuid.RFC_4122, ids.of(one))
    assert (ids.of(one) == ids.of(other)) == (one % (1 << 48) == other % (1 << 48))
    assert ids.of(one) == MessageIds(alert).of(one) != MessageIds(alert + "x").of(one)


LONGEST = {"de": "Überflutungsgefährdung ", "uk": "Надзвичайна ситуація ", "ar": "تحذير من الفيضانات "}


@pytest.mark.parametrize("word", LONGEST.values(), ids=LONGEST)
def test_what_is_shown_is_cut_at_a_word_where_the_document_leaves_no_room(word: str) -> None:
    shown = {"title": word.strip(), "body": word * 40}
    document = {"notification": shown, "description": "x" * (3_500 - len(as_json({"a": shown})))}
    made = template(notice(document, receipt_token=lambda _: RECEIPT), Interruption.CRITICAL).body(RECEIPT)
    aps, read_back = read(made)
    assert read_back["notification"] == shown, "the document is whole"
    body = aps["alert"]["body"]
    assert body != shown["body"]
    assert re.fullmatch(r".+\S…", body)
    assert shown["body"].startswith(body[:-1])
    assert shown["body"][len(body) - 1] == " "


def test_a_document_without_room_for_anything_else_is_refused() -> None:
    with pytest.raises(Permanent, match="payload_too_large"):
        template(notice({"description": "x" * 4_000}), Interruption.CRITICAL)


def test_without_what_a_browser_shows_the_notice_s_own_words_are_shown() -> None:
    aps, _ = read(template(notice({"v": 1}), Interruption.CRITICAL).body(None))
    assert aps["alert"] == {"title": NOTICE.title, "body": NOTICE.text}


def phone(address: str = DEVICE, **keys: str) -> Endpoint:
    return Endpoint(1, address, {"topic": TOPIC, **keys})


def test_a_phone_is_behind_its_app_in_its_environment() -> None:
    assert require_gateway(phone()) == f"production/{TOPIC}"
    assert require_gateway(phone(environment="sandbox")) == f"sandbox/{TOPIC}"
    for long in (32, 64, 100, 200):
        assert require_token(phone("0f" * long)) == "0f" * long


def checked(endpoint: Endpoint) -> tuple[str, str]:
    return require_gateway(endpoint), require_token(endpoint)


@pytest.mark.parametrize(
    ("endpoint", "code"),
    [
        (Endpoint(1, DEVICE, {}), "topic_missing"),
        (phone(topic="warn"), "topic_invalid"),
        (phone(topic=f"de.{'a' * 200}"), "topic_invalid"),
        (phone(environment="test"), "environment_invalid"),
        (phone(DEVICE[1:]), "device_token_invalid"),
        (phone(DEVICE.upper()), "device_token_invalid"),
        (phone("../" + DEVICE), "device_token_invalid"),
        (phone("ab"), "device_token_invalid"),
        (phone("ab" * 300), "device_token_invalid"),
    ],
)
def test_what_is_no_phone_is_refused(endpoint: Endpoint, code: str) -> None:
    with pytest.raises(Permanent, match=code):
        checked(endpoint)


def test_a_bundle_id_has_parts() -> None:
    assert is_topic("de.kreis-dueren.Warn-App2")
    assert not any(map(is_topic, ("", "warn", "de..warn", ".de", "de.warn\n", "de.wärn")))
