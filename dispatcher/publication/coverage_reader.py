"""Ask the record of whom the service hears."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatcher.model.vocabulary import FEED_PREFIX
from dispatcher.publication.coverage import Coverage, stale_feeds, territories_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from dispatcher.feeds.configuration import Feed
    from dispatcher.publication.coverage import SilentFeed
    from dispatcher.store.feeds.feeds import Feeds
    from dispatcher.store.sources import Sources


class CoverageReader:
    """Asks the record of whom the service hears."""

    def __init__(
        self, sources: Sources, states: Feeds, feeds: Sequence[Feed], clock: Callable[[], datetime]
    ) -> None:
        self._sources = sources
        self._states = states
        self._feeds = feeds
        self._clock = clock
        self._before: tuple[SilentFeed, ...] = ()

    async def read(self) -> Coverage:
        """Return how it is now."""
        feeds = self._feeds
        states = await self._states.states([feed.name for feed in feeds]) if feeds else []
        self._before = stale_feeds(feeds, states, self._clock(), self._before)
        return Coverage(territories_of(await self._sources.territories(but=FEED_PREFIX), feeds), self._before)
