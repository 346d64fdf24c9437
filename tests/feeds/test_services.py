"""The parts that deal with feeds."""

from dispatcher.feeds.configuration import FeedSettings, feed_of
from dispatcher.feeds.services import FeedServices
from tests.support.feed_world import World


async def test_a_feed_is_found_by_its_name_or_not_at_all(world: World) -> None:
    feeds = tuple(feed_of(FeedSettings(name=name, adapter="push")) for name in ("mowas", "test"))
    services = FeedServices(
        feeds=feeds,
        alerts=world.alerts,
        store=world.feeds,
        quarantine=world.quarantine,
        held=world.held,
        release=world.release,
        sync=world.sync,
        poller=world.poller,
        clock=world.clock,
    )
    assert services.named("test") is feeds[1]
    assert services.named("tes") is None
