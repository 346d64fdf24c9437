"""An operator away from the machine minds an instance's webhook, as the commands do."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from dispatcher.settings import Settings
from tests.api.conftest import INSTANCE_KEY, Answer, introduce, serving
from tests.channels.far_side import FarSide, far_side
from tests.support.messages import DUEREN
from tests.support.operators import PATH, acts, asking


@dataclass
class Desk:
    """An operator, and the server of an app."""

    service: Any
    side: FarSide
    _ask: Any

    @property
    def url(self) -> str:
        return f"{self.side.origin}/warnings"

    async def ask(self, method: str, path: str = "", body: Any = None, instance: str = "dueren") -> Answer:
        found: Answer = await self._ask(method, f"{PATH}/{instance}/webhook{path}", body)
        return found


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[Desk]:
    async with (
        far_side() as side,
        serving(
            settings.model_copy(update={"allowed_origins": frozenset({f"callback={side.origin}"})})
        ) as service,
    ):
        await introduce(service.parts)
        yield Desk(service, side, await asking(service, service.parts.health.pool))


async def test_from_nothing_to_a_test_notice_and_back(desk: Desk) -> None:
    (await desk.ask("GET")).problem(404, "not-found")
    made = await desk.ask("PUT", body={"url": desk.url, "places": [DUEREN]})
    assert (made.status, made.headers["cache-control"]) == (200, "private, no-store")
    assert made.json["secret"].startswith("whsec_")
    again = await desk.ask("PUT", body={"url": desk.url, "places": [DUEREN]})
    assert again.json == made.json | {"secret": None}
    own = await desk.service.get("/v1/instance/webhook", key=INSTANCE_KEY)
    assert own.json == (await desk.ask("GET")).json, "the app sees the same"
    turned = await desk.ask("POST", "/rotate", {"overlap_hours": 1})
    assert len(turned.json["previous_secrets_end"]) == 1
    tried = await desk.ask("POST", "/test")
    assert (tried.json["meaning"], len(desk.side.seen)) == ("accepted", 1)
    (await desk.ask("POST", "/test")).problem(429, "rate-limited")
    for _ in range(2):
        assert (await desk.ask("DELETE")).status == 204
    (await desk.ask("GET")).problem(404, "not-found")
    done = [one for one in await acts(desk.service.parts.health.pool) if one.startswith("webhook")]
    assert done == ["webhook.put"] * 2 + ["webhook.rotate", "webhook.remove"]


async def test_what_cannot_be_is_refused_with_where_and_why(desk: Desk) -> None:
    for body, where in (
        ({"url": "https://10.0.0.1/x"}, "/url"),
        ({"url": desk.url, "places": ["05334002"]}, "/places/0"),
        ({"url": desk.url, "secret": "short"}, "/secret"),
    ):
        refused = await desk.ask("PUT", body=body)
        assert [one["path"] for one in refused.problem(422, "invalid-webhook")["errors"]] == [where]
    for method, path in (("PUT", ""), ("GET", ""), ("POST", "/rotate"), ("POST", "/test"), ("DELETE", "")):
        wanted = {"url": desk.url} if method == "PUT" else None
        (await desk.ask(method, path, wanted, instance="nobody")).problem(404, "not-found")
    assert await acts(desk.service.parts.health.pool) == []
