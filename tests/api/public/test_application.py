"""A reading process serves what anybody may read, as the API does, and nothing else."""

import asyncio
import socket
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp

from dispatcher.access.table import OPEN_ROUTES
from dispatcher.api.authentication import wired_routes
from dispatcher.api.public.answering import PREFIXES
from dispatcher.api.public.application import OpenParts, PublicDependencies, public_application
from dispatcher.runtime.serving import server_of
from tests.api.conftest import Service
from tests.support.messages import DUEREN
from tests.support.submissions import warning

LIST = f"/v1/municipalities/{DUEREN}/alerts"


def dependencies_of(service: Service) -> PublicDependencies:
    parts = service.parts
    opened = OpenParts(parts.streams, parts.boundaries, parts.signer, ZoneInfo(parts.settings.time_zone))
    return PublicDependencies(parts.publisher, opened, parts.metrics, parts.health)


async def test_it_answers_as_the_api_does(service: Service) -> None:
    await service.submit(warning(DUEREN))
    await service.parts.publisher.look(afresh=True)
    app = public_application(dependencies_of(service))
    listener = socket.create_server(("127.0.0.1", 0))
    server = server_of(app, service.parts.metrics, ready=app.public.ready)
    running = asyncio.create_task(server.serve([listener]))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    async def ask(base: str, path: str, method: str = "GET") -> Any:
        async with service.session.request(method, base + path) as answer:
            return answer.status, answer.headers.get("etag"), await answer.read()

    try:
        for path in (
            LIST,
            f"{LIST}.atom",
            "/v1/public/alerts",
            "/api31/mowas/mapData.json",
            "/v1/public/alerts/x",
        ):
            for _ in range(2):  # by the route, then ahead of it
                assert await ask(url, path) == await ask(service.url, path), path
        for path in ("/livez", "/readyz"):
            assert (await ask(url, path))[0] == 200
        for path in ("/v1/alerts", "/v1/openapi.json", "/v1/instance/alerts", "/v1/receipts", "/metrics"):
            assert (await ask(url, path, "POST"))[0] == 404, path
        timeout = aiohttp.ClientTimeout(total=30)
        async with service.session.get(f"{url}{LIST}.events", timeout=timeout) as answer:
            assert (await answer.content.readline()).startswith(b"retry: ")
    finally:
        server.should_exit = True
        await running
        listener.close()


async def test_all_its_routes_are_open_and_lie_where_ready_answers_are_looked_for(service: Service) -> None:
    entrances = {str(one.entrance) for one in wired_routes(public_application(dependencies_of(service)))}
    assert entrances <= OPEN_ROUTES.keys()
    paths = {entrance.partition(" ")[2] for entrance in entrances} - {"/livez", "/readyz"}
    assert all(path.startswith(PREFIXES) for path in paths)
