"""Know of whom the service hears: where somebody warns by it, which feeds have fallen silent, and of which something is
not understood yet.

Nothing in force means something only where somebody would say so. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from dispatcher.feeds.schedule import silent_since

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from dispatcher.feeds.configuration import Feed
    from dispatcher.model.feeds import FeedState, UnreadContent

EVERYWHERE = ("",)
"""What every key (AGS) begins with."""


class SilentFeed(NamedTuple):
    """A feed of which nobody knows what it says now."""

    name: str
    since: datetime


class UncertainFeed(NamedTuple):
    """A feed that holds something of which nobody knows what it says, or which a person has not decided upon."""

    name: str
    since: datetime
    where: tuple[str, ...]
    """What it may concern: beginnings of keys (AGS), "" for everywhere."""

    def may_concern(self, municipalities: Iterable[str]) -> bool:
        """Whether it may be about any of these municipalities (AGS)."""
        return any(ags.startswith(self.where) for ags in municipalities)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of whom the service hears."""

    territories: tuple[str, ...] = ()
    """Where a control centre or a feed may warn: beginnings of keys (AGS), "" for everywhere."""
    stale: tuple[SilentFeed, ...] = ()
    """The feeds that have fallen silent, in the order of the configuration."""
    unread: tuple[UncertainFeed, ...] = ()
    """The feeds of which something is not understood, in the order of the configuration."""


def stale_feeds(
    feeds: Iterable[Feed],
    states: Sequence[FeedState],
    now: datetime,
    before: Sequence[SilentFeed] = (),
    shut: Collection[str] = (),
) -> tuple[SilentFeed, ...]:
    """Return which feeds are stale `now`, by their states in the same order; those that are `shut` out are. One that
    never said anything is silent since it was first found so, as `before` has it.
    """
    first = {one.name: one.since for one in before}
    found = []
    for feed, state in zip(feeds, states, strict=True):
        since = now if feed.name in shut else silent_since(feed, state.succeeded_at, now)
        if since is not None:
            found.append(SilentFeed(feed.name, state.succeeded_at or min(since, first.get(feed.name, since))))
    return tuple(found)


def unread_feeds(feeds: Iterable[Feed], contents: Sequence[UnreadContent]) -> tuple[UncertainFeed, ...]:
    """Return which feeds hold something unread. What nobody can tell the place of may be anywhere in the feed's
    territory, and nothing is beyond it.
    """
    found = []
    for feed in feeds:
        territory = feed.settings.territory or EVERYWHERE
        where: set[str] = set()
        moments = []
        for one in contents:
            named = {ags for ags in one.municipalities if ags.startswith(territory)}
            if one.feed == feed.name and (named or not one.municipalities):
                where.update(named or territory)
                moments.append(one.since)
        if moments:
            found.append(UncertainFeed(feed.name, min(moments), tuple(sorted(where))))
    return tuple(found)


def territories_of(sources: Iterable[Sequence[str]], feeds: Iterable[Feed]) -> tuple[str, ...]:
    """Return where any of them may warn; a source or feed that names no territory may warn everywhere."""
    named = [*sources, *(feed.settings.territory for feed in feeds)]
    return tuple(sorted({beginning for one in named for beginning in (one or EVERYWHERE)}))
