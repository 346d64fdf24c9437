"""An entry of a list and the row that is remembered of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cap
from dispatcher.feeds.entry import FeedEntry
from dispatcher.feeds.schedule import next_try
from dispatcher.intake.meaning import ACTS_ON_OTHERS
from dispatcher.intake.prepare import Incoming, Unusable
from dispatcher.model.feeds import EntryState, IngestResult
from dispatcher.model.vocabulary import ENDING_REASONS, WARNING, Reason, Unresolved

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from dispatcher.feeds.configuration import Feed

UPDATE_PATIENCE = 3
"""How many times an Update's message is asked for before the list's own words are sent instead."""


@dataclass(frozen=True, slots=True)
class FetchedEntry:
    """An entry with its messages. `waits`: they could not be had and are to be asked for again; `incoming` is then at
    most what the list itself says. `over`: it has expired and can act on nothing, and is not read. `broken`: nobody
    can read it.
    """

    entry: FeedEntry
    incoming: tuple[Incoming, ...] = ()
    waits: bool = False
    over: bool = False
    broken: bool = False
    pause_s: float = 0.0
    """How long the source asked not to be asked again."""


def acting_since(
    entries: Iterable[FeedEntry], known: Iterable[EntryState], now: datetime, patience: timedelta
) -> datetime:
    """Return from when on a message must have been published to act on anything that is in force.

    It acts on what was sent before it. So it is younger than the oldest warning of the feed that holds: among the new
    `entries` by their date, among those of record by when they were first seen. Whatever is younger than the feed's
    `patience` counts in any case, for what other sources have in force.
    """
    listed = [entry.dated for entry in entries if entry.dated is not None and not entry.is_over(now)]
    warned = [
        row.first_seen
        for row in known
        if row.reason in WARNING and row.expires is not None and row.expires > now
    ]
    return min([now - patience, *listed, *warned])


def is_irrelevant(entry: FeedEntry, since: datetime, now: datetime) -> bool:
    """Return whether the message need not be fetched: it is over, and it is a warning by the list's own word, or was
    published before anything that it could end or replace. What the list leaves open is fetched.
    """
    if not entry.is_over(now):
        return False
    if entry.msg_type is not None and entry.msg_type not in ACTS_ON_OTHERS:
        return True
    return entry.dated is not None and entry.dated < since


def is_due(row: EntryState, now: datetime) -> bool:
    """Return whether its message is to be asked for again."""
    return bool(row.links) and row.ended_at is None and (row.retry_at is None or row.retry_at <= now)


def retry_entry(row: EntryState) -> FeedEntry:
    """Return the entry of a message that could not be had so far."""
    return FeedEntry(row.key, row.version, links=row.links)


def summary_message(entry: FeedEntry, row: EntryState | None) -> tuple[Incoming, ...]:
    """Return what the list says, where it is the first that is heard of the warning, or its end.

    An Update that does not say of what is given some time: sent at once, it could be a second alarm for people who
    know the warning from another feed.
    """
    alert = entry.summary
    unrelated = alert is not None and alert.msg_type is cap.MsgType.UPDATE and not alert.references
    if unrelated and (row.tries if row else 0) < UPDATE_PATIENCE:
        return ()
    if alert is None or (
        row is not None and row.alert_id is not None and alert.msg_type is not cap.MsgType.CANCEL
    ):
        return ()
    return (Incoming(alert, cap.render(alert)),)


def row_of(
    feed: Feed,
    part: str,
    fetched: FetchedEntry,
    result: IngestResult | Unusable | None,
    before: EntryState | None,
    now: datetime,
) -> EntryState:
    """Return what is remembered of the entry from now on."""
    before_id = before.alert_id if before else None
    tries = (before.tries if before else 0) + 1 if fetched.waits else 0
    row = EntryState(
        feed=feed.name,
        key=fetched.entry.key,
        part=part,
        # Without a version the entry is read from the list again, whose words may be needed still.
        version=""
        if fetched.waits and fetched.entry.summary and not (fetched.incoming or before_id)
        else fetched.entry.version,
        reason=before.reason if before else Unresolved.PENDING,
        first_seen=before.first_seen if before else now,
        links=fetched.entry.links if fetched.waits else (),
        tries=tries,
        retry_at=next_try(feed.settings, now, tries, fetched.pause_s) if fetched.waits else None,
        event_key=before.event_key if before else "",
        alert_id=before.alert_id if before else None,
        expires=before.expires if before else fetched.entry.expires,
        open_ended=before.open_ended if before else False,
    )
    if isinstance(result, IngestResult):
        return _decided_row(row, result)
    if fetched.over:
        return replace(row, reason=Reason.EXPIRED)
    return (
        replace(row, reason=Unresolved.QUARANTINED) if fetched.broken or isinstance(result, Unusable) else row
    )


def _decided_row(row: EntryState, result: IngestResult) -> EntryState:
    return replace(
        row,
        reason=result.reason,
        event_key=result.event_key,
        alert_id=result.alert_id,
        expires=result.expires,
        open_ended=result.open_ended and result.reason not in ENDING_REASONS,
    )
