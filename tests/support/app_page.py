"""A service whose app is open in a browser, with workers that send by themselves, and who warns."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from dispatcher.model.principals import Branding, Instance, Source
from dispatcher.settings import Settings
from dispatcher.wiring.worker import worker_dependencies
from dispatcher.worker.dependencies import WorkerDependencies
from tests.api.conftest import INSTANCE_KEY, KEY, Service, serving
from tests.support.histories import until
from tests.support.messages import DUEREN, SENDER, Message, message
from tests.worker.conftest import lanes_running

DUEREN_APP = Instance(
    "dueren",
    "Kreis Düren",
    (DUEREN, "05358004", "05358012", "05358016", "05358020", "05358024", "05358028", "05358032", "05358036",
     "05358040", "05358044", "05358048", "05358052", "05358056", "05358060"),
    branding=Branding("#00457c", "#ffffff"),
    contact="warnungen@dueren.example",
)  # fmt: skip


@dataclass
class AppService:
    """The service, and the last message of each warning."""

    service: Service
    worker: WorkerDependencies
    said: dict[str, Message] = field(default_factory=dict)

    @property
    def page(self) -> str:
        """The address of the app's page."""
        return f"{self.service.url}/app/dueren/"

    async def warns(self, identifier: str = "hochwasser-1", *areas: str, **words: Any) -> str:
        """A control centre warns; the alert's id."""
        sent = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=2)
        return await self._submit(
            identifier, message(*(areas or (DUEREN,)), identifier=identifier, sent=sent, **words)
        )

    async def says_more(self, identifier: str, msg_type: str = "Update", **words: Any) -> str:
        """It updates or ends a warning; the id of that."""
        before = self.said[identifier]
        number = len(before.references) + 1
        info = before.infos[0]
        after = message(
            *info.areas,
            **{"headline": info.headline, **words},
            identifier=f"{identifier}-{number}",
            sent=before.sent + timedelta(seconds=number),
            msg_type=msg_type,
            references=(*before.references, before),
        )
        return await self._submit(identifier, after)

    async def _submit(self, name: str, one: Message) -> str:
        answer = await self.service.submit(one)
        assert answer.status == 201, answer.body
        self.said[name] = one
        found: str = answer.json["alert"]["id"]
        return found

    async def sends_codes(self) -> None:
        """Send what endpoints wait for, now."""
        assert self.worker.endpoint_messages
        await until(self.worker.endpoint_messages.send)


@asynccontextmanager
async def app_service(settings: Settings, redis_url: str) -> AsyncIterator[AppService]:
    """The service of these settings, with the app of a district and a control centre."""
    async with serving(settings) as service, worker_dependencies(settings) as worker:
        sources = service.parts.sources
        await sources.put(Source("leitstelle", "Leitstelle Düren", frozenset({SENDER}), ("05358",)))
        await sources.add_key("leitstelle", KEY)
        await sources.put_instance(DUEREN_APP, INSTANCE_KEY)

        async def is_covered() -> bool:
            found = await service.get(f"/v1/municipalities/{DUEREN}/alerts", key=None)
            return found.status == 200 and bool(found.json["covered"])

        await until(is_covered)
        async with lanes_running(worker, redis_url):
            yield AppService(service, worker)
