"""Write the trail as lines of JSON that can be verified without the record, and verify them. Pure.

A head with the keys, every place of the chain with its line of the trail, each checkpoint after the place that it is
for, and an end, without which the file was cut off.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dispatcher.audit.checkpoint import HASH_BYTES, LARGEST, Checkpoint, instant, of_members, whole_number
from dispatcher.audit.entry import AuditEntry, ChainLink
from dispatcher.audit.verification import ChainVerdict, ChainVerifier, Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from datetime import datetime

VERSION: Final = 1
LONGEST_LINE: Final = 16 * 1024 * 1024
"""Bytes of a line that are read: an entry has some hundred, its detail at most what jsonb holds of a deed."""


@dataclass(frozen=True, slots=True)
class Head:
    """The first line of an export."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class End:
    """The last line of an export."""

    entries: int
    position: int
    hash: bytes
    unchained: int
    """Lines of the trail that were not in the chain yet, and so are not in the export."""


@dataclass(frozen=True, slots=True)
class ExportVerdict:
    """What came of verifying an export."""

    verdict: ChainVerdict
    unchained: int | None
    """None where the export does not say so."""
    keys: tuple[str, ...]
    """The keys that the export names."""


def head_line(keys: Sequence[str], at: datetime) -> bytes:
    """Return the first line."""
    return _line({"type": "trail", "version": VERSION, "exported_at": instant(at), "keys": list(keys)})


def item_line(item: ChainLink | Checkpoint) -> bytes:
    """Return the line of a place, or of a checkpoint. An entry that was taken out of the trail has no fields."""
    if isinstance(item, Checkpoint):
        return item.line()
    return _line(
        {
            "type": "entry",
            "position": item.position,
            "audit_id": item.audit_id,
            "previous": item.previous.hex(),
            "hash": item.hash.hex(),
            "entry": None if item.entry is None else item.entry._asdict(),
        }
    )


def end_line(end: End) -> bytes:
    """Return the last line."""
    return _line(
        {
            "type": "end",
            "entries": end.entries,
            "position": end.position,
            "hash": end.hash.hex(),
            "unchained": end.unchained,
        }
    )


def read_line(raw: bytes) -> Head | ChainLink | Checkpoint | End:
    """Read any line of an export. Raises ValueError for what is none."""
    try:
        members = json.loads(raw)
    except RecursionError as error:
        raise ValueError("no line of an export") from error
    if not isinstance(members, dict) or not raw.endswith(b"\n"):
        raise ValueError("no line of an export")
    try:
        read: Callable[[dict[str, Any]], Head | ChainLink | Checkpoint | End] = _READERS[members["type"]]
        return read(members)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("no line of an export") from error


def read_anchor(lines: Iterable[bytes]) -> tuple[list[Checkpoint], list[int]]:
    """Return the checkpoints that an anchor's file holds, each once, and the numbers of the lines that are none: one
    may have been cut off when a machine lost its power. An export is read as well.
    """
    found: dict[Checkpoint, None] = {}
    unreadable = []
    for number, raw in enumerate(lines, 1):
        try:
            one = read_line(raw)
        except ValueError:
            unreadable.append(number)
            continue
        if isinstance(one, Checkpoint):
            found[one] = None
    return list(found), unreadable


def verify_export(
    lines: Iterable[bytes], keys: Collection[str] = (), anchored: Iterable[Checkpoint] = ()
) -> ExportVerdict:
    """Verify an export. `keys` are those that are known to be the service's; without any, those count that the export
    names itself.
    """
    rows = _Rows(lines)
    head = next(rows, None)
    named = head.keys if isinstance(head, Head) else ()
    verifier = ChainVerifier(keys or named, anchored, pinned=bool(keys))
    if not isinstance(head, Head):
        verifier.find(Fault.UNREADABLE, 0, "line 1 is not the head of an export")
    end: End | None = None
    for one in rows:
        if end is not None or isinstance(one, Head | None):
            verifier.find(Fault.UNREADABLE, verifier.position, f"line {rows.number} does not belong here")
        elif isinstance(one, End):
            end = one
        elif isinstance(one, Checkpoint):
            verifier.checkpoint(one)
        else:
            verifier.take(one)
    _require_end(verifier, end)
    return ExportVerdict(verifier.finish(), None if end is None else end.unchained, named)


class _Rows:
    """The lines as values; None for one that cannot be read."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = iter(lines)
        self.number = 0

    def __iter__(self) -> Iterator[Head | ChainLink | Checkpoint | End | None]:
        return self

    def __next__(self) -> Head | ChainLink | Checkpoint | End | None:
        raw = next(self._lines)
        self.number += 1
        try:
            return read_line(raw)
        except ValueError:
            return None


def _require_end(verifier: ChainVerifier, end: End | None) -> None:
    if end is None:
        verifier.find(Fault.TRUNCATED, verifier.position, "the export has no end: it was cut off here")
    elif (end.position, end.hash) != (verifier.position, verifier.hash):
        verifier.find(
            Fault.TRUNCATED,
            verifier.position,
            f"the chain ends here, and by the export's last line at position {end.position} with another hash",
        )


def _line(members: dict[str, Any]) -> bytes:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _read_head(members: dict[str, Any]) -> Head:
    if members["version"] != VERSION:
        raise ValueError("an export of another version")
    return Head(tuple(_text(str(key)) for key in members["keys"]))


def _read_entry(members: dict[str, Any]) -> ChainLink:
    fields = members["entry"]
    entry = None if fields is None else AuditEntry(**fields)
    for one in entry or ():
        if one is not None:
            _text(one)
    return ChainLink(
        whole_number(members["position"], -LARGEST),
        whole_number(members["audit_id"], -LARGEST),
        _hash(members["previous"]),
        _hash(members["hash"]),
        entry,
    )


def _read_end(members: dict[str, Any]) -> End:
    entries, position, unchained = (
        whole_number(members[name], -LARGEST) for name in ("entries", "position", "unchained")
    )
    return End(entries, position, _hash(members["hash"]), unchained)


def _text(value: object) -> str:
    """Return a text. Raises ValueError for what is none, or has no bytes in UTF-8, as half of a surrogate pair."""
    if not isinstance(value, str):
        raise ValueError("no text")  # noqa: TRY004 - as whatever is no line of an export
    value.encode()
    return value


def _hash(value: str) -> bytes:
    found = bytes.fromhex(value)
    if len(found) != HASH_BYTES:
        raise ValueError("no hash")
    return found


_READERS: Final[dict[str, Any]] = {
    "trail": _read_head,
    "entry": _read_entry,
    "checkpoint": of_members,
    "end": _read_end,
}
