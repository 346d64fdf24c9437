"""Carry over to the record where accepted messages can be taken back, and take back those that an end did not reach.

All of it waits for deliveries, and none of it is waited for. Any worker may do it, one for each end.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from channels.clock import elapsed
from dispatcher.model.vocabulary import Lane
from dispatcher.store.delivery.message_locations import by_gateway
from dispatcher.store.record import UNAVAILABLE
from dispatcher.worker.recurrence import Recurrence

if TYPE_CHECKING:
    from collections.abc import Callable

    from channels.webpush.locations import Locations
    from channels.webpush.withdrawal import Withdrawer
    from dispatcher.delivery.lanes import LaneGate
    from dispatcher.metrics import Metrics
    from dispatcher.store.delivery.message_locations import Kept, MessageLocations

INTERVAL_S = 1.0
"""How often is written what was gathered: what a process loses at its death cannot be taken back."""
LOOK_EVERY_S = 5.0
"""How often is looked for ends, and for what has expired."""
LEASE_S = 600.0
"""How long an end is another worker's business. It may be dealt with twice: to delete again does no harm."""
AT_ONCE = 64
"""Messages between two looks whether there is something to deliver."""

log = structlog.get_logger()


class MessageWithdrawals:
    """Runs beside the lanes of a worker."""

    def __init__(  # noqa: PLR0913 - dependencies, the last ones named at the call
        self,
        locations: Locations,
        store: MessageLocations,
        withdrawer: Withdrawer,
        gate: LaneGate,
        metrics: Metrics,
        *,
        interval_s: float = INTERVAL_S,
        clock: Callable[[], float] = elapsed,
    ) -> None:
        """`clock` gives seconds."""
        self._locations = locations
        self._store = store
        self._withdrawer = withdrawer
        self._gate = gate
        self._metrics = metrics
        self._interval_s = interval_s
        self._looking = Recurrence(LOOK_EVERY_S, clock)

    async def run(self) -> None:
        """Keep and withdraw until cancelled. An outage of the record is waited out."""
        while True:
            try:
                await self.keep()
                if self._looking.falls_due():
                    await self._store.forget_expired()
                    await self.withdraw()
            except UNAVAILABLE as error:
                log.warning("record_unavailable", task="message_withdrawals", error=type(error).__name__)
            await asyncio.sleep(self._interval_s)

    async def keep(self) -> None:
        """Write what was gathered since. What the record does not take is lost."""
        for (alert_id, gateway), entries in self._locations.take().items():
            await self._store.keep(alert_id, gateway, entries)

    async def withdraw(self) -> None:
        """Deal with every end that is settled."""
        while (end_id := await self._store.claim(LEASE_S)) is not None:
            untold = await self._store.untold(end_id)
            async for kept in self._store.of(end_id, untold):
                await self._delete(kept)
            await self._store.finish(end_id)

    async def _delete(self, kept: list[Kept]) -> None:
        for gateway, locations in by_gateway(kept).items():
            for start in range(0, len(locations), AT_ONCE):
                await self._gate.stand_aside(Lane.EXERCISE)
                results = await self._withdrawer.withdraw(gateway, locations[start : start + AT_ONCE])
                for result, count in results.items():
                    self._metrics.messages_withdrawn.labels(result.value).inc(count)
