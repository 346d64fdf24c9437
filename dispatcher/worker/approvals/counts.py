"""Count whom a warning would reach that was accepted before anybody could, and have the policy decide by the number."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from dispatcher.intake.four_eyes.counting import HeldCount
    from dispatcher.intake.four_eyes.deciding import FourEyes
    from dispatcher.metrics import Metrics
    from dispatcher.store.alerts.approvals import Approvals

INTERVAL_S: Final = 2.0
"""How soon a count begins, and begins again where it came to nothing: somebody waits for the number."""
SHORT_S: Final = 10.0
"""How long each may take at first, so that one that does not end keeps nobody else's number back."""
COUNT_S: Final = 180.0
"""How long one may take that has not ended so: of its three statements each may take a minute
(`record.COMMAND_TIMEOUT_S`)."""
TASK: Final = "approval-counts"
"""Its name in the metrics."""

log = structlog.get_logger()


class ApprovalCounts:
    """Counts, one warning after the other, and beside them one at a time of those that take long. What a process that
    dies has not written down, the next one counts.
    """

    def __init__(  # noqa: PLR0913 - the composition root names each part
        self,
        approvals: Approvals,
        count: HeldCount,
        four_eyes: FourEyes,
        metrics: Metrics,
        *,
        leads: Callable[[], bool],
        short_s: float = SHORT_S,
        limit_s: float = COUNT_S,
    ) -> None:
        """`leads`: whether this process is the one that does it. Were it several, they would count the same twice."""
        self._approvals = approvals
        self._held_count = count
        self._four_eyes = four_eyes
        self._metrics = metrics
        self._leads = leads
        self._short_s = short_s
        self._limit_s = limit_s
        self._slow: dict[str, None] = {}
        """The ids of those that were not counted within the short bound, that first which was tried longest ago."""

    async def run(self) -> None:
        """Look until cancelled. An outage of the record is waited out."""
        async with asyncio.TaskGroup() as counting:
            counting.create_task(self._repeat(self.step))
            counting.create_task(self._repeat(self.step_slow))

    async def _repeat(self, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await step()
            except Exception as error:  # noqa: BLE001 - it must outlive every outage; it is counted and logged
                self._note_failure(error)
            await asyncio.sleep(INTERVAL_S)

    async def step(self) -> None:
        """Count briefly each warning that waits for a number, but for those that take long, and show how many do."""
        if not self._leads():
            self._slow.clear()
            self._metrics.approvals_uncounted.set(0)
            return
        waiting = await self._approvals.uncounted()
        self._metrics.approvals_uncounted.set(len(waiting))
        self._slow = {alert_id: None for alert_id in self._slow if alert_id in waiting}
        for alert_id in waiting:
            if alert_id in self._slow:
                continue
            if isinstance(await self._failure_of(alert_id, self._short_s), TimeoutError):
                self._slow[alert_id] = None

    async def step_slow(self) -> None:
        """Count that of those which take long that was tried longest ago."""
        alert_id = next(iter(self._slow), None)
        if alert_id is None or not self._leads():
            return
        failure = await self._failure_of(alert_id, self._limit_s)
        self._slow.pop(alert_id, None)
        if failure is not None:
            self._slow[alert_id] = None

    async def _failure_of(self, alert_id: str, limit_s: float) -> Exception | None:
        """Count one. Returns what came in the way."""
        try:
            async with asyncio.timeout(limit_s):
                await self._count(alert_id)
        except Exception as error:  # noqa: BLE001 - as in `_repeat`
            self._note_failure(error, alert_id)
            return error
        return None

    async def _count(self, alert_id: str) -> None:
        people = await self._held_count.of(alert_id)
        asked = None if people is None else await self._four_eyes.count(alert_id, people)
        if asked is not None:
            self._metrics.approvals_uncounted.dec()
            self._metrics.approval_steps.labels("count").inc()
            log.info("approval_counted", alert=alert_id, is_needed=asked.is_needed)

    def _note_failure(self, error: Exception, alert_id: str = "") -> None:
        self._metrics.jobs_failed.labels(TASK).inc()
        log.warning("approval_count_failed", alert=alert_id, error=type(error).__name__)
