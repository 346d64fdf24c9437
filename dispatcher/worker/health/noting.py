"""Note every few seconds what this process has done, and how the service stands, for the page of its health."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

import structlog

from dispatcher.worker.health.sampling import added, counted, standing

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatcher.metrics import Metrics
    from dispatcher.model.health.measures import Reading
    from dispatcher.queue.health_ring import HealthRing

EVERY_S: Final = 10.0

log = structlog.get_logger()


class HealthNotes:
    """Notes what is measured in one process. Where Redis is away nothing is lost but when it was: what was counted
    meanwhile stands in the minute in which it answers again.
    """

    def __init__(
        self,
        ring: HealthRing,
        metrics: Metrics,
        *,
        leads: Callable[[], bool],
        minds_feeds: Callable[[], bool],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`leads` says whether this process sweeps the record, `minds_feeds` whether it polls the feeds and counts what
        is held. `clock` gives seconds since 1970.
        """
        self._ring = ring
        self._metrics = metrics
        self._leads = leads
        self._minds_feeds = minds_feeds
        self._clock = clock
        self._noted: dict[Reading, int] = {}

    async def run(self) -> None:
        """Note until cancelled."""
        while True:
            await self.note()
            await asyncio.sleep(EVERY_S)

    async def note(self) -> None:
        """Note what was counted since the last time, and how the service stands. Nothing that goes wrong here ends the
        process: a picture must not keep a warning from going out.
        """
        try:
            now, moment = counted(self._metrics), self._clock()
            states = standing(self._metrics, moment, leads=self._leads(), minds_feeds=self._minds_feeds())
            if await self._ring.note(added(self._noted, now), states):
                self._noted = now
        except Exception as error:  # noqa: BLE001 - whatever it is, it is logged
            log.warning("health_note_failed", error=type(error).__name__)
