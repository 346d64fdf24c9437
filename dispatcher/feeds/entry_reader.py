"""Reads the messages of a list's entries: those within it, and those behind its links, within bounds."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import cap
from dispatcher.feeds.entry_state import FetchedEntry, acting_since, is_irrelevant, summary_message
from dispatcher.feeds.fetch import FetchError
from dispatcher.feeds.hosts import Hosts
from dispatcher.intake.prepare import Incoming, Unusable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from dispatcher.feeds.configuration import Feed
    from dispatcher.feeds.entry import FeedEntry
    from dispatcher.model.feeds import EntryState

    Get = Callable[[Feed, str], Awaitable[bytes]]
    """Fetches one linked document. Raises `FetchError`."""
    PutAside = Callable[[Feed, str, bytes, Unusable, datetime], Awaitable[None]]
    """Keeps what nobody can read, under a name."""

FETCHES_AT_ONCE = 4


class EntryReader:
    """Reads entries. All waiting for the network is bounded by `get`."""

    def __init__(self, get: Get, put_aside: PutAside) -> None:
        self._get = get
        self._put_aside = put_aside

    async def read(
        self, feed: Feed, entries: Sequence[FeedEntry], known: Mapping[str, EntryState], now: datetime
    ) -> list[FetchedEntry]:
        """Return the entries with their messages. `known` are all rows of the feed.

        What holds is fetched before what is over, and of what is over only what may still end or replace something; of
        all that at most `max_details`, and the rest waits.
        """
        linked = [entry for entry in entries if entry.links]
        since = acting_since(linked, known.values(), now, feed.rules.default_lifetime)
        fetched = [FetchedEntry(entry, over=True) for entry in linked if is_irrelevant(entry, since, now)]
        here = [entry for entry in entries if not entry.links]
        for entry, found in await asyncio.to_thread(read_all, feed, here):
            fetched.append(await self._or_quarantined(feed, entry, entry.content or b"", found, now))
        wanted = [entry for entry in linked if not is_irrelevant(entry, since, now)]
        wanted.sort(key=lambda entry: entry.is_over(now))
        gate, hosts = asyncio.Semaphore(FETCHES_AT_ONCE), Hosts()
        most = feed.settings.max_details

        async def fetch_one(entry: FeedEntry) -> FetchedEntry:
            async with gate:
                return await self._fetched(feed, entry, known.get(entry.key), hosts, now)

        fetched += await asyncio.gather(*map(fetch_one, wanted[:most]))
        return [*fetched, *(FetchedEntry(entry, waits=True) for entry in wanted[most:])]

    async def _or_quarantined(
        self,
        feed: Feed,
        entry: FeedEntry,
        content: bytes,
        found: tuple[Incoming, ...] | Unusable,
        now: datetime,
    ) -> FetchedEntry:
        if isinstance(found, Unusable):
            await self._put_aside(feed, entry.key, content, found, now)
            return FetchedEntry(entry, broken=True)
        return FetchedEntry(entry, found)

    async def _fetched(
        self, feed: Feed, entry: FeedEntry, row: EntryState | None, hosts: Hosts, now: datetime
    ) -> FetchedEntry:
        link = entry.links[0]
        if hosts.pause_of(link) is not None:
            return FetchedEntry(
                entry, summary_message(entry, row), waits=True, pause_s=hosts.pause_of(link) or 0.0
            )
        try:
            parts = [await self._get(feed, link)]
        except FetchError as error:
            hosts.failed(link, error)
            return FetchedEntry(
                entry, summary_message(entry, row), waits=True, pause_s=error.retry_after_s or 0.0
            )
        hosts.answered(link)
        parts += [await self._or_nothing(feed, other) for other in entry.links[1:]]
        ((_, found),) = await asyncio.to_thread(read_all, feed, [entry], parts)
        fetched = await self._or_quarantined(feed, entry, parts[0], found, now)
        return (
            replace(fetched, incoming=summary_message(entry, row), waits=True) if fetched.broken else fetched
        )

    async def _or_nothing(self, feed: Feed, link: str) -> bytes:
        try:
            return await self._get(feed, link)
        except FetchError:
            return b""


def read_all(
    feed: Feed, entries: Sequence[FeedEntry], parts: Sequence[bytes] = ()
) -> list[tuple[FeedEntry, tuple[Incoming, ...] | Unusable]]:
    """Return each entry with its messages, or why there are none. This costs processor time only: call it in a
    thread.
    """
    return [(entry, _read(feed, entry, parts)) for entry in entries]


def _read(feed: Feed, entry: FeedEntry, parts: Sequence[bytes]) -> tuple[Incoming, ...] | Unusable:
    try:
        return feed.adapter.read(entry, parts)
    except cap.CapError as error:
        return Unusable(error.code, str(error))
    except Exception as error:  # noqa: BLE001 - one message nobody foresaw never drops the others; it is kept
        return Unusable("unforeseen", type(error).__name__)
