"""Learn how long one gateway takes to answer, to tell requests that are silent for longer than is usual."""

from __future__ import annotations

from collections import deque
from typing import Final

NOTES: Final = 256
"""Of so many answers that came together the times are remembered: a few slices'."""
TIMES: Final = 4.0
"""How many times longer than half of the answers took is not unusual yet."""
LEAST_S: Final = 0.1
MOST_S: Final = 10.0
STALE_SHARE: Final = 1 / 16
"""The share of what is remembered that may be newer than the median: it is asked for after every answer, and a few more
move it little."""


class AnswerTimes:
    """Remembers how long answers took lately, and goes by half of them: however long those take who are slow and fewer,
    they do not make that usual. Requests that were never answered are no samples.
    """

    def __init__(self) -> None:
        self._notes: deque[tuple[float, int]] = deque(maxlen=NOTES)
        """How many seconds how many answers took."""
        self._newer = 0
        """How many notes came since the median was found."""
        self._usual_s = LEAST_S

    def note(self, seconds: float, answers: int = 1) -> None:
        """Take in how long answers took that came together."""
        self._notes.append((seconds, answers))
        self._newer += 1

    @property
    def usual_s(self) -> float:
        """How many seconds of silence are not unusual yet: as few as can be of a gateway of which nothing is known."""
        if self._newer > STALE_SHARE * len(self._notes):
            self._usual_s = min(MOST_S, max(LEAST_S, TIMES * self._median_s()))
            self._newer = 0
        return self._usual_s

    def _median_s(self) -> float:
        half = sum(answers for _, answers in self._notes) / 2
        below = 0
        for seconds, answers in sorted(self._notes):
            below += answers
            if below >= half:
                return seconds
        return 0.0
