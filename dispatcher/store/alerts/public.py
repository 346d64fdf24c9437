"""Read what anybody may know: the warnings in force, those that were so until a moment ago, and what ended these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dispatcher.store.alerts.alerts import COLUMNS, stored_alert
from dispatcher.store.sql import NOW, also_replaces, is_public, sequence, was_in_force

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from dispatcher.model.alerts import StoredAlert
    from dispatcher.store.record import Pool

KEPT_FOR: Final = "1 hour"
"""How long a warning is read after its end: a client that has a list of a moment ago asks for each of its warnings, and
some clients show nothing of any place when one of these is gone."""
READ_BYTES: Final = 32 * 1024 * 1024
"""How much of messages is read at once: after a start, or in a storm, there may be hundreds of the longest."""
READ_AHEAD: Final = 8
"""How many alerts are asked for in one go: their messages are in memory twice until they are taken."""
_IS_SHOWN: Final = f"{is_public('a')} AND {was_in_force('a', KEPT_FOR)}"
_MARKS: Final = f"""
WITH warning AS (SELECT a.id, a.changed_by::text AS mark, a.stopped_by FROM alert a WHERE {_IS_SHOWN}),
shown AS (
  SELECT id, mark FROM warning
  UNION SELECT e.id, e.changed_by::text FROM warning JOIN alert e ON e.id = warning.stopped_by WHERE {is_public("e")})
SELECT {NOW} AS now, coalesce(array_agg(id), '{{}}') AS ids, coalesce(array_agg(mark), '{{}}') AS marks
FROM shown"""  # noqa: S608 - constant
_ALERTS: Final = f"""
SELECT {COLUMNS}, raw, changed_by::text AS mark, {sequence("a")} AS sequence, {also_replaces("a")} AS also_replaces
FROM alert a WHERE id = ANY($1) ORDER BY number"""  # noqa: S608 - constant
_PLACES: Final = "SELECT alert_id, ags, name FROM affected WHERE alert_id = ANY($1) ORDER BY alert_id, ags"


class PublicAlert(NamedTuple):
    """A warning as the record has it."""

    stored: StoredAlert
    raw: bytes
    """The message, byte for byte as it was submitted."""
    municipalities: tuple[tuple[str, str], ...]
    """(AGS, name) of each that it concerns."""
    mark: str
    """Which change of the alert was the last that says whether it is in force."""


@dataclass(frozen=True, slots=True)
class PublicRead:
    """What the record says at one instant."""

    now: datetime
    ids: frozenset[str]
    """All that are in force, or were so within `KEPT_FOR`, and the messages that ended or replaced them."""
    changed: tuple[PublicAlert, ...]
    """Those of them that the asker does not have as they are now, in order of arrival."""
    is_all: bool = True
    """False: there are more of these, which are read when the asker has these."""


class PublicAlerts:
    """Reads what is published."""

    def __init__(self, pool: Pool, most: int = READ_BYTES) -> None:
        """`most`: after how many bytes of messages the rest is left for the next time."""
        self._pool = pool
        self._most = most

    async def read(self, known: Mapping[str, str]) -> PublicRead:
        """Return what there is now, and in full what differs from what is `known`: the mark of each alert, by id. All
        of it is of one snapshot: no warning is missing because the one that replaces it was not there yet.
        """
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            found = await connection.fetchrow(_MARKS)
            marks = dict(zip(found["ids"], found["marks"], strict=True))
            wanted = [alert_id for alert_id, mark in marks.items() if known.get(alert_id) != mark]
            alerts = await self._within_bounds(connection, wanted) if wanted else []
            read = [row["id"] for row in alerts]
            places = await connection.fetch(_PLACES, read) if read else []
        municipalities: dict[str, list[tuple[str, str]]] = {alert_id: [] for alert_id in read}
        for row in places:
            municipalities[row["alert_id"]].append((row["ags"], row["name"]))
        return PublicRead(
            now=found["now"],
            ids=frozenset(marks),
            changed=tuple(_alert(dict(row), tuple(municipalities[row["id"]])) for row in alerts),
            is_all=len(read) == len(wanted),
        )

    async def _within_bounds(self, connection: Any, wanted: list[str]) -> list[Any]:
        """Return the rows of these alerts, and no more once there are so many bytes of messages."""
        found, size = [], 0
        async for row in connection.cursor(_ALERTS, wanted, prefetch=READ_AHEAD):
            found.append(row)
            size += len(row["raw"])
            if size >= self._most:
                break
        return found


def _alert(row: dict[str, Any], municipalities: tuple[tuple[str, str], ...]) -> PublicAlert:
    raw, mark = row.pop("raw"), row.pop("mark")
    return PublicAlert(stored_alert(row), raw, municipalities, mark)
