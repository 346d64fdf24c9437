"""Keep this process' sessions with message centres from its start on, so that the first warning finds them bound, and
show what they do, here and to other processes.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from channels.sms.smpp.bindings import BindingFigures
    from channels.sms.smpp.carrier import SmppCarrier
    from dispatcher.metrics import Metrics
    from dispatcher.queue.session_notes import SessionNotes
    from dispatcher.worker.receipt_journal import ReceiptJournal

SHOW_S: Final = 1.0
"""Interval at which the figures are taken."""
UNBOUND_S: Final = 0.1
"""The same while a session is not bound: another process that has none leaves the gateway alone unless it hears of one
here, so that it must hear of it soon."""

log = structlog.get_logger()


class MessageCentres:
    """Runs beside the lanes."""

    def __init__(
        self,
        carriers: Sequence[SmppCarrier],
        journal: ReceiptJournal,
        metrics: Metrics,
        sessions: SessionNotes | None = None,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._carriers = carriers
        self._journal = journal
        self._metrics = metrics
        self._sessions = sessions
        self._sleep = sleep
        self._throttled: Counter[str] = Counter()
        self._ends: Counter[tuple[str, str]] = Counter()
        for carrier in carriers:
            metrics.know_message_centre(carrier.name)

    async def run(self) -> None:
        """Bind, and write what comes, until cancelled."""
        for carrier in self._carriers:
            carrier.start()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._journal.run())
            tasks.create_task(self._keep_showing())

    async def aclose(self) -> None:
        """Write what came until the sessions were over."""
        await self._journal.aclose()

    def show(self) -> None:
        """Take the figures of all sessions."""
        self._metrics.receipts_waiting.set(self._journal.parked)
        for carrier in self._carriers:
            if figures := carrier.figures():
                self._show(carrier.name, figures)

    async def _keep_showing(self) -> None:
        own = asyncio.current_task()
        # A cancellation that comes as the queue answers is lost in `asyncio.wait_for` of Python 3.11 (gh-86296).
        while own is None or not own.cancelling():
            self.show()
            await self._note_sessions()
            await self._sleep(SHOW_S if self._is_bound() else UNBOUND_S)

    def _is_bound(self) -> bool:
        """Whether all sessions of this process are bound."""
        figures = [carrier.figures() for carrier in self._carriers]
        return all(found and found.bound == found.planned for found in figures)

    async def _note_sessions(self) -> None:
        """Let other processes know over which gateways this one can send."""
        if self._sessions is not None:
            figures = {carrier.name: carrier.figures() for carrier in self._carriers}
            await self._sessions.note([name for name, found in figures.items() if found and found.submitting])

    def _show(self, gateway: str, figures: BindingFigures) -> None:
        metrics = self._metrics
        metrics.smpp_binds.labels(gateway).set(figures.bound)
        metrics.smpp_binds_planned.labels(gateway).set(figures.planned)
        metrics.smpp_outstanding.labels(gateway).set(figures.outstanding)
        metrics.smpp_throttled.labels(gateway).inc(figures.throttled - self._throttled[gateway])
        self._throttled[gateway] = figures.throttled
        for reason, count in figures.ends.items():
            new = count - self._ends[gateway, reason]
            if new:
                metrics.smpp_sessions_ended.labels(gateway, reason).inc(new)
                self._ends[gateway, reason] = count
                log.warning(
                    "smpp_session_ended", gateway=gateway, reason=reason, times=new, bound=figures.bound
                )
