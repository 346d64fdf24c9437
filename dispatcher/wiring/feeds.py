"""Load the feeds, and build what polls them or takes their messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatcher.feeds.assembly import FeedDependencies, feed_services
from dispatcher.feeds.configuration import ConfigurationError, load
from dispatcher.feeds.scheduler import FeedScheduler
from dispatcher.settings import Settings, SettingsError

if TYPE_CHECKING:
    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.feeds.configuration import Feed
    from dispatcher.feeds.services import FeedServices
    from dispatcher.store.leadership import Leadership


def load_feeds(settings: Settings, boundaries: Boundaries) -> tuple[Feed, ...]:
    """Load the operator's feeds. A territory without any municipality is refused: it would silence a feed."""
    try:
        feeds = load(settings.feeds)
    except ConfigurationError as error:
        raise SettingsError(str(error)) from error
    for feed in feeds:
        for prefix in feed.settings.territory:
            if not boundaries.by_prefix(prefix):
                raise SettingsError(
                    f"{settings.feeds}: {feed.name}: territory: no municipality of the boundary data has an AGS "
                    f"that begins with {prefix!r}"
                )
    return feeds


async def api_feed_services(feeds: tuple[Feed, ...], base: FeedDependencies) -> FeedServices | None:
    """Return what an API process does with feeds, which are on record from then on; None where there are none."""
    if not feeds:
        return None
    services = feed_services(base, feeds)
    await services.store.register([feed.name for feed in feeds])
    return services


def feed_scheduler(feeds: tuple[Feed, ...], base: FeedDependencies, leadership: Leadership) -> FeedScheduler:
    """Return the scheduler of the feeds."""
    services = feed_services(base, feeds)
    return FeedScheduler(
        poller=services.poller,
        feeds=services.feeds,
        store=services.store,
        held=services.held,
        leadership=leadership,
        metrics=base.metrics,
        clock=base.clock,
    )
