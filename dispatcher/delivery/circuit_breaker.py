"""Break the circuit to a gateway that fails, as one process sees it. Pure: time is a parameter (monotonic seconds)."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dispatcher.model.retry_policy import BreakerPolicy


class Breaker:
    """Closed, it lets requests through; open, it pauses the gateway; half-open, after the pause, one probe decides."""

    def __init__(self, policy: BreakerPolicy) -> None:
        self._policy = policy
        self._notes: deque[tuple[float, int, int]] = deque()
        """Each note says when it was taken, how many answers there were, and how many of them were failures."""
        self._answers = 0
        self._failures = 0
        self._openings = 0
        self._until = 0.0
        self.probing = False
        """Whether the circuit is half-open: after a pause, until an answer shows whether the gateway is back, one
        request is sent at a time."""

    def note(self, *, failed: bool, now: float, answers: int = 1) -> float:
        """Count answers that are alike. Returns for how many seconds to pause the gateway: 0 while closed."""
        if self.probing:
            pause = self._probed(failed=failed, now=now)
            answers -= 1
            if pause or not answers:
                return pause
        failures = answers if failed else 0
        self._notes.append((now, answers, failures))
        self._answers += answers
        self._failures += failures
        self._forget(now)
        policy = self._policy
        if (
            failed
            and self._answers >= policy.answers_min
            and self._failures > policy.failure_share * self._answers
        ):
            return self._open(now)
        return 0.0

    def fail(self, now: float) -> float:
        """Open at once, as the gateway cannot be reached at all. Returns the pause in seconds."""
        return max(0.0, self._until - now) or self._open(now)

    def _probed(self, *, failed: bool, now: float) -> float:
        if now < self._until:
            # Under way before it opened, in this batch or another: the same incident, not the probe.
            return self._until - now
        if failed:
            return self._open(now)
        self.probing = False
        self._openings = 0
        return 0.0

    def _open(self, now: float) -> float:
        policy = self._policy
        pause = min(policy.pause_cap_s, policy.pause_base_s * 2.0 ** min(self._openings, 30))
        self._openings += 1
        self._notes.clear()
        self._answers = self._failures = 0
        self.probing = True
        self._until = now + pause
        return pause

    def _forget(self, now: float) -> None:
        while self._notes and self._notes[0][0] < now - self._policy.window_s:
            _, answers, failures = self._notes.popleft()
            self._answers -= answers
            self._failures -= failures
