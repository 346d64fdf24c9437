"""Files are read row by row, from anywhere in them; what is no row is named."""

import io
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.commands.bulk import records as reading
from dispatcher.commands.bulk.records import (
    MAX_RECORD,
    FileFormat,
    FileLayout,
    FileRefused,
    Record,
    _csv_records,
    _ndjson_records,
    layout_of,
    members,
    records,
)

HEAD = "channel,address,places\n"
CSV = FileLayout(FileFormat.CSV, ("channel", "address", "places"))


def of(tmp_path: Path, name: str, content: bytes) -> tuple[FileLayout, list[Record]]:
    file = tmp_path / name
    file.write_bytes(content)
    layout = layout_of(file)
    return layout, list(records(file, layout))


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_marks_at_the_beginning_and_ends_of_lines_are_no_part_of_a_row(
    tmp_path: Path, end: bytes, bom: bytes
) -> None:
    layout, found = of(tmp_path, "a.ndjson", bom + end.join([b'{"a": 1}', b"", b'{"a": 2}']))
    assert [(one.line, members(one, layout)) for one in found] == [(1, {"a": 1}), (3, {"a": 2})]
    rows = [b"channel;Address;places", b"app;https://a/;05358008 05358012", b"", b'app;"a;b";05358008']
    layout, found = of(tmp_path, "a.csv", bom + end.join(rows) + end)
    assert layout.delimiter == ";"
    assert [(one.line, members(one, layout)) for one in found] == [
        (2, {"channel": "app", "address": "https://a/", "places": ["05358008", "05358012"]}),
        (4, {"channel": "app", "address": "a;b", "places": ["05358008"]}),
    ]


def test_a_row_of_csv_goes_on_over_the_end_of_a_line_within_quotation_marks(tmp_path: Path) -> None:
    text = HEAD.replace("address", '"address"') + 'app,"a\nb ""c""\n",05358008\napp,x,"[""05358008""]"\n'
    layout, found = of(tmp_path, "a.csv", text.encode())
    assert [(one.line, one.lines) for one in found] == [(2, 3), (5, 1)]
    assert members(found[0], layout)["address"] == 'a\nb "c"\n'
    assert members(found[1], layout)["places"] == ["05358008"]


def test_quotation_marks_that_are_not_closed_cost_one_row(tmp_path: Path) -> None:
    layout, found = of(tmp_path, "a.csv", (HEAD + 'app,"x,05358008\n' + "app,y,05358008\n" * 3).encode())
    assert [one.line for one in found] == [2, 3, 4, 5]
    with pytest.raises(ValueError, match="quotation marks that are not closed"):
        members(found[0], layout)
    assert members(found[1], layout)["address"] == "y"


@pytest.mark.parametrize("stray", [b'app,27" x,05358008\n', b'app,"27 x,05358008\n', b'app,x,27"\n'])
def test_stray_quotation_marks_cost_no_row_between_them(tmp_path: Path, stray: bytes) -> None:
    rows = [b"app,x,05358008\n"] * 1000
    rows[10] = rows[990] = stray
    layout, found = of(tmp_path, "a.csv", HEAD.encode() + b"".join(rows))
    assert [(one.line, one.data) for one in found] == list(enumerate(rows, 2))
    assert [members(one, layout)["address"] for one in found if one.data != stray] == ["x"] * 998


BAD: dict[bytes, str] = {
    b"app,x\n": "2 fields, where the first row names 3 columns",
    b"app,x,y,z\n": "4 fields",
    b'app,"x"y,z\n': "quotation marks",
    b"app,\xff,z\n": "not in UTF-8",
    b"app,a\0b,z\n": "the character NUL",
    b"app,x,[\n": "places is no JSON",
    b'app,"a\n,"b\n': "quotation marks|several rows",
}


@pytest.mark.parametrize("row", sorted(BAD))
def test_a_row_of_csv_that_cannot_be_taken_apart_says_why(row: bytes) -> None:
    with pytest.raises(ValueError, match=BAD[row]):
        members(Record(2, 0, len(row), row), CSV)


def test_keys_and_places_may_be_structures_of_parquet() -> None:
    row = {"keys": {"auth": "x", "p256dh": None}, "places": ["05358008"], "ref": None, "language": ""}
    layout = FileLayout(FileFormat.PARQUET)
    assert members(Record(1, 0, 1, row), layout) == {"keys": {"auth": "x"}, "places": ["05358008"]}
    assert members(Record(1, 0, 1, {"keys": [("auth", "x")]}), layout) == {"keys": {"auth": "x"}}


def of_csv(opened: io.BytesIO, position: int = 0, line: int = 0, layout: FileLayout = CSV) -> list[Record]:
    return list(_csv_records(opened, position, line, layout.columns, layout.delimiter))


@pytest.mark.parametrize("read", [_ndjson_records, of_csv])
def test_a_row_that_is_too_long_is_named_and_the_next_is_read(read: Any) -> None:
    long = b"x" * (2 * MAX_RECORD) + b"\n"
    found = list(read(io.BytesIO(b"a\n" + long + b"b\n"), 0, 0))
    assert [(one.line, one.position, one.size) for one in found] == [
        *((1, 0, 2), (2, 2, len(long)), (3, 2 + len(long), 2))
    ]
    with pytest.raises(ValueError, match="longer than 1,048,576 bytes"):
        members(found[1], CSV)
    assert [one.data for one in found] == [b"a\n", None, b"b\n"]


def test_rows_that_go_on_are_looked_for_no_further_than_a_row_may_be_long() -> None:
    text = b'"open\n' + b"y" * (MAX_RECORD // 2) + b"\n" + b"y" * (MAX_RECORD // 2) + b'\n"\n'
    assert [one.line for one in of_csv(io.BytesIO(text))] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.csv", b"", "the file is empty"),
        ("a.csv", b"channel,adress,places\n", "no column 'adress'; the nearest is address"),
        ("a.csv", b"channel,address,places,places\n", "the column places twice"),
        ("a.csv", b"channel,address\n", "the file has no column places"),
        ("a.csv", b"\xff,address\n", "not in UTF-8"),
        ("a.csv", b"channel,address,places\rapp,x,05358008\r", "the lines end with CR alone"),
        ("a.csv", b"channel,address,places\rapp,x,05358008\r\n", "the lines end with CR alone"),
        ("a.csv", b"channel,address," + b"x" * 131_073 + b"\n", "a name of more than 131,072 characters"),
        ("a.csv", b'channel,"address\napp,x,y\n', "quotation marks that are not closed"),
        ("a.csv", b"channel,address\r" * 70_000, "longer than 1,048,576 bytes: do the lines end with LF"),
        ("a.csv", b"channel," * 120_000 + b"\n", "there is no column ''"),
        ("a.csv", b"channel," * 120_000 + b"places\n", "the column channel twice"),
        ("a.xlsx", b"PK", "a workbook: save it as CSV"),
        ("a.csv.gz", b"", "compressed"),
    ],
)
def test_a_file_that_is_of_no_use_as_a_whole_says_why(
    tmp_path: Path, name: str, content: bytes, why: str
) -> None:
    with pytest.raises(FileRefused, match=why):
        of(tmp_path, name, content)


def test_what_can_be_read_only_once_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.ndjson")
    with pytest.raises(FileRefused, match="a stream"):
        layout_of(tmp_path / "a.ndjson")


def test_parquet_needs_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(FileRefused, match=r"pip install 'cap-dispatcher\[parquet\]'"):
        of(tmp_path, "a.parquet", b"PAR1")


fields = st.text(st.sampled_from('a", \n\r;'), max_size=6)


@given(st.lists(fields, min_size=1, max_size=8), st.data())
def test_a_file_is_gone_on_with_after_any_row(texts: list[str], data: Any) -> None:
    quoted = [text.replace('"', '""') for text in texts]
    content = "".join(f'"{text}"\n' for text in quoted).encode()
    layout = FileLayout(FileFormat.CSV, ("a",))
    found = of_csv(io.BytesIO(content), layout=layout)
    assert [reading.fields(one.data, layout) for one in found if isinstance(one.data, bytes)] == [
        [text] for text in texts
    ]
    at = data.draw(st.sampled_from(found))
    end = at.position + at.size
    opened = io.BytesIO(content)
    opened.seek(end)
    assert of_csv(opened, end, at.line + at.lines - 1, layout) == found[found.index(at) + 1 :]
