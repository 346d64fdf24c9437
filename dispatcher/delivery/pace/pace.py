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
        self._rests_until = -inf
        self._untold = False
        """Whether a refusal was learnt from of which other processes do not know."""
        if allowance is not None:
            allowance.share(self._learnt)

    @property
    def configured(self) -> float | None:
        """Return the units a second that this process lets leave by what is configured; None: nothing is."""
        return None if self._configured is None else KEPT_BELOW * self._configured / self._parts

    @property
    def learnt(self) -> float | None:
        """Return the units a second that the gateway took before it refused, of an account those of all processes;
        None: it refused nothing.
        """
        rate = self._learnt.rate
        return None if rate is None else rate / self._parts

    @property
    def rate(self) -> float | None:
        """Return the units a second that leave at most; None: any number."""
        configured, learnt = self.configured, self.learnt
        if configured is None or learnt is None:
            return learnt if configured is None else configured
        return min(configured, learnt)

    @property
    def _parts(self) -> int:
        return self._allowance.parts if self._allowance else 1

    @property
    def _not_before(self) -> float:
        return max(self._rests_until, self._allowance.not_before if self._allowance else -inf)

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

    def look_up(self, then: Callable[[], object]) -> None:
        """Ask whether another process has learnt a rate, see `Allowance.look_up`."""
        if self._allowance:
            self._allowance.look_up(then)

    def leave(self, units: float, now: float) -> None:
        """Note that so many units leave now."""
        if self._allowance:
            self._allowance.spend(units)
        rate = self.rate
        if rate is not None:
            self._spaced(rate, now).spend(units, now)
            counted = self._allowance is None or not self._allowance.grants
            self._learnt.left(now, units, self._parts, counted=counted)

    def accepted(self, units: float, now: float) -> None:
        """Note what the gateway took."""
        found = self._learnt.found
        self._untold |= found is not None and found.fruitless > 0
        self._learnt.accepted(units, now)
        if self._allowance:
            self._allowance.accepted(units, now)

    def refused(self, left_at: float, now: float, asked_s: float = 0.0, unit: float = 1.0) -> None:
        """Note that the gateway refused a message of so many units (`unit`), which left at `left_at`, as it was too
        much, and asked to be left alone for `asked_s` (0: it did not say).
        """
        before = self._learnt.found
        wait_s = max(asked_s, self._learnt.refused(left_at, now, asked_s, unit))
        self._untold |= self._learnt.found is not before or now + wait_s > max(now, self._rests_until)
        self._rests_until = max(self._rests_until, now + wait_s)

    def tell(self, now: float, then: Callable[[], object]) -> None:
        """Tell other processes what was learnt from refusals, see `Allowance.refused`."""
        if self._allowance and self._untold:
            self._untold = False
            self._allowance.refused(self.rests_s(now), then)

    def _spaced(self, rate: float, now: float) -> Spacing:
        if self._spacing is None:
            self._spacing = Spacing(rate, now, 0.0 if self._allowance else LATE_S)
        elif self._spacing.rate != rate:
            self._spacing.change(rate, now)
        return self._spacing
