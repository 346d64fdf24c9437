"""Break the circuit to a gateway that fails, as one process sees it. Pure: time is a parameter (monotonic seconds).

Whether it fails is decided elsewhere (`health.evidence`, or a connection that cannot be made).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dispatcher.model.retry_policy import BreakerPolicy


class Breaker:
    """Closed, it lets requests through; open, it pauses the gateway; half-open, after the pause, one probe decides."""

    def __init__(self, policy: BreakerPolicy) -> None:
        self._policy = policy
        self._openings = 0
        self._until = 0.0
        self.probing = False
        """Whether the circuit is half-open: after a pause, until an answer shows whether the gateway is back, one
        request is sent at a time."""

    def rest_s(self, now: float) -> float:
        """Return for how many seconds the gateway is left alone yet: 0 while closed or half-open."""
        return max(0.0, self._until - now) if self.probing else 0.0

    def accept(self, now: float) -> None:
        """Note that somebody was accepted: after the pause this closes the circuit. Before, the request was under way
        when it opened.
        """
        if self.probing and now >= self._until:
            self.probing = False
            self._openings = 0

    def fail(self, now: float) -> float:
        """Open, as the gateway fails, or a probe did. Returns the pause in seconds. What was under way when it opened
        belongs to the same incident.
        """
        if rest_s := self.rest_s(now):
            return rest_s
        policy = self._policy
        pause = min(policy.pause_cap_s, policy.pause_base_s * 2.0 ** min(self._openings, 30))
        self._openings += 1
        self.probing = True
        self._until = now + pause
        return pause
