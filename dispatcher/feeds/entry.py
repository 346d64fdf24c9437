"""What a source's list says, whatever its format."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urljoin, urlsplit

import cap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.intake.prepare import Incoming

LIMITS = cap.Limits()
"""What one message may cost to read."""
LIST_LIMITS = cap.Limits(max_bytes=32 * 1024 * 1024, max_elements=3_000_000, max_alerts=20_000)
"""What a document may cost that lists or embeds a continent's warnings; what one alert may cost stays the same."""


def resolve(base: str, reference: str) -> str | None:
    """Return where a link or redirect leads; None where it is no address. Strangers write them: one that the library
    refuses, for a bracket that nothing closes, must not cost the rest of the list.
    """
    try:
        resolved = urljoin(base, reference)
        urlsplit(resolved)
    except ValueError:
        return None
    return resolved


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One entry. `key` names it within the feed for as long as it is listed, `version` changes with its content.

    Its message is in `content`, already read in `alert`, or behind `links` (the first is the message, the others
    belong to it and may be missing). `summary` is what the list itself says of it, for as long as the message
    cannot be had. `msg_type` and `dated`, when it was published, are None where the list does not say.
    """

    key: str
    version: str
    content: bytes | None = None
    alert: cap.Alert | None = None
    links: tuple[str, ...] = ()
    summary: cap.Alert | None = None
    expires: datetime | None = None
    msg_type: cap.MsgType | None = None
    dated: datetime | None = None

    def is_over(self, now: datetime) -> bool:
        """Return whether the list says that the message has expired."""
        return self.expires is not None and self.expires <= now


@dataclass(frozen=True, slots=True)
class UnreadablePart:
    """A part of the list that nobody can read. `key` is the entry it belongs to, which is listed all the same."""

    key: str
    content: bytes
    code: str
    detail: str


NEVER: Final = datetime(1, 1, 1, tzinfo=UTC)
"""As of when a source knows its list that says of itself that it would not hear of what happens there."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The complete list."""

    entries: tuple[FeedEntry, ...] = ()
    broken: tuple[UnreadablePart, ...] = field(default=())
    known_at: datetime | None = None
    """As of when the source knew that, where it says so: its record may be away, or a cache answer in its place."""


class Adapter(Protocol):
    """One format. Pure: bytes in, values out."""

    def listing(self, body: bytes, url: str) -> Listing:
        """Read a list. Raises `CapError` for a body that is none: what the source says is then not known."""

    def read(self, entry: FeedEntry, parts: Sequence[bytes]) -> tuple[Incoming, ...]:
        """Return the messages of an entry; `parts` are what its links led to, empty where that was nothing.

        Raises `CapError`.
        """


def fingerprint(content: bytes) -> str:
    """Return a version for content that has none of its own."""
    return hashlib.sha256(content).hexdigest()[:32]


def unreadable_part(key: str, content: bytes, error: cap.CapError) -> UnreadablePart:
    return UnreadablePart(key, content, error.code, str(error))
