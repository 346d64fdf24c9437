"""What a process has done is noted once."""

from typing import Any

from dispatcher.metrics import Metrics
from dispatcher.model.health.measures import Measure, Reading
from dispatcher.queue.address import parse
from dispatcher.queue.health_ring import HealthRing
from dispatcher.queue.wakeups import open_queue
from dispatcher.worker.health.noting import HealthNotes
from tests.channels.far_side import closed_port

TAKEN = Reading(Measure.TAKEN, ("sms", "a"))


def notes(ring: HealthRing, metrics: Metrics) -> HealthNotes:
    return HealthNotes(ring, metrics, leads=lambda: True, minds_feeds=lambda: False)


async def test_nothing_that_goes_wrong_ends_the_process(redis_url: str) -> None:
    metrics, client = Metrics(), open_queue(parse(redis_url))
    moments = iter(["no time", 1.0])
    clock: Any = lambda: next(moments)  # noqa: E731 - a clock that is wrong once
    metrics.oldest_open.labels("flash").set(1.0)
    metrics.attempts.labels("sms", "a", "accepted").inc()
    ring = HealthRing(client)
    noting = HealthNotes(ring, metrics, leads=lambda: True, minds_feeds=lambda: False, clock=clock)
    for _ in range(2):
        await noting.note()
    assert sum(one.readings.get(TAKEN, 0) for one in await ring.read(5)) == 1
    await client.aclose(close_connection_pool=True)


async def test_what_redis_did_not_take_is_noted_when_it_answers(redis_url: str) -> None:
    metrics = Metrics()
    metrics.attempts.labels("sms", "a", "accepted").inc(3)
    away = open_queue(parse(f"redis://127.0.0.1:{closed_port()}"))
    noting: Any = notes(HealthRing(away), metrics)
    await noting.note()
    client = open_queue(parse(redis_url))
    noting._ring = ring = HealthRing(client)
    for _ in range(2):
        await noting.note()
    metrics.attempts.labels("sms", "a", "accepted").inc(2)
    await noting.note()
    found = await ring.read(5)
    assert sum(one.readings.get(TAKEN, 0) for one in found) == 5
    assert any(Reading(Measure.WAITING, ("flash",)) in one.readings for one in found)
    for one in (away, client):
        await one.aclose(close_connection_pool=True)
