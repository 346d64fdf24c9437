"""Record delivery reports of gateways beside the ledger, which they never change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatcher.model.reports import FinalReport, ReportedDelivery
from dispatcher.model.vocabulary import Lane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.store.record import Connection, Pool


# The literal is the partial index's: with a parameter the planner could not use it.
_DELIVERIES = """
SELECT w.n, b.id AS batch_id, b.position, get_byte(b.outcomes, b.position) AS outcome, b.lane, b.deadline,
  a.received_at, clock_timestamp() AS now, coalesce(s.keys->>'gateway', '') AS wanted, r.state AS reported
FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY w(alert_id, recipient, n)
JOIN alert a ON a.id = w.alert_id
CROSS JOIN LATERAL (
  SELECT id, outcomes, lane, deadline, array_position(recipients, w.recipient) - 1 AS position FROM batch
  WHERE alert_id = w.alert_id AND channel = 'sms' AND recipients[1] <= w.recipient
    AND recipients[cardinality(recipients)] >= w.recipient) b
LEFT JOIN subscription s ON s.id = w.recipient
LEFT JOIN delivery_report r ON r.batch_id = b.id AND r.position = b.position
WHERE b.position IS NOT NULL
"""

_RECORD = """
INSERT INTO delivery_report (batch_id, position, gateway, state, code)
SELECT * FROM unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::text[]) ORDER BY 1, 2
ON CONFLICT DO NOTHING RETURNING batch_id, position
"""

# All code locks these rows in one order: two requests about the same deliveries would else wait for each other.
_CONTRADICT = """
UPDATE delivery_report r SET contradictions = r.contradictions + c.n
FROM (SELECT d.batch_id, d.position, k.n FROM delivery_report d
      JOIN (SELECT batch_id, position, count(*) AS n FROM unnest($1::bigint[], $2::int[]) k(batch_id, position)
            GROUP BY 1, 2) k USING (batch_id, position)
      ORDER BY 1, 2 FOR UPDATE OF d) c
WHERE r.batch_id = c.batch_id AND r.position = c.position
"""


class Reports:
    """Reads and writes delivery reports of record."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def deliveries(self, refs: Sequence[tuple[str, int] | None]) -> list[ReportedDelivery | None]:
        """Return for each (alert, recipient) what the record has of its delivery; None where there is none."""
        found: list[ReportedDelivery | None] = [None] * len(refs)
        named = [(index, ref) for index, ref in enumerate(refs) if ref is not None]
        if not named:
            return found
        rows = await self._pool.fetch(
            _DELIVERIES, [alert_id for _, (alert_id, _) in named], [recipient for _, (_, recipient) in named]
        )
        for row in rows:
            fields = dict(row)
            index, _ = named[fields.pop("n") - 1]
            found[index] = ReportedDelivery(**{**fields, "lane": Lane(row["lane"])})
        return found

    async def record(
        self, finals: Sequence[FinalReport], contradictions: Sequence[tuple[int, int]] = ()
    ) -> set[tuple[int, int]]:
        """Record final states, each where there is none, and count further ones of `contradictions`. Returns the keys
        of those recorded. The first one stays. All of it is committed or nothing, and what contradicts a final that was
        not recorded is not counted: it is to be assessed again.
        """
        if not contradictions:
            return await _insert(self._pool, finals)
        async with self._pool.acquire() as connection, connection.transaction():
            recorded = await _insert(connection, finals)
            overtaken = {final.key for final in finals} - recorded
            counted = [key for key in contradictions if key not in overtaken]
            await connection.execute(_CONTRADICT, *_columns(counted, 2))
        return recorded


async def _insert(connection: Pool | Connection, finals: Sequence[FinalReport]) -> set[tuple[int, int]]:
    if not finals:
        return set()
    rows = await connection.fetch(
        _RECORD, *_columns([(*final.key, final.gateway, final.state, final.code) for final in finals], 5)
    )
    return {(row["batch_id"], row["position"]) for row in rows}


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [[row[column] for row in rows] for column in range(width)]
