"""Look every quarter of an hour at the certificates that the service shows, and is shown, and show when they end."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import structlog

from channels.clock import utc_now
from dispatcher.doctor.diagnosis import Grade, unknown
from dispatcher.doctor.last_seen import LastSeen
from dispatcher.doctor.running import LEVELS, ExaminedCertificates, of_certificates
from dispatcher.worker.health.examination import label

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from dispatcher.doctor.diagnosis import Part
    from dispatcher.doctor.peers import Peer, Reached
    from dispatcher.metrics import Metrics

EVERY_S: Final = 900.0
"""Seconds from the end of one look to the next, which takes five minutes at most: certificates end after days, and
whoever renews one wants to see soon that it was the right one. A worker connects to each peer four times in an hour, as
feeds are asked each minute."""
SUBJECT: Final = "certificates"
"""What a look that fails is counted as, beside the subjects of the self-examination."""

log = structlog.get_logger()


class CertificateExamination:
    """Runs in every worker: what all see has no gap when the lead goes over, and each goes by its own machine's net."""

    def __init__(
        self,
        looks: Mapping[Part, Callable[[], Awaitable[Sequence[Reached]]]],
        metrics: Metrics,
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """`looks` connects to the peers of each part, in bounded time; a look may raise."""
        self._looks = looks
        self._metrics = metrics
        self._now = now
        self._last = {part: LastSeen() for part in looks}
        self._grades: dict[Part, Mapping[Peer | None, Grade]] = {}
        metrics.examinations_failed.labels(SUBJECT)
        for part in looks:
            metrics.certificate_diagnosis.labels(label(part)).set(LEVELS[Grade.UNKNOWN])
            metrics.certificate_end.labels(label(part)).set(ExaminedCertificates().ends_at_s)

    async def run(self) -> None:
        """Look until cancelled, at once for the first time."""
        while True:
            await self.examine()
            await asyncio.sleep(EVERY_S)

    async def examine(self) -> None:
        """Look at all parts once, beside each other, and show each as soon as it is known. Nothing that goes wrong ends
        the process, and it is counted once, in however many parts it goes wrong.
        """
        went = await asyncio.gather(*(self._examined(part, look) for part, look in self._looks.items()))
        if not all(went):
            self._metrics.examinations_failed.labels(SUBJECT).inc()

    async def _examined(self, part: Part, look: Callable[[], Awaitable[Sequence[Reached]]]) -> bool:
        """Look at one part and show it. Return whether the look went well."""
        last = self._last[part]
        try:
            reached = await look()
            now = self._now()
            self._show(part, of_certificates(last.completed(reached, now), now))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is counted and logged
            # Its class alone: in its words may be an address with a password.
            log.warning("examination_failed", subject=SUBJECT, part=label(part), error=type(error).__name__)
            examined = of_certificates(last.alone(self._now()), self._now())
            failed = None, unknown(part, type(error).__name__)
            self._show(part, replace(examined, found=(failed, *examined.found)))
            return False
        return True

    def _show(self, part: Part, examined: ExaminedCertificates) -> None:
        self._metrics.certificate_diagnosis.labels(label(part)).set(LEVELS[examined.grade])
        self._metrics.certificate_end.labels(label(part)).set(examined.ends_at_s)
        before = self._grades.get(part, {})
        for peer, one in examined.found:
            if before.get(peer, Grade.SOUND) is not one.grade:
                say = log.warning if one.grade in {Grade.WRONG, Grade.WARNING} else log.info
                say("certificate_diagnosis_changed", part=label(part), grade=one.grade.value, seen=one.seen)
        self._grades[part] = {peer: one.grade for peer, one in examined.found}
