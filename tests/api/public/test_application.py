"""A reading process serves what anybody may read, as the API does, and nothing else."""

import asyncio
import socket
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from fastapi import FastAPI
from opentelemetry import _logs, trace

from dispatcher.access.table import OPEN_ROUTES
from dispatcher.api.authentication import wired_routes
from dispatcher.api.public.answering import PREFIXES
from dispatcher.api.public.application import OpenParts, PublicApi, PublicDependencies, public_application
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


class Observer(trace.TracerProvider, trace.Tracer, _logs.LoggerProvider, _logs.Logger):
    """What some other package may have set up for the whole process: it is told of spans and of log records."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def get_tracer(self, *_args: Any, **_options: Any) -> Any:
        return self

    def get_logger(self, *_args: Any, **_options: Any) -> Any:
        return self

    def start_span(self, name: str, *_args: Any, **options: Any) -> Any:
        self.told.append(f"{name} {options.get('attributes')}")
        return trace.INVALID_SPAN

    def start_as_current_span(self, name: str, *_args: Any, **_options: Any) -> Any:
        self.told.append(name)
        return trace.use_span(trace.INVALID_SPAN)

    def emit(self, *_args: Any, **options: Any) -> None:
        self.told.append(repr(options.get("exception")))

    def enabled(self, *_args: Any, **_options: Any) -> bool:
        return True


@pytest.mark.parametrize("kind", [PublicApi, FastAPI])
async def test_no_other_package_is_told_of_requests(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control is FastAPI itself: it tells the path, the query and what an exception says."""
    observer = Observer()
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", observer)
    monkeypatch.setattr(_logs._internal, "_LOGGER_PROVIDER", observer)
    app = kind()

    async def stop(number: str) -> None:
        raise ValueError(f"{number} is not known")

    app.add_api_route("/stop/{number}", stop)

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(_message: Any) -> None:
        pass

    if kind is PublicApi:
        app.public = None  # it is asked for its own paths only
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/stop/+4915550123456",
        "query_string": b"text=STOP+bitte",
    }
    with pytest.raises(ValueError, match="is not known"):
        await app({**scope, "headers": [], "http_version": "1.1", "scheme": "http"}, receive, send)
    told = "\n".join(observer.told)
    if kind is PublicApi:
        assert told == ""
    else:
        assert all(said in told for said in ("/stop/+4915550123456", "STOP+bitte", "is not known")), told
