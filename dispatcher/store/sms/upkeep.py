"""Keep SMS in order, in the one process that sweeps: let gateways take over, let go what a budget holds again, show
what is used of it, forget ids of messages that nobody reports on any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog

from dispatcher.sms.budget import Spent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dispatcher.metrics import Metrics
    from dispatcher.model.batches import ReadyBatch
    from dispatcher.store.delivery.reports import Reports
    from dispatcher.store.record import Pool
    from dispatcher.store.sms.charges import Charges
    from dispatcher.store.sms.failover import Failover

FORGET_EVERY_S: Final = 3600.0
SHOW_EVERY_S: Final = 30.0
"""The month's parts are summed up over all its batches."""

log = structlog.get_logger()


class SmsUpkeep:
    """What is to be done now and then for SMS."""

    def __init__(
        self,
        pool: Pool,
        charges: Charges,
        failover: Failover,
        reports: Reports,
        monotonic: Callable[[], float],
    ) -> None:
        """`monotonic` gives seconds."""
        self._pool = pool
        self._charges = charges
        self._failover = failover
        self._reports = reports
        self._monotonic = monotonic
        self._forgotten_at = self._shown_at = float("-inf")

    async def sweep(self, metrics: Metrics) -> list[ReadyBatch]:
        """Do what is due. Returns the batches that are to be worked on now."""
        ready = await self._charges.let_go(self._pool)
        for one in await self._failover.sweep():
            ready += one.ready
            for gateway, recipients in one.recipients.items():
                metrics.sms_handed_over.labels(one.gateway, gateway).inc(recipients)
            metrics.sms_doubles.labels(one.gateway).inc(one.uncertain)
            log.warning(
                "sms_handed_over", gateway=one.gateway, to=dict(one.recipients), uncertain=one.uncertain
            )
        # A person is called for these, and no longer: at each sweep.
        metrics.sms_held.set(await self._charges.held(self._pool))
        now = self._monotonic()
        if now >= self._shown_at + SHOW_EVERY_S:
            self._shown_at = now
            await self._show(metrics)
        if now >= self._forgotten_at + FORGET_EVERY_S:
            self._forgotten_at = now
            await self._reports.forget()
        return ready

    async def _show(self, metrics: Metrics) -> None:
        spent: Mapping[str, Spent] = await self._charges.spent(self._pool)
        for contract in self._charges.contracts:
            used = spent.get(contract.gateway, Spent()).month
            metrics.sms_parts_month.labels(contract.gateway).set(used)
            if contract.parts_per_month:
                metrics.sms_budget_used.labels(contract.gateway).set(used / contract.parts_per_month)
