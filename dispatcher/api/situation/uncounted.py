"""Remember which alerts went to too many to be counted by municipality."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

GIVEN_UP_S: Final = 60.0
"""How long a count is not tried again for an alert for which it came to nothing."""


class UncountedPlaces:
    """Remembers which alerts' recipients could not be counted by municipality in time: who follows one asks each half
    second, and would keep the record busy with a count that comes to nothing.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._until: dict[str, float] = {}
        self._counting: set[asyncio.Future[Any]] = set()

    def __contains__(self, alert_id: object) -> bool:
        """Return whether the alert was given up in the last `GIVEN_UP_S`."""
        now = self._monotonic()
        self._until = {one: until for one, until in self._until.items() if until > now}
        return alert_id in self._until

    def add(self, alert_id: str, counting: asyncio.Future[Any] | None = None) -> None:
        """Note that the alert's recipients could not be counted in time; `counting` ends by itself."""
        self._until[alert_id] = self._monotonic() + GIVEN_UP_S
        if counting is not None:
            self._counting.add(counting)
            counting.add_done_callback(self._ended)

    def _ended(self, counting: asyncio.Future[Any]) -> None:
        self._counting.discard(counting)
        if not counting.cancelled():
            counting.exception()  # nobody waits for it, so nobody else looks
