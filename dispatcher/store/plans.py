"""Planning on the record: from an alert's municipalities to frozen batches, in one transaction.

Who is told what follows from what each subscriber was told before in this chain, which the earlier batches'
outcome bytes say:

- told (accepted, or sent without an answer) and still concerned: `update`
- not told and concerned: `alert`
- told and no longer concerned: `lifted`
- the warning ends: `cancel`, or `ended` where only its source's silence ends it, to those told, and to nobody else

Recipients whose earlier message is still in a worker's hand are left for the next round.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dispatcher.model import ENDING, Kind, Lane, Reason
from dispatcher.store import audit
from dispatcher.store.ledger import Bell

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.store.record import Pool


@dataclass(frozen=True, slots=True)
class Unplanned:
    """An alert that waits for its plan."""

    id: str
    chain_id: str
    lane: Lane
    reason: Reason
    expires: datetime
    stopped: bool


_UNPLANNED = """
SELECT id, chain_id, lane, reason, expires, stopped_at IS NOT NULL AS stopped
FROM alert WHERE id = $1 AND state = 'accepted'
"""

_FREEZE = """
WITH reached AS (
  SELECT DISTINCT ON (r.id) r.id, b.kind
  FROM batch b CROSS JOIN LATERAL unnest(b.recipients) WITH ORDINALITY r(id, n)
  WHERE b.chain_id = $1 AND b.alert_id <> $2
    AND (get_byte(b.outcomes, r.n::int - 1) BETWEEN 16 AND 18
         -- Who may have been alarmed counts as told; who may have heard that it is over does not.
         OR get_byte(b.outcomes, r.n::int - 1) >= 128 AND b.kind IN ('alert', 'update'))
  ORDER BY r.id, b.id DESC),
told AS (SELECT id FROM reached WHERE kind IN ('alert', 'update')),
concerned AS (
  SELECT DISTINCT p.subscription_id AS id FROM place p JOIN affected a ON a.ags = p.ags
  WHERE a.alert_id = $2 AND NOT $3),
busy AS (
  SELECT unnest(recipients) AS id FROM batch
  WHERE chain_id = $1 AND (alert_id = $2 OR state = 'open')),
target AS (
  SELECT s.id, s.channel, s.gateway, s.language,
    CASE WHEN $3 THEN $7::text WHEN c.id IS NULL THEN 'lifted' WHEN t.id IS NULL THEN 'alert' ELSE 'update' END AS kind
  FROM told t FULL JOIN concerned c USING (id) JOIN subscription s ON s.id = coalesce(t.id, c.id)
  WHERE s.ended_at IS NULL AND NOT EXISTS (SELECT FROM busy WHERE busy.id = s.id)),
numbered AS (
  SELECT *, (row_number() OVER (PARTITION BY kind, channel, gateway, language ORDER BY id) - 1) / $6 AS chunk
  FROM target)
INSERT INTO batch (alert_id, chain_id, kind, channel, gateway, language, lane, deadline, recipients, outcomes, rung_at)
SELECT $2, $1, kind, channel, gateway, language, $4, $5, array_agg(id ORDER BY id),
  decode(repeat('00', count(*)::int), 'hex'), clock_timestamp()
FROM numbered GROUP BY kind, channel, gateway, language, chunk ORDER BY chunk, channel
RETURNING id, cardinality(recipients) AS size, lease_token
"""

_EARLIER_OPEN = """
SELECT EXISTS (SELECT FROM batch WHERE chain_id = $1 AND alert_id <> $2 AND state = 'open')
"""
"""Whose recipients were left for another round, whether their message was stopped or not."""

_AUDIENCE_HASH = """
SELECT sha256(coalesce(string_agg(sha256(recipients::text::bytea || kind::bytea), ''::bytea ORDER BY id), ''::bytea))
FROM batch WHERE alert_id = $1
"""


def _unplanned(row: Any) -> Unplanned:
    return Unplanned(**{**dict(row), "lane": Lane(row["lane"]), "reason": Reason(row["reason"])})


class Plans:
    """Alerts that are accepted and not yet planned: the outbox of the record."""

    def __init__(self, pool: Pool, batch_size: int) -> None:
        self._pool = pool
        self._batch_size = batch_size

    async def waiting_one(self, alert_id: str) -> Unplanned | None:
        """The alert, if it still waits for its plan."""
        row = await self._pool.fetchrow(_UNPLANNED, alert_id)
        return _unplanned(row) if row else None

    async def plan(self, alert_id: str, *, in_hand: int) -> list[Bell]:
        """Freeze the audience into batches, as far as it is known. With `in_hand` earlier batches still being
        worked on the alert stays unplanned and this must be called again.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_UNPLANNED + " FOR UPDATE", alert_id)
            if row is None:
                return []
            alert = _unplanned(row)
            if alert.stopped:
                await self._finish(connection, alert)
                return []
            bells = await self._freeze(connection, alert)
            if not in_hand and not await connection.fetchval(_EARLIER_OPEN, alert.chain_id, alert.id):
                await self._finish(connection, alert)
        return bells

    async def _freeze(self, connection: Any, alert: Unplanned) -> list[Bell]:
        rows = await connection.fetch(
            _FREEZE,
            alert.chain_id,
            alert.id,
            alert.reason in ENDING,
            alert.lane,
            alert.expires,
            self._batch_size,
            Kind.ENDED if alert.reason is Reason.NO_LONGER_LISTED else Kind.CANCEL,
        )
        await connection.execute(
            "UPDATE alert SET audience = audience + $2 WHERE id = $1",
            alert.id,
            sum(row["size"] for row in rows),
        )
        return [Bell(row["id"], alert.lane, row["lease_token"]) for row in rows]

    async def _finish(self, connection: Any, alert: Unplanned) -> None:
        digest = await connection.fetchval(_AUDIENCE_HASH, alert.id)
        empty = not await connection.fetchval(
            "SELECT EXISTS (SELECT FROM batch WHERE alert_id = $1 AND state = 'open')", alert.id
        )
        await connection.execute(
            """UPDATE alert SET state = $2, planned_at = clock_timestamp(), audience_sha256 = $3,
                 settled_at = CASE WHEN $4 THEN clock_timestamp() END WHERE id = $1""",
            alert.id,
            "settled" if empty else "planned",
            digest,
            empty,
        )
        await audit.note(connection, "worker", "alert.plan", alert.id, audience_sha256=digest.hex())

    async def waiting(self, limit: int = 100) -> list[tuple[str, Lane]]:
        """Accepted alerts whose bell may have been lost. Marks them as rung."""
        rows = await self._pool.fetch(
            """UPDATE alert SET rung_at = clock_timestamp() WHERE id IN (
                 SELECT id FROM alert WHERE state = 'accepted'
                   AND (rung_at IS NULL OR rung_at < clock_timestamp() - interval '2 seconds')
                 ORDER BY number LIMIT $1 FOR UPDATE SKIP LOCKED)
               RETURNING id, lane""",
            limit,
        )
        return [(row["id"], Lane(row["lane"])) for row in rows]
