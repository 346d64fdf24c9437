"""An entry of a list and the row that is remembered of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cap
from dispatcher.feeds.entry import Listed
from dispatcher.feeds.schedule import next_try
from dispatcher.model import ENDING, Reason
from dispatcher.pipeline.ingest import Taken
from dispatcher.pipeline.message import Incoming, Unusable
from dispatcher.store.feeds import EntryRow

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.feeds.configuration import Feed

QUARANTINED = "quarantined"
PENDING = "pending"
UNRESOLVED = frozenset({QUARANTINED, PENDING})
"""Reasons of entries of which nobody knows yet what they say."""
UPDATE_PATIENCE = 3
"""So many times an Update's message is asked for before the list's own words go out for it."""


@dataclass(frozen=True, slots=True)
class Had:
    """An entry with its messages. `waits`: they could not be had and are to be asked for again; `incoming` is then at
    most what the list itself says. `over`: the list says that it has expired. `broken`: nobody can read it.
    """

    entry: Listed
    incoming: tuple[Incoming, ...] = ()
    waits: bool = False
    over: bool = False
    broken: bool = False
    pause_s: float = 0.0
    """How long the source asked not to be asked again."""


def is_due(row: EntryRow, now: datetime) -> bool:
    """Whether its message is to be asked for again."""
    return bool(row.links) and row.ended_at is None and (row.retry_at is None or row.retry_at <= now)


def again(row: EntryRow) -> Listed:
    """The entry of a message that could not be had so far."""
    return Listed(row.key, row.version, links=row.links)


def stand_in(entry: Listed, row: EntryRow | None) -> tuple[Incoming, ...]:
    """What the list says, where it is the first that is heard of the warning, or its end.

    An Update that does not say of what is given some time: told at once, it could be a second alarm for people who
    know the warning from another feed.
    """
    alert = entry.stand_in
    unrelated = alert is not None and alert.msg_type is cap.MsgType.UPDATE and not alert.references
    if unrelated and (row.tries if row else 0) < UPDATE_PATIENCE:
        return ()
    if alert is None or (
        row is not None and row.alert_id is not None and alert.msg_type is not cap.MsgType.CANCEL
    ):
        return ()
    return (Incoming(alert, cap.render(alert)),)


def row_of(
    feed: Feed, part: str, had: Had, taken: Taken | Unusable | None, before: EntryRow | None, now: datetime
) -> EntryRow:
    """What is remembered of the entry from now on."""
    before_id = before.alert_id if before else None
    tries = (before.tries if before else 0) + 1 if had.waits else 0
    row = EntryRow(
        feed=feed.name,
        key=had.entry.key,
        part=part,
        # Without a version the entry is read from the list again, whose words may be needed still.
        version=""
        if had.waits and had.entry.stand_in and not (had.incoming or before_id)
        else had.entry.version,
        reason=before.reason if before else PENDING,
        first_seen=before.first_seen if before else now,
        links=had.entry.links if had.waits else (),
        tries=tries,
        retry_at=next_try(feed.settings, now, tries, had.pause_s) if had.waits else None,
        event_key=before.event_key if before else "",
        alert_id=before.alert_id if before else None,
        expires=before.expires if before else had.entry.expires,
        open_ended=before.open_ended if before else False,
    )
    if isinstance(taken, Taken):
        return _judged_row(row, taken)
    if had.over:
        return replace(row, reason=str(Reason.EXPIRED))
    return replace(row, reason=QUARANTINED) if had.broken or isinstance(taken, Unusable) else row


def _judged_row(row: EntryRow, taken: Taken) -> EntryRow:
    return replace(
        row,
        reason=str(taken.reason),
        event_key=taken.event_key,
        alert_id=taken.alert_id,
        expires=taken.expires,
        open_ended=taken.open_ended and taken.reason not in ENDING,
    )
