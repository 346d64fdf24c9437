"""One list of one feed, into the record: what is new is read, fetched where it must be, judged and written down;
what is gone is counted and, when the feed's rule says so, ended.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

import cap
from dispatcher.feeds.diff import Difference, compare, ended, excused, unchanged
from dispatcher.feeds.fetch import FetchError
from dispatcher.feeds.hosts import Hosts
from dispatcher.feeds.rows import QUARANTINED, UNRESOLVED, Had, again, is_due, row_of, stand_in
from dispatcher.model import DISPATCHED, Reason
from dispatcher.pipeline.ingest import Taken
from dispatcher.pipeline.message import Doubt, Incoming, Message, Unusable
from dispatcher.store.feeds import EntryRow

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from dispatcher.feeds.configuration import Feed
    from dispatcher.feeds.entry import Broken, Listed, Listing
    from dispatcher.metrics import Meter
    from dispatcher.pipeline.ingest import Ingest
    from dispatcher.store.feeds import Feeds
    from dispatcher.store.quarantine import Quarantine

    Get = Callable[[Feed, str], Awaitable[bytes]]
    """Fetches one linked document. Raises `FetchError`."""

FETCHES_AT_ONCE = 4
WARNING = frozenset({Reason.FIRST_NOTICE, Reason.UPDATE})
SPOKEN_FOR = WARNING | {Reason.DUPLICATE}
"""Reasons of entries whose silence may end a warning that people were sent: their own, or an equal one."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Absorbed:
    """What one list brought. `illegible`: it holds something, and nobody can read any of it."""

    fresh: int = 0
    gone: int = 0
    broken: int = 0
    illegible: bool = False

    @property
    def changed(self) -> bool:
        return bool(self.fresh or self.gone)


class Absorber:
    """Takes lists in. All waiting for the network is bounded by `get`."""

    def __init__(
        self, *, store: Feeds, quarantine: Quarantine, ingest: Ingest, get: Get, meter: Meter
    ) -> None:
        self._store = store
        self._quarantine = quarantine
        self._ingest = ingest
        self._get = get
        self._meter = meter

    async def absorb(
        self, feed: Feed, part: str, listing: Listing | None, known: Mapping[str, EntryRow], now: datetime
    ) -> Absorbed:
        """`listing` is None where the list is the same as last time; `known` are all rows of the feed. Raises what
        `record.UNAVAILABLE` lists: then the same list can be absorbed again.
        """
        own = {key: row for key, row in known.items() if row.part == part}
        misses = feed.settings.misses
        difference = compare(own, listing, misses) if listing is not None else unchanged(own, misses)
        broken = listing.broken if listing is not None else ()
        await self.keep_broken(feed, broken, now)
        due = [again(row) for row in own.values() if is_due(row, now)]
        renewed = {entry.key for entry in difference.fresh}
        retried = [entry for entry in due if entry.key not in renewed]
        rows = await self._take_in(feed, part, [*difference.fresh, *retried], own, now)
        rows += await self._note_broken(feed, part, broken, own, now)
        illegible = False
        if listing is not None:
            unread = _unread(listing, own, rows)
            new = any(_is_away(own.get(key)) for key in unread)
            difference = excused(difference, own, new=new, any_at_all=bool(unread))
            illegible = bool(unread) and len(unread) == len(listing.entries) + len(broken)
        await self._let_go(feed, difference, now)
        await self._hold_up(feed, own, difference, now)
        return Absorbed(len(difference.fresh), len(difference.gone), len(broken), illegible)

    async def hand_in(self, feed: Feed, listing: Listing, now: datetime) -> list[Taken | Unusable]:
        """Messages that came by themselves, with those that nobody can read last."""
        incoming: list[Incoming] = []
        lost = [Unusable(one.code, one.detail) for one in listing.broken]
        await self.keep_broken(feed, listing.broken, now)
        for entry, found in await asyncio.to_thread(_read_all, feed, listing.entries):
            if isinstance(found, Unusable):
                lost.append(found)
                await self._keep(feed, entry.key, entry.content or b"", found, now)
            else:
                incoming += found
        return [*(await self.push(feed, incoming, now)), *lost]

    async def push(self, feed: Feed, incoming: Sequence[Incoming], now: datetime) -> list[Taken | Unusable]:
        """Messages that came by themselves, each with what became of it; the newest are judged first, as in a list."""
        prepared = await asyncio.to_thread(self._ingest.prepare, incoming, feed.rules, now)
        results: dict[int, Taken | Unusable] = {}
        usable: list[tuple[int, Message]] = []
        for index, (one, message) in enumerate(zip(incoming, prepared, strict=True)):
            if isinstance(message, Unusable):
                await self._keep(feed, one.alert.identifier or "message", one.original, message, now)
                results[index] = message
            else:
                usable.append((index, message))
        for index, message in sorted(usable, key=lambda pair: pair[1].sent, reverse=True):
            results[index] = await self._ingest.take(feed.rules, message)
        return [results[index] for index in range(len(incoming))]

    async def keep_broken(self, feed: Feed, broken: Sequence[Broken], now: datetime) -> None:
        """Put parts of a list aside that nobody can read."""
        for one in broken:
            await self._keep(feed, one.key, one.content, Unusable(one.code, one.detail), now)

    async def keep(
        self, feed: Feed, name: str, content: bytes, code: str, detail: str, now: datetime
    ) -> None:
        """Put a body that is no list aside."""
        await self._keep(feed, name, content, Unusable(code, detail), now)

    async def _keep(self, feed: Feed, name: str, content: bytes, why: Unusable, now: datetime) -> None:
        new = await self._quarantine.put(feed.name, name, content, why.code, why.detail, now)
        if new:
            self._meter.feed_quarantined.labels(feed.name).inc()
            log.warning("feed_quarantined", feed=feed.name, code=why.code)

    async def _take_in(
        self, feed: Feed, part: str, entries: Sequence[Listed], own: Mapping[str, EntryRow], now: datetime
    ) -> list[EntryRow]:
        """Read, fetch, judge, and write the rows: each list's newest messages first, so that what they replace or
        end is known to be over before it is looked at.
        """
        had = await self._messages(feed, entries, own, now)
        pairs = [(one, incoming) for one in had for incoming in one.incoming]
        prepared = await asyncio.to_thread(
            self._ingest.prepare, [incoming for _, incoming in pairs], feed.rules, now
        )
        taken: dict[str, Taken | Unusable] = {}
        usable: list[tuple[str, Message]] = []
        for (one, incoming), message in zip(pairs, prepared, strict=True):
            if isinstance(message, Unusable):
                await self._keep(feed, one.entry.key, incoming.original, message, now)
                taken[one.entry.key] = message
            else:
                usable.append((one.entry.key, message))
        taken |= await self._judged(feed, usable)
        rows = [row_of(feed, part, one, taken.get(one.entry.key), own.get(one.entry.key), now) for one in had]
        await self._store.put(rows)
        return rows

    async def _judged(self, feed: Feed, usable: Sequence[tuple[str, Message]]) -> dict[str, Taken]:
        near = await self._ingest.concerns_known([message for _, message in usable])
        order = sorted(range(len(usable)), key=lambda index: usable[index][1].sent, reverse=True)
        taken: dict[str, Taken] = {}
        for index in order:
            key, message = usable[index]
            if index in near or message.places or Doubt.AREA in message.doubts:
                found = await self._ingest.take(feed.rules, message)
            else:
                found = Taken(Reason.ELSEWHERE, None, message.facts.key, message.expires)
                self._meter.feed_messages.labels(feed.name, found.reason).inc()
            # Of several messages behind one link the row shows one that people were sent, if there is one.
            if key not in taken or found.reason in DISPATCHED:
                taken[key] = found
        return taken

    async def _messages(
        self, feed: Feed, entries: Sequence[Listed], own: Mapping[str, EntryRow], now: datetime
    ) -> list[Had]:
        here = [entry for entry in entries if not entry.links]
        over = [entry for entry in entries if entry.links and entry.expires and entry.expires <= now]
        far = [entry for entry in entries if entry.links and not (entry.expires and entry.expires <= now)]
        read = await asyncio.to_thread(_read_all, feed, here)
        had = [Had(entry, over=True) for entry in over]
        for entry, found in read:
            had.append(await self._or_kept(feed, entry, entry.content or b"", found, now))
        gate, hosts = asyncio.Semaphore(FETCHES_AT_ONCE), Hosts()
        most = feed.settings.max_details

        async def fetched(entry: Listed) -> Had:
            async with gate:
                return await self._fetched(feed, entry, own.get(entry.key), hosts, now)

        had += await asyncio.gather(*map(fetched, far[:most]))
        return [*had, *(Had(entry, waits=True) for entry in far[most:])]

    async def _or_kept(
        self, feed: Feed, entry: Listed, content: bytes, found: tuple[Incoming, ...] | Unusable, now: datetime
    ) -> Had:
        if isinstance(found, Unusable):
            await self._keep(feed, entry.key, content, found, now)
            return Had(entry, broken=True)
        return Had(entry, found)

    async def _fetched(
        self, feed: Feed, entry: Listed, row: EntryRow | None, hosts: Hosts, now: datetime
    ) -> Had:
        link = entry.links[0]
        if hosts.pause_of(link) is not None:
            return Had(entry, stand_in(entry, row), waits=True, pause_s=hosts.pause_of(link) or 0.0)
        try:
            parts = [await self._get(feed, link)]
        except FetchError as error:
            hosts.failed(link, error)
            return Had(entry, stand_in(entry, row), waits=True, pause_s=error.retry_after_s or 0.0)
        hosts.answered(link)
        parts += [await self._or_nothing(feed, other) for other in entry.links[1:]]
        ((_, found),) = await asyncio.to_thread(_read_all, feed, [entry], parts)
        had = await self._or_kept(feed, entry, parts[0], found, now)
        return replace(had, incoming=stand_in(entry, row), waits=True) if had.broken else had

    async def _or_nothing(self, feed: Feed, link: str) -> bytes:
        try:
            return await self._get(feed, link)
        except FetchError:
            return b""

    async def _let_go(self, feed: Feed, difference: Difference, now: datetime) -> None:
        """Whatever is gone and told by no other entry, here or elsewhere, has ended, if the feed's rule says so."""
        gone = difference.gone
        still = await self._store.still_listed(feed.name, gone)
        for row in gone:
            spoken = row.reason in SPOKEN_FOR and row.alert_id is not None
            if spoken and feed.settings.ends_by_absence and row.event_key not in still:
                await self._ingest.no_longer_listed(feed.rules, row.alert_id or "")
        await self._store.put([*difference.counted, *(ended(row, now) for row in gone)])

    async def _hold_up(
        self, feed: Feed, own: Mapping[str, EntryRow], difference: Difference, now: datetime
    ) -> None:
        """A warning without an end of its own holds as long as it is listed."""
        away = {row.key for row in (*difference.counted, *difference.gone)} | {
            entry.key for entry in difference.fresh
        }
        lifetime = feed.rules.default_lifetime
        weak = [
            row
            for row in own.values()
            if row.open_ended
            and row.reason in WARNING
            and row.ended_at is None
            and row.key not in away
            and not row.missed
            and row.expires is not None
            and row.expires < now + lifetime / 2
        ]
        if weak:
            until = now + lifetime
            await self._store.prolong([row.alert_id for row in weak if row.alert_id], until)
            await self._store.put([replace(row, expires=until) for row in weak])

    async def _note_broken(
        self, feed: Feed, part: str, broken: Iterable[Broken], own: Mapping[str, EntryRow], now: datetime
    ) -> list[EntryRow]:
        rows = [
            replace(own[one.key], version="", reason=QUARANTINED, missed=0, ended_at=None)
            if one.key in own
            else EntryRow(feed.name, one.key, part, "", QUARANTINED, now)
            for one in broken
            if _is_away(own.get(one.key))
        ]
        await self._store.put(rows)
        return rows


def _is_away(row: EntryRow | None) -> bool:
    return row is None or row.ended_at is not None


def _unread(listing: Listing, own: Mapping[str, EntryRow], rows: Sequence[EntryRow]) -> set[str]:
    """Keys of what the list holds and nobody can read, or has been able to have, so far."""
    listed = {entry.key for entry in listing.entries}
    now = {**own, **{row.key: row for row in rows}}
    unread = {key for key in listed if key in now and now[key].reason in UNRESOLVED}
    return unread | {one.key for one in listing.broken if one.key not in listed}


def _read_all(
    feed: Feed, entries: Sequence[Listed], parts: Sequence[bytes] = ()
) -> list[tuple[Listed, tuple[Incoming, ...] | Unusable]]:
    return [(entry, _read(feed, entry, parts)) for entry in entries]


def _read(feed: Feed, entry: Listed, parts: Sequence[bytes]) -> tuple[Incoming, ...] | Unusable:
    try:
        return feed.adapter.read(entry, parts)
    except cap.CapError as error:
        return Unusable(error.code, str(error))
    except Exception as error:  # noqa: BLE001 - one message nobody foresaw never drops the others; it is kept
        return Unusable("unforeseen", type(error).__name__)
