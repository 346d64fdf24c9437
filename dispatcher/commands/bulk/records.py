"""Read files of endpoints record by record, in bounded memory, from anywhere in them: JSON objects in lines (NDJSON),
CSV, and Parquet.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, TypeAlias

from dispatcher.commands.bulk.line import MEMBERS, NEEDED, NOTES, RAW, read_object
from dispatcher.commands.bulk.quotation import Quotation
from dispatcher.commands.terminal import shown
from dispatcher.model.sentences.count import how_many

MAX_RECORD: Final = 1 << 20
"""Bytes of a row: a hundred polygons of five hundred corners, and a bound for what is held in memory."""
BOM: Final = b"\xef\xbb\xbf"
DELIMITERS: Final = (",", ";", "\t")
PARQUET_ROWS: Final = 5_000
"""Rows of a Parquet file that are in memory at once, besides what its own row groups need."""
_PLACE_MARKS: Final = str.maketrans(";,|", "   ")

Data: TypeAlias = "bytes | Mapping[str, Any]"


class FileRefused(Exception):
    """The file as a whole cannot be used; the message says why, in one line."""


class FileFormat(StrEnum):
    """How endpoints are written, by the end of the file's name."""

    NDJSON = "ndjson"
    CSV = "csv"
    PARQUET = "parquet"

    @classmethod
    def of(cls, file: Path) -> FileFormat:
        """Return the format of a file: NDJSON but for names that say another. Raises `FileRefused`."""
        suffix = file.suffix.lower().removeprefix(".")
        if suffix in {"gz", "zip", "bz2", "xz", "zst"}:
            raise FileRefused(f"{shown(file.name)} is compressed: unpack it before")
        if suffix in {"xls", "xlsx", "ods"}:
            raise FileRefused(f"{shown(file.name)} is a workbook: save it as CSV (UTF-8) before")
        return cls(suffix) if suffix in {*cls} else cls.NDJSON


class Record(NamedTuple):
    """One row of a file: the number of its first line (of Parquet its own), where it stands and how long it is (bytes;
    of Parquet rows), and what it holds; nothing where it is longer than `MAX_RECORD`.
    """

    line: int
    position: int
    size: int
    data: Data | None

    @property
    def lines(self) -> int:
        """Return how many lines it takes."""
        return _newlines(self.data) if isinstance(self.data, bytes) else 1


@dataclass(frozen=True, slots=True)
class FileLayout:
    """How the rows of a file are to be read. `head_bytes` and `head_lines` come before the first; `columns` of CSV."""

    format: FileFormat
    columns: tuple[str, ...] = ()
    delimiter: str = ","
    head_bytes: int = 0
    head_lines: int = 0


def layout_of(file: Path) -> FileLayout:
    """Look how a file is to be read. Raises `FileRefused`, OSError."""
    kind = FileFormat.of(file)
    if not file.is_file():
        raise FileRefused(
            f"{shown(file.name)} is no file but a stream: it is read more than once, so save it before"
        )
    if kind is FileFormat.PARQUET:
        _require_columns(_parquet(file).schema_arrow.names)
        return FileLayout(kind)
    with file.open("rb") as opened:
        head = len(BOM) if opened.read(len(BOM)) == BOM else 0
        if kind is FileFormat.NDJSON:
            return FileLayout(kind, head_bytes=head)
        opened.seek(head)
        # No name of a column goes on over the end of a line.
        first = next(_ndjson_records(opened, head, 0), None)
    if first is None:
        raise FileRefused("the file is empty: its first row names the columns")
    columns, delimiter = _header(first.data)
    _require_columns(columns)
    return FileLayout(kind, columns, delimiter, first.position + first.size, first.line + first.lines - 1)


def _header(data: Data | None) -> tuple[tuple[str, ...], str]:
    """Return the columns that the first row of a CSV names, and what stands between them. Raises `FileRefused`."""
    if not isinstance(data, bytes):
        raise FileRefused(
            f"the first row, which names the columns, is longer than {MAX_RECORD:,} bytes: do the lines end with LF or "
            "CR LF?"
        )
    text = _decoded(data).rstrip("\r\n")
    if "\r" in text:
        raise FileRefused(
            "the lines end with CR alone: save the file as CSV (UTF-8), with lines that end with LF or CR LF"
        )
    delimiter = max(DELIMITERS, key=text.count)
    try:
        names = next(csv.reader((text,), delimiter=delimiter, strict=True))
    except csv.Error:
        raise FileRefused(
            "the first row does not name the columns: quotation marks that are not closed, or a name of more than "
            f"{csv.field_size_limit():,} characters"
        ) from None
    return tuple(name.strip().lower() for name in names), delimiter


def _require_columns(columns: Sequence[str]) -> None:
    for name in columns:
        if name not in MEMBERS and name not in NOTES and name != RAW:
            (nearest,) = get_close_matches(name, MEMBERS, n=1, cutoff=0.0)
            raise FileRefused(f"there is no column {shown(name)[:40]!r}; the nearest is {nearest}")
    if twice := sorted(name for name, times in Counter(columns).items() if times > 1):
        raise FileRefused(f"the file has the column {', '.join(twice)} twice")
    if missing := [name for name in NEEDED if name not in columns]:
        raise FileRefused(f"the file has no column {', '.join(missing)}")


def records(file: Path, layout: FileLayout, position: int = 0, line: int = 0) -> Iterator[Record]:
    """Yield the rows of a file after a position, up to which `line` lines were read (0: from the start). Blank lines
    are none.
    """
    if layout.format is FileFormat.PARQUET:
        yield from _parquet_records(file, position)
        return
    position, line = (position, line) if position else (layout.head_bytes, layout.head_lines)
    with file.open("rb") as opened:
        opened.seek(position)
        if layout.format is FileFormat.CSV:
            yield from _csv_records(opened, position, line, layout.columns, layout.delimiter)
        else:
            yield from _ndjson_records(opened, position, line)


def _ndjson_records(opened: IO[bytes], position: int, line: int) -> Iterator[Record]:
    while data := opened.readline(MAX_RECORD + 1):
        line, size = line + 1, len(data)
        if size > MAX_RECORD and not data.endswith(b"\n"):
            size += _rest_of_line(opened)
            yield Record(line, position, size, None)
        elif data.strip():
            yield Record(line, position, size, data)
        position += size


def _rest_of_line(opened: IO[bytes]) -> int:
    size = 0
    while data := opened.readline(MAX_RECORD):
        size += len(data)
        if data.endswith(b"\n"):
            break
    return size


def _csv_records(
    opened: IO[bytes], position: int, line: int, columns: Sequence[str], delimiter: str
) -> Iterator[Record]:
    """Yield rows, which go on over the end of a line within quotation marks. One whose quotation marks are not closed
    is a row of one line: what follows is read by itself.
    """
    quotation = Quotation(delimiter, columns)
    while data := opened.readline(MAX_RECORD + 1):
        size, lines = len(data), 1
        if size > MAX_RECORD and not data.endswith(b"\n"):
            size += _rest_of_line(opened)
            yield Record(line + 1, position, size, None)
        elif quotation.is_open(data):
            rest = quotation.rest(data, _lines(opened, MAX_RECORD - size))
            if rest is None:
                opened.seek(position + size)
            else:
                data, lines = b"".join((data, *rest)), 1 + len(rest)
                size = len(data)
            yield Record(line + 1, position, size, data)
        elif data.strip():
            yield Record(line + 1, position, size, data)
        position, line = position + size, line + lines


def _lines(opened: IO[bytes], at_most: int) -> Iterator[bytes]:
    """Yield lines of at most so many bytes together."""
    while at_most > 0 and (data := opened.readline(at_most + 1)):
        at_most -= len(data)
        if at_most >= 0:
            yield data


def _newlines(data: bytes) -> int:
    return max(1, data.count(b"\n") + (not data.endswith(b"\n")))


def members(record: Record, layout: FileLayout) -> dict[str, Any]:
    """Return the members of a row, as an object in NDJSON has them. Raises ValueError."""
    if record.data is None:
        raise ValueError(f"longer than {MAX_RECORD:,} bytes")
    if not isinstance(record.data, bytes):
        return _from_columns(record.data)
    if layout.format is FileFormat.NDJSON:
        return read_object(record.data)
    return _from_columns(dict(zip(layout.columns, fields(record.data, layout), strict=True)))


def fields(data: bytes, layout: FileLayout) -> list[str]:
    """Return the fields of a row of CSV. Raises ValueError."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise ValueError("not in UTF-8: save the file as CSV (UTF-8)") from None
    if "\0" in text:
        raise ValueError("a text holds the character NUL")
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=layout.delimiter, strict=True))
    except csv.Error as error:
        if len(data) > csv.field_size_limit() and "larger" in str(error):
            raise ValueError(f"a field of more than {csv.field_size_limit():,} characters") from None
        raise ValueError("quotation marks that are not closed, or stand within a field") from None
    if len(rows) != 1 or len(rows[0]) != len(layout.columns):
        found = how_many(len(rows[0]), "field") if len(rows) == 1 else "several rows of fields"
        raise ValueError(f"{found}, where the first row names {how_many(len(layout.columns), 'column')}")
    return rows[0]


def _from_columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return members of what stands in columns: nothing where a field is empty, `keys` and `places` from JSON, or
    places as AGS with blanks between them.
    """
    found = {name: value for name, value in values.items() if value is not None and value != ""}
    keys, places = found.get("keys"), found.get("places")
    if isinstance(keys, str):
        found["keys"] = _json("keys", keys)
    elif isinstance(keys, Mapping):
        found["keys"] = {name: value for name, value in keys.items() if value is not None}
    elif isinstance(keys, list):  # a map of Parquet
        found["keys"] = dict(keys)
    if isinstance(places, str):
        is_json = places.lstrip().startswith("[")
        found["places"] = _json("places", places) if is_json else places.translate(_PLACE_MARKS).split()
    return found


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(f"{name} is no JSON") from None


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise FileRefused("the file is not in UTF-8: save it as CSV (UTF-8)") from None


def _parquet(file: Path) -> Any:
    """Open a Parquet file. Raises `FileRefused`."""
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise FileRefused("Parquet needs the extra: pip install 'cap-dispatcher[parquet]'") from None
    try:
        return parquet.ParquetFile(file)
    except (ArrowException, OSError) as error:
        raise FileRefused(f"{shown(file.name)} is no Parquet file: {shown(error)[:200]}") from None


def _parquet_records(file: Path, position: int) -> Iterator[Record]:
    number = 0
    opened = _parquet(file)
    for batch in opened.iter_batches(batch_size=PARQUET_ROWS):
        if number + batch.num_rows > position:
            for offset, row in enumerate(batch.to_pylist()):
                if number + offset >= position:
                    yield Record(number + offset + 1, number + offset, 1, row)
        number += batch.num_rows
