"""Who signs up while very many do is turned away before anything else is done, and nobody else is."""

import asyncio
from typing import Any

import pytest

from dispatcher.api.citizens.application import citizens_application
from dispatcher.api.citizens.returning import LEAST_S
from dispatcher.api.instances.cross_origin import CrossOrigin
from dispatcher.api.shedding import ENROLMENTS_AT_ONCE, NEWCOMERS_WAITING, Places
from dispatcher.api.subscribers.newcomers import NewcomersWait, is_newcomer
from tests.support.histories import until

PATH = "/v1/instances/dueren/subscribers/0123456789abcdef"
PASSED_ON = 299


def request(method: str, path: str = PATH, *names: bytes) -> dict[str, Any]:
    return {"type": "http", "method": method, "path": path, "headers": [(name, b"x") for name in names]}


@pytest.mark.parametrize(
    ("scope", "is_one"),
    [
        (request("PUT", PATH, b"content-type"), True),
        (request("PUT", PATH, b"authorization"), False),
        (request("GET"), False),
        (request("POST", f"{PATH}/proof", b"authorization"), False),
        (request("PUT", "/v1/instance/subscribers/0123456789abcdef"), False),
        (request("PUT", "/v1/instances/dueren"), False),
        ({"type": "lifespan"}, False),
    ],
)
def test_who_signs_up_shows_no_token(scope: dict[str, Any], is_one: bool) -> None:
    assert is_newcomer(scope) is is_one


async def test_in_a_crowd_newcomers_are_turned_away_and_who_has_a_token_is_not() -> None:
    shed: list[None] = []
    places = Places(lambda: shed.append(None))
    crowd = [
        asyncio.create_task(places.enrolments.enter(f"phone-{number}"))
        for number in range(ENROLMENTS_AT_ONCE + NEWCOMERS_WAITING)
    ]

    async def is_full() -> bool:
        return not places.enrolments.has_room_for_newcomers()

    await until(is_full)
    assert await answered(places, request("PUT")) == 503
    assert len(shed) == 1
    assert await answered(places, request("PUT", PATH, b"authorization")) == PASSED_ON
    code = asyncio.create_task(places.enrolments.enter("with a code"))
    crowd[-1].cancel()
    await asyncio.wait(crowd[-1:])
    assert await answered(places, request("PUT")) == 503, "whose code is back has the place"
    crowd[-2].cancel()
    await asyncio.wait(crowd[-2:])
    assert await answered(places, request("PUT")) == PASSED_ON
    for task in (*crowd, code):
        task.cancel()
    await asyncio.wait([*crowd, code])


async def answered(places: Places, scope: dict[str, Any]) -> int:
    """The status of the answer; nothing of the body is read."""
    statuses: list[int] = []

    async def passed_on(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": PASSED_ON})

    async def receive() -> Any:
        pytest.fail("the body is nothing to who is turned away")

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])
            headers = dict(message.get("headers", ()))
            assert message["status"] == PASSED_ON or int(headers[b"retry-after"]) >= LEAST_S

    await NewcomersWait(passed_on, places)(scope, receive, send)
    [status] = statuses
    return status


async def test_pages_of_any_origin_may_read_when_to_come_back(service: Any) -> None:
    app = citizens_application(service.parts)
    outermost_first: list[Any] = [one.cls for one in app.user_middleware]
    assert outermost_first == [CrossOrigin, NewcomersWait]
    answer = await service.request("PUT", PATH, b"{}", key=None)
    assert answer.headers["access-control-expose-headers"] == "retry-after"
