"""Record test alerts for canaries as any alert is recorded, note how far each came, and forget them after a day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dispatcher.model.canary.canaries import CanaryNews, CanaryStage, DueCanary, lanes_of
from dispatcher.model.vocabulary import CANARY_EXPIRES_S, Lane, Reason, State
from dispatcher.store.sql import NOW

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from dispatcher.store.record import Connection, Pool

_DUE: Final = f"""
UPDATE canary c SET sent_at = {NOW}, turn = (c.turn + 1) % {len(Lane)} FROM subscription s
WHERE s.id = c.subscription_id AND s.ended_at IS NULL AND (c.sent_at IS NULL OR c.sent_at <= {NOW} - c.every)
RETURNING c.name, s.channel, c.in_turn, c.turn"""  # noqa: S608 - constant
_SEND: Final = "INSERT INTO canary_send (alert_id, name, lane, sent_at) VALUES ($1, $2, $3, $4)"
_STILL_OPEN: Final = f"interval '{CANARY_EXPIRES_S} seconds'"
# A device receipt proves that the gateway accepted, too. A report of an SMS gateway stands in a table of its own.
# A row that another leader has written meanwhile is not as it was read: the next look takes what is left of it.
_NOTE: Final = f"""
WITH open AS MATERIALIZED (
  SELECT w.alert_id, w.name, w.accepted_at, c.subscription_id, s.channel FROM canary_send w
  JOIN canary c USING (name) JOIN subscription s ON s.id = c.subscription_id
  WHERE w.delivered_at IS NULL AND w.sent_at > {NOW} - 2 * {_STILL_OPEN}),
found AS (
  SELECT o.*, b.first_at,
    get_byte(b.outcomes, b.position) & 127 BETWEEN {State.ACCEPTED:d} AND {State.DISPLAYED:d} AS accepted,
    coalesce(length(r.delivered) > b.position AND get_bit(r.delivered, b.position) = 1, false)
      OR EXISTS (SELECT FROM delivery_report d
                 WHERE d.batch_id = b.id AND d.position = b.position AND d.state = 'delivered') AS delivered
  FROM open o
  CROSS JOIN LATERAL (
    SELECT id, outcomes, first_at, array_position(recipients, o.subscription_id) - 1 AS position
    FROM batch WHERE alert_id = o.alert_id) b
  LEFT JOIN batch_receipt r ON r.batch_id = b.id
  WHERE b.position IS NOT NULL),
said AS (
  UPDATE canary_send w SET accepted_at = coalesce(w.accepted_at, f.first_at, clock_timestamp()),
    delivered_at = CASE WHEN f.delivered THEN clock_timestamp() END
  FROM found f WHERE w.alert_id = f.alert_id AND w.name = f.name
    AND w.delivered_at IS NULL AND w.accepted_at IS NOT DISTINCT FROM f.accepted_at
    AND (f.delivered OR f.accepted AND f.accepted_at IS NULL)
  RETURNING f.channel, w.lane, f.accepted_at IS NULL AS newly_accepted, w.accepted_at - w.sent_at AS until_accepted,
    w.delivered_at - w.sent_at AS until_delivered)
SELECT * FROM said"""  # noqa: S608 - constant


def proof(canary: str, send: str) -> str:
    """When a test was proven, as its canary expects it; null where it was not."""
    return f"""CASE {canary}.expects WHEN '{CanaryStage.DELIVERED}' THEN {send}.delivered_at
  ELSE coalesce({send}.accepted_at, {send}.delivered_at) END"""


# All but the last proof in each lane: one of a canary that is tested each day has to last longer than a day.
_OLD: Final = f"""
SELECT a.id FROM alert a WHERE a.reason = '{Reason.CANARY}' AND a.received_at < {NOW} - $1::interval
  AND NOT EXISTS (
    SELECT FROM canary_send w JOIN canary c USING (name)
    WHERE w.alert_id = a.id AND {proof("c", "w")} IS NOT NULL
      AND NOT EXISTS (SELECT FROM canary_send n WHERE (n.name, n.lane) = (w.name, w.lane)
                        AND n.sent_at > w.sent_at AND {proof("c", "n")} IS NOT NULL))
LIMIT $2"""  # noqa: S608 - constant
# What was paid stays paid: the budget of its month counts it there, when the batches are gone.
_KEEP_PARTS: Final = """
INSERT INTO code_parts AS c (gateway, month, parts)
SELECT gateway, date_trunc('month', created_at, $2), sum(parts_sent) FROM batch
WHERE alert_id = ANY($1) AND channel = 'sms' AND parts_sent > 0 GROUP BY 1, 2
ON CONFLICT (gateway, month) DO UPDATE SET parts = c.parts + excluded.parts"""
_OF_BATCHES: Final = ("problem", "batch_receipt", "delivery_report")
_OF_ALERTS: Final = ("batch", "handover", "message_location", "withdrawal", "reference", "affected")
AT_ONCE: Final = 200
"""How many alerts are forgotten in one transaction."""


class CanarySends:
    """Writes tests and what becomes of them."""

    def __init__(self, pool: Pool, zone: str = "Europe/Berlin") -> None:
        """`zone` is where calendar months begin, as of the budgets of SMS."""
        self._pool = pool
        self._zone = zone

    async def due(self, connection: Connection) -> list[DueCanary]:
        """Claim the canaries that are to be tested now, in the transaction that records their alerts: no other process
        tests them, too.
        """
        rows = await connection.fetch(_DUE)
        return [
            DueCanary(row["name"], row["channel"], lanes_of(row["turn"], in_turn=row["in_turn"]))
            for row in rows
        ]

    async def sent(
        self, connection: Connection, alert_id: str, lane: Lane, names: Iterable[str], at: datetime
    ) -> None:
        """Note that an alert goes to these canaries, in the same transaction."""
        await connection.executemany(_SEND, [(alert_id, name, lane, at) for name in names])

    async def note(self) -> list[CanaryNews]:
        """Note how far open tests have come, and return what is new, each stage of each test once."""
        news = []
        for row in await self._pool.fetch(_NOTE):
            said = []
            if row["newly_accepted"]:
                said.append((CanaryStage.ACCEPTED, row["until_accepted"]))
            if row["until_delivered"] is not None:
                said.append((CanaryStage.DELIVERED, row["until_delivered"]))
            news += [
                CanaryNews(row["channel"], Lane(row["lane"]), stage, max(took.total_seconds(), 0.0))
                for stage, took in said
            ]
        return news

    async def forget(self, age: timedelta) -> int:
        """Delete tests that are older, with all that the record has of them, but for the last proof of each canary in
        each lane. Returns how many; call again where there are `AT_ONCE`.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            old = [row["id"] for row in await connection.fetch(_OLD, age, AT_ONCE)]
            if not old:
                return 0
            await connection.execute(_KEEP_PARTS, old, self._zone)
            for table in _OF_BATCHES:
                await connection.execute(
                    f"DELETE FROM {table} WHERE batch_id IN (SELECT id FROM batch WHERE alert_id = ANY($1))",  # noqa: S608 - ours
                    old,
                )
            for table in _OF_ALERTS:
                await connection.execute(f"DELETE FROM {table} WHERE alert_id = ANY($1)", old)  # noqa: S608 - ours
            await connection.execute("DELETE FROM alert WHERE id = ANY($1)", old)
        return len(old)
