"""The demo is never silent for long; the clock here is told what time it is."""

import threading
from itertools import pairwise
from typing import Any

import pytest

from ops.lab.demo.heartbeat import SILENT_AT_MOST_S, TICK_S, Heartbeat, beating


class Screen:
    """Keeps when something was said, and what."""

    def __init__(self) -> None:
        self.now = 0.0
        self.said: list[tuple[float, str]] = []

    def say(self, text: str) -> None:
        self.said.append((self.now, text))

    wait = say

    def clear(self) -> None:
        """Nothing is said."""


@pytest.fixture
def screen() -> Screen:
    return Screen()


def longest_silence(screen: Screen, heartbeat: Any, seconds: float) -> float:
    """Let a step take so long, with a tick as often as the thread makes one."""
    with heartbeat.step("starting the service"):
        for _ in range(round(seconds / TICK_S)):
            screen.now += TICK_S
            heartbeat.beat()
    times = [0.0, *(when for when, _ in screen.said), screen.now]
    return max(later - earlier for earlier, later in pairwise(times))


def test_a_long_step_is_told_of_at_least_every_second(screen: Screen) -> None:
    heartbeat = Heartbeat(screen, lambda: screen.now)
    assert longest_silence(screen, heartbeat, 81.0) <= SILENT_AT_MOST_S + TICK_S < 2.0
    assert screen.said[0] == (0.0, "starting the service ... 0 s")
    assert screen.said[-1][1] == "starting the service: 81.0 s"


def test_a_silent_step_is_noticed(screen: Screen) -> None:
    class Silent(Heartbeat):
        def beat(self) -> None:
            pass

    assert longest_silence(screen, Silent(screen, lambda: screen.now), 81.0) > 80


def test_between_steps_nothing_is_said(screen: Screen) -> None:
    heartbeat = Heartbeat(screen, lambda: screen.now)
    with heartbeat.step("one"):
        pass
    screen.now += 10
    said = list(screen.said)
    heartbeat.beat()
    assert screen.said == said


def test_a_step_that_fails_is_not_told_of_as_done(screen: Screen) -> None:
    heartbeat = Heartbeat(screen, lambda: screen.now)
    with pytest.raises(OSError, match="disk"), heartbeat.step("one"):
        raise OSError("disk")
    assert [text for _, text in screen.said] == ["one ... 0 s"]
    screen.now += 10
    heartbeat.beat()
    assert len(screen.said) == 1


def test_it_beats_in_a_thread_until_the_block_ends() -> None:
    heard = threading.Event()

    class Heard(Heartbeat):
        def beat(self) -> None:
            heard.set()

    with beating(Heard(Screen())):
        assert heard.wait(20)
    assert "heartbeat" not in [thread.name for thread in threading.enumerate()]
