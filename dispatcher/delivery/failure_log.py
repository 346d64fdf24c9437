"""Log sends that fail: at once what is new, and then a sum a minute, for each gateway and code.

A line says which gateway answered what and how often; never to whom, nor what else it said.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

SUM_EVERY_S: Final = 60.0
"""Seconds for which failures that are alike are summed up after the first was logged."""
KINDS_MAX: Final = 200
"""Kinds of failures that are told apart at a time: a gateway may answer whatever it likes."""
OTHER: Final = "other"
_CODE_CHARACTERS: Final = 40

log = structlog.get_logger()


class Failure(NamedTuple):
    """Failures that are alike."""

    channel: str
    gateway: str
    label: str
    code: str


@dataclass(slots=True)
class _Sum:
    """Failures that are not logged yet. `since` is when the last line was, in monotonic seconds."""

    since: float
    log_level: int
    count: int = 0


class FailureLog:
    """Sums up the failures of one process."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`monotonic` gives seconds."""
        self._monotonic = monotonic
        self._sums: dict[Failure, _Sum] = {}

    def note(self, failure: Failure, log_level: int) -> None:
        """Take in one failure; the first of its kind, for a minute or longer, is logged at once."""
        failure = failure._replace(code=_printable(failure.code))
        if failure not in self._sums and len(self._sums) >= KINDS_MAX:
            failure = Failure(failure.channel, OTHER, failure.label, OTHER)
        known = self._sums.get(failure)
        if known is None:
            self._sums[failure] = _Sum(self._monotonic(), log_level)
            _write(failure, log_level, 1)
        else:
            known.count += 1

    def sum_up(self, older_than_s: float = SUM_EVERY_S) -> None:
        """Log what came in since the last line of each kind, where that is so old, and forget what came to nothing."""
        now = self._monotonic()
        for failure, known in list(self._sums.items()):
            if now - known.since < older_than_s:
                continue
            if not known.count:
                del self._sums[failure]
                continue
            _write(failure, known.log_level, known.count)
            known.since, known.count = now, 0

    async def run(self) -> None:
        """Sum up until cancelled, and then once more."""
        try:
            while True:
                await asyncio.sleep(1.0)
                self.sum_up()
        finally:
            self.sum_up(older_than_s=0.0)


def _printable(code: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in code[:_CODE_CHARACTERS])


def _write(failure: Failure, log_level: int, count: int) -> None:
    log.log(log_level, "delivery_failed", **failure._asdict(), count=count)
