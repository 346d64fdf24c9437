"""The API under a real uvicorn, and a client that speaks HTTP to it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from fastapi import FastAPI

from dispatcher.api.application import application, metrics_application
from dispatcher.api.openapi.document import document
from dispatcher.model.principals import Instance, Source
from dispatcher.runtime.http_transport import DEFAULT_LIMITS, HttpLimits
from dispatcher.runtime.serving import serve_both, server_of
from dispatcher.settings import Settings
from dispatcher.wiring.api import api_dependencies
from tests.metrics.test_registry import samples
from tests.support import route_fields
from tests.support.description import Description
from tests.support.messages import DUEREN, SENDER

SECRET = "s" * 43
KEY, OTHER_KEY, INSTANCE_KEY = f"wk_leitstelle_{SECRET}", f"wk_nachbar_{SECRET}", f"wi_dueren_{SECRET}"
EXERCISE_KEY = f"wx_leitstelle_{SECRET}"
NEIGHBOUR = "leitstelle@aachen.example"
CAP = "application/cap+xml"

route_fields.remember()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def problem(self, status: Any, type_: Any) -> Any:
        """The problem document, after checking its form."""
        document = self.json
        assert (self.status, document["type"]) == (status, f"urn:cap-dispatcher:problem:{type_}")
        assert self.headers["content-type"] == "application/problem+json"
        assert document["status"] == status
        for name in ("title", "title_de", "detail", "detail_en"):
            assert document[name], name
        assert document["detail"] != document["detail_en"]
        for error in document.get("errors", ()):
            assert {"code", "path", "line", "message", "message_de"} <= set(error)
        return document


@dataclass
class Service:
    """One API process and who speaks to it."""

    url: str
    parts: Any
    session: aiohttp.ClientSession
    metrics_url: str = ""
    description: Description | None = None
    places: Any = None
    """The process's gates."""

    async def request(
        self, method: Any, path: Any, body: Any = None, *, key: Any = KEY, **headers: Any
    ) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if key:
            named["Authorization"] = f"Bearer {key}"
        async with self.session.request(method, self.url + path, data=body, headers=named) as response:
            answer = Answer(response.status, response.headers, await response.read())
        if self.description:
            faults = self.description.faults(method, path, answer.status, answer.headers, answer.body)
            assert not faults, "\n".join(faults)
        return answer

    async def get(self, path: Any, *, key: Any = KEY) -> Any:
        return await self.request("GET", path, key=key)

    async def operator(self, path: Any) -> Answer:
        """Ask the port that is the operator's."""
        async with self.session.get(self.metrics_url + path) as response:
            return Answer(response.status, response.headers, await response.read())

    async def submit(
        self,
        message: Any,
        *,
        key: Any = None,
        path: str = "/v1/alerts",
        content_type: Any = CAP,
        **headers: Any,
    ) -> Any:
        """An exercise goes where exercises go, unless a key is given."""
        if key is None:
            exercise = getattr(message, "status", "") == "Exercise"
            key, path = (EXERCISE_KEY, f"/exercise{path}") if exercise else (KEY, path)
        body = message if isinstance(message, bytes) else message.xml()
        return await self.request("POST", path, body, key=key, content_type=content_type, **headers)

    def count(self, name: Any, **labels: Any) -> Any:
        return samples(self.parts.metrics).get((name, frozenset(labels.items())), 0)

    def refusals(self) -> dict[Any, Any]:
        return {
            dict(labels)["problem"]: value
            for (name, labels), value in samples(self.parts.metrics).items()
            if name == "warn_alerts_rejected_total" and value
        }


_descriptions: list[Description] = []


def description_of(app: FastAPI) -> Description:
    """How the first application of the session describes itself. It takes a quarter of a second, which is most of what
    a service takes to start, and no setting changes it (`tests/api/openapi/test_document.py`).
    """
    if not _descriptions:
        _descriptions.append(Description(document(app)))
    return _descriptions[0]


@asynccontextmanager
async def serving(
    settings: Any, limits: HttpLimits = DEFAULT_LIMITS, *, in_process: bool = True
) -> AsyncIterator[Service]:
    """The application of these settings behind a free port; it reads submissions `in_process`, or in readers."""
    async with api_dependencies(settings, in_process=in_process) as parts:
        listener, metrics_listener = (socket.create_server(("127.0.0.1", 0)) for _ in range(2))
        app = application(parts)
        server = server_of(app, parts.metrics, limits, ready=app.ready)
        metrics = server_of(metrics_application(parts), parts.metrics)
        running = asyncio.create_task(serve_both(server, listener, metrics, metrics_listener))
        async with aiohttp.ClientSession() as session:
            url, inside = (f"http://127.0.0.1:{one.getsockname()[1]}" for one in (listener, metrics_listener))
            yield Service(url, parts, session, inside, description_of(app), app.state.places)
        server.should_exit = True
        await running
        listener.close()
        metrics_listener.close()


async def introduce(parts: Any) -> None:
    """The sources and the instance of these tests."""
    sources = parts.sources
    await sources.put(Source("leitstelle", "Leitstelle Düren", frozenset({SENDER}), ("05358",)))
    await sources.put(Source("nachbar", "Leitstelle Aachen", frozenset({NEIGHBOUR}), ("05334",)))
    await sources.add_key("leitstelle", KEY)
    await sources.add_key("leitstelle", EXERCISE_KEY)
    await sources.add_key("nachbar", OTHER_KEY)
    await sources.put_instance(Instance("dueren", "Düren", (DUEREN,)), INSTANCE_KEY)


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    return Settings(
        database_url=database_url, redis_url=redis_url, data_dir=tmp_path, key_pepper="pepper of the tests"
    )


@pytest.fixture
async def service(settings: Settings) -> AsyncIterator[Any]:
    async with serving(settings) as service:
        await introduce(service.parts)
        yield service


@pytest.fixture
def pool(service: Any) -> Any:
    return service.parts.health.pool
