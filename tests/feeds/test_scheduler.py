"""Who polls, when, and what is shown of it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from dispatcher.feeds.configuration import Feed, FeedSettings, feed_of
from dispatcher.feeds.poller import Poller
from dispatcher.feeds.scheduler import FeedScheduler
from dispatcher.store.leadership import FEEDS_LOCK, Leadership
from ops.lab.faults.feeds.server import FeedFault, FeedServer
from tests.support.feed_messages import (
    archive,
    dashboard_entry,
    listing_body,
    warning,
)
from tests.support.feed_world import BOARD, FIRE, LIST, World, poll


@pytest.fixture
async def watch(world: World, poller: Poller, dwd: Feed, nina: Feed) -> AsyncIterator[FeedScheduler]:
    leadership = Leadership(world.pool, FEEDS_LOCK)
    yield FeedScheduler(
        poller=poller,
        feeds=(dwd, nina),
        store=world.feeds,
        held=world.held,
        leadership=leadership,
        metrics=world.metrics,
        clock=world.clock,
    )
    await leadership.drop()


async def settled(watch: FeedScheduler) -> None:
    while watch.busy:
        await asyncio.gather(*watch.busy)


def gauge(world: World, name: str, feed: str) -> float | None:
    return world.metrics.registry.get_sample_value(name, {"feed": feed})


async def test_the_watch_polls_what_is_due_and_shows_how_things_stand(
    world: World, server: FeedServer, watch: FeedScheduler
) -> None:
    server.put(LIST, archive(warning(1)))
    await watch.step()
    assert gauge(world, "warn_feed_stale", "dwd") == 1
    await settled(watch)
    await watch.step()
    await settled(watch)
    assert gauge(world, "warn_feed_stale", "dwd") == 0
    assert gauge(world, "warn_feed_last_success_timestamp_seconds", "dwd") == world.clock.now.timestamp()
    assert gauge(world, "warn_feed_entries", "dwd") == 1
    assert gauge(world, "warn_feed_stale", "nina") == 1
    assert [asked.path for asked in server.requests] == [LIST, BOARD] or len(server.requests) == 2
    world.clock.forward(minutes=11)
    server.fail(LIST, FeedFault.SERVER_ERROR, times=5)
    await watch.step()
    await settled(watch)
    assert gauge(world, "warn_feed_stale", "dwd") == 1
    await watch.stop()


async def test_a_feed_that_pushes_and_never_has_is_shown_as_stale(world: World, poller: Poller) -> None:
    """As an app is told; whether its silence later means anything is the operator's to say."""
    push = feed_of(FeedSettings(name="mowas", adapter="push"))
    watch = FeedScheduler(
        poller=poller,
        feeds=(push,),
        store=world.feeds,
        held=world.held,
        leadership=Leadership(world.pool, FEEDS_LOCK),
        metrics=world.metrics,
        clock=world.clock,
    )
    await watch.step()
    assert gauge(world, "warn_feed_stale", "mowas") == 1
    await world.pool.execute(
        "INSERT INTO feed (name, succeeded_at) VALUES ('mowas', $1) "
        "ON CONFLICT (name) DO UPDATE SET succeeded_at = excluded.succeeded_at",
        world.clock.now,
    )
    world.clock.forward(minutes=600)
    await watch.step()
    assert gauge(world, "warn_feed_stale", "mowas") == 0
    assert gauge(world, "warn_feed_last_success_timestamp_seconds", "mowas") is None, "no alarm watches it"
    await watch.stop()


async def test_what_is_listed_and_nobody_has_read_is_shown(
    world: World, server: FeedServer, watch: FeedScheduler
) -> None:
    server.put(LIST, archive(warning(1), extra=[("x.xml", b"<alert/>")]))
    server.put(BOARD, listing_body(dashboard_entry(FIRE, msg_type="Update")))
    await watch.step()
    await settled(watch)
    await watch.step()
    shown = [
        (gauge(world, "warn_feed_entries", feed), gauge(world, "warn_feed_entries_unread", feed))
        for feed in ("dwd", "nina")
    ]
    assert shown == [(2, 1), (1, 1)]
    await watch.stop()


async def test_what_lies_aside_is_shown_by_who_polls(
    world: World, server: FeedServer, watch: FeedScheduler
) -> None:
    server.put(LIST, archive(warning(1), extra=[("x.xml", b"<alert/>")]))
    await watch.step()
    await settled(watch)
    await watch.step()
    assert gauge(world, "warn_feed_quarantine_items", "dwd") == 1
    assert gauge(world, "warn_feed_quarantine_items", "nina") == 0
    watch._hide()
    assert gauge(world, "warn_feed_quarantine_items", "dwd") == 0
    await watch.stop()


@pytest.mark.parametrize(("error", "counted"), [(TimeoutError("away"), 0), (ValueError("ours"), 1)])
async def test_a_record_that_is_away_is_no_unforeseen_error(
    world: World, watch: FeedScheduler, monkeypatch: pytest.MonkeyPatch, error: Exception, counted: int
) -> None:
    tried = asyncio.Event()

    async def fail(_: object) -> None:
        tried.set()
        raise error

    monkeypatch.setattr(world.feeds, "register", fail)
    task = asyncio.create_task(watch.run())
    await tried.wait()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    shown = world.metrics.registry.get_sample_value("warn_jobs_failed_total", {"function": "feeds"})
    assert (shown or 0) == counted


async def test_what_ended_long_ago_is_forgotten(
    world: World, server: FeedServer, watch: FeedScheduler, poller: Poller, dwd: Feed
) -> None:
    server.put(LIST, archive(warning(1)))
    await poll(poller, world, dwd)
    server.put(LIST, archive())
    await poll(poller, world, dwd)
    await poll(poller, world, dwd)
    assert len(await world.feeds.entries("dwd")) == 1
    world.clock.forward(days=15)
    await watch.step()
    await settled(watch)
    assert await world.feeds.entries("dwd") == {}


async def test_a_mistake_of_ours_is_not_repeated_at_once(
    world: World, server: FeedServer, watch: FeedScheduler, dwd: Feed
) -> None:
    server.put(LIST, archive(warning(1)))
    await world.pool.execute("ALTER TABLE feed_entry RENAME TO mislaid")
    with pytest.raises(Exception, match="feed_entry"):
        await watch.step()
    await world.pool.execute("ALTER TABLE mislaid RENAME TO feed_entry")
    await world.pool.execute("ALTER TABLE quarantine RENAME COLUMN code TO kode")
    server.fail(LIST, FeedFault.ERROR_BODY)
    await watch.step()
    await settled(watch)
    state = await world.feeds.state("dwd")
    assert (state.result, state.failures) == ("failed", 1)
    assert state.next_at > world.clock.now


async def test_one_process_watches_at_a_time(world: World, server: FeedServer, watch: FeedScheduler) -> None:
    server.put(LIST, archive(warning(1)))
    other = Leadership(world.pool, FEEDS_LOCK)
    assert await other.hold()
    task = asyncio.create_task(watch.run())
    await asyncio.sleep(0)
    assert server.requests == []
    await other.drop()
    while not server.requests:  # noqa: ASYNC110 - the server runs in a thread of its own
        await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
