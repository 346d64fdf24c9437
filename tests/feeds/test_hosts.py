"""Which hosts are still worth asking."""

from datetime import timedelta

from dispatcher.feeds.configuration import Feed
from dispatcher.feeds.entry_reader import FETCHES_AT_ONCE
from dispatcher.feeds.fetch import FetchError
from dispatcher.feeds.hosts import SILENT_MAX, Hosts
from dispatcher.feeds.poller import Poller
from dispatcher.model.vocabulary import FeedResult
from ops.lab.faults.feeds.server import FeedFault, FeedServer
from tests.support.feed_messages import (
    dashboard_entry,
    listing_body,
)
from tests.support.feed_world import BOARD, FIRE, World, poll


def test_hosts_are_given_up_each_for_itself() -> None:
    hosts, a, b = Hosts(), "https://a.example/1", "https://b.example/1"
    silent, missing = (
        FetchError(FeedResult.UNREACHABLE, "timeout"),
        FetchError(FeedResult.REFUSED, "http 404", 404),
    )
    for error in (silent, silent, missing, silent, silent):
        hosts.failed(a, error)
    hosts.answered(a)
    hosts.failed(a, silent)
    assert hosts.pause_of(a) is None
    hosts.failed(a, silent)
    hosts.failed(a, silent)
    assert (hosts.pause_of("https://a.example/2"), hosts.pause_of(b)) == (0.0, None)
    hosts.failed(b, FetchError(FeedResult.REFUSED, "http 429", 429, 90.0))
    assert hosts.pause_of(b) == 90.0


async def test_a_host_that_asks_for_a_pause_gets_it(
    world: World, server: FeedServer, poller: Poller, nina: Feed
) -> None:
    names = [FIRE.replace("-000", f"-{n:03}") for n in range(20)]
    server.put(BOARD, listing_body(*(dashboard_entry(name) for name in names)))
    for name in names:
        server.fail(f"/api31/warnings/{name}.json", FeedFault.TOO_MANY, times=9)
    await poll(poller, world, nina)
    assert len(server.requests) <= 1 + FETCHES_AT_ONCE
    rows = (await world.feeds.entries("nina")).values()
    assert {row.retry_at for row in rows} == {world.clock.now + timedelta(seconds=120)}
    assert {row.reason for row in rows} != {"pending"}


async def test_a_silent_host_is_not_waited_for_by_every_message(
    world: World, server: FeedServer, poller: Poller
) -> None:
    feed = await world.feed("nina", "nina", urls=(server.origin + BOARD,), timeout_s=0.2)
    names = [FIRE.replace("-000", f"-{n:03}") for n in range(20)]
    server.put(BOARD, listing_body(*(dashboard_entry(name) for name in names)))
    for name in names:
        server.fail(f"/api31/warnings/{name}.json", FeedFault.SLOW, times=9)
    await poll(poller, world, feed)
    assert len(server.requests) <= 1 + FETCHES_AT_ONCE + SILENT_MAX
