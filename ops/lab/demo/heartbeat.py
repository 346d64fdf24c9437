"""Says what is being waited for, so often that nobody takes the demo for dead."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SILENT_AT_MOST_S = 1.0
"""Seconds without a word. The ticks below are as late as the machine is busy; the promise is two seconds."""
TICK_S = 0.2


class Screen(Protocol):
    """Shows lines that stay, and one that gives way to the next."""

    def say(self, text: str) -> None:
        """Print a line that stays."""

    def wait(self, text: str) -> None:
        """Show what is being waited for."""

    def clear(self) -> None:
        """Take that away."""


class Heartbeat:
    """Tells of one step at a time. `beat` is called often, from any one thread, and speaks when it is time to."""

    def __init__(self, screen: Screen, clock: Callable[[], float] = time.monotonic) -> None:
        self._screen = screen
        self._clock = clock
        self._lock = threading.Lock()
        self._step = ""
        self._began = self._spoke = clock()

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Say that a step begins, from time to time that it goes on, and what it took."""
        with self._lock:
            self._step, self._began = title, self._clock()
            self._wait()
        try:
            yield
        finally:
            with self._lock:
                self._step = ""
                self._screen.clear()
        self._screen.say(f"{title}: {self._clock() - self._began:.1f} s")

    def beat(self) -> None:
        """Say that the step goes on, if nothing was said of it for a while."""
        with self._lock:
            if self._step and self._clock() - self._spoke >= SILENT_AT_MOST_S:
                self._wait()

    def _wait(self) -> None:
        self._spoke = self._clock()
        self._screen.wait(f"{self._step} ... {self._spoke - self._began:.0f} s")


@contextmanager
def beating(heartbeat: Heartbeat) -> Iterator[None]:
    """Let it beat in a thread of its own, until the block ends."""
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(TICK_S):
            heartbeat.beat()

    thread = threading.Thread(target=run, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
