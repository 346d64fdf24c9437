"""Learn what a gateway takes from what got through before it refused. Pure: time is a parameter (monotonic seconds).

Until the first refusal there is no limit. Then the rate is what was accepted in a second before it, which is what the
gateway takes, whether it counts in windows or by a bucket. It is kept for a while, then raised, ever faster, until the
gateway refuses again: the longer, the more often the same rate was found. Only use raises it: what was learnt of a
gateway still holds for the next warning.
"""

from __future__ import annotations

from collections import deque
from math import inf
from typing import Final

SECOND_S: Final = 1.0
"""The window in which acceptances are counted: rates are per second."""
MEMORY_S: Final = 3.0
"""How long acceptances are remembered: the best second of these counts, since the last may have been a quiet one."""
GRAIN_S: Final = 0.01
"""Acceptances of so long are one note: a push service takes ten thousand a second."""
LEAST: Final = 0.5
"""Messages a second below which no rate is learnt, whatever they count for."""
FIRST_LEAST: Final = 1.0
"""The rate, in messages a second, where the first that is heard of a gateway is a refusal."""
KEPT_AT_MOST: Final = 0.97
"""The share of a rate that is kept after a refusal at most."""
KEPT_AT_LEAST: Final = 0.5
"""The share of a rate that is kept after a refusal at least: little may have been sent before it."""
KEPT_GROWN: Final = 0.9
"""The share that is kept at least of a rate that was being raised: it was refused because of the last step."""
KEPT_DEAR: Final = 0.95
"""The share that is kept of what was accepted, by a gateway that makes us wait long for each refusal."""
DEAR_S: Final = 0.5
"""The wait that a gateway asks for from which on a refusal costs more than a lower rate does."""
CALM_FIRST_S: Final = 1.0
"""How long the first rate is kept before it is raised. It was measured on a burst, and a gateway that spaces messages
takes one of a burst."""
CALM_S: Final = 5.0
"""How long a rate is kept that was found at even spacing; doubled each time that nearly the same is found."""
CALM_MAX_S: Final = 60.0
SAME: Final = 0.25
"""Rates that differ by less than this share are the same."""
GROWTH_FIRST: Final = 1.0
"""The share by which the first rate grows in a second."""
GROWTH: Final = 0.02
"""The share by which a rate grows in the first second after the calm, doubled with each second."""
GROWTH_MAX: Final = 0.5
IDLE_S: Final = 0.25
"""Seconds between two messages from which on the gateway was idle, unless its rate is so low: then nothing grows."""
WAIT_S: Final = 0.05
"""How long a gateway is left alone after a refusal at least; doubled each time that it has taken nothing since."""
WAIT_MAX_S: Final = 5.0


class RecentAcceptances:
    """Remembers when a gateway took how many units."""

    def __init__(self) -> None:
        self._notes: deque[tuple[float, float]] = deque()
        """Each note is a time and a number of units, the oldest first."""

    def add(self, units: float, now: float) -> None:
        """Note that units were accepted."""
        notes = self._notes
        if notes and now - notes[-1][0] < GRAIN_S:
            at, before = notes.pop()
            notes.append((at, before + units))
        else:
            notes.append((now, units))
        while notes[0][0] <= now - MEMORY_S:
            notes.popleft()

    def best(self, now: float) -> float:
        """Return the most units of any second in memory."""
        recent = self._since(now - MEMORY_S)
        best = total = 0.0
        first = 0
        for at, units in recent:
            total += units
            while recent[first][0] <= at - SECOND_S:
                total -= recent[first][1]
                first += 1
            best = max(best, total)
        return best

    def below(self, units: float, now: float) -> float:
        """Return in how many seconds fewer than `units` will have been accepted within a second, if no more are."""
        recent = self._since(now - SECOND_S)
        total, free_at = sum(count for _, count in recent), now
        for at, count in recent:
            if total < units:
                break
            total, free_at = total - count, at + SECOND_S
        return max(0.0, free_at - now)

    def _since(self, then: float) -> list[tuple[float, float]]:
        return [note for note in self._notes if note[0] > then]


class LearntRate:
    """Follows what one gateway takes from this process."""

    def __init__(self, wait_max_s: float = WAIT_MAX_S, most: float | None = None) -> None:
        """`wait_max_s` is the longest that a gateway is left alone of our own accord, `most` the rate that it should
        take: more is not tried.
        """
        self.rate: float | None = None
        """Units a second; None: there was no refusal yet."""
        self._most = most
        self._wait_max_s = wait_max_s
        self._accepted = RecentAcceptances()
        self._found = 0.0
        """The rate as it was found, before it grew."""
        self._guessed = False
        """Whether nothing has left since the first refusal: what is still accepted shows more of what it takes."""
        self._spaced = False
        """Whether it was found at even spacing, and not on a burst."""
        self._calm_s = CALM_FIRST_S
        self._used_s = 0.0
        """For how long it has been made use of since."""
        self._left_at = -inf
        self._refused_at = -inf
        self._fruitless = 0
        """Refusals without an acceptance between them."""

    def accepted(self, units: float, now: float) -> None:
        """Note what the gateway took."""
        self._accepted.add(units, now)
        self._fruitless = 0
        if self._guessed and self.rate is not None:
            self.rate = self._found = max(self.rate, self._accepted.best(now))

    def left(self, now: float, units: float = 1.0) -> None:
        """Note that so many units leave, which raises the rate if it lasts."""
        since_s, self._left_at = now - self._left_at, now
        self._guessed = False
        if self.rate is not None and since_s <= max(IDLE_S, 2 * units / self.rate):
            self.rate = min(self.rate * self._growth(since_s), self._most or inf)
            self._used_s += since_s

    def refused(self, left_at: float, now: float, asked_s: float = 0.0, unit: float = 1.0) -> float:
        """Note that the gateway asked us to slow down, and for how long to leave it alone (0: it did not say); the
        message counts for so many units (`unit`). Returns for how many seconds the gateway is left alone of our own
        accord: 0 where the message left (`left_at`) before an earlier refusal was known, from which nothing new is
        learnt.
        """
        if left_at < self._refused_at:
            return 0.0
        wait_s = min(self._wait_max_s, WAIT_S * 2.0 ** min(self._fruitless, 30))
        if not self._fruitless:
            rate = self._lower(self._accepted.best(now), unit, dear=asked_s > DEAR_S)
            wait_s = max(wait_s, self._accepted.below(rate, now))
        self._fruitless += 1
        self._refused_at = now
        return wait_s

    def _growth(self, seconds: float) -> float:
        over_s = self._used_s - self._calm_s
        if over_s < 0:
            return 1.0
        share = min(GROWTH_MAX, GROWTH * 2.0 ** min(over_s, 30)) if self._spaced else GROWTH_FIRST
        return float((1.0 + share) ** seconds)

    def _lower(self, best: float, unit: float, *, dear: bool) -> float:
        """Set the rate anew; `best` is what was accepted in a second. Returns it."""
        before = self.rate or self._most
        if before is None:
            found = max(FIRST_LEAST * unit, best)
            self._guessed = True
        else:
            grown = self._used_s > self._calm_s
            found = max(LEAST * unit, _lowered(before, best, grown=grown, dear=dear))
            if grown:
                self._calm_s = self._next_calm_s(found)
                self._spaced = True
        self.rate = self._found = found
        self._used_s = 0.0
        return found

    def _next_calm_s(self, found: float) -> float:
        same = self._spaced and abs(found - self._found) <= SAME * self._found
        return min(CALM_MAX_S, max(CALM_S, 2 * self._calm_s)) if same else CALM_S


def _lowered(before: float, best: float, *, grown: bool, dear: bool) -> float:
    """Return the rate after a refusal at the rate `before`."""
    if dear:
        return KEPT_DEAR * min(before, max(best, KEPT_AT_LEAST * before))
    kept = KEPT_GROWN if grown else KEPT_AT_LEAST
    return min(KEPT_AT_MOST * before, max(best, kept * before))
