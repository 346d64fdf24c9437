"""SMS alphabets, counting and splitting."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms.gsm7 import BASIC, EXTENSION, Encoding, compose, encoding_of, simplify, split, units

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


@given(GSM | ANY, st.integers(1, 4))
def test_composed_texts_fit_and_say_when_they_are_cut(text: Any, max_parts: Any) -> None:
    sms = compose(text, max_parts)
    assert len(sms.parts) <= max_parts
    assert "".join(sms.parts) == sms.text
    assert sms.clipped is (sms.text != simplify(text))
    assert not sms.clipped or sms.text.endswith("...")
    assert encoding_of(sms.text) is sms.encoding or sms.encoding is Encoding.UCS2


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("„Rur“ – bitte meiden…", '"Rur" - bitte meiden...'),
        ("»Rur« ›a‹", "\"Rur\" 'a'"),
        ("10\u202f°C", "10\u202f°C"),
        ("10\u00a0m", "10 m"),
        ("Hoch\u00adwasser", "Hochwasser"),
        ("Du\u0308ren", "Düren"),
        ("a\r\nb", "a\nb"),
        ("• eins", "- eins"),
        ("Straße, Größe, Öl, ÄÖÜ", "Straße, Größe, Öl, ÄÖÜ"),
        ("garçon – déjà", "garçon – déjà"),
        ("Увага – вода", "Увага – вода"),
    ],
)
def test_only_signs_are_replaced_and_only_if_that_helps(text: str, plain: str) -> None:
    assert simplify(text) == plain


def test_a_long_text_is_cut_at_a_blank() -> None:
    sms = compose("Wort " * 40, 1)
    assert (sms.text[-8:], sms.clipped, len(sms.parts)) == ("Wort...", True, 1) or sms.text.endswith(
        "Wort..."
    )
    assert units(sms.text, sms.encoding) <= 160


def test_a_long_word_is_cut_anywhere() -> None:
    assert compose("x" * 200, 1).text == "x" * 157 + "..."


def test_pairs_at_the_ends_of_parts_leave_no_part_too_many() -> None:
    """457 pairs are 914 septets, less than six times 153, but six parts hold 76 pairs each."""
    sms = compose("€" * 457, 6)
    assert (len(sms.parts), sms.text) == (6, "€" * 455 + "...")
