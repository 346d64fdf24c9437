"""What a worker shows of a real PostgreSQL, a real Valkey and this machine."""

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from dispatcher.metrics import Metrics
from dispatcher.queue.address import parse
from dispatcher.queue.wakeups import open_queue
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.record import Pool
from dispatcher.wiring.doctor.running import self_examination
from tests.channels.far_side import closed_port
from tests.metrics.test_registry import samples


def levels(metrics: Metrics) -> dict[str, float]:
    return {
        dict(labels)["part"]: value
        for (name, labels), value in samples(metrics).items()
        if name == "warn_diagnosis"
    }


def client_of(url: str) -> Any:
    return open_queue(parse(url))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    pool = await record.connect(database_url, size=1)
    yield pool
    await pool.close()


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Any]:
    client = client_of(redis_url)
    await client.config_set("appendonly", "yes")
    yield client
    await client.config_set("appendonly", "no")
    await client.config_set("maxmemory-policy", "noeviction")
    await client.aclose(close_connection_pool=True)


async def test_everything_is_looked_at(settings: Settings, pool: Pool, client: Any) -> None:
    metrics = Metrics()
    await self_examination(settings, pool, client, metrics).examine()
    assert levels(metrics) == {
        "disk": levels(metrics)["disk"],  # this machine's
        "data_directory": 0,
        "record": 2,  # the tests' PostgreSQL does without fsync
        "standby": 0,
        "clock": 0,
        "signing": 0,
        "queue": 0,
    }
    shown = samples(metrics)
    assert shown["warn_disk_free_bytes", frozenset()] > 0
    assert abs(shown["warn_clock_offset_seconds", frozenset()]) < 1
    assert shown["warn_record_standbys", frozenset()] == 0


async def test_the_machine_is_looked_at_though_all_threads_that_are_shared_are_taken(
    settings: Settings, pool: Pool, client: Any
) -> None:
    metrics, ended = Metrics(), threading.Event()
    with ThreadPoolExecutor(max_workers=1) as shared:
        shared.submit(ended.wait)
        asyncio.get_running_loop().set_default_executor(shared)
        try:
            await self_examination(settings, pool, client, metrics).examine()
        finally:
            ended.set()
    assert levels(metrics)["data_directory"] == 0


async def test_a_queue_that_is_set_to_evict_is_wrong_until_it_is_mended(
    settings: Settings, pool: Pool, client: Any
) -> None:
    metrics, seen = Metrics(), []
    examination = self_examination(settings, pool, client, metrics)
    for policy in ("noeviction", "allkeys-lru", "noeviction"):
        await client.config_set("maxmemory-policy", policy)
        await examination.examine()
        seen.append(levels(metrics)["queue"])
    assert seen == [0, 2, 0]


async def test_a_queue_that_forgets_is_a_warning(settings: Settings, pool: Pool, client: Any) -> None:
    await client.config_set("appendonly", "no")
    metrics = Metrics()
    await self_examination(settings, pool, client, metrics).examine()
    assert levels(metrics)["queue"] == 1


@pytest.mark.parametrize(("rules", "level"), [(("+@write", "~*"), -1), (("-@write",), 2)])
async def test_a_user_who_may_not_ask_is_no_failure_and_one_who_may_not_write_is_found(
    settings: Settings, pool: Pool, client: Any, redis_url: str, rules: tuple[str, ...], level: int
) -> None:
    metrics, other = Metrics(), client_of(redis_url)
    await client.execute_command("ACL", "SETUSER", "wortlos", "reset", "on", "nopass", "+@connection", *rules)
    try:
        async with other.client() as connection:
            await connection.execute_command("AUTH", "wortlos", "")
            await self_examination(settings, pool, connection, metrics).examine()
    finally:
        await client.execute_command("ACL", "DELUSER", "wortlos")
        await other.aclose(close_connection_pool=True)
    assert levels(metrics)["queue"] == level
    assert samples(metrics)["warn_examinations_failed_total", frozenset({("subject", "queue")})] == 0


async def test_servers_that_are_away_keep_nothing_else_back(settings: Settings, pool: Pool) -> None:
    metrics, away = Metrics(), client_of(f"redis://127.0.0.1:{closed_port()}")
    await pool.close()
    await self_examination(settings, pool, away, metrics).examine()
    await away.aclose(close_connection_pool=True)
    found = levels(metrics)
    assert {found[part] for part in ("record", "standby", "clock", "signing", "queue")} == {-1}
    assert (found["data_directory"], found["disk"] >= 0) == (0, True)
