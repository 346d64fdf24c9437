"""The bell: real Valkey, real arq keys."""

import asyncio
import os
import signal
import time

import msgspec
import pytest

from dispatcher.embedded import EmbeddedValkey
from dispatcher.model import Lane
from dispatcher.store.doorbell import Doorbell, Ring, deliver, open_queue, plan, queue_name
from dispatcher.store.ledger import Bell
from dispatcher.store.queue_address import parse


@pytest.fixture
async def queue(redis_url):
    queue = open_queue(parse(redis_url))
    yield queue
    await queue.aclose(close_connection_pool=True)


@pytest.fixture
def bell(queue):
    return Doorbell(queue)


async def waiting(queue, lane):
    return dict(await queue.zrange(queue_name(lane), 0, -1, withscores=True))


async def test_a_ring_waits_in_its_lane_as_msgpack(queue, bell):
    assert await bell.ring([deliver(Bell(7, Lane.FLASH, 3))]) is True
    assert set(await waiting(queue, Lane.FLASH)) == {b"deliver:7:3"}
    job = msgspec.msgpack.decode(await queue.get("arq:job:deliver:7:3"))
    assert (job["f"], list(job["a"])) == ("deliver", [7])
    assert await bell.depth(Lane.FLASH) == 1
    assert await bell.depth(Lane.ROUTINE) == 0


async def test_a_job_that_nobody_takes_is_forgotten_some_day(queue, bell):
    await bell.ring([plan("A", Lane.ROUTINE)])
    assert 0 < await queue.pttl("arq:job:plan:A:0") <= 3_600_000


async def test_a_repeated_ring_changes_nothing(queue, bell):
    ring = deliver(Bell(7, Lane.FLASH, 3))
    await bell.ring([ring])
    before = await waiting(queue, Lane.FLASH)
    assert await bell.ring([ring, ring]) is True
    assert await waiting(queue, Lane.FLASH) == before


async def test_a_ring_from_a_process_whose_date_is_ahead_is_heard_with_the_next_one(queue, bell):
    ring = deliver(Bell(7, Lane.FLASH, 3))
    await bell.ring([ring])
    [(job, due_ms)] = (await waiting(queue, Lane.FLASH)).items()
    await queue.zadd(queue_name(Lane.FLASH), {job: due_ms + 3_600_000})
    await bell.ring([ring])
    assert (await waiting(queue, Lane.FLASH))[job] <= time.time() * 1000


async def test_a_ring_for_another_token_is_another_ring(queue, bell):
    await bell.ring([deliver(Bell(7, Lane.FLASH, token)) for token in (3, 4)])
    assert len(await waiting(queue, Lane.FLASH)) == 2


async def test_a_delayed_ring_is_due_later(queue, bell):
    now_ms = time.time() * 1000
    await bell.ring([deliver(Bell(7, Lane.FLASH, 3), delay_s=60.0)])
    [due_ms] = (await waiting(queue, Lane.FLASH)).values()
    assert due_ms >= int(now_ms) + 60_000


def test_a_plan_that_rings_for_itself_again_takes_another_id_than_the_job_it_runs_in():
    first, again = plan("A", Lane.FLASH), plan("A", Lane.FLASH, 0.1)
    assert first.job_id == "plan:A:0"
    assert again.job_id != first.job_id
    assert again == Ring("plan", "A", again.job_id, Lane.FLASH, 0.1)


async def test_no_rings_are_no_trip_to_the_queue(bell):
    assert await bell.ring([]) is True


async def test_a_queue_that_is_away_takes_no_ring_and_does_not_answer(tmp_path):
    bell = Doorbell(open_queue(parse(f"unix://{tmp_path}/nobody.sock")))
    assert await bell.ring([plan("A", Lane.FLASH)]) is False
    assert await bell.ping() is False
    await bell.aclose()


async def test_a_queue_that_answers_is_up(bell):
    assert await bell.ping() is True


async def test_a_queue_that_hangs_keeps_nobody_waiting_and_works_again_afterwards(tmp_path):
    with EmbeddedValkey(tmp_path / "valkey", durable=False) as server:
        bell = Doorbell(open_queue(parse(server.url)))
        assert await bell.ping() is True
        os.kill(server.pid, signal.SIGSTOP)
        try:
            assert await asyncio.wait_for(bell.ring([plan("A", Lane.FLASH)]), 5) is False
            assert await asyncio.wait_for(bell.ping(), 5) is False
        finally:
            os.kill(server.pid, signal.SIGCONT)
        assert await bell.ring([plan("B", Lane.ROUTINE)]) is True
        assert await bell.depth(Lane.ROUTINE) == 1
        await bell.aclose()


async def test_a_ring_is_known_to_the_lanes_below_and_to_nobody_else(redis_url):
    bell = Doorbell(open_queue(parse(redis_url)))
    await bell.ring([plan("A", Lane.PRIORITY)])
    await bell.ring([plan("B", Lane.FLASH, delay_s=60)])
    assert [await bell.rung_above(lane) for lane in Lane] == [False, False, True, True]
    await bell.aclose()


async def test_without_the_queue_nobody_stands_aside():
    bell = Doorbell(open_queue(parse("redis://127.0.0.1:1")))
    assert not await bell.rung_above(Lane.ROUTINE)
    await bell.aclose()
