"""Remind of what waits for a second person, escalate it, and release it where the policy says so."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

from dispatcher.access.principals import WORKER
from dispatcher.intake.four_eyes.deciding import DecisionRefused

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.intake.four_eyes.deciding import FourEyes
    from dispatcher.metrics import Metrics
    from dispatcher.store.alerts.approvals import Approvals

INTERVAL_S: Final = 2.0
STEP_TIMEOUT_S: Final = 30.0
"""A record that hangs is noticed and counted like one that is away."""

log = structlog.get_logger()


class ApprovalTimers:
    """Looks at what is due. Any number of processes may: each step is claimed in the record, once."""

    def __init__(self, approvals: Approvals, four_eyes: FourEyes, metrics: Metrics) -> None:
        self._approvals = approvals
        self._four_eyes = four_eyes
        self._metrics = metrics

    async def run(self) -> None:
        """Look until cancelled. An outage of the record is waited out."""
        while True:
            try:
                async with asyncio.timeout(STEP_TIMEOUT_S):
                    await self.step()
            except Exception as error:  # noqa: BLE001 - the timers must outlive every outage; it is counted and logged
                self._metrics.jobs_failed.labels("approvals").inc()
                log.warning("approval_timers_failed", error=type(error).__name__)
            await asyncio.sleep(INTERVAL_S)

    async def step(self, now: datetime | None = None) -> None:
        """Do what is due, by the record's clock if no other time is given, and show since when the oldest waits."""
        for alert_id in await self._approvals.claim_reminders(WORKER, now):
            self._note("remind", alert_id)
        for alert_id in await self._approvals.claim_escalations(WORKER, now):
            self._note("escalate", alert_id)
        for alert_id in await self._approvals.due_releases(now):
            await self._release(alert_id)
        oldest = await self._approvals.oldest()
        self._metrics.oldest_approval.set(oldest.timestamp() if oldest else 0)

    async def _release(self, alert_id: str) -> None:
        try:
            await self._four_eyes.release_by_policy(alert_id)
        except DecisionRefused as refused:
            # It is on the trail. What a person has to settle is not tried again every other second.
            await self._approvals.release_never(alert_id)
            log.warning("approval_not_released", alert=alert_id, reason=refused.refusal)
        else:
            self._note("release", alert_id)

    def _note(self, step: str, alert_id: str) -> None:
        self._metrics.approval_steps.labels(step).inc()
        log.warning("approval_due", step=step, alert=alert_id)
