"""Decide how many units may leave to one gateway now, and follow what it makes of them. Pure: time is a parameter
(monotonic seconds).
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Final

from dispatcher.delivery.pace.learnt_rate import WAIT_MAX_S, LearntRate
from dispatcher.delivery.pace.spacing import LATE_S, Spacing

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatcher.delivery.pace.allowance import Allowance

KEPT_BELOW: Final = 0.98
"""The share of a configured rate that is used: within a second of the gateway's clock may arrive what left here in a
fiftieth more."""


class Pace:
    """The pace of one gateway: as configured, and below that or without it as learnt from its refusals. Without either
    there is none, and nothing waits.
    """

    def __init__(
        self,
        configured: float | None = None,
        allowance: Allowance | None = None,
        wait_max_s: float = WAIT_MAX_S,
    ) -> None:
        """`configured` is in units a second. `allowance` is this process's part of an account's, where several share
        it.
        """
        self._configured = configured
        self._learnt = LearntRate(wait_max_s, configured)
        self._spacing: Spacing | None = None
        self._allowance = allowance
        self._not_before = -inf

    @property
    def configured(self) -> float | None:
        """Return the units a second that this process lets leave by what is configured; None: nothing is."""
        if self._configured is None:
            return None
        parts = self._allowance.parts if self._allowance else 1
        return KEPT_BELOW * self._configured / parts

    @property
    def learnt(self) -> float | None:
        """Return the units a second that the gateway took before it refused; None: it refused nothing."""
        return self._learnt.rate

    @property
    def rate(self) -> float | None:
        """Return the units a second that leave at most; None: any number."""
        configured, learnt = self.configured, self._learnt.rate
        if configured is None or learnt is None:
            return learnt if configured is None else configured
        return min(configured, learnt)

    def ready(self, now: float) -> float:
        """Return how many units may leave now: none (0), or at least one."""
        if now < self._not_before:
            return 0.0
        rate = self.rate
        if rate is None:
            return inf
        ready = self._spaced(rate, now).ready(now)
        return min(ready, self._allowance.left(now)) if self._allowance else ready

    def wait_s(self, now: float) -> float:
        """Return in how many seconds to look again; infinity where the account's bucket has to answer first."""
        rate = self.rate
        spaced_s = 0.0 if rate is None else self._spaced(rate, now).wait_s(now)
        shared_s = self._allowance.wait_s(now) if self._allowance else 0.0
        return max(0.0, self._not_before - now, spaced_s, shared_s)

    def rests_s(self, now: float) -> float:
        """Return for how many seconds the gateway is left alone."""
        return max(0.0, self._not_before - now)

    def ask(self, wanted: float, unit: float, rank: int, then: Callable[[], object]) -> None:
        """Ask for a part of what the account may send, where several processes share it, see `Allowance.ask`."""
        if self._allowance:
            self._allowance.ask(wanted, unit, rank, then)

    def leave(self, units: float, now: float) -> None:
        """Note that so many units leave now."""
        if self._allowance:
            self._allowance.spend(units)
        rate = self.rate
        if rate is not None:
            self._spaced(rate, now).spend(units, now)
            self._learnt.left(now, units)

    def accepted(self, units: float, now: float) -> None:
        """Note what the gateway took."""
        self._learnt.accepted(units, now)

    def refused(self, left_at: float, now: float, asked_s: float = 0.0, unit: float = 1.0) -> None:
        """Note that the gateway refused a message of so many units (`unit`), which left at `left_at`, as it was too
        much, and asked to be left alone for `asked_s` (0: it did not say).
        """
        wait_s = max(asked_s, self._learnt.refused(left_at, now, asked_s, unit))
        self._not_before = max(self._not_before, now + wait_s)

    def _spaced(self, rate: float, now: float) -> Spacing:
        if self._spacing is None:
            self._spacing = Spacing(rate, now, 0.0 if self._allowance else LATE_S)
        elif self._spacing.rate != rate:
            self._spacing.change(rate, now)
        return self._spacing
