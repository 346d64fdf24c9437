"""Know of whom the service hears: where somebody warns by it, and which feeds have fallen silent.

Nothing in force means something only where somebody would say so. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from dispatcher.feeds.schedule import stale_since

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from dispatcher.feeds.configuration import Feed
    from dispatcher.model.feeds import FeedState


class SilentFeed(NamedTuple):
    """A feed of which nobody knows what it says now."""

    name: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of whom the service hears."""

    territories: tuple[str, ...] = ()
    """Where a control centre or a feed may warn: beginnings of keys (AGS), "" for everywhere."""
    stale: tuple[SilentFeed, ...] = ()
    """The feeds that have fallen silent, in the order of the configuration."""


def stale_feeds(
    feeds: Iterable[Feed], states: Sequence[FeedState], now: datetime, before: Sequence[SilentFeed] = ()
) -> tuple[SilentFeed, ...]:
    """Return which feeds are stale `now`, by their states in the same order. One that never said anything is silent
    since it was first found so, as `before` has it.
    """
    first = {one.name: one.since for one in before}
    found = []
    for feed, state in zip(feeds, states, strict=True):
        since = stale_since(feed.settings, state.succeeded_at, now) if feed.is_watched else None
        if since is not None:
            found.append(SilentFeed(feed.name, state.succeeded_at or min(since, first.get(feed.name, since))))
    return tuple(found)


def territories_of(sources: Iterable[Sequence[str]], feeds: Iterable[Feed]) -> tuple[str, ...]:
    """Return where any of them may warn; a source or feed that names no territory may warn everywhere."""
    named = [*sources, *(feed.settings.territory for feed in feeds)]
    return tuple(sorted({beginning for one in named for beginning in (one or ("",))}))
