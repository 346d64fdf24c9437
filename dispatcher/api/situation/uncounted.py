"""Remember which alerts went to too many to be counted by municipality."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
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

    def __contains__(self, alert_id: object) -> bool:
        """Return whether the alert was given up in the last `GIVEN_UP_S`."""
        now = self._monotonic()
        self._until = {one: until for one, until in self._until.items() if until > now}
        return alert_id in self._until

    def add(self, alert_id: str) -> None:
        """Note that the alert's recipients could not be counted in time."""
        self._until[alert_id] = self._monotonic() + GIVEN_UP_S
