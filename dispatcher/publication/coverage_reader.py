"""Ask the record of whom the service hears."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatcher.model.vocabulary import FEED_PREFIX
from dispatcher.publication.coverage import Coverage, stale_feeds, territories_of, unread_feeds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from dispatcher.feeds.configuration import Feed
    from dispatcher.publication.coverage import SilentFeed
    from dispatcher.store.feeds.feeds import Feeds
    from dispatcher.store.feeds.unread import UnreadContents
    from dispatcher.store.sources import Sources


class CoverageReader:
    """Asks the record of whom the service hears."""

    def __init__(
        self,
        sources: Sources,
        states: Feeds,
        unread: UnreadContents,
        feeds: Sequence[Feed],
        clock: Callable[[], datetime],
    ) -> None:
        self._sources = sources
        self._states = states
        self._unread = unread
        self._feeds = feeds
        self._clock = clock
        self._before: tuple[SilentFeed, ...] = ()

    async def read(self) -> Coverage:
        """Return how it is now. A feed that pushes and has no valid key can say nothing: it covers no place."""
        feeds, now = self._feeds, self._clock()
        submitting = await self._sources.submitting()
        polled = [feed.name for feed in feeds if feed.is_polled]
        shut = {feed.name for feed in feeds if not feed.is_polled and _source(feed) not in submitting}
        names = [feed.name for feed in feeds]
        states = await self._states.states(names) if feeds else []
        unread = await self._unread.read(names, polled, now) if feeds else ()
        self._before = stale_feeds(feeds, states, now, self._before, shut)
        centres = [found for name, found in submitting.items() if not name.startswith(FEED_PREFIX)]
        return Coverage(
            territories_of(centres, [feed for feed in feeds if feed.name not in shut]),
            self._before,
            unread_feeds(feeds, unread),
        )


def _source(feed: Feed) -> str:
    return FEED_PREFIX + feed.name
