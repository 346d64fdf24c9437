"""A municipality's backend enrols the people of its app, with the instance's key."""

import json
from collections.abc import AsyncIterator

import pytest

from dispatcher.model.problems import ProblemType
from dispatcher.settings import Settings
from tests.api.conftest import INSTANCE_KEY, Answer, Service
from tests.support.messages import DUEREN, HEIMBACH, JUELICH
from tests.support.phones import OTHER_INSTANCE_KEY, Phone, World, phones

PATH = "/v1/instance/subscribers/anna-anna-anna-anna"


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    async with phones(settings) as world:
        yield world


async def ask(
    world: World, method: str, what: str = "", body: bytes = b"", key: str = INSTANCE_KEY
) -> Answer:
    return await world.service.request(method, PATH + what, body, key=key)


async def test_a_backend_does_all_for_its_people_and_nothing_for_others(world: World) -> None:
    made = await ask(world, "PUT", "", world.wish("a"))
    assert (made.status, made.json["active"]) == (200, False)
    [code] = (await world.codes()).values()
    proof = json.dumps({"code": code}).encode()
    for key in (OTHER_INSTANCE_KEY,):
        for method, what, body in (
            ("GET", "", b""),
            ("POST", "/test", b""),
            ("POST", "/proof", proof),
            ("GET", "/export", b""),
        ):
            (await ask(world, method, what, body, key)).problem(404, ProblemType.NOT_FOUND)
        assert (await ask(world, "DELETE", key=key)).status == 204
    assert (await ask(world, "POST", "/proof", proof)).status == 204
    assert (await ask(world, "GET")).json["active"]
    assert (await ask(world, "POST", "/test")).status == 202
    assert len(await world.codes()) == 1
    assert (await ask(world, "GET", "/export")).json["instance"] == "dueren"
    # Without the token that a phone would need.
    assert (await ask(world, "PUT", "", world.wish("a", drills=True))).json["drills"]
    assert (await ask(world, "DELETE")).status == 204
    assert (await ask(world, "DELETE")).status == 204
    (await ask(world, "GET")).problem(404, ProblemType.NOT_FOUND)
    # A phone goes on with the token that the backend got.
    made = await ask(world, "PUT", "", world.wish("a"))
    [code] = (await world.codes()).values()
    assert (await Phone(world, token=made.json["token"]).prove(code)).status == 204


async def test_places_that_the_app_does_not_show_are_left_out_and_said(service: Service) -> None:
    world = World(service)
    places = [JUELICH, DUEREN, {"lat": 50.63, "lon": 6.47}, {"lat": 50.8, "lon": 6.48, "radius_m": 300}]
    made = await ask(world, "PUT", "", world.wish(places=places))
    assert (made.json["places"], made.json["areas"], made.json["left_out"]) == (
        [DUEREN],
        1,
        ["/places/0", "/places/2"],
    )
    nothing = await ask(world, "PUT", "", world.wish(places=[HEIMBACH]))
    [error] = nothing.problem(422, ProblemType.INVALID_SUBSCRIBER)["errors"]
    assert (error["code"], error["path"]) == ("places_empty", "/places")
