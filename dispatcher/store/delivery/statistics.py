"""Read from the record what one process's counters cannot know, and set gauges to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatcher.access.kinds import PrincipalKind
from dispatcher.metrics import CHANNELS
from dispatcher.model.vocabulary import Lane
from dispatcher.store.keys import Keys
from dispatcher.store.sql import OPEN

if TYPE_CHECKING:
    from dispatcher.metrics import Metrics
    from dispatcher.store.record import Pool

_OPEN = f"""
SELECT lane, count(*) AS open,
  coalesce(extract(epoch FROM min(created_at) FILTER (WHERE not_before <= now())), 0)::float8 AS oldest
FROM batch WHERE {OPEN} GROUP BY lane
"""  # noqa: S608 - constant
_WAITING = f"""
SELECT b.channel, count(*) FILTER (WHERE p.due IS NOT NULL AND b.{OPEN}) AS retries,
  count(*) FILTER (WHERE p.due IS NULL AND p.label IN ('permanent', 'crash')) AS dead
FROM problem p JOIN batch b ON b.id = p.batch_id WHERE b.deadline > now() GROUP BY 1
"""  # noqa: S608 - constant
_UNACCOUNTED = f"""
SELECT coalesce(sum(cardinality(recipients)), 0) FROM batch
WHERE {OPEN} AND deadline < now() - interval '1 minute'
"""  # noqa: S608 - constant


class Statistics:
    """Sets the gauges over the whole installation; the leading worker shows them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def show(self, metrics: Metrics) -> None:
        """Set every gauge, also those that are zero now."""
        await self._show_lanes(metrics)
        await self._show_channels(metrics)
        await self._show_expiries(metrics)
        metrics.unaccounted.set(await self._pool.fetchval(_UNACCOUNTED))
        metrics.record_up.set(1)

    async def _show_expiries(self, metrics: Metrics) -> None:
        expiries = await Keys(self._pool).expiries_in_use()
        for kind in (PrincipalKind.SOURCE, PrincipalKind.FEED, PrincipalKind.INSTANCE):
            metrics.key_expiry.labels(kind).set(expiries.get(kind, 0))

    async def _show_lanes(self, metrics: Metrics) -> None:
        by_lane = {row["lane"]: row for row in await self._pool.fetch(_OPEN)}
        for lane in Lane:
            row = by_lane.get(lane)
            metrics.batches_open.labels(lane).set(row["open"] if row else 0)
            metrics.oldest_open.labels(lane).set(row["oldest"] if row else 0)

    async def _show_channels(self, metrics: Metrics) -> None:
        waiting = {row["channel"]: row for row in await self._pool.fetch(_WAITING)}
        subscribed = await self._pool.fetch(
            "SELECT channel, count(*) AS n FROM subscription WHERE ended_at IS NULL GROUP BY 1"
        )
        counts = {row["channel"]: row["n"] for row in subscribed}
        paused = await self._pool.fetch(
            "SELECT channel, count(*) AS n FROM gateway WHERE paused_until > now() GROUP BY 1"
        )
        pauses = {row["channel"]: row["n"] for row in paused}
        for channel in CHANNELS:
            row = waiting.get(channel)
            metrics.retries_scheduled.labels(channel).set(row["retries"] if row else 0)
            metrics.dead_letters.labels(channel).set(row["dead"] if row else 0)
            metrics.subscriptions.labels(channel).set(counts.get(channel, 0))
            metrics.gateways_paused.labels(channel).set(pauses.get(channel, 0))
