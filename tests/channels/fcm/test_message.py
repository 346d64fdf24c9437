"""What a phone reads is the document that was rendered, and FCM takes it."""

import dataclasses
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.base import Endpoint, Notice, Permanent, Urgency
from channels.fcm.message import (
    DATA_BYTES,
    DOCUMENT_BYTES,
    KEPT_S,
    is_project,
    require_project,
    require_target,
    template,
    ttl,
)

TOKEN = "dGVzdA-_:APA91b" + "x" * 150
FID = "cX9k2LmNpQrStUvWxYz012"
NOTICE = Notice(
    alert_id="01JD8Z0000000000000000TEST",
    collapse_key="abcdefghijklmnopqrstuvwxyz012345",
    title="WARNUNG: Hochwasser",
    text="WARNUNG: Hochwasser",
    payload='{"v":1,"headline":"Hochwasser an der \\"Rur\\" \\u00fcber die Ufer – Повінь – فيضان"}'.encode(),
    language="de",
    urgency=Urgency.HIGH,
    deadline=datetime(2026, 11, 22, 13, tzinfo=UTC),
)


def shown(body: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """The message as FCM reads it, and the document as the app does: from `data`, whose values are texts."""
    message = json.loads(body)["message"]
    data = message["data"]
    assert all(isinstance(value, str) for value in data.values())
    assert sum(len(name.encode()) + len(value.encode()) for name, value in data.items()) <= DATA_BYTES
    return message, json.loads(data["notice"])


def test_a_message_has_all_that_decides_whether_it_arrives() -> None:
    message, document = shown(template(NOTICE, 3600).body("token", TOKEN, None))
    assert message == {
        "token": TOKEN,
        "data": message["data"],
        "android": {
            "priority": "high",
            "ttl": "3600s",
            "collapse_key": NOTICE.collapse_key,
            "direct_boot_ok": True,
            "bandwidth_constrained_ok": True,
            "restricted_satellite_ok": True,
        },
    }
    assert document == json.loads(NOTICE.payload)


def test_what_is_only_to_be_judged_says_so_beside_the_message() -> None:
    body = template(NOTICE, 60, validate_only=True).body("token", TOKEN, b"r" * 24)
    assert json.loads(body)["validate_only"] is True
    assert shown(body)[0] == shown(template(NOTICE, 60).body("token", TOKEN, b"r" * 24))[0]


def test_what_is_not_urgent_wakes_no_phone_and_takes_no_satellite() -> None:
    routine = dataclasses.replace(NOTICE, urgency=Urgency.NORMAL)
    message, _ = shown(template(routine, 60).body("fid", FID, None))
    assert message["fid"] == FID
    assert "token" not in message
    assert (message["android"]["priority"], message["android"]["direct_boot_ok"]) == ("normal", True)
    assert not message["android"]["bandwidth_constrained_ok"]
    assert not message["android"]["restricted_satellite_ok"]


def test_each_phone_gets_a_token_of_its_own_in_the_same_document() -> None:
    asked = dataclasses.replace(NOTICE, receipt_token=lambda number: b"%024d" % number)
    made = template(asked, 60)
    documents = [shown(made.body("token", TOKEN, b"%024d" % number))[1] for number in (1, 2)]
    assert [one.pop("receipt") for one in documents] == ["1".zfill(24), "2".zfill(24)]
    assert documents[0] == documents[1] == json.loads(NOTICE.payload)


LETTERS = 'abc äöüß ЇіґПовінь فيضانات٠١ "\\/\n\t\x00\u2028😀'


@given(st.dictionaries(st.sampled_from(["headline", "instruction", "areas"]), st.text(LETTERS), min_size=1))
def test_whatever_it_says_the_phone_reads_what_was_written(texts: dict[str, str]) -> None:
    payload = json.dumps({"v": 1, **texts}, ensure_ascii=False, separators=(",", ":")).encode()
    notice = dataclasses.replace(NOTICE, payload=payload, receipt_token=lambda _: b"r" * 24)
    _, document = shown(template(notice, 60).body("token", TOKEN, b"r" * 24))
    assert document == {"v": 1, **texts, "receipt": "r" * 24}


def test_the_longest_document_fits_with_its_receipt_and_a_longer_one_is_refused() -> None:
    longest = b'{"v":"%s"}'
    for receipt, room in ((None, DOCUMENT_BYTES), (b"r" * 24, DOCUMENT_BYTES - 37)):
        token = receipt and (lambda _: b"r" * 24)
        text = b"x" * (room - len(longest) + 2)
        notice = dataclasses.replace(NOTICE, payload=longest % text, receipt_token=token)
        shown(template(notice, 60).body("token", TOKEN, receipt))
        with pytest.raises(Permanent, match="payload_too_large"):
            template(dataclasses.replace(notice, payload=longest % (text + b"x")), 60)


@pytest.mark.parametrize(
    ("left", "seconds"), [(0.2, 1), (1.9, 1), (3600.5, 3600), (KEPT_S, KEPT_S), (KEPT_S * 2, KEPT_S)]
)
def test_it_is_kept_as_long_as_it_holds(left: float, seconds: int) -> None:
    assert ttl(left) == seconds


@pytest.mark.parametrize(
    ("keys", "address", "code"),
    [
        ({}, TOKEN, "project_missing"),
        ({"project": "Warn"}, TOKEN, "project_invalid"),
        ({"project": "warn/../other"}, TOKEN, "project_invalid"),
        ({"project": "warn-app", "target": "topic"}, TOKEN, "target_invalid"),
        ({"project": "warn-app"}, '", "topic": "all', "address_invalid"),
        ({"project": "warn-app"}, "", "address_invalid"),
        ({"project": "warn-app"}, "x" * 2049, "address_invalid"),
        ({"project": "warn-app"}, "tökén", "address_invalid"),
    ],
)
def test_what_is_no_address_is_refused(keys: Any, address: str, code: str) -> None:
    endpoint = Endpoint(1, address, keys)
    with pytest.raises(Permanent) as refused:
        require_target(endpoint) if require_project(endpoint) else None
    assert refused.value.code == code
    assert address[:20] not in str(refused.value) or not address


def test_tokens_and_installation_ids_are_addresses() -> None:
    assert require_target(Endpoint(1, TOKEN, {"project": "warn-app"})) == "token"
    assert require_target(Endpoint(1, FID, {"project": "warn-app", "target": "fid"})) == "fid"


@pytest.mark.parametrize(
    ("name", "good"), [("warn-app-1", True), ("warn", False), ("warn-app-", False), ("1warn-app", False)]
)
def test_a_project_is_named_by_its_id(name: str, good: bool) -> None:
    assert is_project(name) is good
