"""The queue behind Sentinels: real servers, real elections."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from dispatcher.model.alerts import ReadyAlert
from dispatcher.model.vocabulary import Lane
from dispatcher.queue.address import Sentinels, parse
from dispatcher.queue.sentinels import ASK_AGAIN_S, PrimaryPool, primary
from dispatcher.queue.wakeups import WakeUpQueue, open_queue, plan_wake_up
from ops.lab.world import queue_group
from tests.support.histories import depth, until

FLASH = plan_wake_up(ReadyAlert("A", Lane.FLASH, "centre"))


@pytest.fixture
def group(server_dir: Path) -> Iterator[Any]:
    with queue_group.running(server_dir) as group:
        yield group


@pytest.fixture
async def wake_ups(group: Any) -> AsyncIterator[WakeUpQueue]:
    wake_ups = WakeUpQueue(open_queue(parse(group.url)))
    yield wake_ups
    await wake_ups.aclose()


def state(port: Any, epoch: Any, *, down: bool = False, master: bool = True) -> dict[Any, Any]:
    return {
        "ip": "127.0.0.1",
        "port": port,
        "config-epoch": epoch,
        "is_master": master,
        "is_sdown": down,
        "is_odown": False,
    }


@pytest.mark.parametrize(
    ("told", "port"),
    [
        ([], None),
        ([state(1, 0)], 1),
        ([state(1, 4), state(2, 5)], 2),
        ([state(2, 5), state(1, 4)], 2),
        ([state(1, 4, down=True), state(2, 5)], 2),
        ([state(1, 4), state(2, 5, down=True)], None),
        ([state(1, 4, down=True), state(1, 4)], 1),
        ([state(1, 4), state(1, 4, down=True)], 1),
        ([state(1, 4, down=True), state(1, 4, down=True)], None),
        ([state(1, 4, master=False)], None),
    ],
)
def test_the_latest_election_counts(told: list[Any], port: int | None) -> None:
    found = primary(told)
    assert (found and found["port"]) == port


def test_who_cannot_be_asked_knows_no_primary() -> None:
    assert primary([{**state(1, 0), "is_odown": True}]) is None


async def test_the_queue_follows_a_failover_and_a_client_of_one_server_does_not(
    group: Any, wake_ups: WakeUpQueue
) -> None:
    former = group.primary()
    alone = WakeUpQueue(open_queue(parse(f"redis://:an%20den%2Fservern%401@127.0.0.1:{former}")))
    assert [await each.enqueue([FLASH]) for each in (wake_ups, alone)] == [True, True]
    os.kill(group.servers[former], signal.SIGSTOP)
    try:
        assert await wake_ups.enqueue([FLASH]) is False
        await asyncio.to_thread(group.await_new_primary, former)
        await until(wake_ups.ping)
        assert await wake_ups.enqueue([plan_wake_up(ReadyAlert("B", Lane.PRIORITY, "centre"))]) is True
        assert await depth(wake_ups, Lane.PRIORITY) == 1
        assert await alone.ping() is False
    finally:
        os.kill(group.servers[former], signal.SIGCONT)
    await alone.aclose()
    await asyncio.to_thread(group.await_replica, former)
    assert await wake_ups.enqueue([plan_wake_up(ReadyAlert("C", Lane.ROUTINE, "centre"))]) is True
    with queue_group.client(group.primary()) as server:
        assert server.zcard("warn:lane:routine") == 1


async def test_nobody_stays_with_a_former_primary_that_still_answers(group: Any) -> None:
    """As where only the Sentinels are cut off from it: no connection breaks, and nobody gets what is enqueued there."""
    now_s = [0.0]
    queue = Redis(connection_pool=PrimaryPool(parse(group.url), clock=lambda: now_s[0], socket_timeout=5.0))
    former = group.primary()
    other = next(port for port in group.servers if port != former)
    assert await queue.set("key", "former")
    await asyncio.to_thread(name_another, group, other)
    assert await queue.get("key") == b"former"
    with queue_group.client(other) as server:
        server.set("key", "other")
    assert await queue.get("key") == b"former"
    now_s[0] += ASK_AGAIN_S
    assert await queue.get("key") == b"other"
    assert group.role(former) == "master"
    await queue.aclose(close_connection_pool=True)


def name_another(group: Any, port: Any) -> None:
    """The Sentinels watch another server from now on, and the former primary is told nothing."""
    for one in group.sentinels:
        with queue_group.sentinel(one) as sentinel:
            sentinel.execute_command("SENTINEL", "REMOVE", queue_group.NAME)
    with queue_group.client(port) as server:
        server.execute_command("REPLICAOF", "NO", "ONE")
    for one in group.sentinels:
        with queue_group.sentinel(one) as sentinel:
            sentinel.execute_command("SENTINEL", "MONITOR", queue_group.NAME, "127.0.0.1", port, 2)


async def test_a_sentinel_that_hangs_delays_no_wake_up(group: Any, wake_ups: WakeUpQueue) -> None:
    hung = next(iter(group.sentinels.values()))
    os.kill(hung, signal.SIGSTOP)
    try:
        assert await wake_ups.enqueue([FLASH]) is True
    finally:
        os.kill(hung, signal.SIGCONT)


async def test_a_sentinel_that_alone_cannot_reach_the_primary_keeps_nobody_from_it(group: Any) -> None:
    cut_off = next(iter(group.sentinels))
    shut_out(group, cut_off)

    async def thinks_it_dead() -> Any:
        with queue_group.sentinel(cut_off) as sentinel:
            return sentinel.sentinel_master(queue_group.NAME)["is_sdown"]

    await until(thinks_it_dead)
    for _ in range(10):  # whoever answers first
        async with aclosing(WakeUpQueue(open_queue(parse(group.url)))) as wake_ups:
            assert await wake_ups.enqueue([FLASH]) is True


def shut_out(group: Any, sentinel: Any) -> None:
    """The primary does not let this Sentinel in any more."""
    with queue_group.sentinel(sentinel) as one:
        one.execute_command("SENTINEL", "SET", queue_group.NAME, "auth-pass", "not-the-password")
    with queue_group.client(group.primary()) as server:
        for kind in ("normal", "pubsub"):
            server.execute_command("CLIENT", "KILL", "TYPE", kind)


async def test_without_a_majority_what_the_last_one_says_counts(group: Any, wake_ups: WakeUpQueue) -> None:
    hung = list(group.sentinels.values())[:2]
    for pid in hung:
        os.kill(pid, signal.SIGSTOP)
    try:
        await until(wake_ups.ping)
    finally:
        for pid in hung:
            os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda url: url.replace("/warn?", "/other?"),
        lambda url: url.replace("sentinel_password=", "sentinel_password=not-"),
        lambda url: url.replace("://:", "://:not-"),
        lambda _: "redis+sentinel://127.0.0.1:1/warn",
    ],
    ids=["group", "password of the Sentinels", "password of the servers", "nobody there"],
)
async def test_a_wrong_address_takes_no_wake_up(group_of_all: Any, wrong: Any) -> None:
    wake_ups = WakeUpQueue(open_queue(parse(wrong(group_of_all.url))))
    assert await wake_ups.enqueue([FLASH]) is False
    assert await wake_ups.ping() is False
    await wake_ups.aclose()


@pytest.fixture(scope="module")
def group_of_all(servers_dir: Path) -> Iterator[Any]:
    with queue_group.running(servers_dir / "group") as group:
        yield group


async def test_the_right_address_beside_the_wrong_ones_does(group_of_all: Any) -> None:
    wake_ups = WakeUpQueue(open_queue(parse(group_of_all.url)))
    assert await wake_ups.enqueue([FLASH]) is True
    await wake_ups.aclose()


def test_sentinels_may_be_given_a_name_and_a_database() -> None:
    pool = PrimaryPool(Sentinels((("a", 1),), "m", 5, tls=True))
    assert pool.connection_kwargs["db"] == 5
    assert pool.connection_class.__name__ == "SentinelManagedSSLConnection"
