"""Read from the ledger what became of an alert's recipients, summed up and one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from dispatcher.model.ledger import ChannelSummary, LedgerLine
from dispatcher.model.vocabulary import UNCERTAIN, State
from dispatcher.store.sms.routing import CHANNEL
from dispatcher.store.sql import best_first

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

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


class LedgerReader:
    """Reads the ledger; writes nothing."""

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
        return [replace(summary, reports=reports.get(key, {})) for key, summary in summaries.items()]

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

    async def batches(self, alert_id: str) -> list[int]:
        """Return the ids of the alert's batches, in the order of its ledger."""
        rows = await self._pool.fetch("SELECT id FROM batch WHERE alert_id = $1 ORDER BY id", alert_id)
        return [row["id"] for row in rows]

    async def lines(self, batch_id: int) -> list[LedgerLine]:
        """Return every recipient of a batch, as it stands now. A ledger is read batch by batch: between two of them its
        reader may take its time, and keeps no connection and no transaction.
        """
        rows = await self._pool.fetch(
            """SELECT b.alert_id, b.kind, b.channel, b.gateway, r.id AS recipient, s.ref,
                 get_byte(b.outcomes, r.n::int - 1) AS outcome, d.state AS report, d.code AS report_code,
                 d.at AS reported_at, coalesce(nullif(p.label, 'accepted'), '') AS reason, coalesce(p.code, '') AS code,
                 coalesce(p.updated_at, CASE WHEN get_byte(b.outcomes, r.n::int - 1) = $2 THEN b.last_at END)
                   AS last_attempt_at
               FROM batch b CROSS JOIN LATERAL unnest(b.recipients) WITH ORDINALITY r(id, n)
               LEFT JOIN subscription s ON s.id = r.id
               LEFT JOIN delivery_report d ON d.batch_id = b.id AND d.position = r.n - 1
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
