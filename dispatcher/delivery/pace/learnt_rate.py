"""Learn what a gateway takes from what got through before it refused. Pure: time is a parameter (monotonic seconds).

Until the first refusal there is no limit. Then the rate is what was accepted in a second before it, which is what the
gateway takes, whether it counts in windows or by a bucket. It is kept for a while, then raised, ever faster, until the
gateway refuses again: the longer, the more often the same rate was found. Only use raises it: what was learnt of a
gateway still holds for the next warning.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from math import inf
from typing import Final

from dispatcher.model.rates.found_rate import MEMORY_S, FoundRate

SECOND_S: Final = 1.0
"""The window in which acceptances are counted: rates are per second."""
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
CALM_S: Final = 5.0
"""How long a rate is kept that was found at even spacing; doubled each time that nearly the same is found."""
CALM_MAX_S: Final = 60.0
SAME: Final = 0.25
"""Rates that differ by less than this share are the same."""
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
        """Note that units were accepted, `now` or a little while ago."""
        notes = self._notes
        later = []
        while notes and notes[-1][0] > now:
            later.append(notes.pop())
        if notes and now - notes[-1][0] < GRAIN_S:
            at, before = notes.pop()
            notes.append((at, before + units))
        else:
            notes.append((now, units))
        notes.extend(reversed(later))
        while notes[0][0] <= notes[-1][0] - MEMORY_S:
            notes.popleft()

    def lately(self, now: float) -> list[tuple[float, float]]:
        """Return when so many units were accepted, the oldest first."""
        return self._since(now - MEMORY_S)

    def best(self, now: float) -> float:
        """Return the most units of any second in memory."""
        recent = self.lately(now)
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
    """Follows what one gateway takes, from this process or from all that share what they learn."""

    def __init__(self, wait_max_s: float = WAIT_MAX_S, most: float | None = None) -> None:
        """`wait_max_s` is the longest that a gateway is left alone of our own accord, `most` the rate that it should
        take: more is not tried.
        """
        self.found: FoundRate | None = None
        """None: there was no refusal yet."""
        self.rate: float | None = None
        """The units a second that are tried; None: there was no refusal yet."""
        self._most = most
        self._wait_max_s = wait_max_s
        self._accepted = RecentAcceptances()
        self._guessed = False
        """Whether nothing has left since the first refusal: what is still accepted shows more of what it takes."""
        self._left_at = -inf
        self._refused_at = -inf

    def accepted(self, units: float, now: float) -> None:
        """Note what the gateway took, from whichever process: `now`, or a little while ago."""
        self._accepted.add(units, now)
        if self.found is not None and self.found.fruitless:
            self._hold(replace(self.found, fruitless=0))
        if self.found is not None and self._guessed and (best := self._accepted.best(now)) > self.found.rate:
            self._hold(replace(self.found, version=self.found.version + 1, rate=best))

    def left(self, now: float, units: float = 1.0, parts: int = 1, *, counted: bool = True) -> None:
        """Note that so many units leave, which raises the rate if it lasts; this process has one of so many `parts` of
        it. Not `counted` is what somebody else counts, who sees all processes.
        """
        since_s, self._left_at = now - self._left_at, now
        self._guessed = False
        if not counted or self.found is None or self.rate is None:
            return
        if since_s <= idle_s(2 * units * parts, self.rate):
            self._hold(replace(self.found, used_s=self.found.used_s + since_s))

    def adopt(self, found: FoundRate, now: float) -> None:
        """Take over what all processes know. What has left until now tells nothing of a rate that was found since. Of
        two first guesses that were made at once the higher holds: each saw what the gateway took from one process.
        """
        if self.found is None or found.version > self.found.version:
            self._guessed = self.found is None and not (found.spaced or found.used_s)
            self._refused_at = now
            self._hold(found)
        elif (
            found.version == self.found.version
            and not (found.spaced or found.used_s)
            and self.found.rate > found.rate
        ):
            self._hold(replace(self.found, version=found.version + 1))
        elif found.version == self.found.version:
            self._hold(replace(found, fruitless=self.found.fruitless))

    def refused(self, left_at: float, now: float, asked_s: float = 0.0, unit: float = 1.0) -> float:
        """Note that the gateway asked us to slow down, and for how long to leave it alone (0: it did not say); the
        message counts for so many units (`unit`). Returns for how many seconds the gateway is left alone of our own
        accord: 0 where the message left (`left_at`) before an earlier refusal was known, from which nothing new is
        learnt.
        """
        if left_at < self._refused_at:
            return 0.0
        before = self.found
        fruitless = before.fruitless if before else 0
        wait_s = min(self._wait_max_s, WAIT_S * 2.0 ** min(fruitless, 30))
        if before is None or not fruitless:
            before = self._lower(self._accepted.best(now), unit, dear=asked_s > DEAR_S)
            wait_s = max(wait_s, self._accepted.below(before.rate, now))
        self._hold(replace(before, version=before.version + 1, fruitless=fruitless + 1))
        self._refused_at = now
        return wait_s

    def _hold(self, found: FoundRate) -> None:
        self.found, self.rate = found, min(found.rate_now, self._most or inf)

    def _lower(self, best: float, unit: float, *, dear: bool) -> FoundRate:
        """Return the rate that is found now; `best` is what was accepted in a second."""
        found, before = self.found, self.rate or self._most
        if before is None:
            self._guessed = True
            return FoundRate(0, max(FIRST_LEAST * unit, best))
        grown = found is not None and found.is_grown
        rate = max(LEAST * unit, _lowered(before, best, grown=grown, dear=dear))
        if found is None:
            return FoundRate(0, rate)
        if not grown:
            return replace(found, rate=rate, used_s=0.0)
        return replace(found, rate=rate, spaced=True, calm_s=_next_calm_s(found, rate), used_s=0.0)


def idle_s(units: float, rate: float) -> float:
    """Return after how many seconds without a message a gateway was idle; so many units take their time at the rate."""
    return max(IDLE_S, units / rate)


def _next_calm_s(before: FoundRate, rate: float) -> float:
    """Return how long the rate is kept: the longer, the more often nearly the same was found."""
    same = before.spaced and abs(rate - before.rate) <= SAME * before.rate
    return min(CALM_MAX_S, max(CALM_S, 2 * before.calm_s)) if same else CALM_S


def _lowered(before: float, best: float, *, grown: bool, dear: bool) -> float:
    """Return the rate after a refusal at the rate `before`."""
    if dear:
        return KEPT_DEAR * min(before, max(best, KEPT_AT_LEAST * before))
    kept = KEPT_GROWN if grown else KEPT_AT_LEAST
    return min(KEPT_AT_MOST * before, max(best, kept * before))
