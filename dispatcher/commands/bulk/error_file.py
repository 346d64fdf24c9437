"""Write the rows of a file that could not be used, with line and reason, so that they can be mended and imported."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Final

from dispatcher.commands.bulk.line import NOTES, RAW
from dispatcher.commands.bulk.records import (
    MAX_RECORD,
    FileFormat,
    FileLayout,
    Record,
    fields,
    members,
    records,
)
from dispatcher.model.sentences.count import how_many
from dispatcher.store.imports.endpoint_import import Refusal

NOTES_OF_ERRORS: Final = (*NOTES, RAW)


def write_errors(file: Path, layout: FileLayout, refused: Sequence[Refusal], to: IO[bytes]) -> None:
    """Write them in the file's own format; of Parquet as NDJSON."""
    write = _csv_rows if layout.format is FileFormat.CSV else _objects
    for text in write(_found(file, layout, refused), layout):
        to.write(text.encode())


def _found(file: Path, layout: FileLayout, refused: Sequence[Refusal]) -> Iterator[tuple[Refusal, Record]]:
    """Yield them with what stands in the file."""
    if layout.format is FileFormat.PARQUET:
        wanted = {one.position: one for one in refused}
        for record in records(file, layout) if wanted else ():
            if record.position in wanted:
                yield wanted[record.position], record
        return
    with file.open("rb") as opened:
        for one in refused:
            opened.seek(one.position)
            data = opened.read(one.size) if one.size <= MAX_RECORD else None
            yield one, Record(one.line, one.position, one.size, data)


def _objects(found: Iterator[tuple[Refusal, Record]], layout: FileLayout) -> Iterator[str]:
    for one, record in found:
        try:
            item: dict[str, Any] = members(record, layout)
        except ValueError:
            item = {RAW: _raw(record)}
        kept = {name: value for name, value in item.items() if name not in NOTES}
        yield json.dumps({**kept, "line": one.line, "reason": one.reason}, default=str) + "\n"


def _csv_rows(found: Iterator[tuple[Refusal, Record]], layout: FileLayout) -> Iterator[str]:
    names = [name for name in layout.columns if name not in NOTES_OF_ERRORS]
    yield _row([*names, *NOTES_OF_ERRORS], layout)
    for one, record in found:
        try:
            data = record.data if isinstance(record.data, bytes) else b""
            item = dict(zip(layout.columns, fields(data, layout), strict=True))
        except ValueError:
            item = {RAW: _raw(record)}
        values = [item.get(name, "") for name in names]
        yield _row([*values, str(one.line), one.reason, item.get(RAW, "")], layout)


def _row(values: Sequence[str], layout: FileLayout) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=layout.delimiter, lineterminator="\r\n").writerow(values)
    return text.getvalue()


def _raw(record: Record) -> str:
    """Return what stands in the file; of what is too long, where it stands."""
    if isinstance(record.data, bytes):
        return record.data.rstrip(b"\r\n").decode(errors="backslashreplace").replace("\0", "\\0")
    return f"{how_many(record.size, 'byte')} from byte {record.position} on"
