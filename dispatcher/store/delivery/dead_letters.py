"""Show recipients that were refused or given up, and replay them when what was wrong has been mended."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.model.ledger import DeadLetter, DeadLetterGroup, Fate, OpenedLetter
from dispatcher.model.status import DeedKind
from dispatcher.model.vocabulary import UNCERTAIN, AlertState, BatchState, State
from dispatcher.store import audit
from dispatcher.store.sql import is_canary, is_dead_letter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.access.principals import Actor
    from dispatcher.store.record import Connection, Pool


_LETTERS = f"""
SELECT p.batch_id || '-' || p.position AS id, b.alert_id, b.channel, b.gateway, p.recipient, p.label, p.code,
  p.detail, p.attempts, p.updated_at AS at
FROM problem p JOIN batch b ON b.id = p.batch_id
WHERE {is_dead_letter()} AND NOT {is_canary("b.alert_id")}
"""  # noqa: S608 - constant

_OPEN = """
SELECT b.id, b.outcomes, b.deadline, b.deadline <= clock_timestamp() AS expired, a.stopped_at IS NOT NULL AS stopped,
  b.lease_until > clock_timestamp() AS leased, b.alert_id, b.kind, b.language, a.identifier, a.headline
FROM batch b JOIN alert a ON a.id = b.alert_id WHERE b.id = $1
"""


_BY_REASON = f"""
WITH letter AS (
  SELECT b.channel, p.label, p.code, p.recipient FROM problem p JOIN batch b ON b.id = p.batch_id
  WHERE b.alert_id = $1 AND {is_dead_letter()})
SELECT l.channel, l.label, l.code, f.ags, count(*) AS recipients
FROM letter l LEFT JOIN LATERAL (
  SELECT m.ags FROM followed_municipality m JOIN affected a ON a.alert_id = $1 AND a.ags = m.ags
  WHERE m.subscription_id = l.recipient
  UNION SELECT w.ags FROM (SELECT unnest(ags) AS ags FROM watched_area WHERE subscription_id = l.recipient) w
  JOIN affected a ON a.alert_id = $1 AND a.ags = w.ags) f ON true
GROUP BY 1, 2, 3, 4 ORDER BY recipients DESC, 1, 2, 3, 4 LIMIT $2
"""  # noqa: S608 - constant
"""Whoever follows several of the alert's municipalities counts in each; what else somebody follows is not read."""


class DeadLetters:
    """Reads dead letters, and replays them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def listed(self, alert_id: str | None, limit: int = 1000) -> list[DeadLetter]:
        """Return dead letters, newest first."""
        rows = await self._pool.fetch(
            _LETTERS + "AND ($1::text IS NULL OR b.alert_id = $1) ORDER BY p.updated_at DESC LIMIT $2",
            alert_id,
            limit,
        )
        return [DeadLetter(**dict(row)) for row in rows]

    async def count(self, alert_id: str) -> int:
        """Return how many dead letters an alert has."""
        count: int = await self._pool.fetchval(
            f"""SELECT count(*) FROM problem p JOIN batch b ON b.id = p.batch_id
               WHERE b.alert_id = $1 AND {is_dead_letter()}""",  # noqa: S608 - constant
            alert_id,
        )
        return count

    async def by_reason(self, alert_id: str, most: int) -> list[DeadLetterGroup]:
        """Return an alert's dead letters in numbers, by channel, reason and municipality, the largest groups first."""
        rows = await self._pool.fetch(_BY_REASON, alert_id, most)
        return [DeadLetterGroup(**dict(row)) for row in rows]

    async def opened(self, letter_id: str, by: Actor = UNNAMED_OPERATOR) -> OpenedLetter | None:
        """Return one of them; None if there is none. That somebody looked at it, which has a person's reference, is on
        the audit trail.
        """
        batch_id, position = parse_id(letter_id)
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(
                _LETTERS + "AND p.batch_id = $1 AND p.position = $2", batch_id, position
            )
            if row is None:
                return None
            batch = await connection.fetchrow(_OPEN, batch_id)
            fates = await _fates(connection, batch, [position])
            more = await connection.fetchrow(
                """SELECT s.ref, p.crashes FROM problem p LEFT JOIN subscription s ON s.id = p.recipient
                   WHERE p.batch_id = $1 AND p.position = $2""",
                batch_id,
                position,
            )
            await audit.note(connection, by, "dead_letter.show", row["alert_id"], letter=letter_id)
        return OpenedLetter(
            letter=DeadLetter(**dict(row)),
            identifier=batch["identifier"],
            headline=batch["headline"],
            kind=batch["kind"],
            language=batch["language"],
            ref=more["ref"],
            crashes=more["crashes"],
            uncertain=bool(batch["outcomes"][position] & UNCERTAIN),
            expires=batch["deadline"],
            replay=fates[position],
        )

    async def replay(
        self, letter_ids: Sequence[str], crashes_kept: int, by: Actor = UNNAMED_OPERATOR
    ) -> dict[str, Fate]:
        """Reopen them for sending, as far as that may be. The reconciler wakes a worker within a second.

        A recipient that was given up because processes died keeps `crashes_kept` of these deaths: it is sent to alone.
        """
        wanted: defaultdict[int, list[int]] = defaultdict(list)
        for letter_id in letter_ids:
            batch_id, position = parse_id(letter_id)
            wanted[batch_id].append(position)
        found: dict[str, Fate] = {}
        for batch_id, positions in sorted(wanted.items()):
            async with self._pool.acquire() as connection, connection.transaction():
                fates = await _reopen(connection, batch_id, positions, crashes_kept, by)
            found |= {f"{batch_id}-{position}": fate for position, fate in fates.items()}
        return found


def parse_id(letter_id: str) -> tuple[int, int]:
    """Return batch and position. Raises ValueError."""
    if not re.fullmatch("[0-9]{1,18}-[0-9]{1,9}", letter_id):  # what the record's columns hold
        raise ValueError(f"{letter_id!r} is not the id of a dead letter")
    batch_id, _, position = letter_id.partition("-")
    return int(batch_id), int(position)


async def _reopen(
    connection: Connection, batch_id: int, positions: Sequence[int], crashes_kept: int, by: Actor
) -> dict[int, Fate]:
    batch = await connection.fetchrow(_OPEN + " FOR UPDATE OF b", batch_id)
    fates = await _fates(connection, batch, positions)
    replayed = [position for position, fate in fates.items() if fate is Fate.REPLAYED]
    if not replayed:
        return fates
    outcomes = bytearray(batch["outcomes"])
    for position in replayed:
        outcomes[position] = State.RETRY | (outcomes[position] & UNCERTAIN)
    await connection.execute(
        """UPDATE problem SET due = clock_timestamp(), attempts = 0, crashes = least(crashes, $3)
           WHERE batch_id = $1 AND position = ANY($2)""",
        batch_id,
        replayed,
        crashes_kept,
    )
    # The new token fences off a worker that still believes to hold the batch.
    await connection.execute(
        f"""UPDATE batch SET outcomes = $2, state = '{BatchState.OPEN}', done_at = NULL, noted = false,
             not_before = clock_timestamp(), enqueued_at = NULL, lease_until = NULL, lease_token = lease_token + 1
           WHERE id = $1""",  # noqa: S608 - constant
        batch_id,
        bytes(outcomes),
    )
    await connection.execute(
        "UPDATE alert SET state = $2, settled_at = NULL WHERE id = $1 AND state = $3",
        batch["alert_id"],
        AlertState.PLANNED,
        AlertState.SETTLED,
    )
    await audit.note(
        connection, by, DeedKind.REPLAYED, batch["alert_id"], batch=batch_id, count=len(replayed)
    )
    return fates


async def _fates(connection: Connection, batch: Any, positions: Sequence[int]) -> dict[int, Fate]:
    """Return what a replay of each comes to."""
    if batch is None:
        return dict.fromkeys(positions, Fate.UNKNOWN)
    rows = await connection.fetch(
        f"""SELECT p.position, s.ended_at IS NOT NULL AS ended FROM problem p
           JOIN batch b ON b.id = p.batch_id LEFT JOIN subscription s ON s.id = p.recipient
           WHERE p.batch_id = $1 AND p.position = ANY($2) AND {is_dead_letter()}""",  # noqa: S608 - constant
        batch["id"],
        list(positions),
    )
    ended = {row["position"]: row["ended"] for row in rows}
    return {position: _fate(batch, ended=ended.get(position)) for position in positions}


def _fate(batch: Any, *, ended: bool | None) -> Fate:
    """Return what a replay comes to. `ended`: whether the subscription has; None where there is no dead letter."""
    if ended is None:
        return Fate.UNKNOWN
    if batch["expired"]:
        return Fate.EXPIRED
    if batch["stopped"]:
        return Fate.SUPERSEDED
    if batch["leased"]:
        return Fate.IN_FLIGHT
    return Fate.ENDED if ended else Fate.REPLAYED
