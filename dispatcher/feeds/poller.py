"""Asks every source in turn, in one process of the installation, for as long as that process leads."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

import structlog

import cap
from dispatcher.feeds.entry import NEVER
from dispatcher.feeds.fetch import FetchError, fetch
from dispatcher.feeds.formats.folder import Folder
from dispatcher.feeds.schedule import next_poll
from dispatcher.feeds.sync import SyncResult
from dispatcher.model.feeds import IngestResult, part_of
from dispatcher.model.vocabulary import FeedResult
from dispatcher.readers.readers import ReaderStopped, StopReason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from channels.http.addresses import Exemptions
    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.feeds.configuration import Feed
    from dispatcher.feeds.entry import Adapter, Listing
    from dispatcher.feeds.fetch import Client, Fetched
    from dispatcher.feeds.sync import FeedSync
    from dispatcher.metrics import Metrics
    from dispatcher.model.feeds import EntryState, FeedState
    from dispatcher.readers.readers import Readers
    from dispatcher.store.feeds.feeds import Feeds

KNOWN_AT: Final = "known_at"
"""Under this name it is kept as of when the source of a list knew it, beside the validators: what stays the same gets
old."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PollReport:
    """What a poll brought."""

    result: FeedResult
    detail: str = ""
    synced: SyncResult = SyncResult()  # noqa: RUF009 - frozen
    retry_after_s: float | None = None
    known_at: datetime | None = None
    """As of when the source knew that, where it says so (`Listing.known_at`)."""

    @property
    def succeeded(self) -> bool:
        """Whether it is known now what the source says."""
        return self.result.succeeded


class Poller:
    """Polls feeds. `clock` is the aware time now, `random` uniform in [0, 1)."""

    def __init__(  # noqa: PLR0913 - the composition root names each part
        self,
        *,
        client: Client,
        exemptions: Exemptions,
        store: Feeds,
        sync: FeedSync,
        metrics: Metrics,
        clock: Callable[[], datetime],
        random: Callable[[], float],
        readers: Readers,
    ) -> None:
        self._client = client
        self._exemptions = exemptions
        self._store = store
        self._sync = sync
        self._metrics = metrics
        self._clock = clock
        self._random = random
        self._readers = readers
        self._stopping: dict[tuple[str, str], bytes] = {}

    async def poll(self, feed: Feed) -> PollReport:
        """Ask once, whatever the schedule says. Raises nothing but what `record.UNAVAILABLE` lists."""
        now = self._clock()
        state = await self._store.state(feed.name)
        known = await self._store.entries(feed.name)
        known, reopened = await self._reopened(feed, known, now)
        validators = {} if reopened else state.validators
        if isinstance(feed.adapter, Folder):
            reports, kept = [await self._scan(feed, feed.adapter, known, now)], validators
        else:
            reports, kept = await self._ask(feed, validators, known, now)
        report = _together(reports)
        await self._store.save(self._after(feed, state, report, kept, now))
        self._metrics.feed_polls.labels(feed.name, report.result).inc()
        if not report.succeeded:
            log.warning("feed_poll_failed", feed=feed.name, result=report.result, detail=report.detail)
        return report

    async def gave_up(self, feed: Feed) -> None:
        """Postpone the next poll after a mistake of our own: ask again later, not at once."""
        now, state = self._clock(), await self._store.state(feed.name)
        failed = PollReport(FeedResult.FAILED, "internal")
        await self._store.save(self._after(feed, state, failed, state.validators, now))

    async def deliver(self, feed: Feed, url: str, body: bytes, now: datetime) -> PollReport:
        """Apply a list that came in another way than by asking: a replay. It counts as a poll of this address alone."""
        known = await self._store.entries(feed.name)
        return await self._sync_body(feed, url, body, known, now)

    async def submit_listing(self, feed: Feed, body: bytes, now: datetime) -> PollReport:
        """Apply messages that are in no list: none is missed when it is not there next time."""
        try:
            listing = await self._listing(feed, body, "")
        except cap.CapError as error:
            await self._sync.quarantine_body(feed, "handed in", body, error.code, str(error), now)
            return PollReport(FeedResult.UNREADABLE, error.code)
        results = await self._sync.submit_listing(feed, listing, now)
        read = sum(isinstance(one, IngestResult) for one in results)
        return _report(SyncResult(fresh=read, broken=len(results) - read))

    async def _ask(
        self,
        feed: Feed,
        validators: Mapping[str, dict[str, str]],
        known: Mapping[str, EntryState],
        now: datetime,
    ) -> tuple[list[PollReport], dict[str, dict[str, str]]]:
        urls = feed.settings.urls
        answers = await asyncio.gather(
            *(self._fetch(feed, url, validators.get(part_of(url), {}), now) for url in urls)
        )
        reports: list[PollReport] = []
        kept = dict(validators)
        for url, answer in zip(urls, answers, strict=True):
            part = part_of(url)
            report, seen = await self._part(feed, url, answer, validators.get(part, {}), known, now)
            reports.append(report)
            if report.succeeded:
                kept[part] = seen
        return reports, kept

    async def _part(
        self,
        feed: Feed,
        url: str,
        answer: Fetched | FetchError,
        validators: Mapping[str, str],
        known: Mapping[str, EntryState],
        now: datetime,
    ) -> tuple[PollReport, dict[str, str]]:
        if isinstance(answer, FetchError):
            return PollReport(answer.result, answer.detail, retry_after_s=answer.retry_after_s), {}
        if answer.body is None and not validators:
            return PollReport(FeedResult.REFUSED, "unchanged since never"), {}
        digest = hashlib.sha256(answer.body).hexdigest() if answer.body is not None else ""
        if answer.body is None or digest == validators.get("sha256"):
            # Of what was missing last time, only the same list says that it is missing still.
            listed = known if answer.same else {key: row for key, row in known.items() if not row.missed}
            synced = await self._sync.apply(feed, part_of(url), None, listed, now)
            kept = {**validators, **answer.validators}
            return replace(_report(synced), known_at=_moment(kept.get(KNOWN_AT))), kept
        report = await self._sync_body(feed, url, answer.body, known, now)
        said = {KNOWN_AT: report.known_at.isoformat()} if report.known_at else {}
        return report, {**answer.validators, "sha256": digest, **said}

    async def _sync_body(
        self, feed: Feed, url: str, body: bytes, known: Mapping[str, EntryState], now: datetime
    ) -> PollReport:
        part = part_of(url)
        try:
            listing = await self._listing(feed, body, url)
        except cap.CapError as error:
            await self._sync.quarantine_body(feed, part, body, error.code, str(error), now)
            return PollReport(FeedResult.UNREADABLE, error.code)
        if listing.broken and not listing.entries:
            await self._sync.quarantine_parts(feed, listing.broken, now)
            return PollReport(
                FeedResult.UNREADABLE, listing.broken[0].code, SyncResult(broken=len(listing.broken))
            )
        synced = await self._sync.apply(feed, part, listing, known, now)
        if synced.illegible:
            return PollReport(FeedResult.UNREADABLE, "every entry", synced)
        return replace(_report(synced), known_at=listing.known_at)

    async def _scan(
        self, feed: Feed, folder: Folder, known: Mapping[str, EntryState], now: datetime
    ) -> PollReport:
        try:
            listing = await self._readers.run(feed.rules.source_id, _scanned, folder)
        except ReaderStopped as stopped:
            return PollReport(FeedResult.UNREADABLE, f"stopped: {stopped.reason}")
        except OSError as error:
            return PollReport(FeedResult.UNREACHABLE, type(error).__name__)
        return _report(await self._sync.apply(feed, "", listing, known, now))

    async def _listing(self, feed: Feed, body: bytes, url: str) -> Listing:
        """Read a list. One that stopped a reader is not read again for as long as it is the same. Raises `CapError`."""
        part, digest = part_of(url), hashlib.sha256(body).digest()
        if self._stopping.get((feed.name, part)) == digest:
            raise _too_complex(StopReason.TIME)
        try:
            return await self._readers.run(feed.rules.source_id, _read_listing, feed.adapter, body, url)
        except ReaderStopped as stopped:
            self._stopping[feed.name, part] = digest
            raise _too_complex(stopped.reason) from None

    async def _fetch(
        self, feed: Feed, url: str, validators: Mapping[str, str], now: datetime
    ) -> Fetched | FetchError:
        self._metrics.feed_requests.labels(feed.name).inc()
        settings = feed.settings
        try:
            return await fetch(
                self._client,
                url,
                validators,
                policy=self._exemptions.policy_of_feed(settings.urls),
                timeout_s=settings.timeout_s,
                max_bytes=settings.max_bytes,
                now=now,
            )
        except FetchError as error:
            return error

    async def _reopened(
        self, feed: Feed, known: dict[str, EntryState], now: datetime
    ) -> tuple[dict[str, EntryState], bool]:
        """Count entries as unread that were merged into another source's warning, which has ended. Returns also whether
        the list must come in full, for them or for those whose words are still waited for.
        """
        orphaned = await self._store.orphaned(feed.name, now)
        reopened = {key: replace(row, version="") if key in orphaned else row for key, row in known.items()}
        unread = any(row.links and not row.version and row.ended_at is None for row in known.values())
        return reopened, bool(orphaned) or unread

    def _after(
        self,
        feed: Feed,
        state: FeedState,
        report: PollReport,
        validators: dict[str, dict[str, str]],
        now: datetime,
    ) -> FeedState:
        failures = 0 if report.succeeded else state.failures + 1
        is_first = report.succeeded and state.succeeded_at is None
        return replace(
            state,
            polled_at=now,
            succeeded_at=_known_until(state, report, now),
            changed_at=now if report.synced.changed or is_first else state.changed_at,
            next_at=next_poll(feed.settings, now, failures, report.retry_after_s, self._random),
            failures=failures,
            result=report.result,
            detail=report.detail,
            validators=validators,
        )


def _read_listing(boundaries: Boundaries, adapter: Adapter, body: bytes, url: str) -> Listing:
    del boundaries
    try:
        return adapter.listing(body, url)
    except cap.CapError:
        raise
    except Exception as error:
        raise cap.NotCap(
            f"The list is of no foreseen form: {type(error).__name__}.",
            f"Die Liste hat eine unbekannte Form: {type(error).__name__}.",
        ) from error


def _scanned(boundaries: Boundaries, folder: Folder) -> Listing:
    del boundaries
    return folder.scan()


def _too_complex(reason: StopReason) -> cap.LimitExceeded:
    return cap.LimitExceeded(
        f"Reading the list was stopped: {reason}.", f"Das Lesen der Liste wurde abgebrochen: {reason}."
    )


def _report(synced: SyncResult) -> PollReport:
    return PollReport(FeedResult.CHANGED if synced.changed else FeedResult.UNCHANGED, synced=synced)


def _together(reports: Sequence[PollReport]) -> PollReport:
    """Join the reports of a feed's addresses: the feed has succeeded when all of them have."""
    synced = SyncResult(
        sum(one.synced.fresh for one in reports),
        sum(one.synced.gone for one in reports),
        sum(one.synced.broken for one in reports),
    )
    waits = [one.retry_after_s for one in reports if one.retry_after_s is not None]
    failed = [one for one in reports if not one.succeeded]
    worst = failed[0] if failed else _report(synced)
    known_at = min((one.known_at for one in reports if one.known_at), default=None)
    return PollReport(worst.result, worst.detail, synced, max(waits, default=None), known_at)


def _known_until(state: FeedState, report: PollReport, now: datetime) -> datetime | None:
    """Return until when it is known what the source says. An older copy of its list takes nothing from that."""
    if not report.succeeded:
        return state.succeeded_at
    if report.known_at is None:
        return now
    if report.known_at == NEVER:
        return state.succeeded_at
    known_at = min(now, report.known_at)
    return max(known_at, state.succeeded_at or known_at)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
