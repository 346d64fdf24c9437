"""Brings one list of one feed into the record: what is new is read, fetched where it must be, judged and written down;
what is gone is counted and, when the feed's rule says so, ended.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

from dispatcher.feeds.entry_reader import EntryReader
from dispatcher.feeds.entry_state import is_due, retry_entry, row_of
from dispatcher.feeds.listing_diff import Difference, compare, compare_unchanged, ended, suspend_misses
from dispatcher.feeds.message_groups import arranged, with_related
from dispatcher.intake.prepare import Incoming, Message, Unusable
from dispatcher.model.feeds import EntryState, IngestResult
from dispatcher.model.vocabulary import DISPATCHED, WARNING, Reason, Unresolved
from dispatcher.store.feeds.quarantine import MAX_ITEMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from dispatcher.feeds.configuration import Feed
    from dispatcher.feeds.entry import FeedEntry, Listing, UnreadablePart
    from dispatcher.feeds.entry_reader import Get
    from dispatcher.intake.feed_message import FeedIntake
    from dispatcher.metrics import Metrics
    from dispatcher.readers.readers import Readers
    from dispatcher.store.feeds.feeds import Feeds
    from dispatcher.store.feeds.quarantine import Quarantine

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
        self,
        *,
        store: Feeds,
        quarantine: Quarantine,
        ingest: FeedIntake,
        get: Get,
        metrics: Metrics,
        readers: Readers,
    ) -> None:
        self._store = store
        self._quarantine = quarantine
        self._ingest = ingest
        self._metrics = metrics
        self._reader = EntryReader(get, self._quarantine_item, readers)

    async def apply(
        self, feed: Feed, part: str, listing: Listing | None, known: Mapping[str, EntryState], now: datetime
    ) -> SyncResult:
        """Apply a list. `listing` is None where the list is the same as last time; `known` are all rows of the feed.
        Raises what `record.UNAVAILABLE` lists: then the same list can be applied again.
        """
        own = {key: row for key, row in known.items() if row.part == part}
        misses = feed.settings.misses_needed
        difference = compare(own, listing, misses) if listing is not None else compare_unchanged(own, misses)
        broken = listing.broken if listing is not None else ()
        await self.quarantine_parts(feed, broken, now)
        due = [retry_entry(row) for row in own.values() if is_due(row, now)]
        renewed = {entry.key for entry in difference.fresh}
        retried = [entry for entry in due if entry.key not in renewed]
        rows = await self._ingest_entries(feed, part, [*difference.fresh, *retried], known, now)
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
        for entry, found in await self._reader.read_here(feed, listing.entries):
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
        prepared = await self._ingest.prepare(incoming, feed.rules, now)
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
        taken = await self._accept_all(feed, [message for _, message in usable])
        results |= {index: result for (index, _), result in zip(usable, taken, strict=True)}
        return [results[index] for index in range(len(incoming))]

    async def quarantine_parts(self, feed: Feed, broken: Sequence[UnreadablePart], now: datetime) -> None:
        """Put parts of a list aside that nobody can read; what several of them lie in, once."""
        kept = list({id(one.content): one for one in reversed(broken)}.values())[::-1]
        for one in kept[:MAX_ITEMS]:
            await self._quarantine_item(feed, one.key, one.content, Unusable(one.code, one.detail), now)
        if len(kept) > MAX_ITEMS:
            log.warning("feed_quarantine_full", feed=feed.name, left_out=len(kept) - MAX_ITEMS)

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
        known: Mapping[str, EntryState],
        now: datetime,
    ) -> list[EntryState]:
        """Read, fetch, judge, and write the rows: each list's newest messages first, so that what they replace or
        end is known to be over before it is looked at.
        """
        own = {key: row for key, row in known.items() if row.part == part}
        fetched = await self._reader.read(feed, entries, known, now)
        for _ in (one for one in fetched if one.over):
            self._metrics.feed_messages.labels(feed.name, Reason.EXPIRED).inc()
        pairs = [(one, incoming) for one in fetched for incoming in one.incoming]
        prepared = await self._ingest.prepare([incoming for _, incoming in pairs], feed.rules, now)
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
        messages = [message for _, message in usable]
        near = await self._ingest.concerns_known(messages)
        concerned = near | {index for index, message in enumerate(messages) if message.may_concern}
        wanted = sorted(await asyncio.to_thread(with_related, messages, concerned))
        taken = await self._accept_all(feed, [messages[index] for index in wanted])
        found = dict(zip(wanted, taken, strict=True))
        results: dict[str, IngestResult] = {}
        for index in sorted(range(len(messages)), key=lambda index: messages[index].sent, reverse=True):
            key, message = usable[index]
            if index not in found:
                self._metrics.feed_messages.labels(feed.name, Reason.ELSEWHERE).inc()
            elsewhere = IngestResult(Reason.ELSEWHERE, None, message.facts.key, message.expires)
            result = found.get(index, elsewhere)
            # Of several messages behind one link the row shows one that people were sent, if there is one.
            if key not in results or result.reason in DISPATCHED:
                results[key] = result
        return results

    async def _accept_all(self, feed: Feed, messages: Sequence[Message]) -> list[IngestResult]:
        """Accept the messages of one list, the newest first. Related ones are all recorded before any of them is
        planned: else an Update for one place would tell another that it is out of danger, whose own Update came with
        it.
        """
        results: dict[int, IngestResult] = {}
        groups, languages = await asyncio.to_thread(arranged, messages, feed.rules.default_language)
        for group in groups:
            accepted: list[IngestResult] = []
            try:
                for index in group:
                    if index in languages:
                        results[index] = self._other_language(feed, results[languages[index]])
                        continue
                    results[index] = await self._ingest.accept(
                        feed.rules, messages[index], related=len(group) > 1, enqueue=False
                    )
                    accepted.append(results[index])
            finally:
                await self._ingest.enqueue(accepted)
        return [results[index] for index in range(len(messages))]

    def _other_language(self, feed: Feed, same: IngestResult) -> IngestResult:
        """Return what becomes of a message of which `same` became of the one in the language that goes before."""
        self._metrics.feed_messages.labels(feed.name, Reason.DUPLICATE).inc()
        return replace(same, reason=Reason.DUPLICATE)

    async def _expire_missing(self, feed: Feed, difference: Difference, now: datetime) -> None:
        """End whatever is gone and reported by no other entry, here or elsewhere, if the feed's rule says so; each
        warning once: one that came back, and is gone again, runs out.
        """
        gone = difference.gone
        still = await self._store.still_listed(feed.name, gone)
        delisted = await self._store.delisted([row.alert_id for row in gone if row.alert_id])
        for row in gone:
            spoken = row.reason in ENDABLE_BY_ABSENCE and row.alert_id not in (None, *delisted)
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
