"""Texts are measured as JSON, and cut at words."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.json_texts import as_json, json_length, shorten

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=4000)


@given(ANY_TEXT, st.integers(-10, 5000))
def test_a_shortened_text_fits_is_a_beginning_and_ends_in_an_ellipsis(text: Any, room: Any) -> None:
    short = shorten(text, room)
    assert json_length(short) <= max(0, room)
    assert short == text or not short or (short.endswith("…") and short[:-1].strip() in text)


@pytest.mark.parametrize(
    ("room", "short"), [(100, "Meiden Sie das Ufer."), (16, "Meiden Sie…"), (10, "Meiden…"), (3, ""), (0, "")]
)
def test_text_is_cut_at_a_word(room: int, short: str) -> None:
    assert shorten("Meiden Sie das Ufer.", room) == short


@given(ANY_TEXT)
def test_the_length_is_that_in_json(text: str) -> None:
    assert json_length(text) == len(json.dumps(text, ensure_ascii=False).encode()) - 2
    assert json.loads(as_json({"a": text})) == {"a": text}
