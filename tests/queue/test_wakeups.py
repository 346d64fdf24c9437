"""Wake-ups: real Valkey, real arq keys."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dispatcher.embedded import EmbeddedValkey
from dispatcher.model.alerts import ReadyAlert
from dispatcher.model.batches import ReadyBatch
from dispatcher.model.vocabulary import Lane
from dispatcher.queue.address import parse
from dispatcher.queue.wakeups import (
    WakeUp,
    WakeUpQueue,
    batch_wake_up,
    open_queue,
    plan_wake_up,
    queue_name,
    source_queue_name,
)
from tests.support.histories import depth


@pytest.fixture
async def queue(redis_url: str) -> AsyncIterator[Any]:
    queue = open_queue(parse(redis_url))
    yield queue
    await queue.aclose(close_connection_pool=True)


@pytest.fixture
def wake_ups(queue: Any) -> WakeUpQueue:
    return WakeUpQueue(queue)


async def waiting(queue: Any, lane: Any) -> dict[Any, Any]:
    return dict(await queue.zrange(source_queue_name(lane, "centre"), 0, -1, withscores=True))


async def test_a_wake_up_waits_in_its_lane_as_msgpack(queue: Any, wake_ups: WakeUpQueue) -> None:
    assert await wake_ups.enqueue([batch_wake_up(ReadyBatch(7, Lane.FLASH, 3, "centre"))]) is True
    assert set(await waiting(queue, Lane.FLASH)) == {b"deliver:7:3"}
    job = msgspec.msgpack.decode(await queue.get("arq:job:deliver:7:3"))
    assert (job["f"], list(job["a"])) == ("deliver", [7])
    assert await depth(wake_ups, Lane.FLASH) == 1
    assert await depth(wake_ups, Lane.ROUTINE) == 0


async def test_a_job_that_nobody_takes_is_forgotten_some_day(queue: Any, wake_ups: WakeUpQueue) -> None:
    await wake_ups.enqueue([plan_wake_up(ReadyAlert("A", Lane.ROUTINE, "centre"))])
    assert 0 < await queue.pttl("arq:job:plan:A:0") <= 3_600_000


async def test_a_repeated_wake_up_changes_nothing(queue: Any, wake_ups: WakeUpQueue) -> None:
    wake_up = batch_wake_up(ReadyBatch(7, Lane.FLASH, 3, "centre"))
    await wake_ups.enqueue([wake_up])
    before = await waiting(queue, Lane.FLASH)
    assert await wake_ups.enqueue([wake_up, wake_up]) is True
    assert await waiting(queue, Lane.FLASH) == before


async def test_a_wake_up_from_a_process_whose_date_is_ahead_is_heard_with_the_next_one(
    queue: Any, wake_ups: WakeUpQueue
) -> None:
    wake_up = batch_wake_up(ReadyBatch(7, Lane.FLASH, 3, "centre"))
    await wake_ups.enqueue([wake_up])
    [(job, due_ms)] = (await waiting(queue, Lane.FLASH)).items()
    await queue.zadd(source_queue_name(Lane.FLASH, "centre"), {job: due_ms + 3_600_000})
    await queue.zadd(queue_name(Lane.FLASH), {"centre": due_ms + 3_600_000})
    await wake_ups.enqueue([wake_up])
    assert (await waiting(queue, Lane.FLASH))[job] <= time.time() * 1000
    assert await queue.zscore(queue_name(Lane.FLASH), "centre") <= time.time() * 1000


async def test_a_wake_up_for_another_token_is_another_wake_up(queue: Any, wake_ups: WakeUpQueue) -> None:
    await wake_ups.enqueue([batch_wake_up(ReadyBatch(7, Lane.FLASH, token, "centre")) for token in (3, 4)])
    assert len(await waiting(queue, Lane.FLASH)) == 2


async def test_a_delayed_wake_up_is_due_later(queue: Any, wake_ups: WakeUpQueue) -> None:
    now_ms = time.time() * 1000
    await wake_ups.enqueue([batch_wake_up(ReadyBatch(7, Lane.FLASH, 3, "centre"), delay_s=60.0)])
    [due_ms] = (await waiting(queue, Lane.FLASH)).values()
    assert due_ms >= int(now_ms) + 60_000


def test_a_plan_that_wakes_itself_up_again_takes_another_id_than_the_job_it_runs_in() -> None:
    first, again = (
        plan_wake_up(ReadyAlert("A", Lane.FLASH, "centre")),
        plan_wake_up(ReadyAlert("A", Lane.FLASH, "centre"), 0.1),
    )
    assert first.job_id == "plan:A:0"
    assert again.job_id != first.job_id
    assert again == WakeUp("plan", "A", again.job_id, Lane.FLASH, "centre", 0.1)


async def test_what_the_queue_took_is_no_failure(redis_url: str) -> None:
    wake_ups = WakeUpQueue(open_queue(parse(redis_url)), lambda: pytest.fail("counted"))
    assert await wake_ups.enqueue([plan_wake_up(ReadyAlert("A", Lane.FLASH, "centre"))]) is True
    await wake_ups.aclose()


async def test_no_wake_ups_are_no_trip_to_the_queue(wake_ups: WakeUpQueue) -> None:
    assert await wake_ups.enqueue([]) is True


async def test_a_queue_that_is_away_takes_no_wake_up_and_does_not_answer(tmp_path: Path) -> None:
    failures = []
    wake_ups = WakeUpQueue(open_queue(parse(f"unix://{tmp_path}/nobody.sock")), lambda: failures.append(1))
    assert (
        await wake_ups.enqueue(
            [
                plan_wake_up(ReadyAlert("A", Lane.FLASH, "centre")),
                plan_wake_up(ReadyAlert("B", Lane.FLASH, "centre")),
            ]
        )
        is False
    )
    assert await wake_ups.enqueue([plan_wake_up(ReadyAlert("A", Lane.FLASH, "centre"))]) is False
    assert len(failures) == 2, "each call once"
    assert await wake_ups.enqueue([]) is True
    assert await wake_ups.ping() is False
    assert len(failures) == 2
    await wake_ups.aclose()


async def test_a_queue_that_answers_is_up(wake_ups: WakeUpQueue) -> None:
    assert await wake_ups.ping() is True


async def test_a_queue_that_hangs_keeps_nobody_waiting_and_works_again_afterwards(server_dir: Path) -> None:
    with EmbeddedValkey(server_dir, durable=False) as server:
        wake_ups = WakeUpQueue(open_queue(parse(server.url)))
        assert await wake_ups.ping() is True
        os.kill(server.pid, signal.SIGSTOP)
        try:
            assert (
                await asyncio.wait_for(
                    wake_ups.enqueue([plan_wake_up(ReadyAlert("A", Lane.FLASH, "centre"))]), 5
                )
                is False
            )
            assert await asyncio.wait_for(wake_ups.ping(), 5) is False
        finally:
            os.kill(server.pid, signal.SIGCONT)
        assert await wake_ups.enqueue([plan_wake_up(ReadyAlert("B", Lane.ROUTINE, "centre"))]) is True
        assert await depth(wake_ups, Lane.ROUTINE) == 1
        await wake_ups.aclose()


async def test_a_wake_up_is_known_to_the_lanes_below_and_to_nobody_else(redis_url: str) -> None:
    wake_ups = WakeUpQueue(open_queue(parse(redis_url)))
    await wake_ups.enqueue([plan_wake_up(ReadyAlert("A", Lane.PRIORITY, "centre"))])
    await wake_ups.enqueue([plan_wake_up(ReadyAlert("B", Lane.FLASH, "centre"), delay_s=60)])
    assert [await wake_ups.higher_lane_active(lane) for lane in Lane] == [False, False, True, True]
    await wake_ups.aclose()


async def test_without_the_queue_nobody_stands_aside() -> None:
    wake_ups = WakeUpQueue(open_queue(parse("redis://127.0.0.1:1")))
    assert not await wake_ups.higher_lane_active(Lane.ROUTINE)
    await wake_ups.aclose()
