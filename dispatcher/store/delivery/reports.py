"""Record delivery reports of gateways beside the ledger, which they never change, and under which of a gateway's own
ids a message is to be found, for gateways that do not bring our reference back.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dispatcher.model.reports import Evidence, ReportChange, ReportedDelivery
from dispatcher.model.vocabulary import Lane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from channels.sms.delivery_reports import DeliveryReport, SentPart
    from dispatcher.store.record import Connection, Pool


# The literal is the partial index's: with a parameter the planner could not use it. Of several batches with a recipient
# that was withdrawn and planned again, the last one counts.
_DELIVERIES = """
SELECT w.n, b.id AS batch_id, b.position, w.recipient, get_byte(b.outcomes, b.position) AS outcome, b.lane, b.deadline,
  b.text_parts AS parts, a.received_at, clock_timestamp() AS now,
  b.gateway || ARRAY(SELECT DISTINCT h.gateway FROM handover h WHERE h.alert_id = w.alert_id
                     AND w.recipient = ANY(h.recipients)) AS gateways,
  coalesce(r.delivered_parts, '') AS delivered, coalesce(r.failed_parts, '') AS failed, coalesce(r.code, '') AS code
FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY w(alert_id, recipient, n)
JOIN alert a ON a.id = w.alert_id
CROSS JOIN LATERAL (
  SELECT id, outcomes, lane, deadline, gateway, text_parts, array_position(recipients, w.recipient) - 1 AS position
  FROM batch
  WHERE alert_id = w.alert_id AND channel = 'sms' AND recipients[1] <= w.recipient
    AND recipients[cardinality(recipients)] >= w.recipient) b
LEFT JOIN delivery_report r ON r.batch_id = b.id AND r.position = b.position
WHERE b.position IS NOT NULL
ORDER BY b.id
"""

_CHANGE = """
SELECT c.batch_id, c.position, c.gateway, c.state, c.code, c.delivered, c.failed, c.contradictions, c.delivered_before,
  c.failed_before
FROM unnest($1::bigint[], $2::int[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::int[], $10::text[], $11::text[])
  AS c(batch_id, position, recipient, gateway, state, code, delivered, failed, contradictions, delivered_before,
       failed_before)
JOIN batch b ON b.id = c.batch_id AND b.recipients[c.position + 1] = c.recipient
ORDER BY 1, 2 FOR KEY SHARE OF b"""
"""A batch that is just being handed over to another gateway has its recipients in other places afterwards: then nothing
is recorded here, and the report looked at again. What its worker writes of it waits for nobody. All code locks these
rows in one order: two requests about the same deliveries would else wait for each other."""
_INSERT = f"""
INSERT INTO delivery_report (batch_id, position, gateway, state, code, delivered_parts, failed_parts, contradictions)
SELECT batch_id, position, gateway, state, code, delivered, failed, contradictions FROM ({_CHANGE}) c
ON CONFLICT DO NOTHING RETURNING batch_id, position
"""  # noqa: S608 - constant
_UPDATE = f"""
WITH change AS MATERIALIZED ({_CHANGE}),
held AS MATERIALIZED (
  SELECT d.batch_id, d.position FROM delivery_report d JOIN change c USING (batch_id, position)
  ORDER BY 1, 2 FOR UPDATE OF d)
UPDATE delivery_report r SET state = c.state, code = c.code, delivered_parts = c.delivered, failed_parts = c.failed,
  contradictions = r.contradictions + c.contradictions,
  at = CASE WHEN r.state = c.state THEN r.at ELSE clock_timestamp() END
FROM change c JOIN held USING (batch_id, position)
WHERE r.batch_id = c.batch_id AND r.position = c.position
  AND (r.delivered_parts, r.failed_parts) = (c.delivered_before, c.failed_before)
RETURNING r.batch_id, r.position
"""  # noqa: S608 - constant
_REMEMBER = """
INSERT INTO message_reference (gateway, key, alert_id, recipient, part)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::int[]) ORDER BY 1
ON CONFLICT (gateway, key) DO UPDATE SET alert_id = excluded.alert_id, recipient = excluded.recipient,
  part = excluded.part, at = excluded.at
"""
"""A gateway that begins its numbers anew means the younger message."""
_NAMED = """
SELECT DISTINCT ON (k.report) k.report, m.alert_id, m.recipient, m.part
FROM unnest($2::int[], $3::text[], $4::int[]) k(report, key, turn)
JOIN message_reference m ON m.gateway = $1 AND m.key = k.key
ORDER BY k.report, k.turn
"""
_FORGET = """
DELETE FROM message_reference WHERE at < clock_timestamp() - interval '14 days'
"""
"""Reports are accepted for a week after a warning's end; few warnings last longer than another."""


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
            index, _ = named[row["n"] - 1]
            found[index] = _delivery(dict(row))
        return found

    async def record(self, changes: Sequence[ReportChange]) -> set[tuple[int, int]]:
        """Record changes, each where the record has what it says was there before. Returns the keys of those recorded:
        another request was quicker with the others. All of it is committed or nothing.
        """
        new = [change for change in changes if change.before == Evidence()]
        others = [change for change in changes if change.before != Evidence()]
        if not others:
            return await _write(self._pool, _INSERT, [_row(change) for change in new])
        async with self._pool.acquire() as connection, connection.transaction():
            recorded = await _write(connection, _INSERT, [_row(change) for change in new])
            return recorded | await _write(connection, _UPDATE, [_row(change) for change in others])

    async def remember(self, gateway: str, parts: Sequence[SentPart]) -> None:
        """Keep what a gateway's ids stand for. Returns after the commit."""
        if parts:
            # One id twice in a statement is an error; the later one is meant.
            last = {part.key: part for part in parts}.values()
            await self._pool.execute(
                _REMEMBER,
                gateway,
                [part.key for part in last],
                [part.ref[0] for part in last],
                [part.ref[1] for part in last],
                [part.part for part in last],
            )

    async def named(self, gateway: str, reports: Sequence[DeliveryReport]) -> list[DeliveryReport]:
        """Return the reports, those without our reference with the one that is remembered for the first of their keys
        that is known.
        """
        keys = [
            (index, key, turn)
            for index, report in enumerate(reports)
            if report.ref is None
            for turn, key in enumerate(report.keys)
        ]
        if not keys:
            return list(reports)
        rows = await self._pool.fetch(_NAMED, gateway, *_columns(keys, 3))
        found = {row["report"]: row for row in rows}
        return [
            replace(
                report,
                ref=(found[index]["alert_id"], found[index]["recipient"]),
                part=str(found[index]["part"]),
            )
            if index in found
            else report
            for index, report in enumerate(reports)
        ]

    async def forget(self) -> None:
        """Drop the ids of messages of which nothing is reported any more."""
        await self._pool.execute(_FORGET)


def _delivery(row: dict[str, Any]) -> ReportedDelivery:
    del row["n"]
    evidence = Evidence(_parts(row.pop("delivered")), _parts(row.pop("failed")), row.pop("code"))
    return ReportedDelivery(
        **{**row, "lane": Lane(row["lane"]), "gateways": tuple(row["gateways"])}, evidence=evidence
    )


def _row(change: ReportChange) -> tuple[object, ...]:
    before, after = change.before, change.after
    return (
        *change.key,
        change.recipient,
        change.gateway,
        change.state,
        after.code,
        _joined(after.delivered),
        _joined(after.failed),
        change.contradictions,
        _joined(before.delivered),
        _joined(before.failed),
    )


def _joined(parts: frozenset[str]) -> str:
    return " ".join(sorted(parts))


def _parts(joined: str) -> frozenset[str]:
    return frozenset(joined.split())


async def _write(
    connection: Pool | Connection, statement: str, rows: Sequence[tuple[object, ...]]
) -> set[tuple[int, int]]:
    if not rows:
        return set()
    found = await connection.fetch(statement, *_columns(rows, len(rows[0])))
    return {(row["batch_id"], row["position"]) for row in found}


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [[row[column] for row in rows] for column in range(width)]
