"""Nothing that is not seen reaches a device."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.characters import legible, one_line

SEEN_FORMATS = {*range(0x600, 0x606), 0x6DD, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD, *range(0x13430, 0x13440)}
"""Format characters that are shown (Unicode Standard, section 9.2 and 11.4)."""


def is_unseen(character: str) -> bool:
    kind = unicodedata.category(character)
    return kind in {"Cc", "Cf", "Cs", "Zl", "Zp"} and ord(character) not in SEEN_FORMATS


def test_no_control_no_direction_and_no_separator_is_left() -> None:
    assert is_unseen("\x9b")
    assert is_unseen("\u202e")
    for number in range(sys.maxunicode + 1):
        character = chr(number)
        if is_unseen(character):
            assert set(legible(f"a{character}b")) <= {"a", "b", " ", "\n"}, hex(number)
            assert set(one_line(f"a{character}b")) <= {"a", "b", " "}, hex(number)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Düren, 10 °C – „Rur“", "Düren, 10 °C – „Rur“"),
        ("a\r\nb\rc\vd\u2028e\x85f", "a\nb\nc\nd\ne\nf"),
        ("a\tb", "a b"),
        ("\x1b[31mrot\x9b0m", "[31mrot0m"),
        ("gn\u202eunraw\u202c", "gnunraw"),
        ("Hoch\u00adwasser\u200b", "Hochwasser"),
        ("می\u200cروم", "میروم"),
        ("👩\u200d🚒", "👩🚒"),
        ("\ud800", ""),
        ("\u3164\u115f\u1160\uffa0\u17b4", ""),
        ("⠁\u2800⠃", "⠁ ⠃"),
        ("Увага! 你好 مرحبا", "Увага! 你好 مرحبا"),
        ("", ""),
    ],
)
def test_what_is_said_stays(text: str, left: str) -> None:
    assert legible(text) == left


def test_one_line_is_one() -> None:
    assert one_line("  a\n\n b\u2029c\t d\u00a0") == "a b c d"


@given(st.text())
def test_cleaning_again_changes_nothing(text: str) -> None:
    assert legible(legible(text)) == legible(text)
    assert one_line(one_line(text)) == one_line(text)
    assert not any(map(is_unseen, legible(text).replace("\n", "")))
