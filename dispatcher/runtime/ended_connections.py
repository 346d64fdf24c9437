"""Counts the connections that this side ended, and writes few lines of them: a stranger can cause any number."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from dispatcher.metrics import Metrics
    from dispatcher.metrics.http import Ended

LINE_EVERY_S: Final = 10.0
"""The least time between two lines. The first is written at once."""

log = structlog.get_logger()


class EndedConnections:
    """Counts each connection's end by reason, and logs a sum of them every `every_s` seconds while there are any."""

    def __init__(self, metrics: Metrics, every_s: float = LINE_EVERY_S) -> None:
        self._metrics = metrics
        self._every_s = every_s
        self._unsaid: Counter[str] = Counter()
        self._pause: asyncio.TimerHandle | None = None

    def note(self, reason: Ended) -> None:
        """Count one."""
        self._metrics.connections_ended.labels(reason).inc()
        self._unsaid[str(reason)] += 1
        if self._pause is None:
            self._say()

    def _say(self) -> None:
        self._pause = None
        if self._unsaid:
            log.warning("connections_ended", **self._unsaid)
            self._unsaid.clear()
            self._pause = asyncio.get_running_loop().call_later(self._every_s, self._say)
