"""A worker that gets no memory ends, and takes nobody's warning with it."""

import asyncio
import json
import os
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
import structlog

from dispatcher.delivery.reconciler import Reconciler
from dispatcher.model.alerts import ReadyAlert
from dispatcher.model.vocabulary import Lane, State
from dispatcher.queue import wakeups
from dispatcher.runtime import memory_watchdog
from dispatcher.runtime.memory_watchdog import MemoryWatchdog
from dispatcher.worker.dependencies import WorkerDependencies
from tests.delivery.conftest import House
from tests.support.histories import let_leases_end, until
from tests.worker.conftest import lanes_running

BEYOND_ANY_BYTES = 1 << 60


@pytest.fixture
def ends() -> list[Any]:
    return []


def test_with_memory_nothing_happens(ends: list[Any]) -> None:
    MemoryWatchdog(end=lambda: ends.append("ended")).check()
    assert ends == []


def test_without_memory_the_process_ends_and_says_why(ends: list[Any]) -> None:
    with structlog.testing.capture_logs() as logs:
        MemoryWatchdog(end=lambda: ends.append("ended"), needed_bytes=BEYOND_ANY_BYTES).check()
    assert ends == ["ended"]
    assert [(line["event"], line["log_level"]) for line in logs] == [("memory_exhausted", "critical")]


def test_last_words_that_nobody_takes_keep_no_process_alive(
    ends: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", buffering=1) as nobody:
        monkeypatch.setattr(memory_watchdog, "log", structlog.wrap_logger(structlog.PrintLogger(nobody)))
        MemoryWatchdog(end=lambda: ends.append("ended"), needed_bytes=BEYOND_ANY_BYTES).check()
        with suppress(BrokenPipeError):
            nobody.close()
    assert ends == ["ended"]


async def test_an_idle_worker_looks_too(ends: list[Any]) -> None:
    watching = asyncio.create_task(
        MemoryWatchdog(end=lambda: ends.append("ended"), needed_bytes=BEYOND_ANY_BYTES).watch()
    )

    async def ended() -> bool:
        return bool(ends)

    await until(ended)
    watching.cancel()


def test_a_real_limit_ends_a_real_process(python: Callable[..., subprocess.Popen[str]]) -> None:
    process = python(
        """
        import resource
        from dispatcher.runtime import logs
        from dispatcher.runtime.memory_watchdog import MemoryWatchdog

        logs.configure(as_json=True, process="worker-1")
        watchdog = MemoryWatchdog()
        watchdog.check()
        size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
        print("limited", flush=True)
        watchdog.check()
        print("went on", flush=True)
        """,
        stderr=-1,
    )
    out, err = process.communicate(timeout=20)
    assert (out, process.returncode) == ("limited\n", os.EX_OSERR)
    assert json.loads(err)["event"] == "memory_exhausted"


async def test_who_was_in_hand_when_memory_ended_is_served_by_another(
    house: House, parts: WorkerDependencies, redis_url: str, reconciler: Reconciler, ends: list[Any]
) -> None:
    ids = await house.subscribe("a", "b")
    house.channel.script[ids[0]] = [MemoryError()]
    await house.submit("A")
    dying = replace(parts, watchdog=MemoryWatchdog(end=lambda: ends.append("ended")))

    async def ended() -> bool:
        return bool(ends)

    async def settled() -> bool:
        return (await house.alerts.get("A")).state == "settled"

    async with lanes_running(dying, redis_url, Lane.PRIORITY):
        await house.wake_ups.enqueue([wakeups.plan_wake_up(ReadyAlert("A", Lane.PRIORITY, "centre"))])
        await until(ended)
    assert house.channel.seen == []
    assert house.count("warn_jobs_failed_total", function="deliver") == 0
    assert await house.pool.fetchval("SELECT outcomes FROM batch") == bytes([State.CLAIMED] * 2)
    async with lanes_running(parts, redis_url, Lane.PRIORITY):
        await let_leases_end(house.pool)
        await reconciler.sweep()
        await until(settled)
    assert sorted(house.channel.seen) == [("A", one) for one in ids]


async def test_a_plan_without_memory_ends_the_process_too(
    house: House, parts: WorkerDependencies, redis_url: str, ends: list[Any]
) -> None:
    class Greedy:
        async def plan(self, alert_id: Any) -> None:
            raise MemoryError

    async def ended() -> bool:
        return bool(ends)

    dying = replace(parts, planner=Greedy(), watchdog=MemoryWatchdog(end=lambda: ends.append("ended")))
    async with lanes_running(dying, redis_url, Lane.PRIORITY):
        await house.wake_ups.enqueue([wakeups.plan_wake_up(ReadyAlert("A", Lane.PRIORITY, "centre"))])
        await until(ended)
    assert house.count("warn_jobs_failed_total", function="plan") == 0
