"""A circuit breaker for one gateway, as seen by one process. Pure: time is a parameter (monotonic seconds)."""

from __future__ import annotations

from collections import deque

WINDOW_S = 10.0
MINIMUM = 20
SHARE = 0.5
"""Opens when more than half of at least twenty answers within ten seconds are failures of the gateway's making."""
PAUSE_BASE_S = 1.0
PAUSE_CAP_S = 30.0


class Breaker:
    """Closed: work as usual. Open: leave the gateway alone. After the pause one probe decides."""

    def __init__(self) -> None:
        self._notes: deque[tuple[float, int, int]] = deque()
        """When, how many answers, how many of them failures."""
        self._answers = 0
        self._failures = 0
        self._openings = 0
        self._until = 0.0
        self.probing = False
        """After a pause, until an answer shows whether the gateway is back: send one at a time."""

    def note(self, *, failed: bool, now: float, answers: int = 1) -> float:
        """Count answers that are alike. Returns how many seconds to leave the gateway alone: 0 while closed."""
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
        if self._answers >= MINIMUM and self._failures > SHARE * self._answers:
            return self._open(now)
        return 0.0

    def fail(self, now: float) -> float:
        """The gateway cannot be reached at all: open at once. Returns the pause in seconds."""
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
        pause = min(PAUSE_CAP_S, PAUSE_BASE_S * 2.0 ** min(self._openings, 10))
        self._openings += 1
        self._notes.clear()
        self._answers = self._failures = 0
        self.probing = True
        self._until = now + pause
        return pause

    def _forget(self, now: float) -> None:
        while self._notes and self._notes[0][0] < now - WINDOW_S:
            _, answers, failures = self._notes.popleft()
            self._answers -= answers
            self._failures -= failures
