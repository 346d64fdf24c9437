"""Moves old material to a new time: every instant of a message by the same span. Replays and drills use it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dispatcher.feeds.entry import FeedEntry, Listing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    import cap
    from dispatcher.feeds.entry import Adapter
    from dispatcher.intake.prepare import Incoming


def shifted(alert: cap.Alert, by: timedelta) -> cap.Alert:
    """Return the alert as if everything in it had happened `by` later."""

    def moved(moment: datetime | None) -> datetime | None:
        return moment + by if moment is not None else None

    return replace(
        alert,
        sent=moved(alert.sent),
        references=tuple(replace(one, sent=moved(one.sent)) for one in alert.references),
        infos=tuple(
            replace(
                info, effective=moved(info.effective), onset=moved(info.onset), expires=moved(info.expires)
            )
            for info in alert.infos
        ),
    )


@dataclass(frozen=True, slots=True)
class Shifted:
    """An adapter whose messages are moved by `by`. Their signatures no longer prove anything."""

    adapter: Adapter
    by: timedelta

    def listing(self, body: bytes, url: str) -> Listing:
        listing = self.adapter.listing(body, url)
        return Listing(tuple(self._entry(entry) for entry in listing.entries), listing.broken)

    def read(self, entry: FeedEntry, parts: Sequence[bytes]) -> tuple[Incoming, ...]:
        plain = replace(entry, alert=shifted(entry.alert, -self.by)) if entry.alert is not None else entry
        return tuple(
            replace(one, alert=shifted(one.alert, self.by)) for one in self.adapter.read(plain, parts)
        )

    def _entry(self, entry: FeedEntry) -> FeedEntry:
        return replace(
            entry,
            alert=shifted(entry.alert, self.by) if entry.alert is not None else None,
            summary=shifted(entry.summary, self.by) if entry.summary is not None else None,
            expires=entry.expires + self.by if entry.expires is not None else None,
        )
