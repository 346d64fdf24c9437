"""Rows that could not be used stand in a file of their own, as they were, with line and reason."""

import io
import json
from pathlib import Path

import pytest

from dispatcher.commands.bulk.error_file import write_errors
from dispatcher.commands.bulk.records import layout_of, members, records
from dispatcher.store.imports.endpoint_import import Refusal


def written(tmp_path: Path, name: str, content: bytes, *lines: int) -> bytes:
    """What is written where the rows that begin in these lines are refused."""
    file = tmp_path / name
    file.write_bytes(content)
    layout = layout_of(file)
    refused = [Refusal(*one[:3], "why") for one in records(file, layout) if one.line in lines]
    assert [one.line for one in refused] == list(lines)
    to = io.BytesIO()
    write_errors(file, layout, refused, to)
    return to.getvalue()


def test_objects_keep_their_members_and_what_is_none_its_text(tmp_path: Path) -> None:
    content = b'{"address": "a", "line": 99}\n{"address": "b"}\n{"addr\xff\n[1]\n'
    found = [json.loads(one) for one in written(tmp_path, "a.ndjson", content, 1, 3, 4).splitlines()]
    assert found == [
        {"address": "a", "line": 1, "reason": "why"},
        {"raw": '{"addr\\xff', "line": 3, "reason": "why"},
        {"raw": "[1]", "line": 4, "reason": "why"},
    ]


def test_rows_of_csv_keep_their_columns_and_are_read_again(tmp_path: Path) -> None:
    content = b'channel;address;places\r\napp;"a\nb";05358008\r\napp;c\r\napp;d;05358012\r\n'
    again = written(tmp_path, "a.csv", content, 2, 4)
    assert again.decode().split("\r\n") == [
        "channel;address;places;line;reason;raw",
        'app;"a\nb";05358008;2;why;',
        ';;;4;why;"app;c"',
        "",
    ]
    once_more = written(tmp_path, "again.csv", again, 2, 4)
    assert once_more.decode().splitlines()[0] == "channel;address;places;line;reason;raw"
    file = tmp_path / "again.csv"
    first, second = (members(one, layout_of(file)) for one in records(file, layout_of(file)))
    assert (first["address"], first["places"], second["raw"]) == ("a\nb", ["05358008"], "app;c")


def test_of_a_row_that_is_too_long_it_is_said_where_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("records", "error_file"):
        monkeypatch.setattr(f"dispatcher.commands.bulk.{module}.MAX_RECORD", 30)
    found = written(tmp_path, "a.ndjson", b'{"a": 1}\n{"b": "' + b"x" * 40 + b'"}\n', 2)
    assert json.loads(found)["raw"] == "50 bytes from byte 9 on"
