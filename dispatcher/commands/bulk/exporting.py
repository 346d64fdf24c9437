"""Write endpoints as `subscriptions import` reads them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, TypeAlias

from dispatcher.commands.bulk.line import MEMBERS
from dispatcher.commands.bulk.records import FileFormat, FileRefused
from dispatcher.commands.bulk.whole_file import written_whole
from dispatcher.model.subscriptions import NewSubscription, WatchedArea

CHUNK: Final = 5_000
"""Rows that are written together."""
Rows: TypeAlias = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ExportResult:
    """How many were written, and how many were left out, as they could not be opened."""

    rows: int
    illegible: int


async def export_to(
    file: Path,
    found: AsyncIterator[NewSubscription | None],
    told: Callable[[str, int], object],
    note: Callable[[int], Awaitable[None]],
) -> ExportResult:
    """Write a new file, whole or not at all; it is there only after `note` has noted how many are in it. Raises
    `FileRefused`, OSError.
    """
    kind, rows, illegible = FileFormat.of(file), 0, 0
    chunk: Rows = []
    with written_whole(file) as opened:
        with WRITERS[kind](opened) as write:
            async for one in found:
                if one is None:
                    illegible += 1
                    continue
                chunk.append(members_of(one))
                rows += 1
                if len(chunk) >= CHUNK:
                    write(chunk)
                    told("exported", rows)
                    chunk = []
            write(chunk)
        await note(rows)
    return ExportResult(rows, illegible)


def members_of(one: NewSubscription) -> dict[str, Any]:
    """Return the members of a row, as an import reads them."""
    optional = {"instance": one.instance, "ref": one.ref, "legal_basis": one.legal_basis}
    return {
        "channel": one.channel,
        "address": one.address,
        "keys": dict(one.keys),
        "places": [*one.places, *map(_place, one.watched_areas)],
        "language": one.language,
        **{name: value for name, value in optional.items() if value is not None},
    }


def _place(watched: WatchedArea) -> dict[str, Any]:
    if len(watched.lat_lon) > 1:
        return {"polygon": [list(corner) for corner in watched.lat_lon]}
    ((lat, lon),) = watched.lat_lon
    return {"lat": lat, "lon": lon, "radius_m": watched.radius_m}


def columns_of(members: dict[str, Any]) -> dict[str, str]:
    """Return what stands in columns: `keys` and `places` as JSON."""
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in members.items()}
    return {name: texts.get(name, "") for name in MEMBERS}


@contextmanager
def _ndjson(opened: IO[bytes]) -> Iterator[Callable[[Rows], object]]:
    def write(rows: Rows) -> None:
        opened.write("".join(json.dumps(row) + "\n" for row in rows).encode())

    yield write


@contextmanager
def _csv(opened: IO[bytes]) -> Iterator[Callable[[Rows], object]]:
    def write(rows: Rows) -> None:
        text = io.StringIO(newline="")
        csv.DictWriter(text, MEMBERS, lineterminator="\r\n").writerows(map(columns_of, rows))
        opened.write(text.getvalue().encode())

    opened.write((",".join(MEMBERS) + "\r\n").encode())
    yield write


@contextmanager
def _parquet(opened: IO[bytes]) -> Iterator[Callable[[Rows], object]]:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise FileRefused("Parquet needs the extra: pip install 'cap-dispatcher[parquet]'") from None
    schema = pa.schema([(name, pa.string()) for name in MEMBERS])

    with parquet.ParquetWriter(opened, schema) as writer:

        def write(rows: Rows) -> None:
            if rows:
                writer.write_batch(pa.RecordBatch.from_pylist([*map(columns_of, rows)], schema=schema))

        yield write


WRITERS: Final = {FileFormat.NDJSON: _ndjson, FileFormat.CSV: _csv, FileFormat.PARQUET: _parquet}
