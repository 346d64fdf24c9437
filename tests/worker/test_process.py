"""The worker as a process of its own."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dispatcher.queue.address import parse
from dispatcher.runtime.memory_watchdog import MemoryWatchdog
from dispatcher.settings import Settings
from dispatcher.worker import process as worker_process
from dispatcher.worker.dependencies import WorkerDependencies
from tests.delivery.conftest import House
from tests.support.histories import until


@pytest.fixture
def worker(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[tuple[Any, ...]]:
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "WARN_DATA_DIR": str(tmp_path),
        "WARN_RECONCILE_INTERVAL_S": "0.05",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "dispatcher", "worker"], env=environment, stderr=subprocess.PIPE, text=True
    )
    yield process, tmp_path / "prometheus" / "worker.json"
    process.kill()
    process.wait()
    process.stderr.close()


def asked(address: Any, path: Any) -> Any:
    with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as answer:
        return answer.read().decode()


async def test_it_serves_probes_delivers_after_a_lost_wake_up_and_ends_cleanly(
    worker: tuple[Any, ...], house: House
) -> None:
    process, announcement = worker
    await house.subscribe("a", channel="webpush")
    await house.submit("A")
    await house.pool.execute("UPDATE subscription SET ended_at = now()")

    async def announced() -> Any:
        return announcement.exists()

    async def settled() -> bool:
        return (await house.alerts.get("A")).state == "settled"

    await until(announced)
    [document] = json.loads(announcement.read_text())
    [address] = document["targets"]
    assert json.loads(asked(address, "/readyz")) == {"status": "ok", "record": True, "queue": True}
    assert json.loads(asked(address, "/livez")) == {"status": "ok"}
    await house.pool.execute("UPDATE alert SET enqueued_at = NULL")
    await until(settled)
    assert "warn_batches_open" in asked(address, "/metrics")
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    events = [json.loads(line)["event"] for line in process.stderr.read().splitlines()]
    assert events[:2] == ["vapid_subject_unset", "worker_serving"]
    assert "worker_stopping" in events
    assert not announcement.exists()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.fixture
async def own_signals() -> AsyncIterator[None]:
    """The process under test takes SIGTERM and SIGINT; afterwards they are pytest's again."""
    yield
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.remove_signal_handler(number)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_all_its_parts_run_until_it_is_told_to_stop(
    house: House, parts: WorkerDependencies, redis_url: str, settings: Settings, own_signals: Any, number: Any
) -> None:
    await house.subscribe("a")
    await house.submit("A")
    running = asyncio.create_task(worker_process.run(settings, parts, parse(redis_url)))

    async def swept() -> bool:
        return house.count("warn_last_reconciliation_timestamp_seconds") > 0

    await until(swept)
    os.kill(os.getpid(), number)
    await asyncio.wait_for(running, 20)
    assert not (settings.data_dir / "prometheus" / "worker.json").exists()


class Failing:
    """A watch that ends by itself, as none should."""

    def __init__(self, error: Any) -> None:
        self.error = error

    async def run(self) -> None:
        raise self.error


async def test_a_part_that_ends_by_itself_ends_the_process_loudly(
    parts: WorkerDependencies, redis_url: str, settings: Settings, own_signals: Any
) -> None:
    """Its supervisor starts it again; a worker without one of its parts would look alive."""
    with pytest.raises(LookupError, match="a part ended"):
        await asyncio.wait_for(
            worker_process.run(
                settings,
                replace(parts, feed_scheduler=Failing(LookupError("a part ended"))),
                parse(redis_url),
            ),
            20,
        )


async def test_a_part_that_gets_no_memory_ends_the_process_before_anything_is_wound_up(
    parts: WorkerDependencies, redis_url: str, settings: Settings, own_signals: Any
) -> None:
    ends = []
    starved = replace(
        parts,
        feed_scheduler=Failing(MemoryError()),
        watchdog=MemoryWatchdog(end=lambda: ends.append(parts.deliverer._process.stopping.is_set())),
    )
    with pytest.raises(MemoryError):
        await asyncio.wait_for(worker_process.run(settings, starved, parse(redis_url)), 20)
    assert ends == [False]
