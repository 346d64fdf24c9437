"""Read what is in force at an instance's places, what is not any more, and what of both is new since a mark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dispatcher.model.alerts import EndedAlert
from dispatcher.model.vocabulary import WARNING, Kind, Reason
from dispatcher.store.alerts.alerts import COLUMNS, stored_alert
from dispatcher.store.sql import NOW, also_replaces, among, is_dispatched, is_in_force, sequence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from dispatcher.model.alerts import StoredAlert
    from dispatcher.store.record import Connection, Pool

START: Final = "0"
"""The mark before all marks."""
ENDED_FOR: Final = "24 hours"
"""How long an end is shown to whoever asks without a mark."""
_ENDS: Final = {
    Reason.CANCEL: Kind.CANCEL,
    Reason.ALL_CLEAR: Kind.CANCEL,
    Reason.NO_LONGER_LISTED: Kind.DELISTED,
    Reason.LAPSED: Kind.NO_LONGER_AFFECTED,
}
_OWN: Final = "EXISTS (SELECT FROM affected f WHERE f.alert_id = {alert}.id AND f.ags = ANY($1))"
_CHANGED: Final = "a.changed_by >= $2::text::xid8"
_CURRENT: Final = f"""
SELECT {COLUMNS}, {sequence("a")} AS sequence, {also_replaces("a")} AS also_replaces FROM alert a
WHERE {is_in_force("a")} AND {_OWN.format(alert="a")} AND {_CHANGED}
ORDER BY number"""  # noqa: S608 - constant
_ENDED: Final = f"""
SELECT a.id, a.thread, a.event, a.headline, a.stopped_at, a.expires, l.id AS by, l.reason,
  {_OWN.format(alert="l")} AS still_own
FROM alert a JOIN alert l ON l.id = a.stopped_by
WHERE {is_dispatched("a")} AND a.reason IN {among(WARNING)} AND a.stopped_at IS NOT NULL
  AND a.expires > {NOW} - '{ENDED_FOR}'::interval
  AND ($2 <> '{START}' OR a.stopped_at > {NOW} - '{ENDED_FOR}'::interval)
  AND {_OWN.format(alert="a")} AND {_CHANGED}
ORDER BY a.number"""  # noqa: S608 - constant
_PLACES: Final = """SELECT alert_id, ags, name FROM affected WHERE alert_id = ANY($1) AND ags = ANY($2)
ORDER BY alert_id, ags"""
_POSITION: Final = f"""
SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS mark, {NOW} AS now, c.system_identifier::text || '-' ||
  (SELECT timeline_id FROM pg_control_checkpoint())::text AS history FROM pg_control_system() c"""  # noqa: S608 - constant


@dataclass(frozen=True, slots=True)
class InForce:
    """What the record says at one instant."""

    alerts: tuple[StoredAlert, ...]
    places: Mapping[str, tuple[tuple[str, str], ...]]
    """The instance's own municipalities, as (AGS, name), by the alert's id."""
    ended: tuple[EndedAlert, ...]
    now: datetime
    mark: str
    history: str
    """Which history of the record the mark belongs to: it says nothing of one that was restored."""
    complete: bool
    """Whether this is all, and not only what is new since the mark."""


class InForceReader:
    """Reads what an instance shows."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def read(self, places: Sequence[str], mark: str = START, history: str = "") -> InForce:
        """Return what is in force at these places (AGS), and what ended there. With the mark of an earlier answer only
        what has changed since, some perhaps again; all where the mark is of another history.

        Transactions do not commit in the order in which they begin, and a time of the record would pass by one that
        commits late. So the mark is the oldest transaction that was still open: whatever it or a later one changes is
        shown to whoever brings the mark.
        """
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            position = await connection.fetchrow(_POSITION)
            if history != position["history"] or int(mark) > int(position["mark"]):
                mark = START
            alerts = [stored_alert(row) for row in await connection.fetch(_CURRENT, list(places), mark)]
            ended = [_ended(row) for row in await connection.fetch(_ENDED, list(places), mark)]
            return InForce(
                alerts=tuple(alerts),
                places=await _own_places(connection, [alert.id for alert in alerts], places),
                ended=tuple(ended),
                now=position["now"],
                mark=position["mark"],
                history=position["history"],
                complete=mark == START,
            )


async def _own_places(
    connection: Connection, alert_ids: Sequence[str], places: Sequence[str]
) -> dict[str, tuple[tuple[str, str], ...]]:
    found: dict[str, list[tuple[str, str]]] = {alert_id: [] for alert_id in alert_ids}
    for row in await connection.fetch(_PLACES, list(alert_ids), list(places)):
        found[row["alert_id"]].append((row["ags"], row["name"]))
    return {alert_id: tuple(own) for alert_id, own in found.items()}


def _ended(row: Any) -> EndedAlert:
    follows = Kind.UPDATE if row["still_own"] else Kind.NO_LONGER_AFFECTED
    return EndedAlert(
        id=row["id"],
        thread=row["thread"],
        kind=_ENDS.get(Reason(row["reason"]), follows),
        by=row["by"],
        ended_at=row["stopped_at"],
        event=row["event"],
        headline=row["headline"],
    )
