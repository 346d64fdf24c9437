"""Read what waits for a decision, and write down who is told of it. Any number of processes may: a message is there
once for each occasion and endpoint, whoever writes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dispatcher.access.roles import Role
from dispatcher.model.approval.request import ApprovalDecision
from dispatcher.model.vocabulary import EXTREME, AlertState, Doubt, Reason, environment_of
from dispatcher.on_duty.matters import Matter, MatterOutcome, Occasion
from dispatcher.on_duty.messages import DutyDropped
from dispatcher.store import audit
from dispatcher.store.alerts.approvals import IS_UNCOUNTED
from dispatcher.store.clock import record_time

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from dispatcher.access.principals import Actor
    from dispatcher.on_duty.roster import Roster
    from dispatcher.store.record import Connection, Pool

AT_ONCE: Final = 500
"""So many matters of each kind are looked at, those first of which nobody was told, the gravest of them: nobody on duty
reads more, and however much a feed has held, no approval is behind it.
"""
_MATTER: Final = f"""
SELECT a.id, a.status, a.source_id, a.headline, a.severity, a.expires, a.state, a.reason,
  coalesce(p.is_needed, false) AS is_needed, CASE WHEN NOT {IS_UNCOUNTED} THEN p.people END AS people,
  coalesce({IS_UNCOUNTED} AND p.is_needed AND a.held_for = '{Doubt.APPROVAL}', false) AS may_go_when_counted,
  coalesce(p.authors, '{{}}') AS authors,
  coalesce(p.requested_at, (SELECT max(c.closed_at) FROM duty_case c WHERE c.alert_id = a.id), a.received_at)
    AS asked_at,
  p.remind_at, p.reminded_at, p.escalate_at, p.escalated_at, p.release_at, p.decision,
  ARRAY(SELECT f.ags FROM affected f WHERE f.alert_id = a.id ORDER BY f.ags) AS places
FROM alert a LEFT JOIN approval p ON p.alert_id = a.id"""  # noqa: S608 - constant
_OPEN: Final = f"""{_MATTER}
WHERE a.state = '{AlertState.HELD}' AND a.expires > $1 AND coalesce(p.is_needed, false) = $2
  AND (p.is_needed OR a.severity = '{EXTREME}' OR p.reminded_at IS NOT NULL)
ORDER BY EXISTS (SELECT FROM duty_case c WHERE c.alert_id = a.id AND c.closed_at IS NULL),
  a.severity <> '{EXTREME}', a.number LIMIT $3"""
_SO_FAR: Final = """
SELECT c.alert_id, c.asked_at, c.is_covered,
  ARRAY(SELECT ARRAY[e.person_id, m.occasion] FROM duty_message m JOIN person_endpoint e ON e.id = m.endpoint_id
        WHERE (m.alert_id, m.asked_at) = (c.alert_id, c.asked_at)) AS told
FROM duty_case c WHERE c.closed_at IS NULL"""
_CASE: Final = """
INSERT INTO duty_case AS c (alert_id, asked_at, due_at, is_covered) VALUES ($1, $2, $3, $4)
ON CONFLICT (alert_id, asked_at) DO UPDATE SET is_covered = $4, closed_at = NULL
  WHERE c.is_covered <> $4 OR c.closed_at IS NOT NULL
RETURNING alert_id"""
_TELL: Final = """
WITH new AS (
  INSERT INTO duty_message (endpoint_id, alert_id, asked_at, occasion)
  SELECT e.id, $1, $2, o.occasion FROM unnest($3::text[], $4::text[]) AS o(person_id, occasion)
  JOIN person_endpoint e ON e.person_id = o.person_id AND e.proven_at IS NOT NULL AND e.gone_at IS NULL
  ON CONFLICT DO NOTHING RETURNING endpoint_id, occasion)
SELECT e.person_id, new.occasion FROM new JOIN person_endpoint e ON e.id = new.endpoint_id"""
_CLOSE: Final = f"""
UPDATE duty_case c SET closed_at = clock_timestamp() FROM alert a
WHERE a.id = c.alert_id AND c.closed_at IS NULL
  AND (a.state <> '{AlertState.HELD}' OR a.expires <= $1
       OR EXISTS (SELECT FROM duty_case later WHERE later.alert_id = c.alert_id AND later.asked_at > c.asked_at))
RETURNING c.alert_id, c.asked_at, a.state <> '{AlertState.HELD}' OR a.expires <= $1 AS has_ended"""  # noqa: S608 - constant
_NEEDLESS: Final = f"""
UPDATE duty_message m SET due_at = NULL, answer = '{DutyDropped.DECIDED}' FROM person_endpoint e
WHERE e.id = m.endpoint_id AND (m.alert_id, m.asked_at) = ($1, $2) AND m.due_at IS NOT NULL
  AND m.occasion <> '{Occasion.DONE}' AND m.attempts = 0 AND e.busy_until <= clock_timestamp()
RETURNING e.channel"""  # noqa: S608 - constant
_NO_MORE: Final = f"""
UPDATE duty_message SET due_at = NULL
WHERE (alert_id, asked_at) = ($1, $2) AND due_at IS NOT NULL AND occasion <> '{Occasion.DONE}'"""  # noqa: S608 - constant
_DONE: Final = f"""
INSERT INTO duty_message (endpoint_id, alert_id, asked_at, occasion)
SELECT DISTINCT e.id, $1, $2::timestamptz, '{Occasion.DONE}' FROM duty_message m
JOIN person_endpoint e ON e.id = m.endpoint_id AND e.proven_at IS NOT NULL AND e.gone_at IS NULL
WHERE (m.alert_id, m.asked_at) = ($1, $2) AND m.answer IS DISTINCT FROM '{DutyDropped.DECIDED}'
  AND 'person:' || e.person_id <> coalesce((SELECT p.decided_by FROM approval p WHERE p.alert_id = $1), '')
ON CONFLICT DO NOTHING RETURNING endpoint_id"""  # noqa: S608 - constant
"""Told of the end is whoever may have heard of the beginning, but for the one who decided."""
_UNTOLD: Final = f"""
SELECT min(c.due_at) FILTER (WHERE NOT EXISTS (
    SELECT FROM duty_message m WHERE (m.alert_id, m.asked_at) = (c.alert_id, c.asked_at)
      AND m.accepted_at IS NOT NULL AND m.occasion <> '{Occasion.DONE}')) AS since,
  count(*) FILTER (WHERE NOT c.is_covered) AS uncovered
FROM duty_case c WHERE c.closed_at IS NULL"""  # noqa: S608 - constant


@dataclass(frozen=True, slots=True)
class CaseSoFar:
    """What was written down of a matter: whether somebody on duty could be told, and who was told on which occasion."""

    is_covered: bool
    told: frozenset[tuple[str, Occasion]]


@dataclass(frozen=True, slots=True)
class Untold:
    """How it stands: since when that matter is due of which nobody was told, and of how many nobody on duty can be."""

    since: datetime | None
    uncovered: int


@dataclass(frozen=True, slots=True)
class ClosedMatter:
    """A matter that ended: how many were told so, and the channels of messages that became needless."""

    alert_id: str
    told: int
    needless: tuple[str, ...]


class DutyMatters:
    """Reads and writes them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def now(self) -> datetime:
        """Return the record's clock."""
        return await record_time(self._pool)

    async def open(self, now: datetime) -> list[Matter]:
        """Return what waits for a person: for approvers, then for operators, of each `AT_ONCE` at most."""
        kinds = [await self._pool.fetch(_OPEN, now, is_needed, AT_ONCE) for is_needed in (True, False)]
        return [_matter(row) for rows in kinds for row in rows]

    async def of(self, alert_ids: Sequence[str]) -> dict[str, tuple[Matter, MatterOutcome]]:
        """Return matters by the id of their alert, with what has become of them."""
        rows = await self._pool.fetch(f"{_MATTER} WHERE a.id = ANY($1::text[])", alert_ids)
        return {row["id"]: (_matter(row), _outcome(row)) for row in rows}

    async def so_far(self) -> dict[tuple[str, datetime], CaseSoFar]:
        """Return what was written down of what waits."""
        return {
            (row["alert_id"], row["asked_at"]): CaseSoFar(
                row["is_covered"], frozenset((person, Occasion(occasion)) for person, occasion in row["told"])
            )
            for row in await self._pool.fetch(_SO_FAR)
        }

    async def tell(
        self,
        matter: Matter,
        due_at: datetime,
        found: Roster,
        wanted: Collection[tuple[str, Occasion]],
        by: Actor,
    ) -> bool:
        """Write down who is to be told. Returns whether it is new that nobody on duty can be."""
        ordered = sorted(wanted)
        async with self._pool.acquire() as connection, connection.transaction():
            changed = await connection.fetchval(
                _CASE, matter.alert_id, matter.asked_at, due_at, found.is_covered
            )
            rows = await connection.fetch(
                _TELL,
                matter.alert_id,
                matter.asked_at,
                [person for person, _ in ordered],
                [occasion.value for _, occasion in ordered],
            )
            is_news = changed is not None and not found.is_covered
            if is_news:
                reasons = dict(sorted(found.off_duty.items()))
                await audit.note(connection, by, "duty.uncovered", matter.alert_id, left_out=reasons)
            if rows:
                await _note_told(connection, by, matter, rows)
        return is_news

    async def close(self, now: datetime, by: Actor) -> list[ClosedMatter]:
        """Close what waits no more, and have those told who may have heard of it. No other process gets the same."""
        async with self._pool.acquire() as connection, connection.transaction():
            return [await _close(connection, row, by) for row in await connection.fetch(_CLOSE, now)]

    async def untold(self) -> Untold:
        """Return how it stands."""
        row = await self._pool.fetchrow(_UNTOLD)
        return Untold(row["since"], row["uncovered"])


async def _close(connection: Connection, case: Any, by: Actor) -> ClosedMatter:
    key = case["alert_id"], case["asked_at"]
    needless = await connection.fetch(_NEEDLESS, *key)
    await connection.execute(_NO_MORE, *key)
    told = await connection.fetch(_DONE, *key) if case["has_ended"] else []
    if told:
        await audit.note(connection, by, "duty.done", case["alert_id"], endpoints=len(told))
    return ClosedMatter(case["alert_id"], len(told), tuple(row["channel"] for row in needless))


async def _note_told(connection: Connection, by: Actor, matter: Matter, new: Sequence[Any]) -> None:
    persons: dict[str, set[str]] = {}
    for row in new:
        persons.setdefault(row["occasion"], set()).add(row["person_id"])
    told = {occasion: sorted(names) for occasion, names in sorted(persons.items())}
    await audit.note(connection, by, "duty.tell", matter.alert_id, persons=told, messages=len(new))


def _matter(row: Any) -> Matter:
    return Matter(
        alert_id=row["id"],
        asked_at=row["asked_at"],
        environment=environment_of(row["status"]),
        asked=Role.APPROVER if row["is_needed"] else Role.OPERATOR,
        source_id=row["source_id"],
        headline=row["headline"],
        severity=row["severity"],
        expires=row["expires"],
        places=tuple(row["places"]),
        authors=tuple(row["authors"]),
        people=row["people"],
        may_go_when_counted=row["may_go_when_counted"],
        remind_at=row["remind_at"],
        reminded_at=row["reminded_at"],
        escalate_at=row["escalate_at"],
        escalated_at=row["escalated_at"],
        release_at=row["release_at"],
    )


def _outcome(row: Any) -> MatterOutcome:
    decision = ApprovalDecision(row["decision"]) if row["decision"] else None
    return MatterOutcome(AlertState(row["state"]), Reason(row["reason"]), decision, row["expires"])
