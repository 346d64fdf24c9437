"""Look every few minutes at what this process stands on, as `dispatcher doctor` does when asked, and show it."""

from __future__ import annotations

import asyncio
from math import nan
from typing import TYPE_CHECKING, Final

import structlog

from dispatcher.doctor.diagnosis import Grade, Part
from dispatcher.doctor.running import FIGURES, LEVELS, SHOWN, Examined, ExaminedSubject, Figure, not_looked_at

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from prometheus_client import Gauge

    from dispatcher.metrics import Metrics

EVERY_S: Final = 300.0
"""Seconds from one look to the next: what is found lasts, and asking costs the record a dozen short statements."""
ASKED_S: Final = 10.0
"""How long one subject may take."""

log = structlog.get_logger()


class SelfExamination:
    """Runs in every worker, and not only in the one that leads: each sees its own machine's disk and clock, and what
    all see of the record and the queue has no gap when the lead goes over.
    """

    def __init__(
        self,
        looks: Mapping[ExaminedSubject, Callable[[], Awaitable[Examined]]],
        metrics: Metrics,
        *,
        asked_s: float = ASKED_S,
    ) -> None:
        """`looks` says how each subject is looked at; a look may raise."""
        self._looks = looks
        self._metrics = metrics
        self._asked_s = asked_s
        self._levels: dict[Part, int] = {}
        for subject in looks:
            metrics.examinations_failed.labels(subject)
            for part in SHOWN[subject]:
                metrics.diagnosis.labels(label(part)).set(LEVELS[Grade.UNKNOWN])

    async def run(self) -> None:
        """Look until cancelled, at once for the first time."""
        while True:
            await self.examine()
            await asyncio.sleep(EVERY_S)

    async def examine(self) -> None:
        """Look at everything once and show it. Nothing that goes wrong here ends the process: what could not be looked
        at is shown as such.
        """
        for subject, look in self._looks.items():
            examined = await self._examined(subject, look)
            for part in SHOWN[subject]:
                self._show(part, examined)
            for figure in FIGURES[subject]:
                self._gauge(figure).set(examined.figures.get(figure, nan))

    async def _examined(self, subject: ExaminedSubject, look: Callable[[], Awaitable[Examined]]) -> Examined:
        try:
            async with asyncio.timeout(self._asked_s):
                return await look()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is counted and logged
            # Its class alone: in its words may be an address with a password.
            self._metrics.examinations_failed.labels(subject).inc()
            log.warning("examination_failed", subject=subject.value, error=type(error).__name__)
            return not_looked_at(subject, type(error).__name__)

    def _show(self, part: Part, examined: Examined) -> None:
        level = LEVELS[examined.grade(part)]
        self._metrics.diagnosis.labels(label(part)).set(level)
        if self._levels.get(part, LEVELS[Grade.SOUND]) == level:
            return
        self._levels[part] = level
        for one in examined.found[part]:
            say = log.info if one.grade is Grade.SOUND else log.warning
            say("diagnosis_changed", part=label(part), grade=one.grade.value, seen=one.seen)

    def _gauge(self, figure: Figure) -> Gauge:
        metrics = self._metrics
        return {
            Figure.DISK_FREE_BYTES: metrics.disk_free,
            Figure.CLOCK_OFFSET_S: metrics.clock_offset,
            Figure.STANDBYS: metrics.standbys,
            Figure.STANDBY_LAG_S: metrics.standby_lag,
        }[figure]


def label(part: Part) -> str:
    """Return what a part is called as a label: without the spaces of its name on the page."""
    return part.name.lower()
