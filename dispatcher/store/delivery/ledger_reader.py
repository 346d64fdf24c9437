"""Read from the ledger what became of an alert's recipients, summed up and one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.model.ledger import ChannelSummary, LedgerLine
from dispatcher.model.reports import ReceiptState, no_receipts
from dispatcher.model.vocabulary import UNCERTAIN, State
from dispatcher.store import audit
from dispatcher.store.sms.routing import CHANNEL
from dispatcher.store.sql import best_first

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from dispatcher.access.principals import Actor
    from dispatcher.store.record import Pool


_THERE: Final = """
SELECT p.ags, r.id, get_byte(b.outcomes, r.n::int - 1) & 127 AS state
FROM batch b CROSS JOIN LATERAL unnest(b.recipients) WITH ORDINALITY r(id, n)
JOIN followed_municipality p ON p.subscription_id = r.id
JOIN affected a ON a.alert_id = b.alert_id AND a.ags = p.ags
WHERE b.alert_id = $1
UNION ALL
SELECT p.ags, r.id, get_byte(b.outcomes, r.n::int - 1) & 127 AS state
FROM batch b CROSS JOIN LATERAL unnest(b.recipients) WITH ORDINALITY r(id, n)
JOIN (SELECT DISTINCT subscription_id, unnest(ags) AS ags FROM watched_area) p ON p.subscription_id = r.id
JOIN affected a ON a.alert_id = b.alert_id AND a.ags = p.ags
WHERE b.alert_id = $1 AND NOT EXISTS (
  SELECT FROM followed_municipality f WHERE f.subscription_id = r.id AND f.ags = p.ags)"""
_BY_PLACE: Final = f"SELECT ags, state, count(*) AS n FROM ({_THERE}) l GROUP BY 1, 2 ORDER BY 1"  # noqa: S608 - constant
_PEOPLE_BY_PLACE: Final = f"""
SELECT ags, state, count(*) AS n FROM (
  SELECT DISTINCT ON (l.ags, coalesce(s.person, -l.id)) l.ags, l.state
  FROM ({_THERE}) l LEFT JOIN subscription s ON s.id = l.id
  ORDER BY l.ags, coalesce(s.person, -l.id), {best_first("l.state")}, l.id) p
GROUP BY 1, 2 ORDER BY 1"""  # noqa: S608 - constant
_RECEIPTS = """
SELECT b.channel, b.kind, sum(coalesce(bit_count(r.delivered), 0) + coalesce(d.delivered, 0))::bigint AS delivered,
  coalesce(sum(bit_count(r.displayed)), 0)::bigint AS displayed,
  coalesce(sum(bit_count(r.confirmed)), 0)::bigint AS confirmed
FROM batch b LEFT JOIN batch_receipt r ON r.batch_id = b.id
LEFT JOIN LATERAL (
  SELECT count(*) AS delivered FROM delivery_report WHERE batch_id = b.id AND state = 'delivered') d
  ON b.channel = 'sms'
WHERE b.alert_id = $1 GROUP BY 1, 2
"""
"""Only an SMS has reports of its gateway, and none has a token: nobody is counted twice."""
_RECEIPTS_BY_MUNICIPALITY = """
WITH said AS (
  SELECT n.id, get_bit(r.delivered, n.n::int - 1) AS delivered, get_bit(r.displayed, n.n::int - 1) AS displayed,
    get_bit(r.confirmed, n.n::int - 1) AS confirmed
  FROM batch b JOIN batch_receipt r ON r.batch_id = b.id
  CROSS JOIN LATERAL unnest(b.recipients) WITH ORDINALITY n(id, n)
  WHERE b.alert_id = $1 AND get_bit(r.delivered, n.n::int - 1) = 1
  UNION ALL SELECT b.recipients[d.position + 1], 1, 0, 0
  FROM batch b JOIN delivery_report d ON d.batch_id = b.id AND d.state = 'delivered'
  WHERE b.alert_id = $1 AND b.channel = 'sms'),
place AS (
  SELECT s.id, p.ags FROM said s JOIN followed_municipality p ON p.subscription_id = s.id
  UNION SELECT s.id, unnest(w.ags) FROM said s JOIN watched_area w ON w.subscription_id = s.id)
SELECT p.ags, sum(s.delivered) AS delivered, sum(s.displayed) AS displayed, sum(s.confirmed) AS confirmed
FROM said s JOIN place p ON p.id = s.id JOIN affected a ON a.alert_id = $1 AND a.ags = p.ags
GROUP BY 1 ORDER BY 1
"""


class LedgerReader:
    """Reads the ledger."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def summary(self, alert_id: str) -> list[ChannelSummary]:
        """Sum up by channel and kind of notice. This costs one pass over the outcome bytes of the alert's batches."""
        rows = await self._pool.fetch(
            """SELECT channel, kind, outcomes, first_at, last_at FROM batch WHERE alert_id = $1
               ORDER BY channel, kind, id""",
            alert_id,
        )
        summaries: dict[tuple[str, str], ChannelSummary] = {}
        for row in rows:
            key = (row["channel"], row["kind"])
            before = summaries.get(key) or ChannelSummary(*key, {}, None, None)
            summaries[key] = ChannelSummary(
                *key,
                _add(before.states, row["outcomes"]),
                _extreme(min, before.first_at, row["first_at"]),
                _extreme(max, before.last_at, row["last_at"]),
            )
        reports = await self._reports(alert_id) if summaries else {}
        receipts = await self._receipts(alert_id) if summaries else {}
        return [
            replace(summary, reports=reports.get(key, {}), receipts=receipts.get(key, no_receipts()))
            for key, summary in summaries.items()
        ]

    async def _reports(self, alert_id: str) -> dict[tuple[str, str], dict[str, int]]:
        rows = await self._pool.fetch(
            """SELECT b.channel, b.kind, r.state, count(*) AS n FROM batch b
               JOIN delivery_report r ON r.batch_id = b.id WHERE b.alert_id = $1 GROUP BY 1, 2, 3 ORDER BY 3""",
            alert_id,
        )
        found: dict[tuple[str, str], dict[str, int]] = {}
        for row in rows:
            found.setdefault((row["channel"], row["kind"]), {})[row["state"]] = row["n"]
        return found

    async def _receipts(self, alert_id: str) -> dict[tuple[str, str], dict[str, int]]:
        rows = await self._pool.fetch(_RECEIPTS, alert_id)
        return {(row["channel"], row["kind"]): {state: row[state] for state in ReceiptState} for row in rows}

    async def receipts_by_municipality(self, alert_id: str) -> dict[str, dict[str, int]]:
        """Count what devices have said, and gateways of SMS, by municipality (AGS) and `ReceiptState`, of the
        recipients of `by_municipality`. Only batches of which something was said are read.
        """
        rows = await self._pool.fetch(_RECEIPTS_BY_MUNICIPALITY, alert_id)
        return {row["ags"]: {state: row[state] for state in ReceiptState} for row in rows}

    async def by_municipality(self, alert_id: str) -> dict[str, dict[str, int]]:
        """Count people by municipality (AGS) and state, of those that the alert concerns: of one who was told on
        several endpoints, one that was reached, else one that waits. Whoever follows several municipalities counts in
        each; what else one follows is nobody's business.
        """
        doubled = await self._pool.fetchval("SELECT doubled > 0 FROM alert WHERE id = $1", alert_id)
        rows = await self._pool.fetch(_PEOPLE_BY_PLACE if doubled else _BY_PLACE, alert_id)
        result: dict[str, dict[str, int]] = {}
        for row in rows:
            states, name = result.setdefault(row["ags"], {}), State(row["state"]).name.lower()
            states[name] = states.get(name, 0) + row["n"]
        return result

    async def batches(self, alert_id: str, by: Actor = UNNAMED_OPERATOR) -> list[int]:
        """Return the ids of the alert's batches, in the order of its ledger. That somebody reads it, which has the
        references of all people in it, is on the audit trail.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch("SELECT id FROM batch WHERE alert_id = $1 ORDER BY id", alert_id)
            await audit.note(connection, by, "ledger.read", alert_id)
        return [row["id"] for row in rows]

    async def lines(self, batch_id: int) -> list[LedgerLine]:
        """Return every recipient of a batch, as it stands now. A ledger is read batch by batch: between two of them its
        reader may take its time, and keeps no connection and no transaction.
        """
        rows = await self._pool.fetch(
            """SELECT b.alert_id, b.kind, b.channel, b.gateway, r.id AS recipient, s.ref,
                 get_byte(b.outcomes, r.n::int - 1) AS outcome, d.state AS report, d.code AS report_code,
                 d.at AS reported_at, coalesce(nullif(p.label, 'accepted'), '') AS reason, coalesce(p.code, '') AS code,
                 CASE WHEN get_bit(v.confirmed, r.n::int - 1) = 1 THEN 'confirmed'
                   WHEN get_bit(v.displayed, r.n::int - 1) = 1 THEN 'displayed'
                   WHEN get_bit(v.delivered, r.n::int - 1) = 1 OR d.state = 'delivered' THEN 'delivered' END AS receipt,
                 coalesce(p.updated_at, CASE WHEN get_byte(b.outcomes, r.n::int - 1) = $2 THEN b.last_at END)
                   AS last_attempt_at
               FROM batch b CROSS JOIN LATERAL unnest(b.recipients) WITH ORDINALITY r(id, n)
               LEFT JOIN subscription s ON s.id = r.id
               LEFT JOIN delivery_report d ON d.batch_id = b.id AND d.position = r.n - 1
               LEFT JOIN batch_receipt v ON v.batch_id = b.id
               LEFT JOIN problem p ON p.batch_id = b.id AND p.position = r.n - 1
               WHERE b.id = $1 ORDER BY r.n""",
            batch_id,
            State.ACCEPTED,
        )
        lines = [_line(dict(row)) for row in rows]
        return await self._handed_over(lines) if lines and lines[0].channel == CHANNEL else lines

    async def _handed_over(self, lines: list[LedgerLine]) -> list[LedgerLine]:
        rows = await self._pool.fetch(
            "SELECT gateway, recipients FROM handover WHERE alert_id = $1 AND to_gateway = $2 ORDER BY id",
            lines[0].alert_id,
            lines[0].gateway,
        )
        before = {recipient: row["gateway"] for row in rows for recipient in row["recipients"]}
        return [replace(line, handed_over_from=before.get(line.recipient)) for line in lines]


def _line(fields: dict[str, Any]) -> LedgerLine:
    outcome = fields.pop("outcome")
    return LedgerLine(
        **fields, state=State(outcome & ~UNCERTAIN).name.lower(), uncertain=bool(outcome & UNCERTAIN)
    )


def _add(states: dict[str, int], outcomes: bytes) -> dict[str, int]:
    total = dict(states)
    for state in State:
        count = outcomes.count(bytes([state])) + outcomes.count(bytes([state | UNCERTAIN]))
        if count:
            name = state.name.lower()
            total[name] = total.get(name, 0) + count
    return total


def _extreme(
    choose: Callable[[list[datetime]], datetime], first: datetime | None, second: datetime | None
) -> datetime | None:
    known = [moment for moment in (first, second) if moment is not None]
    return choose(known) if known else None
