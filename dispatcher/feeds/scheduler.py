"""The part of a worker that watches the feeds: in one process at a time, whichever holds the lock."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from dispatcher.feeds.schedule import silent_since
from dispatcher.model.vocabulary import FeedResult, Unresolved
from dispatcher.store.record import UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from dispatcher.feeds.configuration import Feed
    from dispatcher.feeds.poller import Poller
    from dispatcher.metrics import Metrics
    from dispatcher.model.feeds import Overview
    from dispatcher.store.alerts.held import Held
    from dispatcher.store.feeds.feeds import Feeds
    from dispatcher.store.leadership import Leadership

TICK_S = 1.0
FORGET_EVERY = timedelta(hours=1)
FORGET_AFTER = timedelta(days=14)
"""How long ended entries are remembered: longer than any warning that ended by absence could come back as the same
one."""

log = structlog.get_logger()


class FeedScheduler:
    """The task of a worker that leads, or waits to lead."""

    def __init__(  # noqa: PLR0913 - the composition root names each part
        self,
        *,
        poller: Poller,
        feeds: Sequence[Feed],
        store: Feeds,
        held: Held,
        leadership: Leadership,
        metrics: Metrics,
        clock: Callable[[], datetime],
    ) -> None:
        self._poller = poller
        self._feeds = {feed.name: feed for feed in feeds}
        self._store = store
        self._held = held
        self._leadership = leadership
        self._metrics = metrics
        self._clock = clock
        self._forgot: datetime | None = None
        self._running: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Run until cancelled. An outage of the record is waited out."""
        if not self._feeds:
            return
        registered = False
        try:
            while True:
                try:
                    if await self._leadership.hold():
                        if not registered:
                            await self._store.register(list(self._feeds))
                            registered = True
                        await self.step()
                    else:
                        self._hide()
                except UNAVAILABLE as error:  # it is foreseen, and called by itself
                    log.warning("feeds_failed", error=type(error).__name__)
                except Exception as error:  # noqa: BLE001 - watching must outlive every mistake; it is counted and logged
                    self._metrics.jobs_failed.labels("feeds").inc()
                    log.warning("feeds_failed", error=type(error).__name__)
                await asyncio.sleep(TICK_S)
        finally:
            await self.stop()

    async def step(self) -> None:
        """Start the polls that are due: one that hangs or fails delays no other. Show how things stand."""
        now = self._clock()
        if self._forgot is None or now - self._forgot >= FORGET_EVERY:
            await self._store.forget(now, FORGET_AFTER)
            self._forgot = now
        self._metrics.held_expired.inc(await self._held.expire(now))
        self._metrics.show_held(*await self._held.counts())
        for overview in await self._store.overview(list(self._feeds)):
            feed = self._feeds[overview.state.name]
            self._show(feed, overview, now)
            due = overview.state.next_at is None or overview.state.next_at <= now
            if feed.is_polled and due and feed.name not in self._running:
                self._running[feed.name] = asyncio.create_task(self._poll(feed))

    @property
    def busy(self) -> list[asyncio.Task[None]]:
        """The polls under way."""
        return list(self._running.values())

    async def stop(self) -> None:
        """Break the polls off: whatever was committed is known, the rest comes again."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _poll(self, feed: Feed) -> None:
        try:
            await self._poller.poll(feed)
        except UNAVAILABLE as error:
            self._metrics.feed_polls.labels(feed.name, FeedResult.FAILED).inc()
            log.warning(
                "feed_poll_failed", feed=feed.name, result=FeedResult.FAILED, detail=type(error).__name__
            )
        except Exception as error:
            self._metrics.feed_polls.labels(feed.name, FeedResult.FAILED).inc()
            log.exception(
                "feed_poll_failed", feed=feed.name, result=FeedResult.FAILED, detail=type(error).__name__
            )
            with suppress(*UNAVAILABLE):
                await self._poller.gave_up(feed)
        finally:
            del self._running[feed.name]

    def _hide(self) -> None:
        """Show nothing any more: another process shows how things stand now."""
        self._metrics.show_held()
        for feed in self._feeds.values():
            self._metrics.feed_quarantine_items.labels(feed.name).set(0)
            self._metrics.feed_stale.labels(feed.name).set(0)

    def _show(self, feed: Feed, overview: Overview, now: datetime) -> None:
        metrics, name, state = self._metrics, feed.name, overview.state
        metrics.feed_entries.labels(name).set(overview.entries)
        unread = sum(overview.reasons.get(reason, 0) for reason in Unresolved)
        metrics.feed_entries_unread.labels(name).set(unread)
        metrics.feed_quarantine_items.labels(name).set(overview.quarantined)
        metrics.feed_last_change.labels(name).set(_seconds(state.changed_at))
        metrics.feed_stale.labels(name).set(silent_since(feed, state.succeeded_at, now) is not None)
        if feed.is_watched:
            metrics.feed_last_success.labels(name).set(_seconds(state.succeeded_at))


def _seconds(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0
