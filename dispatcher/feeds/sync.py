"""Brings one list of one feed into the record: what is new is read, fetched where it must be, judged and written down;
what is gone is counted and, when the feed's rule says so, ended.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

import cap
from dispatcher.feeds.entry_state import FetchedEntry, is_due, retry_entry, row_of, summary_message
from dispatcher.feeds.fetch import FetchError
from dispatcher.feeds.hosts import Hosts
from dispatcher.feeds.listing_diff import Difference, compare, compare_unchanged, ended, suspend_misses
from dispatcher.intake.prepare import Incoming, Message, Unusable
from dispatcher.model.feeds import EntryState, IngestResult
from dispatcher.model.vocabulary import DISPATCHED, WARNING, Reason, Unresolved

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from dispatcher.feeds.configuration import Feed
    from dispatcher.feeds.entry import FeedEntry, Listing, UnreadablePart
    from dispatcher.intake.feed_message import FeedIntake
    from dispatcher.metrics import Metrics
    from dispatcher.store.feeds.feeds import Feeds
    from dispatcher.store.feeds.quarantine import Quarantine

    Get = Callable[[Feed, str], Awaitable[bytes]]
    """Fetches one linked document. Raises `FetchError`."""

FETCHES_AT_ONCE = 4
ENDABLE_BY_ABSENCE = WARNING | {Reason.DUPLICATE}
"""Reasons of entries whose silence may end a warning that people were sent: their own, or an equal one."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What one list brought. `illegible`: it holds something, and nobody can read any of it."""

    fresh: int = 0
    gone: int = 0
    broken: int = 0
    illegible: bool = False

    @property
    def changed(self) -> bool:
        return bool(self.fresh or self.gone)


class FeedSync:
    """Applies lists to the record. All waiting for the network is bounded by `get`."""

    def __init__(
        self, *, store: Feeds, quarantine: Quarantine, ingest: FeedIntake, get: Get, metrics: Metrics
    ) -> None:
        self._store = store
        self._quarantine = quarantine
        self._ingest = ingest
        self._get = get
        self._metrics = metrics

    async def apply(
        self, feed: Feed, part: str, listing: Listing | None, known: Mapping[str, EntryState], now: datetime
    ) -> SyncResult:
        """Apply a list. `listing` is None where the list is the same as last time; `known` are all rows of the feed.
        Raises what `record.UNAVAILABLE` lists: then the same list can be applied again.
        """
        own = {key: row for key, row in known.items() if row.part == part}
        misses = feed.settings.misses
        difference = compare(own, listing, misses) if listing is not None else compare_unchanged(own, misses)
        broken = listing.broken if listing is not None else ()
        await self.quarantine_parts(feed, broken, now)
        due = [retry_entry(row) for row in own.values() if is_due(row, now)]
        renewed = {entry.key for entry in difference.fresh}
        retried = [entry for entry in due if entry.key not in renewed]
        rows = await self._ingest_entries(feed, part, [*difference.fresh, *retried], own, now)
        rows += await self._record_unreadable(feed, part, broken, own, now)
        illegible = False
        if listing is not None:
            unread = _unread(listing, own, rows)
            new = any(_is_away(own.get(key)) for key in unread)
            difference = suspend_misses(difference, own, new=new, any_at_all=bool(unread))
            illegible = bool(unread) and len(unread) == len(listing.entries) + len(broken)
        await self._expire_missing(feed, difference, now)
        await self._extend_open_ended(feed, own, difference, now)
        return SyncResult(len(difference.fresh), len(difference.gone), len(broken), illegible)

    async def submit_listing(
        self, feed: Feed, listing: Listing, now: datetime
    ) -> list[IngestResult | Unusable]:
        """Take in messages that came by themselves; returns what became of each, with the unreadable ones last."""
        incoming: list[Incoming] = []
        unusable = [Unusable(one.code, one.detail) for one in listing.broken]
        await self.quarantine_parts(feed, listing.broken, now)
        for entry, found in await asyncio.to_thread(_read_all, feed, listing.entries):
            if isinstance(found, Unusable):
                unusable.append(found)
                await self._quarantine_item(feed, entry.key, entry.content or b"", found, now)
            else:
                incoming += found
        return [*(await self.push(feed, incoming, now)), *unusable]

    async def push(
        self, feed: Feed, incoming: Sequence[Incoming], now: datetime
    ) -> list[IngestResult | Unusable]:
        """Take in messages that came by themselves; returns what became of each. The newest are judged first, as in a
        list.
        """
        prepared = await asyncio.to_thread(self._ingest.prepare, incoming, feed.rules, now)
        results: dict[int, IngestResult | Unusable] = {}
        usable: list[tuple[int, Message]] = []
        for index, (one, message) in enumerate(zip(incoming, prepared, strict=True)):
            if isinstance(message, Unusable):
                await self._quarantine_item(
                    feed, one.alert.identifier or "message", one.original, message, now
                )
                results[index] = message
            else:
                usable.append((index, message))
        for index, message in sorted(usable, key=lambda pair: pair[1].sent, reverse=True):
            results[index] = await self._ingest.accept(feed.rules, message)
        return [results[index] for index in range(len(incoming))]

    async def quarantine_parts(self, feed: Feed, broken: Sequence[UnreadablePart], now: datetime) -> None:
        """Put parts of a list aside that nobody can read."""
        for one in broken:
            await self._quarantine_item(feed, one.key, one.content, Unusable(one.code, one.detail), now)

    async def quarantine_body(
        self, feed: Feed, name: str, content: bytes, code: str, detail: str, now: datetime
    ) -> None:
        """Put a body that is no list aside."""
        await self._quarantine_item(feed, name, content, Unusable(code, detail), now)

    async def _quarantine_item(
        self, feed: Feed, name: str, content: bytes, why: Unusable, now: datetime
    ) -> None:
        new = await self._quarantine.put(feed.name, name, content, why.code, why.detail, now)
        if new:
            self._metrics.feed_quarantined.labels(feed.name).inc()
            log.warning("feed_quarantined", feed=feed.name, code=why.code)

    async def _ingest_entries(
        self,
        feed: Feed,
        part: str,
        entries: Sequence[FeedEntry],
        own: Mapping[str, EntryState],
        now: datetime,
    ) -> list[EntryState]:
        """Read, fetch, judge, and write the rows: each list's newest messages first, so that what they replace or
        end is known to be over before it is looked at.
        """
        fetched = await self._messages(feed, entries, own, now)
        pairs = [(one, incoming) for one in fetched for incoming in one.incoming]
        prepared = await asyncio.to_thread(
            self._ingest.prepare, [incoming for _, incoming in pairs], feed.rules, now
        )
        results: dict[str, IngestResult | Unusable] = {}
        usable: list[tuple[str, Message]] = []
        for (one, incoming), message in zip(pairs, prepared, strict=True):
            if isinstance(message, Unusable):
                await self._quarantine_item(feed, one.entry.key, incoming.original, message, now)
                results[one.entry.key] = message
            else:
                usable.append((one.entry.key, message))
        results |= await self._ingest_messages(feed, usable)
        rows = [
            row_of(feed, part, one, results.get(one.entry.key), own.get(one.entry.key), now)
            for one in fetched
        ]
        await self._store.put(rows)
        return rows

    async def _ingest_messages(
        self, feed: Feed, usable: Sequence[tuple[str, Message]]
    ) -> dict[str, IngestResult]:
        near = await self._ingest.concerns_known([message for _, message in usable])
        order = sorted(range(len(usable)), key=lambda index: usable[index][1].sent, reverse=True)
        results: dict[str, IngestResult] = {}
        for index in order:
            key, message = usable[index]
            if index in near or message.may_concern:
                found = await self._ingest.accept(feed.rules, message)
            else:
                found = IngestResult(Reason.ELSEWHERE, None, message.facts.key, message.expires)
                self._metrics.feed_messages.labels(feed.name, found.reason).inc()
            # Of several messages behind one link the row shows one that people were sent, if there is one.
            if key not in results or found.reason in DISPATCHED:
                results[key] = found
        return results

    async def _messages(
        self, feed: Feed, entries: Sequence[FeedEntry], own: Mapping[str, EntryState], now: datetime
    ) -> list[FetchedEntry]:
        here = [entry for entry in entries if not entry.links]
        over = [entry for entry in entries if entry.links and entry.expires and entry.expires <= now]
        far = [entry for entry in entries if entry.links and not (entry.expires and entry.expires <= now)]
        read = await asyncio.to_thread(_read_all, feed, here)
        fetched = [FetchedEntry(entry, over=True) for entry in over]
        for entry, found in read:
            fetched.append(await self._or_quarantined(feed, entry, entry.content or b"", found, now))
        gate, hosts = asyncio.Semaphore(FETCHES_AT_ONCE), Hosts()
        most = feed.settings.max_details

        async def fetch_one(entry: FeedEntry) -> FetchedEntry:
            async with gate:
                return await self._fetched(feed, entry, own.get(entry.key), hosts, now)

        fetched += await asyncio.gather(*map(fetch_one, far[:most]))
        return [*fetched, *(FetchedEntry(entry, waits=True) for entry in far[most:])]

    async def _or_quarantined(
        self,
        feed: Feed,
        entry: FeedEntry,
        content: bytes,
        found: tuple[Incoming, ...] | Unusable,
        now: datetime,
    ) -> FetchedEntry:
        if isinstance(found, Unusable):
            await self._quarantine_item(feed, entry.key, content, found, now)
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
        ((_, found),) = await asyncio.to_thread(_read_all, feed, [entry], parts)
        fetched = await self._or_quarantined(feed, entry, parts[0], found, now)
        return (
            replace(fetched, incoming=summary_message(entry, row), waits=True) if fetched.broken else fetched
        )

    async def _or_nothing(self, feed: Feed, link: str) -> bytes:
        try:
            return await self._get(feed, link)
        except FetchError:
            return b""

    async def _expire_missing(self, feed: Feed, difference: Difference, now: datetime) -> None:
        """End whatever is gone and reported by no other entry, here or elsewhere, if the feed's rule says so."""
        gone = difference.gone
        still = await self._store.still_listed(feed.name, gone)
        for row in gone:
            spoken = row.reason in ENDABLE_BY_ABSENCE and row.alert_id is not None
            if spoken and feed.settings.ends_by_absence and row.event_key not in still:
                await self._ingest.no_longer_listed(feed.rules, row.alert_id or "")
        await self._store.put([*difference.counted, *(ended(row, now) for row in gone)])

    async def _extend_open_ended(
        self, feed: Feed, own: Mapping[str, EntryState], difference: Difference, now: datetime
    ) -> None:
        """Extend each warning without an end of its own: it holds as long as it is listed."""
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
            await self._store.extend([row.alert_id for row in weak if row.alert_id], until)
            await self._store.put([replace(row, expires=until) for row in weak])

    async def _record_unreadable(
        self,
        feed: Feed,
        part: str,
        broken: Iterable[UnreadablePart],
        own: Mapping[str, EntryState],
        now: datetime,
    ) -> list[EntryState]:
        rows = [
            replace(own[one.key], version="", reason=Unresolved.QUARANTINED, missed=0, ended_at=None)
            if one.key in own
            else EntryState(feed.name, one.key, part, "", Unresolved.QUARANTINED, now)
            for one in broken
            if _is_away(own.get(one.key))
        ]
        await self._store.put(rows)
        return rows


def _is_away(row: EntryState | None) -> bool:
    return row is None or row.ended_at is not None


def _unread(listing: Listing, own: Mapping[str, EntryState], rows: Sequence[EntryState]) -> set[str]:
    """Return the keys of what the list holds and nobody can read, or has been able to have, so far."""
    listed = {entry.key for entry in listing.entries}
    now = {**own, **{row.key: row for row in rows}}
    unread = {key for key in listed if key in now and isinstance(now[key].reason, Unresolved)}
    return unread | {one.key for one in listing.broken if one.key not in listed}


def _read_all(
    feed: Feed, entries: Sequence[FeedEntry], parts: Sequence[bytes] = ()
) -> list[tuple[FeedEntry, tuple[Incoming, ...] | Unusable]]:
    return [(entry, _read(feed, entry, parts)) for entry in entries]


def _read(feed: Feed, entry: FeedEntry, parts: Sequence[bytes]) -> tuple[Incoming, ...] | Unusable:
    try:
        return feed.adapter.read(entry, parts)
    except cap.CapError as error:
        return Unusable(error.code, str(error))
    except Exception as error:  # noqa: BLE001 - one message nobody foresaw never drops the others; it is kept
        return Unusable("unforeseen", type(error).__name__)
