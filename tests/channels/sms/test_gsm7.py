"""SMS alphabets, counting and splitting."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms.gsm7 import BASIC, EXTENSION, Encoding, encoding_of, room, split, units

GSM = st.text(alphabet=sorted(BASIC | EXTENSION), max_size=1000)
ANY = st.text(alphabet=st.characters(codec="utf-8"), max_size=600)
PART = {Encoding.GSM7: 153, Encoding.UCS2: 67}
SINGLE = {Encoding.GSM7: 160, Encoding.UCS2: 70}


def test_the_alphabet_is_complete() -> None:
    assert (len(BASIC), len(EXTENSION), BASIC & EXTENSION) == (127, 10, frozenset())


@pytest.mark.parametrize(
    ("text", "encoding", "parts"),
    [
        ("", Encoding.GSM7, [0]),
        ("a" * 160, Encoding.GSM7, [160]),
        ("a" * 161, Encoding.GSM7, [153, 8]),
        ("a" * 306, Encoding.GSM7, [153, 153]),
        ("a" * 307, Encoding.GSM7, [153, 153, 1]),
        ("€" * 80, Encoding.GSM7, [80]),
        ("a" * 159 + "€", Encoding.GSM7, [153, 7]),
        ("a" * 152 + "€" + "a" * 10, Encoding.GSM7, [152, 11]),
        ("ß" * 160, Encoding.GSM7, [160]),
        ("я" * 70, Encoding.UCS2, [70]),
        ("я" * 71, Encoding.UCS2, [67, 4]),
        ("🌊" * 35, Encoding.UCS2, [35]),
        ("я" * 66 + "🌊" + "я" * 10, Encoding.UCS2, [66, 11]),
    ],
)
def test_parts(text: Any, encoding: Any, parts: list[Any]) -> None:
    assert encoding_of(text) is encoding
    assert [len(part) for part in split(text, encoding)] == parts


@given(GSM | ANY)
def test_parts_make_up_the_text_and_each_fits(text: Any) -> None:
    encoding = encoding_of(text)
    parts = split(text, encoding)
    assert "".join(parts) == text
    limit = SINGLE[encoding] if len(parts) == 1 else PART[encoding]
    assert all(units(part, encoding) <= limit for part in parts)
    pairs = itertools.pairwise(parts)
    assert all(units(part + after[0], encoding) > limit for part, after in pairs), "each is full"


@given(GSM | ANY)
def test_units_are_counted_by_each_character(text: Any) -> None:
    assert units(text, Encoding.UCS2) == sum(2 if char > "\uffff" else 1 for char in text)
    assert units(text, Encoding.GSM7) == sum(2 if char in EXTENSION else 1 for char in text)


@pytest.mark.parametrize("encoding", Encoding)
@pytest.mark.parametrize("parts", [1, 2, 6])
def test_the_room_of_so_many_parts_is_just_filled(encoding: Encoding, parts: int) -> None:
    letter = "a" if encoding is Encoding.GSM7 else "я"
    assert len(split(letter * room(encoding, parts), encoding)) == parts
    assert len(split(letter * (room(encoding, parts) + 1), encoding)) == parts + 1
