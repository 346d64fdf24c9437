"""Count recipients as seldom as that is dear."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from dispatcher.model.vocabulary import DISPATCHED_STATES, FINAL_STATES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from dispatcher.model.alerts import StoredAlert
    from dispatcher.model.status import CountedAlert, RecipientProgress

COUNTING_SHARE: Final = 10
"""A count that took so long is made again after so many times that, at the earliest."""
COUNT_GOOD_S: Final = 30.0
"""How old a count may be that is shown where it could not be made again in time."""
COUNTS_KEPT: Final = 10_000
"""Those of all messages that statistics may have, and of desks beside: or each sheet would count all anew."""


class RecipientCounts:
    """Remembers how far alerts have come: of a million recipients a count takes a moment, and many look at once."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._counts: dict[str, tuple[float, float, bool, RecipientProgress]] = {}
        """By id of the alert when it was counted, how long that took, whether it was final, and what was counted."""

    async def of(
        self, alert: StoredAlert, count: Callable[[StoredAlert], Awaitable[CountedAlert]]
    ) -> RecipientProgress | None:
        """Return how far an alert has come, by `count` where that is due; None where it is not known."""
        began, is_final = self._monotonic(), alert.state in FINAL_STATES
        found = self._counts.get(alert.id)
        if found is not None:
            at, took, was_final, progress = found
            if (is_final and was_final) or began - at < took * COUNTING_SHARE:
                return progress
        counted = (await count(alert)).progress
        ended = self._monotonic()
        if counted is None:
            is_good = found is not None and ended - found[0] < COUNT_GOOD_S
            return found[3] if found is not None and is_good else None
        self._counts.pop(alert.id, None)
        self._counts[alert.id] = (ended, ended - began, is_final, counted)
        while len(self._counts) > COUNTS_KEPT:
            del self._counts[next(iter(self._counts))]
        return counted

    async def of_several(
        self,
        alerts: Iterable[StoredAlert],
        count: Callable[[StoredAlert], Awaitable[CountedAlert]],
        within_s: float,
    ) -> dict[str, RecipientProgress]:
        """Return how far those of the alerts that are sent have come, by id: as many as can be counted in time."""
        found: dict[str, RecipientProgress] = {}
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                for one in alerts:
                    progress = await self.of(one, count) if one.state in DISPATCHED_STATES else None
                    if progress is not None:
                        found[one.id] = progress
        return found
