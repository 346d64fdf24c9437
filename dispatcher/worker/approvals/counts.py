"""Count whom a warning would reach that was accepted before anybody could, and have the policy decide by the number."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatcher.intake.four_eyes.counting import HeldCount
    from dispatcher.intake.four_eyes.deciding import FourEyes
    from dispatcher.metrics import Metrics
    from dispatcher.store.alerts.approvals import Approvals

INTERVAL_S: Final = 2.0
"""How soon a count begins, and begins again where it came to nothing: somebody waits for the number."""
COUNT_S: Final = 180.0
"""How long one may take: of its three statements each may take a minute (`record.COMMAND_TIMEOUT_S`)."""
TASK: Final = "approval-counts"
"""Its name in the metrics."""

log = structlog.get_logger()


class ApprovalCounts:
    """Counts, one warning after the other. What a process that dies has not written down, the next one counts."""

    def __init__(
        self,
        approvals: Approvals,
        count: HeldCount,
        four_eyes: FourEyes,
        metrics: Metrics,
        *,
        leads: Callable[[], bool],
        limit_s: float = COUNT_S,
    ) -> None:
        """`leads`: whether this process is the one that does it. Were it several, they would count the same twice."""
        self._approvals = approvals
        self._held_count = count
        self._four_eyes = four_eyes
        self._metrics = metrics
        self._leads = leads
        self._limit_s = limit_s

    async def run(self) -> None:
        """Look until cancelled. An outage of the record is waited out."""
        while True:
            try:
                await self.step()
            except Exception as error:  # noqa: BLE001 - it must outlive every outage; it is counted and logged
                self._note_failure(error)
            await asyncio.sleep(INTERVAL_S)

    async def step(self) -> None:
        """Count each warning that waits for a number, and show how many still do: no count holds up that of another."""
        if not self._leads():
            self._metrics.approvals_uncounted.set(0)
            return
        waiting = await self._approvals.uncounted()
        self._metrics.approvals_uncounted.set(len(waiting))
        for alert_id in waiting:
            try:
                async with asyncio.timeout(self._limit_s):
                    await self._count(alert_id)
            except Exception as error:  # noqa: BLE001 - as in `run`
                self._note_failure(error, alert_id)

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
