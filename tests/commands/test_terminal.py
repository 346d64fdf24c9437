"""No text of a message controls the terminal it is shown at."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.commands.terminal import columns, escaped, json_line, shown

ANY = st.text(st.characters()) | st.text(st.sampled_from("ab\x00\x1b\x7f\x9b\u200f\u202e\u2028\ufeff\r\n\t"))


@pytest.mark.parametrize(
    ("text", "at_terminal"),
    [
        ("Düren – „Rur“ 10\u00a0°C", "Düren – „Rur“ 10 °C"),
        ("a\nb\tc\u2028d", "a b c d"),
        ("\x1b[2J\x9b1m", "\ufffd[2J\ufffd1m"),
        ("\u202egnunraw", "\ufffdgnunraw"),
        (7, "7"),
    ],
)
def test_what_is_not_seen_is_marked(text: object, at_terminal: str) -> None:
    assert shown(text) == at_terminal


@given(ANY)
def test_nothing_else_is_shown(text: str) -> None:
    assert shown(text).isprintable()
    line = json_line({"headline": text})
    assert line.isprintable()
    assert json.loads(line) == {"headline": text}
    indented = json_line([text, text], indent=2)
    assert indented.replace("\n", "").isprintable()
    assert json.loads(indented) == [text, text]


def test_a_document_of_others_is_escaped() -> None:
    assert escaped('{"a": "\x9b\u202eÜ"}') == '{"a": "\\u009b\\u202eÜ"}'


def test_a_table_keeps_its_columns_whatever_stands_in_them() -> None:
    rows = [["id", "name"], ["leitstelle", "a\nb\x1b[2J"], ["x", ""]]
    assert columns(rows) == "id          name\nleitstelle  a b\ufffd[2J\nx"
