"""Reads what a gateway wrote down: one JSON object a line, on disk before the answer left.

The reader trusts nothing after a kill: a line that was being written then is torn, was never answered, and
is counted, not guessed at.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from ops.lab.world.records import GatewayRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

ROUND_TRIP = "round_trip"
"""The kind of what carries a code to an endpoint that somebody named: it is no message of the three ledgers."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A request as its gateway saw it. It is a Struct, because it is encoded thousands of times a second."""

    channel: str
    """`webpush`, `sms`, `app` ...: the service's own names, but `unifiedpush` for what is Web Push to it."""
    recipient: str
    """The opaque recipient key, equal to `ref` in the population; "" where the request named none."""
    accepted: bool
    """Whether the gateway accepted it, whatever answer the sender then got."""
    status: int
    """The HTTP status sent or meant to be sent; 0 where none was."""
    wall_ns: int
    """Nanoseconds since 1970-01-01T00:00Z at the decision, before the fsync."""
    mono_ns: int
    """CLOCK_MONOTONIC at the decision; comparable between processes of one boot."""
    process: int
    """The gateway's process id: another one after a restart."""
    number: int
    """1, 2, 3 ... within the process."""
    port: int
    attempt: int = 1
    """The number of this request among those for this recipient within the process, refused ones included."""
    alert: str = ""
    """The message: `alert` of the decrypted document; for SMS the client reference up to its last `-`."""
    kind: str = ""
    """`alert`, `update`, `cancel` or `no_longer_affected`, where the document says so; ROUND_TRIP for a code."""
    hash: str = ""
    """SHA-256 (hex) of the decrypted document or of the SMS text."""
    collapse: str = ""
    """The key by which a repeat replaces its original: Topic, client reference or webhook-id; by SMPP there is none."""
    ttl: int = 0
    """Seconds for which the gateway was asked to keep trying."""
    urgency: str = ""
    reference: str = ""
    """The gateway's own id of an accepted message; for SMS the same for each repeat of a client reference."""
    reason: str = ""
    """Why it was refused; on an accepted one, why its content could not be read."""
    fault: str = ""
    """The fault rule that met the request."""
    text: str = ""
    """What the recipient's device got to read, on as many as the gateway was asked to keep of each message."""
    raw: str = ""
    """Base64 of the encrypted body, where decryption was put off."""
    handed: str = ""
    """Of a phone of somebody's own (`--any-phone`), what its app is handed, as JSON: `{"fcm": …}`, `{"apns": …}`."""
    part: int = 0
    """Of an SMS that came by SMPP: which of its parts this is, from 1."""
    parts: int = 0
    """Of how many. `text` is the part's own, and the whole text where the part was the last that was missing."""
    group: str = ""
    """What marks the parts of one text."""
    own: str = ""
    """The sender's own reference: `user_message_reference`."""
    incomplete: bool = False
    """Whether other parts are missing: a phone shows nothing yet."""


@dataclass(frozen=True, slots=True)
class Content:
    """Says what the recipient's device would read."""

    alert: str
    kind: str
    hash: str
    reason: str = ""
    text: str = ""
    """The decrypted document, or the text of the SMS."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """Holds all whole lines in the order of writing, and how many lines were torn by a kill."""

    entries: tuple[Entry, ...]
    torn: int


def read(path: Path) -> Ledger:
    """Read the ledger in `path`; a file that does not exist is an empty one."""
    if not path.exists():
        return Ledger((), 0)
    decoder = msgspec.json.Decoder(Entry)
    entries: list[Entry] = []
    torn = 0
    with path.open("rb") as lines:
        for line in lines:
            try:
                entries.append(decoder.decode(line))
            except msgspec.DecodeError:
                torn += 1
    return Ledger(tuple(entries), torn)


class Tail:
    """Reads what was added to ledgers since the last call."""

    def __init__(self, files: Iterable[Path]) -> None:
        self._read = dict.fromkeys(files, 0)
        self._decode = msgspec.json.Decoder(Entry).decode

    def new(self) -> list[Entry]:
        """Return the whole lines that were added since the last call. Raises OSError, msgspec.DecodeError."""
        entries: list[Entry] = []
        for file, position in self._read.items():
            with file.open("rb") as ledger:
                ledger.seek(position)
                whole, newline, _ = ledger.read().rpartition(b"\n")
            self._read[file] = position + len(whole) + len(newline)
            entries.extend(map(self._decode, whole.splitlines()))
        return entries


def opened(entries: Iterable[Entry], opener: Callable[[str, str], Content]) -> Iterator[Entry]:
    """The entries, with the content of those whose decryption was put off.

    `opener(recipient, raw)` is `gateways.standins.webpush.UserAgents.open_raw`.
    """
    for entry in entries:
        if not entry.raw:
            yield entry
            continue
        content = opener(entry.recipient, entry.raw)
        yield msgspec.structs.replace(
            entry, alert=content.alert, kind=content.kind, hash=content.hash, reason=content.reason, raw=""
        )


def gateway_records(
    entries: Iterable[Entry], messages: Mapping[str, str] | None = None
) -> Iterator[GatewayRecord]:
    """The entries as the verdict reads them.

    `messages` translates the value of `alert` (for SMS: the client reference up to its last `-`) into the
    message id used in the other ledgers; what it does not name stays as it is. Of a text of several parts the one
    counts that made it whole. What carries a code to an endpoint is left out.
    """
    names = messages or {}
    for entry in entries:
        if entry.incomplete or entry.kind == ROUND_TRIP:
            continue
        yield GatewayRecord(
            message=names.get(entry.alert, entry.alert),
            recipient=entry.recipient,
            channel=entry.channel,
            accepted=entry.accepted,
            wall_time=instant(entry.wall_ns),
            content_hash=entry.hash,
            kind=entry.kind,
            collapse=entry.collapse,
            status=entry.status,
            collapses=not entry.parts,
        )


def instant(wall_ns: int) -> datetime:
    """Convert nanoseconds since the epoch to an aware UTC instant, to the microsecond."""
    return _EPOCH + timedelta(microseconds=wall_ns // 1000)
