"""Define feeds as the record has them: the state of each, what it lists, and what in it nobody can read."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from dispatcher.model.vocabulary import FeedResult

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.model.alerts import ReadyAlert
    from dispatcher.model.vocabulary import Reason, Unresolved


_ADDRESS: Final = re.compile(r"(?P<scheme>https?)://(?:[^/?#\s]*@)?(?P<host>[^/?#\s]*)\S*", re.IGNORECASE)


def origin_of(url: str) -> str:
    """Return what of an address anybody may see: user, path and query may hold the key with which a source is asked."""
    found = _ADDRESS.match(url)
    return f"{found['scheme']}://{found['host']}" if found else ""


def part_of(url: str) -> str:
    """Return the name by which the record knows the list of an address; empty for what is no list. Two addresses of one
    origin have two names, and no name holds a key.
    """
    return f"{origin_of(url)}#{hashlib.sha256(url.encode()).hexdigest()[:16]}" if url else ""


def redacted(text: str) -> str:
    """Return a text with every address in it cut to its origin."""
    return _ADDRESS.sub(lambda found: f"{origin_of(found[0])}/…", text)


@dataclass(frozen=True, slots=True)
class FeedState:
    """The state of a feed from poll to poll. `validators`: by part (`part_of`), what the next conditional request
    says.
    """

    name: str
    polled_at: datetime | None = None
    succeeded_at: datetime | None = None
    changed_at: datetime | None = None
    next_at: datetime | None = None
    failures: int = 0
    result: FeedResult = FeedResult.NEVER
    detail: str = ""
    validators: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EntryState:
    """One entry that a feed lists or listed, by its `key` within the feed.

    `version` is that of the content listed; `links` say from where it is to be had while it is not.
    `alert_id` is the alert of record, its own or the one that covers it; `reason` is what became of the message.
    """

    feed: str
    key: str
    part: str
    version: str
    reason: Reason | Unresolved
    first_seen: datetime
    links: tuple[str, ...] = ()
    tries: int = 0
    retry_at: datetime | None = None
    event_key: str = ""
    alert_id: str | None = None
    expires: datetime | None = None
    open_ended: bool = False
    missed: int = 0
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """A feed's state, and how many entries it lists, by what became of them."""

    state: FeedState
    entries: int
    reasons: dict[str, int]
    pending: int
    quarantined: int


@dataclass(frozen=True, slots=True)
class QuarantinedItem:
    """A message or body that nobody could read; it was seen `times` times between `first_at` and `last_at`."""

    id: int
    feed: str
    name: str
    sha256: bytes
    size: int
    code: str
    detail: str
    times: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class UnreadContent:
    """Something that a feed holds, since then, and of which nobody knows yet what it means for people."""

    feed: str
    since: datetime
    municipalities: tuple[str, ...] = ()
    """The keys (AGS) that it may concern; empty: nobody can tell."""


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What became of one message. `alert_id` is its own alert of record, or the one that covers it; `wake_ups` are the
    alerts that are to be planned now, with their lanes.
    """

    reason: Reason
    alert_id: str | None = None
    event_key: str = ""
    expires: datetime | None = None
    open_ended: bool = False
    wake_ups: tuple[ReadyAlert, ...] = ()
