"""Gateways that refuse what is too much, each in its way, and a sender with a clock of its own."""

import heapq
import math
import random
from collections import deque
from dataclasses import dataclass
from typing import Any, Protocol

from dispatcher.delivery.pace.pace import Pace
from dispatcher.delivery.pace.spacing import Departures

JITTER_S, ANSWER_S = 0.01, 0.05


class Policy(Protocol):
    def takes(self, now: float) -> bool: ...

    def free_in_s(self, now: float) -> float: ...


class FixedWindow:
    """Counts in seconds of its own clock."""

    def __init__(self, rate: float, phase: float = 0.3) -> None:
        self._rate, self._phase = rate, phase
        self._window, self._taken = -1, 0

    def takes(self, now: float) -> bool:
        window = int(now + self._phase)
        if window != self._window:
            self._window, self._taken = window, 0
        if self._taken < self._rate:
            self._taken += 1
            return True
        return False

    def free_in_s(self, now: float) -> float:
        return 1 - (now + self._phase) % 1


class SlidingWindow:
    """Counts what it took in the second before."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._taken: deque[float] = deque()

    def takes(self, now: float) -> bool:
        while self._taken and self._taken[0] <= now - 1:
            self._taken.popleft()
        if len(self._taken) < self._rate:
            self._taken.append(now)
            return True
        return False

    def free_in_s(self, now: float) -> float:
        return self._taken[0] + 1 - now


class TokenBucket:
    """Saves up to `burst` messages."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, max(1.0, burst)
        self._level, self._at = self._burst, 0.0

    def takes(self, now: float) -> bool:
        self._level = min(self._burst, self._level + self._rate * (now - self._at))
        self._at = now
        if self._level >= 1 - 1e-9:
            self._level -= 1
            return True
        return False

    def free_in_s(self, now: float) -> float:
        return (1 - self._level) / self._rate


@dataclass(frozen=True)
class Result:
    """How a send went. `seconds` are to the last acceptance."""

    seconds: float
    refused: int
    rate: float | None


def send(gateway: Policy, messages: int, in_flight: int, pace: Pace, *, says_when: bool = False) -> Result:
    """Send so many at the pace, through a network that jitters; what is refused waits as long as the gateway says."""
    chance, now, todo, landed, refused, last = random.Random(1), 0.0, messages, 0, 0, 0.0
    departures = Departures()
    under_way: list[tuple[float, float, Any]] = []
    """When it arrives or is answered, when it left, and the answer (None: not there yet)."""
    while landed < messages:
        while todo and len(under_way) < in_flight and (pace.ready(now)):
            todo -= 1
            pace.leave(1, now)
            held_s = departures.wait_s(1, pace.rate, now) if pace.rate else 0.0
            arrives = now + held_s + ANSWER_S / 2 + chance.random() * JITTER_S
            heapq.heappush(under_way, (arrives, now, None))
        may_leave_at = now + pace.wait_s(now) if todo and len(under_way) < in_flight else math.inf
        arrives_at = under_way[0][0] if under_way else math.inf
        now = max(now, min(may_leave_at, arrives_at))
        while under_way and under_way[0][0] <= now:
            at, left_at, answer = heapq.heappop(under_way)
            if answer is None:
                taken = gateway.takes(at)
                asked_s = max(1, math.ceil(gateway.free_in_s(at))) if says_when and not taken else 0
                heapq.heappush(under_way, (at + ANSWER_S / 2, left_at, (taken, asked_s)))
            elif answer[0]:
                landed, last = landed + 1, now
                pace.accepted(1, now)
            else:
                refused, todo = refused + 1, todo + 1
                pace.refused(left_at, now, answer[1])
    return Result(last, refused, pace.rate)
