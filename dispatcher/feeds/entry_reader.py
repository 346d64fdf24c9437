"""Reads the messages of a list's entries: those within it, and those behind its links, within bounds."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import cap
from dispatcher.feeds.entry_state import FetchedEntry, acting_since, is_irrelevant, summary_message
from dispatcher.feeds.fetch import FetchError
from dispatcher.feeds.hosts import Hosts
from dispatcher.intake.prepare import Incoming, Unusable, too_complex
from dispatcher.readers.chunks import read_each
from dispatcher.readers.readers import ReaderStopped

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.feeds.configuration import Feed
    from dispatcher.feeds.entry import Adapter, FeedEntry
    from dispatcher.model.feeds import EntryState
    from dispatcher.readers.readers import Readers

    Get = Callable[[Feed, str], Awaitable[bytes]]
    """Fetches one linked document. Raises `FetchError`."""
    PutAside = Callable[[Feed, str, bytes, Unusable, datetime], Awaitable[None]]
    """Keeps what nobody can read, under a name."""

FETCHES_AT_ONCE = 4


class EntryReader:
    """Reads entries. All waiting for the network is bounded by `get`."""

    def __init__(self, get: Get, put_aside: PutAside, readers: Readers) -> None:
        self._get = get
        self._put_aside = put_aside
        self._readers = readers

    async def read_here(
        self, feed: Feed, entries: Sequence[FeedEntry], parts: Sequence[bytes] = ()
    ) -> list[tuple[FeedEntry, tuple[Incoming, ...] | Unusable]]:
        """Return each entry with its messages, or why there are none; `parts` are what its links led to."""
        found = await read_each(self._readers, feed.rules.source_id, read_all, entries, (feed.adapter, parts))
        return [
            (entry, too_complex(one) if isinstance(one, ReaderStopped) else one)
            for entry, one in zip(entries, found, strict=True)
        ]

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
        for entry, found in await self.read_here(feed, here):
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
        ((_, found),) = await self.read_here(feed, [entry], parts)
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
    boundaries: Boundaries, entries: Sequence[FeedEntry], context: tuple[Adapter, Sequence[bytes]]
) -> list[tuple[Incoming, ...] | Unusable]:
    """Return each entry's messages, or why there are none. It runs in a reader."""
    del boundaries
    adapter, parts = context
    return [_read(adapter, entry, parts) for entry in entries]


def _read(adapter: Adapter, entry: FeedEntry, parts: Sequence[bytes]) -> tuple[Incoming, ...] | Unusable:
    try:
        return adapter.read(entry, parts)
    except cap.CapError as error:
        return Unusable(error.code, str(error))
    except Exception as error:  # noqa: BLE001 - one message nobody foresaw never drops the others; it is kept
        return Unusable("unforeseen", type(error).__name__)
