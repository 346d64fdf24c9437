"""A municipality's backend enrols the people of its app, with the instance's key."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from dispatcher.api.shedding import ENROLMENTS_OF_ONE
from dispatcher.model.principals import Instance
from dispatcher.model.problems import ProblemType
from dispatcher.settings import Settings
from tests.api.conftest import INSTANCE_KEY, Answer, Service
from tests.support.histories import until
from tests.support.messages import DUEREN, HEIMBACH, JUELICH
from tests.support.phones import OTHER_INSTANCE_KEY, Phone, World, phones

PATH = "/v1/instance/subscribers/anna-anna-anna-anna"
LOCKED = """
SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"""


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


async def test_an_app_that_enrols_without_end_keeps_no_other_from_it(service: Service, pool: Any) -> None:
    """As many wishes of one app as may be written at once hang, with more behind them: another's is written meanwhile,
    and none of those is lost.
    """
    await service.parts.sources.put_instance(Instance("juelich", "Jülich", (JUELICH,)), OTHER_INSTANCE_KEY)

    def enrol(name: str, key: str = INSTANCE_KEY) -> Any:
        place = DUEREN if key == INSTANCE_KEY else JUELICH
        body = json.dumps({"endpoints": [], "places": [place]})
        return service.request("PUT", f"/v1/instance/subscribers/{name}-{'a' * 16}", body, key=key)

    async def hang() -> bool:
        waiting = await pool.fetchval(LOCKED)
        return bool(waiting >= ENROLMENTS_OF_ONE)

    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT 1 FROM instance WHERE id = 'dueren' FOR UPDATE")
        flood = [asyncio.create_task(enrol(str(number))) for number in range(3 * ENROLMENTS_OF_ONE)]
        await until(hang)
        assert (await enrol("other", OTHER_INSTANCE_KEY)).status == 200
    answers = [(await one).status for one in flood]
    assert set(answers) <= {200, 503}, answers
    assert await pool.fetchval("SELECT count(*) FROM subscriber") == 1 + answers.count(200)
