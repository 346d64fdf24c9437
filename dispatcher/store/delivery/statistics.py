"""Read from the record what one process's counters cannot know, and set gauges to it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING, Final

from channels.base import Absent
from dispatcher.access.keys import KEYED
from dispatcher.metrics import CHANNELS
from dispatcher.metrics.reach import GatewayReach
from dispatcher.model.reports import ReceiptState
from dispatcher.model.status import DeedKind
from dispatcher.model.vocabulary import TERMINAL_OUTCOMES, AlertState, Lane
from dispatcher.store.delivery.relocation import CHANNEL as WEBHOOKS
from dispatcher.store.keys import Keys
from dispatcher.store.sql import IS_QUIET, OPEN, is_canary, is_dead_letter, is_dispatched

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatcher.metrics import Metrics
    from dispatcher.store.record import Pool

_OPEN = f"""
SELECT lane, count(*) AS open, coalesce(extract(epoch FROM min(due) FILTER (WHERE due <= now())), 0)::float8 AS oldest
FROM (
  SELECT b.lane, greatest(b.not_before, g.paused_until) AS due
  FROM batch b LEFT JOIN gateway g ON g.channel = b.channel AND g.name = b.gateway
  WHERE b.{OPEN} AND NOT {is_canary("b.alert_id")}) waiting
GROUP BY lane
"""  # noqa: S608 - constant
"""No worker takes a batch whose gateway is paused: it is due when the pause ends, whatever its own time says, also
after a worker died that had it."""
_REACH = f"""
WITH going_out AS (
  SELECT DISTINCT alert_id FROM batch WHERE {OPEN} AND NOT {IS_QUIET} AND NOT {is_canary("alert_id")}),
behind AS (
  SELECT o.alert_id, b.* FROM going_out o CROSS JOIN LATERAL (
    SELECT lane, channel, gateway, bool_or(first_at IS NOT NULL) AS reached,
      coalesce(extract(epoch FROM min(greatest(created_at, quiet_until)) FILTER (WHERE {OPEN})), 0)::float8 AS since,
      coalesce(sum(octet_length(outcomes)) FILTER (WHERE {OPEN}), 0) AS open, sum(octet_length(outcomes)) AS audience
    FROM batch WHERE alert_id = o.alert_id AND NOT {IS_QUIET} GROUP BY 1, 2, 3) b),
judged AS (SELECT *, bool_or(reached) OVER (PARTITION BY alert_id) AS anybody FROM behind)
SELECT lane, channel, gateway, reached, anybody,
  coalesce(min(since) FILTER (WHERE since > 0), 0) AS since,
  sum(open)::bigint AS open, sum(audience)::bigint AS audience
FROM judged GROUP BY 1, 2, 3, 4, 5
"""  # noqa: S608 - constant
"""Of the alerts with open batches alone, all batches, which an index finds: the gateway may have accepted the
recipients of one that is done; without those that wait for the end of quiet hours. An outcome is a byte for each
recipient, whose number is known without reading them."""
_UNPLANNED = f"""
SELECT a.lane, extract(epoch FROM min(greatest(a.received_at, t.taken_up)))::float8 AS since
FROM alert a LEFT JOIN LATERAL (
  SELECT max(at) AS taken_up FROM audit WHERE alert_id = a.id AND action IN ('{DeedKind.CONCLUDED}', 'alert.promote')
) t ON true
WHERE a.state = '{AlertState.ACCEPTED}' AND a.stopped_at IS NULL AND NOT {is_canary("a.id")}
  AND NOT EXISTS (SELECT FROM batch b WHERE b.alert_id = a.id AND b.first_at IS NOT NULL)
GROUP BY 1
"""  # noqa: S608 - constant
"""A message that waited for a person, or behind another, counts from when it no longer did."""
_WAITING = f"""
SELECT b.channel,
  count(*) FILTER (WHERE p.due IS NOT NULL AND p.label <> '{Absent.label}' AND b.{OPEN}) AS retries,
  count(*) FILTER (WHERE {is_dead_letter()}) AS dead
FROM problem p JOIN batch b ON b.id = p.batch_id
WHERE b.deadline > now() AND NOT {is_canary("b.alert_id")} GROUP BY 1
"""  # noqa: S608 - constant
_LATE = f"""
SELECT lane, outcomes FROM batch
WHERE {OPEN} AND greatest(created_at, quiet_until) < now() - interval '1 minute' AND NOT {is_canary("alert_id")}
"""  # noqa: S608 - constant
_RECEIPTS = f"""
WITH told AS (
  SELECT b.id, b.channel FROM alert a JOIN batch b ON b.alert_id = a.id
  WHERE {is_dispatched("a")} AND a.expires > now() AND NOT {is_canary("a.id")})
SELECT t.channel, sum(bit_count(r.delivered))::bigint AS delivered, sum(bit_count(r.displayed))::bigint AS displayed,
  sum(bit_count(r.confirmed))::bigint AS confirmed
FROM told t JOIN batch_receipt r ON r.batch_id = t.id GROUP BY 1
UNION ALL SELECT t.channel, count(*), 0, 0
FROM told t JOIN delivery_report d ON d.batch_id = t.id AND d.state = 'delivered' WHERE t.channel = 'sms' GROUP BY 1
"""  # noqa: S608 - constant
"""Of the alerts that have not expired, which an index finds."""
PEOPLE_EVERY_S: Final = 60.0
"""Of a million people who have several endpoints each the counts take more than a second of two processors."""
PEOPLE_SHARE: Final = 0.02
"""Of the time, at most, the counts may take: of ten million people they take some ten seconds."""
PEOPLE_WAIT_S: Final = 0.5
"""How long is waited for the counts. Then they go on beside: what waits for a sweep waits for no count."""
PEOPLE_TIMEOUT_S: Final = 600.0
_PEOPLE = f"""
SELECT (SELECT count(*) FROM subscription
        WHERE ended_at IS NULL AND active AND person IS NULL AND channel <> '{WEBHOOKS}')
  - (SELECT count(*) FROM canary c JOIN subscription s ON s.id = c.subscription_id WHERE s.ended_at IS NULL)
  + (SELECT count(DISTINCT person) FROM subscription WHERE ended_at IS NULL AND active AND person IS NOT NULL)
"""  # noqa: S608 - constant
"""Whose endpoints are one person's, subscribers say; any other endpoint is a person, but for the servers of apps and
the service's own canaries."""
_UNACCOUNTED = f"""
SELECT coalesce(sum(cardinality(recipients)), 0) FROM batch
WHERE {OPEN} AND deadline < now() - interval '1 minute' AND NOT {is_canary("alert_id")}
"""  # noqa: S608 - constant


_SUBSCRIPTIONS = "SELECT channel, count(*) AS n FROM subscription WHERE ended_at IS NULL GROUP BY 1"

_CANARIES = """
SELECT s.channel, count(*) AS n FROM canary c JOIN subscription s ON s.id = c.subscription_id
WHERE s.ended_at IS NULL GROUP BY 1
"""
"""Counted apart, as an index alone counts all endpoints, and of these there are a handful."""


class Statistics:
    """Sets the gauges over the whole installation; the leading worker shows them."""

    def __init__(
        self, pool: Pool, monotonic: Callable[[], float] = time.monotonic, *, wait_s: float = PEOPLE_WAIT_S
    ) -> None:
        """`wait_s` is how long `show` waits for counts that go through the whole record."""
        self._pool = pool
        self._monotonic = monotonic
        self._wait_s = wait_s
        self._people_from = float("-inf")
        """From when on people are to be counted again."""
        self._counting: asyncio.Task[None] | None = None

    async def show(self, metrics: Metrics) -> None:
        """Set every gauge, also those that are zero now."""
        await self._show_lanes(metrics)
        await self._show_reach(metrics)
        await self._show_channels(metrics)
        await self._show_people(metrics)
        await self._show_receipts(metrics)
        await self._show_expiries(metrics)
        metrics.unaccounted.set(await self._pool.fetchval(_UNACCOUNTED))
        metrics.record_up.set(1)

    async def _show_receipts(self, metrics: Metrics) -> None:
        found = {row["channel"]: row for row in await self._pool.fetch(_RECEIPTS)}
        for channel in CHANNELS:
            for state in ReceiptState:
                metrics.device_receipts.labels(channel, state).set(
                    found[channel][state] if channel in found else 0
                )

    async def _show_people(self, metrics: Metrics) -> None:
        """Show what is counted by going through all subscriptions: half a second for a million of them, beside all
        else where it takes longer. Raises what a count has raised.
        """
        if self._counting is None:
            if self._monotonic() < self._people_from:
                return
            self._counting = asyncio.create_task(self._count_people(metrics))
        await asyncio.wait({self._counting}, timeout=self._wait_s)
        if self._counting.done():
            counting, self._counting = self._counting, None
            counting.result()

    async def _count_people(self, metrics: Metrics) -> None:
        began = self._monotonic()
        self._people_from = began + PEOPLE_EVERY_S
        people = await self._pool.fetchval(_PEOPLE, timeout=PEOPLE_TIMEOUT_S)
        rows = await self._pool.fetch(_SUBSCRIPTIONS, timeout=PEOPLE_TIMEOUT_S)
        counts = Counter({row["channel"]: row["n"] for row in rows})
        counts.subtract({row["channel"]: row["n"] for row in await self._pool.fetch(_CANARIES)})
        metrics.people.set(people)
        for channel in CHANNELS:
            metrics.subscriptions.labels(channel).set(counts.get(channel, 0))
        took_s = self._monotonic() - began
        self._people_from = began + max(PEOPLE_EVERY_S, took_s / PEOPLE_SHARE)

    async def aclose(self) -> None:
        """End a count that is under way."""
        if self._counting is not None:
            self._counting.cancel()
            await asyncio.wait({self._counting})

    async def _show_expiries(self, metrics: Metrics) -> None:
        expiries = await Keys(self._pool).expiries_in_use()
        for kind in KEYED:
            metrics.key_expiry.labels(kind).set(expiries.get(kind, 0))

    async def _show_lanes(self, metrics: Metrics) -> None:
        by_lane = {row["lane"]: row for row in await self._pool.fetch(_OPEN)}
        for lane in Lane:
            row = by_lane.get(lane)
            metrics.batches_open.labels(lane).set(row["open"] if row else 0)
            metrics.oldest_open.labels(lane).set(row["oldest"] if row else 0)

    async def _show_channels(self, metrics: Metrics) -> None:
        waiting = {row["channel"]: row for row in await self._pool.fetch(_WAITING)}
        paused = await self._pool.fetch(
            "SELECT channel, count(*) AS n FROM gateway WHERE paused_until > now() GROUP BY 1"
        )
        pauses = {row["channel"]: row["n"] for row in paused}
        for channel in CHANNELS:
            row = waiting.get(channel)
            metrics.retries_scheduled.labels(channel).set(row["retries"] if row else 0)
            metrics.dead_letters.labels(channel).set(row["dead"] if row else 0)
            metrics.gateways_paused.labels(channel).set(pauses.get(channel, 0))

    async def _show_reach(self, metrics: Metrics) -> None:
        rows = [GatewayReach(**row) for row in await self._pool.fetch(_REACH)]
        unplanned = {row["lane"]: row["since"] for row in await self._pool.fetch(_UNPLANNED)}
        late = Counter[str]()
        for row in await self._pool.fetch(_LATE):
            late[row["lane"]] += len(row["outcomes"].translate(None, TERMINAL_OUTCOMES))
        metrics.show_reach(rows, unplanned, late)
