"""Receipts in the forms that centres really send."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms.delivery_reports import ReportState
from channels.sms.smpp.pdu import DataMessage, ShortMessage, Tag
from channels.sms.smpp.receipts import (
    CentreReceipt,
    IdForm,
    ReceiptColumn,
    ReceiptForm,
    answer_key,
    read_receipt,
    receipt_key,
)

PLAIN = ReceiptForm()
DELIVERED, FAILED, PENDING = ReportState.DELIVERED, ReportState.FAILED, ReportState.PENDING


def receipt(text: str, form: ReceiptForm = PLAIN, **fields: Any) -> CentreReceipt | None:
    return read_receipt(ShortMessage(text=text.encode("latin-1"), **{"esm_class": 4, **fields}), form)


@pytest.mark.parametrize(
    ("text", "key", "state", "code"),
    [
        (
            "id:0123456789 sub:001 dlvrd:001 submit date:2611281200 done date:2611281201 stat:DELIVRD err:000 text:Sturm",
            "0123456789",
            DELIVERED,
            "000",
        ),
        (
            "id:1a2B-cd sub:001 dlvrd:000 submit date:261128120000 done date:261128120105 stat:UNDELIV err:0A1 Text:x",
            "1A2B-CD",
            FAILED,
            "0A1",
        ),
        ("id:7 done date:0000000000 stat:EXPIRED err:", "7", FAILED, ""),
        ("id:7 stat:ENROUTE err:0", "7", PENDING, "0"),
        ("id:7 stat:ACCEPTD", "7", PENDING, ""),
        ("id:7 stat:UNKNOWN", "7", PENDING, ""),
        ("id:7 stat:FAILED err:TPDU", "7", FAILED, "TPDU"),
        ("id:7 stat:REJECTED", "7", FAILED, ""),
        ("id:7 stat:DELIVERED", "7", DELIVERED, ""),
        ("id:7 stat:ACKED", "7", None, ""),
        ("id: 7 stat: DELIVRD err: 1", "7", DELIVERED, "1"),
        ("ID=7; STAT=DELIVRD; ERR=1", "7", DELIVERED, "1"),
        ("id:7,stat:DELIVRD,err:1", "7", DELIVERED, "1"),
        ("id:7 stat:UNDELIV err:4915100000001 text:", "7", FAILED, ""),
        ("id:7 stat:UNDELIV text: id:8 stat:DELIVRD err:1", "7", FAILED, ""),
        ("id:7 sub:001 dlvrd:001 stat:DELIVRD text:valid:1 stat:UNDELIV", "7", DELIVERED, ""),
    ],
)
def test_texts(text: str, key: str, state: Any, code: str) -> None:
    assert receipt(text) == CentreReceipt((key,), state, code)


@pytest.mark.parametrize(
    ("value", "state"),
    [
        (1, PENDING),
        (2, DELIVERED),
        (3, FAILED),
        (4, FAILED),
        (5, FAILED),
        (6, PENDING),
        (7, PENDING),
        (8, FAILED),
        (0, None),
        (99, None),
    ],
)
@pytest.mark.parametrize("kind", [ShortMessage, DataMessage])
def test_parameters_alone_by_either_command(kind: Any, value: int, state: Any) -> None:
    body = kind(esm_class=4, tlvs=((Tag.RECEIPTED_MESSAGE_ID, b"m-7\0"), (Tag.MESSAGE_STATE, bytes([value]))))
    assert read_receipt(body, PLAIN) == CentreReceipt(("M-7",), state)


def test_the_networks_error_is_a_number() -> None:
    body = ShortMessage(
        esm_class=4, tlvs=((Tag.RECEIPTED_MESSAGE_ID, b"7"), (Tag.NETWORK_ERROR_CODE, b"\x03\x01\x02"))
    )
    assert read_receipt(body, PLAIN) == CentreReceipt(("7",), None, "258")


def test_two_ids_are_two_keys_and_the_parameters_state_counts() -> None:
    body = ShortMessage(
        esm_class=4,
        text=b"id:15 stat:ACCEPTD err:001",
        tlvs=((Tag.RECEIPTED_MESSAGE_ID, b"F"), (Tag.MESSAGE_STATE, b"\2")),
    )
    assert read_receipt(body, PLAIN) == CentreReceipt(("F", "15"), DELIVERED, "001")


def test_a_text_in_data_sm_or_in_a_payload_or_in_ucs2() -> None:
    text = "id:7 stat:DELIVRD"
    payload = ((Tag.MESSAGE_PAYLOAD, text.encode()),)
    expected = CentreReceipt(("7",), DELIVERED)
    assert read_receipt(DataMessage(esm_class=4, tlvs=payload), PLAIN) == expected
    assert read_receipt(ShortMessage(esm_class=4, tlvs=payload), PLAIN) == expected
    wide = ShortMessage(esm_class=4, data_coding=8, text=text.encode("utf-16-be"))
    assert read_receipt(wide, PLAIN) == expected


@pytest.mark.parametrize("esm_class", [0, 0x04, 0x20, 0x24])
def test_a_receipt_is_known_by_its_class_or_by_its_form(esm_class: int) -> None:
    assert receipt("id:7 stat:DELIVRD", esm_class=esm_class) == CentreReceipt(("7",), DELIVERED)


@pytest.mark.parametrize("text", ["STOP", "Danke!", "", "id:7", "wo ist stat:DELIVRD?"])
def test_what_a_person_writes_is_none(text: str) -> None:
    assert receipt(text, esm_class=0) is None


def test_a_receipt_that_nobody_understands_still_is_one() -> None:
    assert receipt("Zustellbericht") == CentreReceipt((), None)


def test_an_operators_words_and_columns() -> None:
    form = ReceiptForm(
        states=(("00", DELIVERED), ("acked", PENDING)),
        columns=(ReceiptColumn.STATE, ReceiptColumn.ID, ReceiptColumn.OTHER, ReceiptColumn.ERROR),
    )
    assert receipt("00, 0210021543 ,x,12", form) == CentreReceipt(("0210021543",), DELIVERED, "12")
    assert receipt("77,1", form) == CentreReceipt(("1",), None)
    assert receipt("id:7 stat:ACKED, err:1", form) == CentreReceipt(("7",), PENDING, "1")
    assert receipt("00,0210021543,x,12") == CentreReceipt((), None)


@pytest.mark.parametrize(
    ("form", "answer", "reported", "same"),
    [
        (IdForm.TEXT, "1a2b", "1A2B", True),
        (IdForm.TEXT, "0000000100", "100", False),
        (IdForm.TEXT, "255", "FF", False),
        (IdForm.NO_ZEROS, "0000000100", "100", True),
        (IdForm.NO_ZEROS, "00B8be19", "b8BE19", True),
        (IdForm.NO_ZEROS, "0", "000", True),
        (IdForm.ANSWER_HEX, "FF", "255", True),
        (IdForm.ANSWER_HEX, "0ff", "0000000255", True),
        (IdForm.ANSWER_HEX, "FF", "FF", False),
        (IdForm.RECEIPT_HEX, "255", "ff", True),
        (IdForm.RECEIPT_HEX, "0000000255", "FF", True),
        # UUIDv7 of the same minute, which begin alike.
        (
            IdForm.RECEIPT_HEX,
            "0193712a-7c1e-7000-8000-000000000001",
            "0193712a-7c1e-7000-8000-000000000002",
            False,
        ),
        (
            IdForm.RECEIPT_HEX,
            "0193712a-7c1e-7000-8000-000000000001",
            "0193712A-7c1e-7000-8000-000000000001",
            True,
        ),
    ],
)
def test_ids_by_the_centres_form(form: IdForm, answer: str, reported: str, *, same: bool) -> None:
    assert (answer_key(answer, form) == receipt_key(reported, form)) is same


@pytest.mark.parametrize("text", ["", " ", "ü" * 5, "x" * 66, "a b"])
@pytest.mark.parametrize("form", IdForm)
def test_what_is_no_id_has_no_key(text: str, form: IdForm) -> None:
    assert (answer_key(text, form), receipt_key(text, form)) == ("", "")


@given(st.binary(max_size=300), st.integers(0, 255), st.sampled_from([0, 8]))
def test_nothing_that_comes_ends_the_reading(octets: bytes, esm_class: int, coding: int) -> None:
    body = DataMessage(
        esm_class=esm_class,
        data_coding=coding,
        tlvs=(
            (Tag.MESSAGE_PAYLOAD, octets),
            (Tag.RECEIPTED_MESSAGE_ID, octets[:9]),
            (Tag.MESSAGE_STATE, octets[:2]),
            (Tag.NETWORK_ERROR_CODE, octets[:3]),
        ),
    )
    for form in (PLAIN, ReceiptForm(ids=IdForm.ANSWER_HEX, columns=(ReceiptColumn.ID, ReceiptColumn.STATE))):
        found = read_receipt(body, form)
        assert found is not None
        assert len(found.code) <= 6
