"""The event loop is watched: what holds it is counted, by cause."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
import structlog

from dispatcher.metrics import Metrics
from dispatcher.runtime.loop_watchdog import LIMIT_S, LOG_EVERY_S, Cause, LoopWatchdog, cause_of


def blocked(metrics: Metrics, cause: Cause) -> float:
    return metrics.registry.get_sample_value("warn_event_loop_blocked_total", {"cause": cause}) or 0.0


@pytest.mark.parametrize(
    ("late_s", "worked_s", "cause"),
    [
        (0.0, 0.0, None),
        (LIMIT_S - 0.001, 1.0, None),
        (LIMIT_S, LIMIT_S, Cause.WORK),
        (5.0, 0.001, Cause.WAIT),
        (-0.001, 0.0, None),
    ],
)
def test_the_loop_is_held_from_20_ms_on_by_its_own_work_or_by_others(
    late_s: float, worked_s: float, cause: Cause | None
) -> None:
    assert cause_of(late_s, worked_s) is cause


class Looking(LoopWatchdog):
    """Says when it has looked."""

    def __init__(self, metrics: Metrics) -> None:
        super().__init__(metrics)
        self.looked = asyncio.Event()

    def note(self, late_s: float, worked_s: float) -> None:
        super().note(late_s, worked_s)
        self.looked.set()


async def watched(metrics: Metrics, hold: Callable[[], object]) -> None:
    """Watch the loop while something holds it, until the watchdog has looked at it once more."""
    watchdog = Looking(metrics)
    watching = asyncio.create_task(watchdog.watch())
    for act in (lambda: None, hold, lambda: None):
        watchdog.looked.clear()
        await watchdog.looked.wait()
        act()
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching


async def test_work_that_holds_the_loop_is_counted() -> None:
    def work() -> None:
        ends = time.thread_time() + 0.1
        while time.thread_time() < ends:
            pass

    metrics = Metrics()
    await watched(metrics, work)
    assert blocked(metrics, Cause.WORK) >= 1


async def test_a_call_that_waits_in_the_loop_is_counted_as_that() -> None:
    metrics = Metrics()
    await watched(metrics, lambda: time.sleep(0.1))
    assert blocked(metrics, Cause.WAIT) >= 1


def test_of_many_stalls_the_log_has_one_a_minute() -> None:
    now = 0.0
    watchdog = LoopWatchdog(Metrics(), monotonic=lambda: now)
    with structlog.testing.capture_logs() as logs:
        for _ in range(10):
            watchdog.note(0.5, 0.5)
        now += LOG_EVERY_S
        watchdog.note(0.5, 0.0)
    assert [(one["event"], one["cause"]) for one in logs] == [
        ("event_loop_blocked", Cause.WORK),
        ("event_loop_blocked", Cause.WAIT),
    ]
