"""A hostile HTTP/2 gateway costs its own batch only: each of its requests ends in time, and others' go on."""

import asyncio
import ssl
import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from channels.clock import elapsed
from channels.http.client import HttpClient
from channels.http.messages import Answer, HttpError
from tests.channels.far_side import far_side_2
from tests.channels.hostile_peer import ATTACKS, Attack, HostileServer, drawn, hostile_server
from tests.support.limited_loop import LimitedLoop

TIMEOUT_S = 0.6
"""The time for each request to the hostile gateway."""
IN_ALL_S = 30.0
"""A test that takes longer hangs: many times what an idle machine needs."""
BATCH = 12
PAUSE_S = 0.02
"""Between two requests to the other gateway: without one they keep a processor busy for as long as a batch takes."""
MEMORY_BYTES = 16 << 20
"""The most that a batch may have added to Python's memory at any time, both sides of the connections among it."""
PATHS = {"own": 1, "libcurl": sys.maxsize}
SEEDS = range(8)


@pytest.fixture
def anyio_backend() -> tuple[Any, ...]:
    """The loop of the service."""
    return "asyncio", {"loop_factory": LimitedLoop}


async def outcome(client: HttpClient, url: str, within_s: float = TIMEOUT_S) -> Answer | HttpError:
    try:
        return await client.post(url, {"TTL": "60"}, b"x" * 100, within_s)
    except HttpError as error:
        return error


async def warm(client: HttpClient, server: HostileServer, path: str) -> None:
    """Let the next requests go the way that is to be tried."""
    for _ in range(200):
        assert isinstance(await outcome(client, server.origin + "/", IN_ALL_S), Answer)
        pool: Any = client._http2._pools.get(server.origin)
        if path == "libcurl" or (pool is not None and pool._connections and pool._connections[0].room(100)):
            return
    raise AssertionError("no connection of our own came about")


async def batch(client: HttpClient, server: HostileServer, attack: Attack, good: str) -> list[Any]:
    """Send a batch to the hostile gateway and, beside it, requests to another until it is over; return its outcomes.

    Each comes within its time, and the other gateway answers all.
    """
    server.attack = attack
    begun = elapsed()
    mine = asyncio.gather(*(outcome(client, f"{server.origin}/{number}") for number in range(BATCH)))
    others = 0
    while not mine.done() or others < 3:
        found = await client.post(good + "/", {"TTL": "60"}, b"", IN_ALL_S)
        assert found.status == 201
        others += 1
        await asyncio.wait([mine], timeout=PAUSE_S)
    found_out = await mine
    took = elapsed() - begun
    assert all(isinstance(one, Answer | HttpError) for one in found_out)
    assert took < IN_ALL_S
    return list(found_out)


async def tried(client: HttpClient, server: HostileServer, attack: Attack, path: str, good: str) -> list[Any]:
    async with asyncio.timeout(IN_ALL_S):
        await warm(client, server, path)
        first = await batch(client, server, attack, good)
        again = await batch(client, server, attack, good)
        server.behave()
        for _ in range(50):  # whatever it did, it is asked again, and answers
            if isinstance(await outcome(client, server.origin + "/"), Answer):
                return first + again
    raise AssertionError("a gateway that behaves again is not reached")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
async def test_a_hostile_gateway_costs_its_own_batch_only(
    client_for: Callable[..., HttpClient],
    server_tls: Callable[..., ssl.SSLContext],
    attack: Attack,
    path: str,
) -> None:
    async with (
        hostile_server(server_tls("h2")) as server,
        far_side_2(lambda stream: stream.answer(201), server_tls("h2")) as good,
    ):
        client = client_for(server.origin, good.origin, http2_after=PATHS[path])
        tracemalloc.start()
        try:
            found = await tried(client, server, attack, path, good.origin)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert server.attacked
        assert len(found) == 2 * BATCH
        assert peak < MEMORY_BYTES
        await client.aclose()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("seed", SEEDS)
async def test_a_gateway_that_answers_at_random_costs_its_own_batch_only(
    client_for: Callable[..., HttpClient], server_tls: Callable[..., ssl.SSLContext], seed: int, path: str
) -> None:
    async with (
        hostile_server(server_tls("h2")) as server,
        far_side_2(lambda stream: stream.answer(201), server_tls("h2")) as good,
    ):
        client = client_for(server.origin, good.origin, http2_after=PATHS[path])
        assert len(await tried(client, server, drawn(seed), path, good.origin)) == 2 * BATCH
        await client.aclose()
