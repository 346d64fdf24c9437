"""Phones whose owners subscribe: the API and a worker in this process, and a push service whose messages can be read."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from dispatcher.model.principals import Instance
from dispatcher.settings import Settings
from dispatcher.wiring.worker import worker_dependencies
from dispatcher.worker.dependencies import WorkerDependencies
from tests.api.conftest import SECRET, Answer, Service, introduce, serving
from tests.channels.far_side import FarSide, answer, far_side
from tests.channels.webpush import subscription as browser
from tests.support.messages import DUEREN, JUELICH

KEYS = {"p256dh": browser.UA_PUBLIC, "auth": browser.AUTH}
OTHER_INSTANCE_KEY = f"wi_juelich_{SECRET}"


@dataclass
class World:
    """Everything that a phone has to do with."""

    service: Service
    worker: WorkerDependencies | None = None
    push: FarSide | None = None
    pool: Any = None

    def wish(self, *names: str, **more: Any) -> bytes:
        """The body with which an app wants these endpoints."""
        origin = self.push.origin if self.push else "https://push.example"
        endpoints = [{"channel": "webpush", "address": f"{origin}/{name}", "keys": KEYS} for name in names]
        return json.dumps({"endpoints": endpoints, "places": [DUEREN], **more}).encode()

    async def codes(self) -> dict[str, str]:
        """What a worker sends now, as the phones read it: a code by the endpoint's name."""
        assert self.push
        assert self.worker
        assert self.worker.endpoint_messages
        before = len(self.push.seen)
        while await self.worker.endpoint_messages.send():
            pass
        found = {}
        for seen in self.push.seen[before:]:
            found[seen.target.removeprefix("/")] = json.loads(browser.decrypt(seen.body))["code"]
        return found


@dataclass
class Phone:
    """One installation of an instance's app, which keeps its token."""

    world: World
    name: str = "anna-anna-anna-anna"
    instance: str = "dueren"
    token: str = ""

    @property
    def path(self) -> str:
        return f"/v1/instances/{self.instance}/subscribers/{self.name}"

    async def ask(self, method: str, what: str = "", body: bytes = b"") -> Answer:
        return await self.world.service.request(method, self.path + what, body, key=self.token)

    async def put(self, *names: str, **more: Any) -> Answer:
        """As the app does at each start."""
        found = await self.ask("PUT", "", self.world.wish(*names, **more))
        if found.status == 200 and found.json.get("token"):
            self.token = found.json["token"]
        return found

    async def prove(self, code: str) -> Answer:
        return await self.ask("POST", "/proof", json.dumps({"code": code}).encode())

    async def enrol(self, *names: str, **more: Any) -> Any:
        """Subscribe, and bring back all codes; how it stands then."""
        made = await self.put(*names, **more)
        assert made.status == 200, made.body
        for code in (await self.world.codes()).values():
            assert (await self.prove(code)).status == 204
        return (await self.ask("GET")).json

    async def states(self) -> list[str]:
        return [one["state"] for one in (await self.ask("GET")).json["endpoints"]]


@asynccontextmanager
async def phones(settings: Settings, **changes: Any) -> AsyncIterator[World]:
    """A service for two instances' apps, and the push service of their phones."""
    async with far_side(answer(201)) as push:
        exempt = settings.model_copy(update={"allowed_origins": {f"push={push.origin}"}, **changes})
        async with serving(exempt) as service, worker_dependencies(exempt) as worker:
            await introduce(service.parts)
            neighbour = Instance("juelich", "Jülich", (JUELICH, DUEREN))
            await service.parts.sources.put_instance(neighbour, OTHER_INSTANCE_KEY)
            yield World(service, worker, push, service.parts.health.pool)
