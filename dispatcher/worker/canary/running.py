"""Test the service on its own endpoints: record an alert for each lane, as a submission does, and see how it fares."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING, Final

import structlog

from dispatcher.model.alerts import ReadyAlert
from dispatcher.model.canary.canaries import KEPT
from dispatcher.model.vocabulary import CANARY_SOURCE, Lane
from dispatcher.queue import wakeups
from dispatcher.store.canary.endpoints import canaries
from dispatcher.store.canary.sends import AT_ONCE, CanarySends
from dispatcher.worker.canary.message import SENDER, canary_alert
from dispatcher.worker.recurrence import Recurrence

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatcher.metrics import Metrics
    from dispatcher.queue.wakeups import WakeUpQueue
    from dispatcher.store.alerts.alerts import Alerts
    from dispatcher.store.record import Pool

INTERVAL_S: Final = 1.0
"""How often it is looked: a proof is seen so much later at most than it was written."""
STEP_TIMEOUT_S: Final = 30.0
"""A record that hangs is noticed and counted like one that is away."""
FORGET_EVERY_S: Final = 60.0

log = structlog.get_logger()


class CanaryTests:
    """Makes tests and notes their proofs, in the worker that leads. Two that both think so make no test twice, and
    count no proof twice: the record says what is due.
    """

    def __init__(  # noqa: PLR0913 - the composition root names each part
        self,
        pool: Pool,
        alerts: Alerts,
        wake_ups: WakeUpQueue,
        metrics: Metrics,
        *,
        leads: Callable[[], bool],
        zone: str = "Europe/Berlin",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`leads` says whether this process sweeps the record; `zone` is where calendar months begin; `clock` gives
        seconds since any instant.
        """
        self._pool = pool
        self._sends = CanarySends(pool, zone)
        self._alerts = alerts
        self._wake_ups = wake_ups
        self._metrics = metrics
        self._leads = leads
        self._forgetting = Recurrence(FORGET_EVERY_S, clock)

    async def run(self) -> None:
        """Test until cancelled. An outage of the record is waited out."""
        while True:
            try:
                if self._leads():
                    async with asyncio.timeout(STEP_TIMEOUT_S):
                        await self.step()
                else:
                    self._metrics.show_canaries(())
            except Exception as error:  # noqa: BLE001 - the tests must outlive every outage; it is counted and logged
                self._metrics.jobs_failed.labels("canary").inc()
                log.warning("canary_failed", error=type(error).__name__)
            await asyncio.sleep(INTERVAL_S)

    async def step(self) -> None:
        """Make the tests that are due, count what has come of those under way, and show how all canaries stand."""
        await self._wake_ups.enqueue([wakeups.plan_wake_up(ready) for ready in await self._make()])
        for news in await self._sends.note():
            self._metrics.canary_seconds.labels(news.channel, news.lane, news.stage).observe(news.seconds)
        found, _ = await canaries(self._pool)
        self._metrics.show_canaries(found)
        if self._forgetting.falls_due():
            while await self._sends.forget(KEPT) == AT_ONCE:
                pass

    async def _make(self) -> list[ReadyAlert]:
        """Record an alert for each lane in which canaries are due, and return those alerts once they are committed."""
        made: list[ReadyAlert] = []
        async with self._alerts.submission(SENDER) as submission:
            due = await self._sends.due(submission.connection)
            for lane in Lane:
                names = [one.name for one in due if lane in one.lanes]
                if names:
                    alert = canary_alert(lane, names, submission.now, secrets.token_bytes(10))
                    await submission.record(alert)
                    await self._sends.sent(submission.connection, alert.id, lane, names, submission.now)
                    made.append(ReadyAlert(alert.id, lane, CANARY_SOURCE))
        for one in due:
            for lane in one.lanes:
                self._metrics.canaries_sent.labels(one.channel, lane).inc()
        return made
