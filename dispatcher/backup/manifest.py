"""Read and write the manifest of a backup: what is in it, and how to see that it is whole. Pure."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - read by msgspec
from typing import TYPE_CHECKING, Final

import msgspec

from dispatcher.model.sentences.count import how_many

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class BackupError(OSError):
    """A backup cannot be made, read or restored. It has no number of the system's, so that its sentence, which says
    what to do, is all that a command prints.
    """


FORMAT: Final = 1
"""What an older program does not know it refuses by this number."""
MANIFEST: Final = "manifest.json"
RECORD: Final = "record.dump"
"""The record, as pg_dump writes it in its custom format."""
KEYS: Final = "keys.jwe"
LONGEST: Final = 1_000_000
"""Bytes of a manifest; one has a line for each table."""


class BackupFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of a backup: its length in bytes, and its SHA-256 as hexadecimal digits."""

    bytes: int
    sha256: str


class ChainHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the chain of the audit trail ends: the last position, and its hash as hexadecimal digits."""

    position: int
    hash: str


class Contents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a record holds at one moment: the revision of its schema, the rows of each table, the end of the trail."""

    schema: str
    tables: dict[str, int]
    audit: ChainHead | None


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A backup as a whole. `made_at` (aware) is the moment as of which the record is; `version` the program's;
    `postgresql` the server's.
    """

    name: str
    made_at: datetime
    version: str
    postgresql: str
    contents: Contents
    files: dict[str, BackupFile]
    format: int = FORMAT

    def text(self) -> bytes:
        """Return it as it is written."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


class _AnyFormat(msgspec.Struct):
    format: int = 0
    version: str = "an unknown version"


def read_manifest(text: bytes) -> Manifest:
    """Read a manifest. Raises BackupError for what is none, or is of a newer format."""
    try:
        found = msgspec.json.decode(text, type=_AnyFormat)
        if found.format > FORMAT:
            raise BackupError(
                f"the backup has format {found.format}, written by {found.version}; this program knows format "
                f"{FORMAT}: restore it with that version, or a newer one"
            )
        return msgspec.json.decode(text, type=Manifest)
    except msgspec.MsgspecError as error:
        raise BackupError(f"{MANIFEST} is no manifest of a backup: {error}") from None


def differences(expected: Contents, found: Contents) -> Iterator[str]:
    """Yield a sentence for each way in which a restored record is not what was saved."""
    if expected.schema != found.schema:
        yield f"the schema is {found.schema}, and was {expected.schema}"
    yield from _of_tables(expected.tables, found.tables)
    if expected.audit != found.audit:
        yield f"the audit trail ends at {_place(found.audit)}, and ended at {_place(expected.audit)}"


def _of_tables(expected: Mapping[str, int], found: Mapping[str, int]) -> Iterator[str]:
    for table in sorted({*expected, *found}):
        if expected.get(table) != found.get(table):
            yield f"table {table} has {_rows(found.get(table))}, and had {_rows(expected.get(table))}"


def _rows(count: int | None) -> str:
    return "no rows, as there is no such table" if count is None else how_many(count, "row")


def _place(head: ChainHead | None) -> str:
    return "no position" if head is None else f"position {head.position} ({head.hash[:12]})"
