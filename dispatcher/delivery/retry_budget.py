"""Bound how many retries a gateway is given, as one process sees it. Pure: time is a parameter (monotonic seconds).

A gateway that refuses a share of what it gets, too small for the breaker, must not get that share again and again too
(Google SRE, "Handling overload": retries of at most a tenth). Only retries that fail cost anything: once it is well
again every recipient is served at full speed, since a warning must not wait for a budget to fill.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dispatcher.model.retry_policy import RetryBudgetPolicy


class RetryBudget:
    """Counts failed retries against first attempts."""

    def __init__(self, policy: RetryBudgetPolicy) -> None:
        self._policy = policy
        self._left = policy.reserve
        self._at: float | None = None

    def allowed(self, now: float) -> int:
        """Return how many retries may be in flight at once now."""
        self._trickle(now)
        return max(0, int(self._left))

    def wait_s(self, now: float) -> float:
        """Return in how many seconds one more may be tried; 0: now."""
        self._trickle(now)
        return max(0.0, (1.0 - self._left) / self._policy.trickle_per_s)

    def note(self, *, retry: bool, failed: bool, now: float, answers: int = 1) -> None:
        """Count answers that are alike."""
        self._trickle(now)
        if not retry:
            self._add(self._policy.earned * answers)
        elif failed:
            self._left -= answers

    def _trickle(self, now: float) -> None:
        if self._at is not None:
            self._add(self._policy.trickle_per_s * max(0.0, now - self._at))
        self._at = now

    def _add(self, retries: float) -> None:
        self._left = min(self._policy.reserve, self._left + retries)
