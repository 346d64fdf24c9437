"""Octets to text: the stand-in's own table, against npm's client and Kannel in tests/e2e, and here against the words."""

import pytest

from ops.lab.gateways.smpp.alphabet import GSM_BASIC, Unreadable, read_text


@pytest.mark.parametrize(
    ("coding", "octets", "text"),
    [
        (0, "7b7c7e1e", "äöüß"),
        (0, "1b65757220", "€ur "),
        (0, "1b281b291b3c1b3e1b401b3d1b2f1b14", "{}[]|~\\^"),
        (0, "00", "@"),
        (0, "5f", "§"),
        (1, "7b", "ä"),
        (3, "e4", "ä"),
        (8, "014100f30064017a", "Łódź"),
        (8, "d83dde00", "😀"),
        (24, "014100f3", "Łó"),
        (0xF0, "7b", "ä"),
    ],
)
def test_texts_are_read(coding: int, octets: str, text: str) -> None:
    assert read_text(coding, bytes.fromhex(octets)) == text


@pytest.mark.parametrize(
    ("coding", "octets", "reason"),
    [
        (0, "e4", "septet"),
        (0, "1b", "escape"),
        (0, "1b7b", "escape"),
        (8, "0141f3", "utf-16"),
        (8, "d83d", "utf-16"),
        (4, "00", "coding"),
        (0xF4, "00", "coding"),
    ],
)
def test_what_is_no_text_is_refused(coding: int, octets: str, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        read_text(coding, bytes.fromhex(octets))


def test_the_table_has_128_signs_and_none_twice() -> None:
    assert len(GSM_BASIC) == len(set(GSM_BASIC)) == 128
    assert [GSM_BASIC.index(sign) for sign in "@ A§a"] == [0x00, 0x20, 0x41, 0x5F, 0x61]
