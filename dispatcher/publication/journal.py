"""Remember the last events in their order, so that whoever was away for a moment gets what he missed. Pure."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from dispatcher.publication.forms.events import numbered

if TYPE_CHECKING:
    from collections.abc import Mapping

KEPT_EVENTS: Final = 1_024
KEPT_BYTES: Final = 16 * 1024 * 1024
"""The most that is remembered: whoever missed more gets everything anew."""
_KEY_BYTES: Final = 96
"""What the key of a place takes in a set."""
_ID: Final = re.compile(r"([a-z0-9]{1,32})-([0-9]{1,15})")


class JournalEntry(NamedTuple):
    """One event."""

    number: int
    keys: frozenset[str] | None
    """Whom it concerns (`changes.key_of`); None: everybody."""
    chunks: Mapping[str, bytes]
    """The event in ready bytes, by language; in others there is none."""

    def concerns(self, key: str) -> bool:
        """Whether it is about the place with this key."""
        return self.keys is None or key in self.keys

    @property
    def size(self) -> int:
        """Return about how many bytes it takes in memory."""
        return sum(map(len, self.chunks.values())) + _KEY_BYTES * len(self.keys or ())


class EventJournal:
    """The last events of one process. Their numbers go up by one."""

    def __init__(self, token: str, events: int = KEPT_EVENTS, size: int = KEPT_BYTES) -> None:
        """`token` (lower-case letters and digits) tells this journal's numbers from those of others."""
        self._token = token
        self._most_events = events
        self._most_bytes = size
        self._entries: deque[JournalEntry] = deque()
        self._size = 0
        self.last = 0
        """The number of the last event."""

    def id_of(self, number: int) -> bytes:
        """Return the id of an event as clients are told and name it."""
        return f"{self._token}-{number}".encode()

    def add(self, keys: frozenset[str] | None, events: Mapping[str, bytes]) -> JournalEntry:
        """Give an event its number, and remember it at the cost of the oldest. `events` has its bytes by language."""
        self.last += 1
        event_id = self.id_of(self.last)
        entry = JournalEntry(
            self.last, keys, {language: numbered(event_id, event) for language, event in events.items()}
        )
        self._entries.append(entry)
        self._size += entry.size
        while len(self._entries) > self._most_events or self._size > self._most_bytes:
            self._size -= self._entries.popleft().size
        return entry

    def forget(self) -> None:
        """Have everybody get everything anew."""
        self.last += 1
        self._entries.clear()
        self._size = 0

    def after(self, number: int) -> list[JournalEntry] | None:
        """Return all events after this number; None where they are not all remembered."""
        missing = self.last - number
        if missing == 0:
            return []
        if not 0 < missing <= len(self._entries):
            return None
        return list(self._entries)[-missing:]

    def number_of(self, event_id: str) -> int | None:
        """Return the number of an id of this journal; None for any other."""
        match = _ID.fullmatch(event_id)
        return int(match[2]) if match and match[1] == self._token else None
