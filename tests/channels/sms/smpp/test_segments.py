"""Texts as SMPP's messages."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms.gsm7 import GSM7, Encoding, Sms, encoding_of, split
from channels.sms.smpp.pdu import Command, Pdu, Tag, encode, tlv
from channels.sms.smpp.segments import (
    LongText,
    MessageForm,
    ValidityForm,
    addressed,
    gsm_octets,
    messages,
    validity_period,
)

NOW = datetime(2026, 11, 28, 23, 55, 10, 900_000, tzinfo=UTC)
FORM = MessageForm(sender="WARNUNG", source_ton=5, source_npi=0)


def sms(text: str) -> Sms:
    encoding = encoding_of(text)
    return Sms(text, encoding, split(text, encoding))


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("€uro äöüß", "1b6575726f207b7c7e1e"),
        ("§ 28", "5f203238"),
        ("@£$\n\f^{}\\[~]|", "000102 0a 1b0a 1b14 1b28 1b29 1b2f 1b3c 1b3d 1b3e 1b40"),
        ("ÄÖÑÜ¿à", "5b5c5d5e607f"),
        ("Ç", "09"),
    ],
)
def test_the_alphabet_of_the_standard(text: str, octets: str) -> None:
    assert gsm_octets(text) == bytes.fromhex(octets)


def test_every_character_has_a_code_of_its_own() -> None:
    assert len({gsm_octets(char) for char in GSM7}) == len(GSM7) == 137
    with pytest.raises(KeyError):
        gsm_octets("ç")


def test_one_part() -> None:
    (one,) = messages(sms("Łódź"), FORM, 300, "000000001000000R")
    assert (one.text.hex(), one.data_coding, one.esm_class) == ("014100f30064017a", 8, 0)
    assert (one.source, one.source_ton, one.destination_ton, one.destination_npi) == ("WARNUNG", 5, 1, 1)
    assert (one.registered_delivery, one.validity) == (1, "000000001000000R")


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        ("a" * 160, [160]),
        ("a" * 161, [159, 14]),
        ("a" * 152 + "€" + "a" * 152, [158, 159, 7]),
        ("§ 28 IfSG: " + "a" * 149, [160]),
        ("🌊" * 67, [138, 138, 10]),
    ],
)
def test_parts_by_header(text: str, lengths: list[int]) -> None:
    parts = messages(sms(text), FORM, 0x1FF, "")
    assert [len(part.text) for part in parts] == lengths
    if len(parts) > 1:
        total = len(parts)
        assert [part.text[:6] for part in parts] == [
            bytes((5, 0, 3, 0xFF, total, n)) for n in range(1, total + 1)
        ]
        assert {(part.esm_class, part.registered_delivery) for part in parts} == {(0x40, 1)}


@given(st.text(alphabet=sorted(GSM7), min_size=161, max_size=700))
def test_no_escape_pair_is_torn(text: str) -> None:
    parts = [part.text[6:] for part in messages(sms(text), FORM, 1, "")]
    assert b"".join(parts) == gsm_octets(text)
    assert not any(part.endswith(b"\x1b") for part in parts)


@given(st.text(alphabet=st.sampled_from("я🌊a👨‍👩‍👧"), min_size=71, max_size=300))
def test_no_surrogate_pair_is_torn(text: str) -> None:
    one = Sms(text, Encoding.UCS2, split(text, Encoding.UCS2))
    parts = [part.text[6:] for part in messages(one, FORM, 1, "") if part.esm_class] or [
        text.encode("utf-16-be")
    ]
    assert "".join(part.decode("utf-16-be") for part in parts) == text


def test_parts_by_parameters() -> None:
    form = MessageForm("1234", 0, 1, long_text=LongText.SAR, data_coding=1, receipts=False)
    first, second = messages(sms("a" * 161), form, 0x1FF, "")
    assert [len(part.text) for part in (first, second)] == [153, 8]
    assert [
        tlv(second.tlvs, tag) for tag in (Tag.SAR_MSG_REF_NUM, Tag.SAR_TOTAL_SEGMENTS, Tag.SAR_SEGMENT_SEQNUM)
    ] == [
        b"\x01\xff",
        b"\x02",
        b"\x02",
    ]
    assert (first.esm_class, first.data_coding, first.registered_delivery) == (0, 1, 0)


def test_all_in_one_payload() -> None:
    form = MessageForm("1234", 0, 1, long_text=LongText.PAYLOAD)
    (one,) = messages(sms("a" * 400), form, 1, "")
    assert (one.text, one.content) == (b"", b"a" * 400)
    (short,) = messages(sms("a" * 160), form, 1, "")
    assert (short.text, short.tlvs) == (b"a" * 160, ())


@pytest.mark.parametrize(("plus", "destination"), [(False, "4915100000001"), (True, "+4915100000001")])
def test_a_recipient_is_put_in(plus: Any, destination: str) -> None:
    form = MessageForm("WARNUNG", 5, 0, plus=plus)
    parts = addressed(messages(sms("a" * 161), form, 1, ""), "+4915100000001", form)
    assert {part.destination for part in parts} == {destination}
    assert all(encode(Pdu(Command.SUBMIT_SM, 1, body=part)) for part in parts)


@pytest.mark.parametrize(
    ("seconds", "relative", "absolute"),
    [
        (600, "000000001000000R", "261129000510000+"),
        (1, "000000000001000R", "261128235511000+"),
        (0, "000000000001000R", "261128235511000+"),
        (3600, "000000010000000R", "261129005510000+"),
        (86_399, "000000235959000R", "261129235509000+"),
        (86_400, "000001000000000R", "261129235510000+"),
        (48 * 3600, "000002000000000R", "261130235510000+"),
        (400 * 86_400, "000030000000000R", "280102235510000+"),
    ],
)
def test_validity(seconds: int, relative: str, absolute: str) -> None:
    assert validity_period(ValidityForm.RELATIVE, NOW, seconds) == relative
    assert validity_period(ValidityForm.ABSOLUTE, NOW, seconds) == absolute
    here = NOW.astimezone(timezone(timedelta(hours=1)))
    assert validity_period(ValidityForm.ABSOLUTE, here, seconds) == absolute
