"""An operator reads what waits, releases what was shown, or discards it, over HTTP."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import Request

from dispatcher.access.principals import Principal
from dispatcher.api.held import deciding
from dispatcher.api.held.routes import routes
from dispatcher.model.problems import ProblemType, RequestRefused
from tests.api import conftest as over_http
from tests.api.held.test_deciding import held, operator

pool, service, settings = over_http.pool, over_http.service, over_http.settings


class Routes:
    """The routes as they answer whoever was let in: who is, `tests/api/test_authentication.py` tries."""

    def __init__(self, service: Any, who: Principal) -> None:
        found: Any = routes(service.parts).routes
        self._app = SimpleNamespace(state=SimpleNamespace(dependencies=service.parts))
        self._endpoints = {route.operation_id: route.endpoint for route in found}
        self._who = who

    async def ask(self, name: str, *named: str) -> Any:
        return await self._endpoints[name](self._who, *named)

    async def decide(self, name: str, alert_id: str, **body: Any) -> Any:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}

        scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "app": self._app}
        return await self._endpoints[name](self._who, alert_id, Request(scope, receive))


async def refused(deciding: Any) -> ProblemType:
    with pytest.raises(RequestRefused) as caught:
        await deciding
    return caught.value.type


async def test_what_was_shown_is_released_once(service: Any) -> None:
    alert, over = await held(service), Routes(service, operator())
    assert [one.alert for one in (await over.ask("listHeld")).held] == [alert]
    shown = await over.ask("getHeld", alert)
    assert (shown.people, shown.held_for, shown.state) == (0, ["severity"], "held")
    seen = {"target_sha256": shown.target_sha256, "people": 0, "why": "angerufen"}
    for wrong in ({"target_sha256": "0" * 64}, {"people": None}):
        assert await refused(over.decide("releaseHeld", alert, **seen | wrong)) is ProblemType.CONFLICT
    assert await refused(over.decide("releaseHeld", alert, why="x")) is ProblemType.INVALID_REQUEST
    released = await over.decide("releaseHeld", alert, **seen)
    assert (released.state, released.held_for) == ("accepted", [])
    assert await refused(over.decide("discardHeld", alert, why="zu spät")) is ProblemType.CONFLICT
    assert (await over.ask("listHeld")).held == []


async def test_what_nobody_can_count_says_so(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    alert, over = await held(service), Routes(service, operator())
    assert (await over.ask("getHeld", alert)).uncounted is None
    monkeypatch.setattr(deciding, "COUNTED_S", 0.0)
    shown = await over.ask("getHeld", alert)
    assert (shown.people, shown.uncounted) == (None, "timeout")
    seen = {"target_sha256": shown.target_sha256, "people": None, "why": "angerufen"}
    assert (await over.decide("releaseHeld", alert, **seen)).state == "accepted"


async def test_what_is_discarded_is_recorded(service: Any) -> None:
    alert, over = await held(service), Routes(service, operator())
    assert (await over.decide("discardHeld", alert, why="Irrläufer")).reason == "discarded"
