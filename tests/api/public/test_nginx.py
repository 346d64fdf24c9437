"""The cache that the page on reading puts in front: a real nginx, with the very lines of the page."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from dispatcher.runtime.http_transport import DEFAULT_LIMITS
from dispatcher.settings import Settings
from tests.api.conftest import INSTANCE_KEY, KEY, Answer, Service, introduce, serving
from tests.api.test_cache_control import described
from tests.support.messages import DUEREN
from tests.support.nginx import Nginx, free_port, nginx, of_the_page
from tests.support.submissions import warning

LIST = f"/v1/municipalities/{DUEREN}/alerts"
FROM_THE_CACHE = {"HIT", "STALE", "UPDATING"}
CROWD = 60
PATIENCE_S = 60.0
EVERYTHING = """
server {{
  listen 127.0.0.1:{port};
  location / {{
    proxy_pass {url};
    proxy_cache warn;
    proxy_cache_key $uri$is_args$args;
    proxy_cache_use_stale error timeout updating http_500 http_502 http_503 http_504;
  }}
}}
"""
"""A front that caches whatever it is let, as a careless one would."""

pytestmark = pytest.mark.processes


@dataclass
class Front:
    """nginx in front of a service: at one port as the page says, at the other careless."""

    nginx: Nginx
    port: int
    careless: int
    session: aiohttp.ClientSession

    async def get(self, path: str, *, key: str = "", port: int = 0) -> Answer:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        url = f"http://127.0.0.1:{port or self.port}{path}"
        async with self.session.get(url, headers=headers) as answer:
            return Answer(answer.status, answer.headers, await answer.read())

    async def states(self, path: str, count: int, port: int = 0) -> list[str]:
        """What nginx says of its cache for each of `count` requests; it does so once their answers are sent."""
        give_up = time.monotonic() + PATIENCE_S
        while True:
            found = [
                state for _, state, _, target in self.nginx.requests(port or self.port) if target == path
            ]
            if len(found) >= count:
                return found
            assert time.monotonic() < give_up, found
            await asyncio.sleep(0.01)


@asynccontextmanager
async def fronted(url: str, home: Path) -> AsyncIterator[Front]:
    port, careless = free_port(), free_port()
    servers = of_the_page(url.removeprefix("http://"), port, home) + EVERYTHING.format(url=url, port=careless)
    with nginx(home, servers, careless) as running:
        async with aiohttp.ClientSession() as session:
            yield Front(running, port, careless, session)


@pytest.fixture
async def front(service: Service, tmp_path: Path) -> AsyncIterator[Front]:
    async with fronted(service.url, tmp_path / "nginx") as front:
        yield front


async def test_a_crowd_is_one_reader_a_second_whatever_keys_it_sends(front: Front, service: Service) -> None:
    alert_id = (await service.submit(warning())).json["alert"]["id"]
    await service.parts.publisher.look(afresh=True)
    began = time.monotonic()
    found = await asyncio.gather(*(front.get(LIST, key=("", KEY, "wk_no_one")[n % 3]) for n in range(CROWD)))
    took_s = time.monotonic() - began
    assert {answer.status for answer in found} == {200}
    assert len({answer.body for answer in found}) == 1
    assert alert_id in found[0].body.decode()
    states = await front.states(LIST, CROWD)
    assert sum(state not in FROM_THE_CACHE for state in states) <= 1 + took_s, states


async def test_what_changes_shows_through_the_cache(front: Front, service: Service) -> None:
    async def until(seen: Any) -> None:
        give_up = time.monotonic() + PATIENCE_S
        while True:
            alerts = (await front.get(LIST)).json["alerts"]
            if seen(alerts):
                return
            assert time.monotonic() < give_up, alerts
            await asyncio.sleep(0.02)

    await until(lambda alerts: alerts == [])
    one = warning()
    await service.submit(one)
    await until(lambda alerts: len(alerts) == 1)
    await service.submit(one.later("ende", "Cancel", infos=()))
    await until(lambda alerts: alerts == [])


async def test_nothing_that_a_key_opens_comes_out_of_any_cache(front: Front, service: Service) -> None:
    alert_id = (await service.submit(warning())).json["alert"]["id"]
    opened = 0
    for operation in described(service):
        if operation.method != "GET" or not operation.needs_key:
            continue
        path = operation.target(alert_id=alert_id)
        for key in (KEY, INSTANCE_KEY):
            first = await front.get(path, key=key, port=front.careless)
            again = await front.get(path, port=front.careless)
            assert again.status in {401, 404}, path
            if first.status == 200:
                opened += 1
                assert again.body != first.body
        assert not set(await front.states(path, 4, front.careless)) & FROM_THE_CACHE, path
        assert (await front.get(path, key=KEY)).status == 404, (
            "the lines of the page pass on what is public alone"
        )
    assert opened > 5
    position = "/v1/public/alerts?lat=50.8044&lon=6.4822"
    for port in (front.port, front.careless):
        for _ in range(2):
            assert (await front.get(position, port=port)).status == 200
        assert not set(await front.states(position, 2, port)) & FROM_THE_CACHE


async def test_a_careless_front_does_keep_what_is_public(front: Front, service: Service) -> None:
    """A control: it would have kept the rest as well."""
    await service.parts.publisher.look(afresh=True)
    for key in (KEY, ""):
        assert (await front.get(LIST, key=key, port=front.careless)).status == 200
    found = await asyncio.gather(*(front.get(LIST, port=front.careless) for _ in range(CROWD)))
    assert {answer.status for answer in found} == {200}
    assert set(await front.states(LIST, 2 + CROWD, front.careless)) & FROM_THE_CACHE


async def test_where_nobody_answers_the_cache_does_and_says_as_of_when(
    settings: Settings, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        async with serving(settings) as service:
            await introduce(service.parts)
            alert_id = (await service.submit(warning())).json["alert"]["id"]
            await service.parts.publisher.look(afresh=True)
            front = await stack.enter_async_context(fronted(service.url, tmp_path / "nginx"))
            last = await front.get(LIST)
            assert alert_id in last.body.decode()
        found = await front.get(LIST)
        assert (found.status, found.body) == (200, last.body)
        assert found.headers["alerts-as-of"] == last.headers["alerts-as-of"]
        assert (await front.get("/v1/districts/05358/alerts")).status == 502, (
            "nobody knows: never an empty list"
        )


def test_connections_that_are_kept_end_in_front_before_the_service_ends_them(tmp_path: Path) -> None:
    """Or a request may cross with the end of its connection."""
    lines = of_the_page("127.0.0.1:1", 2, tmp_path)
    kept = [float(seconds) for seconds in re.findall(r"keepalive_timeout (\d+)s;", lines)]
    assert lines.count("keepalive ") == len(kept) == 1
    assert max(kept) < DEFAULT_LIMITS.idle_s
