"""What a strict centre takes of a submit_sm."""

from datetime import UTC, datetime

import pytest

from channels.sms.smpp.pdu import Tag
from ops.lab.gateways.smpp.parts import Place
from ops.lab.gateways.smpp.submission import examine, read_validity
from ops.lab.gateways.state import number_ref
from tests.support.smpp_peer import NUMBER, message

NOW = datetime(2026, 11, 28, 12, 0, 0, tzinfo=UTC)
PART = bytes.fromhex("050003110201")


def test_a_message_is_read_and_its_number_is_not_shown() -> None:
    tlvs = ((Tag.USER_MESSAGE_REFERENCE, b"\x12\x67"),)
    found = examine(message(b"Hochwasser", tlvs, validity="000000001000000R", registered_delivery=1), NOW)
    assert (found.status, found.text, found.reference, found.validity_s, found.receipts) == (
        0,
        "Hochwasser",
        "4711",
        600,
        1,
    )
    assert found.recipient == number_ref("+" + NUMBER)
    assert NUMBER not in repr(found)


def test_parts_are_marked_in_three_ways() -> None:
    by_header = examine(message(PART + b"a", esm_class=0x40), NOW)
    tlvs = (
        (Tag.SAR_MSG_REF_NUM, b"\x00\x11"),
        (Tag.SAR_TOTAL_SEGMENTS, b"\x02"),
        (Tag.SAR_SEGMENT_SEQNUM, b"\x01"),
    )
    by_sar = examine(message(b"a", tlvs), NOW)
    payload = examine(message(b"", ((Tag.MESSAGE_PAYLOAD, b"a" * 400),)), NOW)
    assert (by_header.place, by_header.text) == (Place("udh8-17", 1, 2), "a")
    assert (by_sar.place, by_sar.text) == (Place("sar-17", 1, 2), "a")
    assert (payload.place.alone, payload.text, payload.status) == (True, "a" * 400, 0)


@pytest.mark.parametrize(
    ("text", "fields", "status", "reason"),
    [
        (b"a", {"destination": ""}, 0x0B, "number"),
        (b"a", {"destination": "0171"}, 0x0B, "number"),
        (b"a" * 160, {}, 0, ""),
        (b"a" * 161, {}, 0x01, "length"),
        (PART + b"a" * 153, {"esm_class": 0x40}, 0, ""),
        (PART + b"a" * 154, {"esm_class": 0x40}, 0x01, "length"),
        (b"\x00a" * 70, {"data_coding": 8}, 0, ""),
        (b"\x00a" * 71, {"data_coding": 8}, 0x01, "length"),
        (PART + b"\x00a" * 67, {"data_coding": 8, "esm_class": 0x40}, 0, ""),
        (PART + b"\x00a" * 68, {"data_coding": 8, "esm_class": 0x40}, 0x01, "length"),
        (b"\xe4", {}, 0x45, "septet"),
        (b"\x05\x00", {"esm_class": 0x40}, 0x45, "udh"),
        (b"a", {"validity": "3600"}, 0x62, "validity"),
    ],
)
def test_what_no_phone_could_show_is_refused(
    text: bytes, fields: dict[str, object], status: int, reason: str
) -> None:
    found = examine(message(text, **fields), NOW)
    assert (found.status, found.reason) == (status, reason)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", 0),
        ("000000001000000R", 600),
        ("000001000000000R", 86_400),
        ("261128121000000+", 600),
        ("261128131000004+", 600),
        ("261128071000020-", 600),
    ],
)
def test_validity_is_read_in_both_forms(text: str, seconds: int) -> None:
    assert read_validity(text, NOW) == seconds


@pytest.mark.parametrize("text", ["261128115900000+", "000000000000000R", "261328120000000+", "x" * 16])
def test_a_validity_that_is_over_or_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_validity(text, NOW)
