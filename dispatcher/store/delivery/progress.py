"""Count an alert's recipients, each person once, by how far their notice has come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dispatcher.model.status import QUIET_HOURS, Pause, RecipientGroup, RecipientProgress, progress_of
from dispatcher.model.vocabulary import UNCERTAIN, State
from dispatcher.store.sql import IS_QUIET, IS_STOPPED, OPEN, best_first

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from dispatcher.store.record import Connection, Pool

_PLAIN_STATES = (State.PENDING, State.ACCEPTED, State.QUIET_PAST_END)
_PLAIN = bytes(_PLAIN_STATES)
"""The outcomes of which nothing more is recorded."""

_HELD_FOR = f"CASE WHEN {OPEN} AND {IS_QUIET} THEN '{QUIET_HOURS}' ELSE held_for END"
_BATCHES = f"""
SELECT id, channel, gateway, kind, outcomes, first_at, last_at, {_HELD_FOR} AS held_for, quiet_until FROM batch
WHERE alert_id = $1
"""  # noqa: S608 - constant

_GROUPS = f"""
WITH line AS (
  SELECT DISTINCT ON (r.id) r.id, b.channel, b.gateway, get_byte(b.outcomes, r.n::int - 1) & ~{UNCERTAIN} AS state,
    coalesce(p.label, {_HELD_FOR}) AS label, p.code, coalesce(p.due, CASE WHEN {IS_QUIET} THEN quiet_until END) AS due
  FROM batch b CROSS JOIN LATERAL unnest(b.recipients) WITH ORDINALITY r(id, n)
  LEFT JOIN problem p ON p.batch_id = b.id AND p.position = r.n - 1
  WHERE b.id = ANY($1) ORDER BY r.id, b.id DESC),
one AS ({{people}})
SELECT channel, gateway, state, coalesce(label, '') AS label, coalesce(code, '') AS code, count(*) AS recipients,
  min(due) AS due
FROM one GROUP BY 1, 2, 3, 4, 5
"""  # noqa: S608 - constant
"""Of a recipient that was withdrawn and planned again, the last batch counts."""
_BY_ENDPOINT = _GROUPS.format(people="SELECT * FROM line")
_BY_PERSON = _GROUPS.format(
    people=f"""
  SELECT DISTINCT ON (coalesce(s.person, -line.id)) line.* FROM line LEFT JOIN subscription s ON s.id = line.id
  ORDER BY coalesce(s.person, -line.id), {best_first("state")}, line.id"""  # noqa: S608 - constant
)
"""Of a person who was told on several endpoints, one that was reached counts, else one that waits."""

_PAUSES = f"""
SELECT channel, name, reason, greatest(paused_until, clock_timestamp()) AS paused_until FROM gateway WHERE {IS_STOPPED}
"""  # noqa: S608 - constant


async def recipient_progress(pool: Pool, alert_id: str) -> RecipientProgress:
    """Return how far the alert has come, as at one instant. Batches in which all is plain are summed up from their
    outcome bytes, so that a million recipients cost little; only the others are read line by line.
    """
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        batches = await connection.fetch(_BATCHES, alert_id)
        if not batches:
            return RecipientProgress()
        doubled = await connection.fetchval("SELECT doubled > 0 FROM alert WHERE id = $1", alert_id)
        several = doubled or _may_repeat(batches)
        single = [row for row in batches if several or row["outcomes"].translate(None, _PLAIN)]
        read = {row["id"] for row in single}
        groups = [group for row in batches if row["id"] not in read for group in _plain_groups(row)]
        groups += await _groups(connection, sorted(read), _BY_PERSON if doubled else _BY_ENDPOINT)
        pauses = await connection.fetch(_PAUSES)
    return progress_of(
        groups,
        {(row["channel"], row["name"]): Pause(row["reason"], row["paused_until"]) for row in pauses},
        _extreme(min, [row["first_at"] for row in batches]),
        _extreme(max, [row["last_at"] for row in batches]),
    )


def _may_repeat(batches: Sequence[Any]) -> bool:
    """Whether a recipient may be in two of the batches: withdrawn from one, or notified of an end and then of more."""
    kinds = {row["kind"] for row in batches}
    withdrawn = (State.SUPERSEDED, State.SUPERSEDED | UNCERTAIN)
    return len(kinds) > 1 or any(outcome in row["outcomes"] for row in batches for outcome in withdrawn)


def _plain_groups(row: Any) -> list[RecipientGroup]:
    counts = {state: row["outcomes"].count(state) for state in _PLAIN_STATES}
    return [
        RecipientGroup(
            row["channel"],
            row["gateway"],
            state,
            count,
            row["held_for"],
            due=row["quiet_until"] if row["held_for"] == QUIET_HOURS else None,
        )
        for state, count in counts.items()
        if count
    ]


async def _groups(connection: Connection, batch_ids: Sequence[int], query: str) -> list[RecipientGroup]:
    if not batch_ids:
        return []
    rows = await connection.fetch(query, batch_ids)
    return [RecipientGroup(**{**dict(row), "state": State(row["state"])}) for row in rows]


def _extreme(choose: Any, moments: Sequence[datetime | None]) -> datetime | None:
    known = [moment for moment in moments if moment is not None]
    found: datetime | None = choose(known, default=None)
    return found
