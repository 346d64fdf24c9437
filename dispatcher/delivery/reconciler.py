"""Reconcile the queue with the record: whatever the queue forgot, the record remembers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from dispatcher.queue import wakeups

if TYPE_CHECKING:
    from dispatcher.delivery.planner import Planner
    from dispatcher.metrics import Metrics
    from dispatcher.queue.wakeups import WakeUpQueue
    from dispatcher.store.alerts.held import Held
    from dispatcher.store.delivery.ledger import Ledger
    from dispatcher.store.delivery.plans import Plans
    from dispatcher.store.delivery.statistics import Statistics
    from dispatcher.store.leadership import Leadership
    from dispatcher.store.sms.upkeep import SmsUpkeep

SWEEP_TIMEOUT_S = 30.0
"""A record that hangs is noticed and counted like one that is away."""

log = structlog.get_logger()


class Reconciler:
    """Sweeps the record in one process at a time: the one that holds the leader's lock."""

    def __init__(  # noqa: PLR0913 - the composition root names each part
        self,
        *,
        plans: Plans,
        ledger: Ledger,
        wake_ups: WakeUpQueue,
        leadership: Leadership,
        statistics: Statistics,
        metrics: Metrics,
        interval_s: float,
        held: Held | None = None,
        sms: SmsUpkeep | None = None,
        planner: Planner | None = None,
    ) -> None:
        """`held` is given where no feed scheduler runs, which else expires and counts the messages that are held; `sms`
        where there are SMS gateways; `planner` where people's other endpoints are called up.
        """
        self._planner = planner
        self._held = held
        self._sms = sms
        self._plans = plans
        self._ledger = ledger
        self._wake_ups = wake_ups
        self._leadership = leadership
        self._statistics = statistics
        self._metrics = metrics
        self._interval_s = interval_s

    async def run(self) -> None:
        """Sweep until cancelled. An outage of the record or the queue is waited out."""
        try:
            await self._sweep_again_and_again()
        finally:
            await self._statistics.aclose()

    async def _sweep_again_and_again(self) -> None:
        while True:
            try:
                if await self._leadership.hold():
                    async with asyncio.timeout(SWEEP_TIMEOUT_S):
                        await self.sweep()
                    self._metrics.reconciled_at.set_to_current_time()
                else:
                    self._metrics.reconciled_at.set(0)
                    if self._held is not None:
                        self._metrics.show_held()
            except Exception as error:  # noqa: BLE001 - the sweep must outlive every outage; it is counted and logged
                self._metrics.jobs_failed.labels("reconcile").inc()
                log.warning("reconcile_failed", error=type(error).__name__)
            await asyncio.sleep(self._interval_s)

    async def sweep(self) -> None:
        """Enqueue what waits, end what expired, settle what is finished, set the gauges."""
        closed = await self._ledger.close_expired()
        self._metrics.count_closed(closed.state, closed.recipients)
        to_plan = [*await self._plans.promote(), *await self._plans.waiting()]
        wake_ups = [wakeups.plan_wake_up(ready) for ready in to_plan]
        if self._sms is not None:
            wake_ups += [wakeups.batch_wake_up(ready) for ready in await self._sms.sweep(self._metrics)]
        wake_ups += [wakeups.batch_wake_up(ready) for ready in await self._ledger.due()]
        await self._wake_ups.enqueue(wake_ups)
        if self._planner is not None:
            await self._planner.call_up()
        await self._ledger.settle_finished()
        if self._held is not None:
            self._metrics.held_expired.inc(await self._held.expire())
            self._metrics.show_held(*await self._held.counts())
        await self._statistics.show(self._metrics)
        self._metrics.queue_up.set(await self._wake_ups.ping())
