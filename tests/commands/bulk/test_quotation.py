"""Quotation marks join lines only where that gives a row, and cost is linear whatever they are."""

import csv
import io
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.commands.bulk.quotation import Quotation

COLUMNS = ("channel", "address", "places")
ROWS = Quotation(",", COLUMNS)


@pytest.mark.parametrize(
    ("line", "is_open"),
    [
        (b'app,"x\n', True),
        (b'"\n', True),
        (b'app,"x ""y""\n', True),
        (b'app,"x"",\n', True),
        (b'app,27" x,"y\n', True),
        (b'app,27" x,y\n', False),
        (b'app,"x",y\n', False),
        (b'app,""x,y\n', False),
        (b'app,"x"y,"z\n', False),
        (b'app, "x\n', False),
        (b"app,x\n", False),
    ],
)
def test_a_mark_opens_only_where_a_field_begins(line: bytes, is_open: bool) -> None:
    assert ROWS.is_open(line) == is_open


@pytest.mark.parametrize(
    ("lines", "taken"),
    [
        ([b'app,"x\n', b'y",z\n', b"app,x,y\n"], 1),
        ([b'app,"x\n', b"\n", b'""y"",\n', b'y","[\r\n', b']"\r\n'], 4),
        ([b'app,"x\n', b'y",z'], 1),
        ([b'app,x,"y\n', b'"'], 1),
        ([b'app,x,"y\n', b'"\r'], 1),
        ([b'app,"x\n', b'y"\n'], None),  # two fields
        ([b'app,"x\n', b'y",z,z\n'], None),  # four
        ([b'app,"x\n', b'y"z,z\n'], None),
        ([b'app,"x,y\n', b"app,x,y\n", b'",z\n'], None),  # somebody's row between them
        ([b'app,"x,y\n', b'app,x",y\n'], None),
        ([b'app,"x\n', b"y\n"], None),
        ([b'app,"x\n'], None),
    ],
)  # fmt: skip
def test_lines_are_one_row_only_where_they_have_the_columns_of_the_file(
    lines: list[bytes], taken: int | None
) -> None:
    rest = ROWS.rest(lines[0], lines[1:])
    assert (None if rest is None else len(rest)) == taken
    if rest is not None:
        text = b"".join((lines[0], *rest)).decode()
        [row] = csv.reader(io.StringIO(text, newline=""), strict=True)
        assert len(row) == len(COLUMNS)


@pytest.mark.parametrize("line", [b'x","y\n', b'"x\n', b'","\n', b'app,"x,y\n', b'""x,"\n'])
def test_a_row_is_looked_for_in_few_lines_whatever_marks_they_have(line: bytes) -> None:
    following = itertools.count()
    ROWS.rest(b'a,"b\n', (line for _ in following))
    assert next(following) <= len(COLUMNS) + 1


@given(st.lists(st.text(st.sampled_from('a", \n\r'), max_size=6), min_size=2, max_size=2))
def test_what_a_program_writes_is_one_row(texts: list[str]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerow(["app", *texts])
    lines = io.BytesIO(text.getvalue().encode()).readlines()
    rest = ROWS.rest(lines[0], lines[1:]) if ROWS.is_open(lines[0]) else []
    assert rest == lines[1:]
