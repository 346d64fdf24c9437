"""What is kept of the last hours, on the real server."""

from itertools import pairwise
from typing import Any

import pytest

from dispatcher.model.health.measures import Measure, Reading
from dispatcher.queue.address import parse
from dispatcher.queue.health_ring import FIELDS_MAX, KEPT_S, HealthRing, RingUnavailable
from dispatcher.queue.wakeups import health_name, open_queue
from tests.channels.far_side import closed_port

SMS, HELD = Reading(Measure.REACHED, ("sms",)), Reading(Measure.HELD)


@pytest.fixture
async def queue(redis_url: str) -> Any:
    client = open_queue(parse(redis_url))
    yield client
    await client.aclose(close_connection_pool=True)


def total(minutes: Any, reading: Reading) -> float:
    return sum(one.readings.get(reading, 0) for one in minutes)


async def test_all_processes_add_to_what_all_see(queue: Any) -> None:
    one, other = HealthRing(queue), HealthRing(queue)
    assert await one.note({SMS: 3}, {HELD: 1.0})
    assert await other.note({SMS: 4}, {})
    found = await one.read(5)
    assert len(found) == 5
    assert [b.started - a.started for a, b in pairwise(found)] == [60] * 4
    assert (total(found, SMS), total(found, HELD) >= 1) == (7, True)
    names = [name async for name in queue.scan_iter("warn:health:*")]
    assert names
    for name in names:
        assert 0 < await queue.ttl(name) <= KEPT_S


async def test_a_note_is_bounded_and_what_is_not_ours_is_left_out(queue: Any) -> None:
    ring = HealthRing(queue)
    await ring.note({Reading(Measure.TAKEN, (str(number),)): 1 for number in range(2 * FIELDS_MAX)}, {})
    found = await ring.read(2)
    assert sum(len(one.readings) for one in found) == FIELDS_MAX
    minute = found[-1].started // 60
    await queue.hset(health_name(minute), mapping={"later|x": "1", "held": "nonsense", b"\xff": "2"})
    assert HELD not in (await ring.read(2))[-1].readings


async def test_without_a_queue_nobody_knows() -> None:
    client = open_queue(parse(f"redis://127.0.0.1:{closed_port()}"))
    ring = HealthRing(client)
    assert not await ring.note({SMS: 1}, {})
    with pytest.raises(RingUnavailable):
        await ring.read()
    await client.aclose(close_connection_pool=True)
