"""Hash a line of the audit trail. `ops/docs/audit.md` says the same to whoever verifies it without this code."""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

GENESIS: Final = bytes(32)
"""What the first entry follows."""
_HEAD: Final = b"cap-dispatcher audit entry 1\n"
"""What is hashed begins with what it is, so that it is never taken for anything else that is hashed."""


class AuditEntry(NamedTuple):
    """A line of the trail: every column, as the text that the record prints."""

    id: str
    xid: str
    at: str
    """In UTC, with microseconds: `2026-11-29T13:25:59.123456Z`."""
    actor: str
    action: str
    alert_id: str | None
    detail: str
    """JSON, as PostgreSQL prints its type jsonb."""


class ChainLink(NamedTuple):
    """A place in the chain, and the line that stands there."""

    position: int
    audit_id: int
    previous: bytes
    """The hash of the place before, 32 bytes."""
    hash: bytes
    entry: AuditEntry | None
    """The line; None where the trail has none of this id."""


def entry_hash(position: int, previous: bytes, entry: AuditEntry) -> bytes:
    """Return the SHA-256 of what stands at a position: the head, then position, previous hash in hexadecimal digits,
    and the entry's fields in their order, each as a netstring (length in bytes, colon, bytes, comma) of UTF-8. A field
    without a value is a minus in place of its netstring.
    """
    fields = (str(position), previous.hex(), *entry)
    text = "".join(["-" if field is None else f"{len(field)}:{field}," for field in fields])
    if text.isascii():  # as nearly all are: characters are bytes, and this takes half the time
        return hashlib.sha256(_HEAD + text.encode()).digest()
    raw = (None if field is None else field.encode() for field in fields)
    return hashlib.sha256(
        _HEAD + b"".join(b"-" if one is None else b"%d:%b," % (len(one), one) for one in raw)
    ).digest()
