"""Asking how the process is."""

import asyncio
from pathlib import Path
from typing import Any

from dispatcher.embedded import EmbeddedValkey
from dispatcher.model.problems import ProblemType
from dispatcher.runtime.probes import Health, Readiness
from dispatcher.settings import Settings
from tests.api import conftest as over_http
from tests.api.conftest import Service, serving

settings = over_http.settings
service = over_http.service
pool = over_http.pool


async def test_a_live_and_ready_process_says_so(service: Service) -> None:
    assert (await service.operator("/livez")).json == {"status": "ok"}
    ready = await service.operator("/readyz")
    assert (ready.status, ready.json) == (200, {"status": "ok", "record": True, "queue": True})
    assert service.count("warn_record_up") == 1
    assert service.count("warn_queue_up") == 1


async def test_strangers_learn_whether_it_is_up_and_nothing_else(service: Service, pool: Any) -> None:
    assert (await service.get("/metrics", key="")).status == 404
    assert (await service.get("/livez", key="")).json == {"status": "ok"}
    up = await service.get("/readyz", key="")
    assert (up.status, up.json) == (200, {"status": "ok"})
    taken = [await pool.acquire() for _ in range(pool.get_max_size())]
    down = await service.get("/readyz", key="")
    assert (down.status, down.json) == (503, {"status": "unavailable"})
    for connection in taken:
        await pool.release(connection)


async def test_many_who_ask_at_once_are_one_question_to_the_record(service: Service) -> None:
    asked = 0

    class Counted:
        async def fetchval(self, _: Any) -> bool:
            nonlocal asked
            asked += 1
            return True

    readiness = Readiness(
        service.parts.metrics, Health(Counted(), service.parts.health.wake_ups, needs_queue=True)
    )
    answers = await asyncio.gather(*(readiness.answer(with_parts=False) for _ in range(100)))
    assert {answer.status_code for answer in answers} == {200}
    assert asked == 1
    await readiness.parts()
    assert asked == 2


async def test_metrics_are_there_in_prometheus_words_with_every_problem_at_zero(service: Service) -> None:
    answer = await service.operator("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    text = answer.body.decode()
    for problem in ProblemType:
        assert f'warn_alerts_rejected_total{{problem="{problem}"}} 0.0' in text


async def test_readiness_does_not_wait_for_a_pool_that_is_used_up(service: Service, pool: Any) -> None:
    """A probe that hangs looks to its supervisor like a process that hangs."""
    taken = [await pool.acquire() for _ in range(pool.get_max_size())]
    ready = await asyncio.wait_for(service.operator("/readyz"), 10)
    assert (ready.status, ready.json["record"]) == (503, False)
    for connection in taken:
        await pool.release(connection)
    assert (await service.operator("/readyz")).status == 200


async def test_readiness_does_not_wait_for_a_record_that_hangs(service: Service) -> None:
    """Breaking off a statement takes as long as the server takes to hear of it."""
    heard = asyncio.Event()

    class Hanging:
        async def fetchval(self, _: Any) -> None:
            try:
                await heard.wait()
            finally:
                await heard.wait()

    health = Health(Hanging(), service.parts.health.wake_ups, needs_queue=True)
    assert (await health.check())["record"] is False
    heard.set()


async def test_the_queue_that_goes_and_comes_is_seen(settings: Settings, server_dir: Path) -> None:
    with EmbeddedValkey(server_dir, durable=False) as server:
        async with serving(settings.model_copy(update={"redis_url": server.url})) as service:
            assert (await service.operator("/readyz")).json["queue"] is True
            await asyncio.to_thread(server.stop)
            assert (await service.operator("/readyz")).json["queue"] is False
            server.start()
            assert (await service.operator("/readyz")).json["queue"] is True
