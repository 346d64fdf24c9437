"""Learn how long one gateway takes to answer, to tell requests that are silent for longer than is usual."""

from __future__ import annotations

from typing import Final

INITIAL_S: Final = 1.0
"""RFC 6298 section 2.1: before anything is known."""
LEAST_S: Final = 0.1
MOST_S: Final = 10.0


class AnswerTimes:
    """Smooths the times of answers, and how much they vary, as TCP does for its retransmission timer (RFC 6298 section
    2). Requests that were never answered are no samples.
    """

    def __init__(self) -> None:
        self._smoothed: float | None = None
        self._variation = 0.0

    def note(self, seconds: float) -> None:
        """Take in how long an answer took."""
        if self._smoothed is None:
            self._smoothed, self._variation = seconds, seconds / 2
            return
        self._variation = 0.75 * self._variation + 0.25 * abs(self._smoothed - seconds)
        self._smoothed = 0.875 * self._smoothed + 0.125 * seconds

    @property
    def usual_s(self) -> float:
        """How many seconds of silence are not unusual yet."""
        if self._smoothed is None:
            return INITIAL_S
        return min(MOST_S, max(LEAST_S, self._smoothed + 4 * self._variation))
