"""A second person reads what waits, approves what was shown, or rejects it."""

import json
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest
from starlette.requests import Request

from dispatcher.access.persons import Person
from dispatcher.access.principals import Principal, of_person
from dispatcher.access.roles import Role, RoleGrant
from dispatcher.api.approvals.routes import routes
from dispatcher.model.problems import RequestRefused
from dispatcher.model.vocabulary import Environment
from tests.api import conftest as over_http
from tests.support.messages import DUEREN, JUELICH, NOW
from tests.support.submissions import warning

pool, service, settings = over_http.pool, over_http.service, over_http.settings


def approver(name: str = "b.lang", *territory: str) -> Principal:
    grant = RoleGrant(Role.APPROVER, territory=territory)
    return of_person(Person(name, Environment.LIVE, (grant,)), NOW)


class Routes:
    """The routes as they answer whoever was let in: who is, `tests/api/test_authentication.py` tries."""

    def __init__(self, service: Any) -> None:
        found: Any = routes(service.parts).routes
        self._app = SimpleNamespace(state=SimpleNamespace(dependencies=service.parts))
        self._endpoints = {route.operation_id: route.endpoint for route in found}

    async def listed(self) -> list[str]:
        return [one.alert for one in (await self._endpoints["listApprovals"](approver())).approvals]

    async def shown(self, alert_id: str) -> Any:
        return await self._endpoints["getApproval"](approver(), alert_id)

    async def decide(self, name: str, who: Principal, alert_id: str, **body: Any) -> Any:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}

        scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "app": self._app}
        return await self._endpoints[name](who, alert_id, Request(scope, receive))


@pytest.fixture
async def asked(service: Any, pool: Any) -> Routes:
    await pool.execute("INSERT INTO approval_rule VALUES ('*', 'Severe', 0, true)")
    return Routes(service)


async def submitted(service: Any, *places: str) -> str:
    return str((await service.submit(warning(*places))).json["alert"]["id"])


async def test_what_takes_too_long_to_count_is_accepted_and_can_be_approved(
    service: Any, asked: Routes, database_url: str
) -> None:
    """Here a count waits for ever, for whoever has the table. So far the answer was a 503."""
    connection = await asyncpg.connect(database_url)
    async with connection.transaction():
        await connection.execute("LOCK TABLE followed_municipality IN ACCESS EXCLUSIVE MODE")
        answer = await service.submit(warning(DUEREN))
    await connection.close()
    assert (answer.status, answer.json["alert"]["state"]) == (202, "held"), answer.json
    held = str(answer.json["alert"]["id"])
    shown = await asked.shown(held)
    assert (shown.people, shown.most_recipients) == (None, None)
    sent = await asked.decide("approveAlert", approver(), held, binding=shown.binding)
    assert (sent.state, sent.people) == ("approved", None)


async def refused(deciding: Any) -> tuple[str, str]:
    """The problem's type, and what is said in German."""
    with pytest.raises(RequestRefused) as error:
        await deciding
    return str(error.value.type), error.value.detail.de


async def test_a_second_person_reads_and_approves_what_was_shown(service: Any, asked: Routes) -> None:
    held = await submitted(service, DUEREN)
    assert await asked.listed() == [held]
    shown = await asked.shown(held)
    assert (shown.state, [place.ags for place in shown.municipalities]) == ("waiting", [DUEREN])
    wrong = await refused(asked.decide("approveAlert", approver(), held, binding="0" * 64))
    assert wrong[0] == "conflict"
    sent = await asked.decide("approveAlert", approver(), held, binding=shown.binding)
    assert (sent.state, sent.decided_by) == ("approved", "person:b.lang")
    assert await asked.listed() == []
    assert (await service.get(f"/v1/alerts/{held}")).json["alert"]["reason"] == "first_notice"
    late = await refused(asked.decide("rejectAlert", approver("j.ott"), held, why="zu spät"))
    assert late == ("conflict", "Die Meldung ist schon freigegeben.")


async def test_a_rejection_has_a_reason(service: Any, asked: Routes) -> None:
    held = await submitted(service)
    assert (await refused(asked.decide("rejectAlert", approver(), held, why="")))[0] == "invalid-request"
    assert (await asked.decide("rejectAlert", approver(), held, why="falscher Ort")).state == "rejected"


async def test_where_the_role_does_not_hold_nothing_is_decided(service: Any, asked: Routes) -> None:
    held = await submitted(service, DUEREN, JUELICH)
    shown, here = await asked.shown(held), approver("b.lang", DUEREN)
    for name, body in (("approveAlert", {"binding": shown.binding}), ("rejectAlert", {"why": "nein"})):
        assert (await refused(asked.decide(name, here, held, **body)))[0] == "outside-territory"
    assert await asked.listed() == [held]


async def test_the_role_holds_too_where_an_update_says_that_it_is_over(service: Any, pool: Any) -> None:
    one = warning(DUEREN, JUELICH)
    await service.submit(one)
    await pool.execute("INSERT INTO approval_rule VALUES ('*', 'Severe', 0, true)")
    asked, narrower = Routes(service), one.later("enger", infos=warning(DUEREN).infos)
    held = str((await service.submit(narrower)).json["alert"]["id"])
    shown = await asked.shown(held)
    assert [place.ags for place in shown.municipalities] == [DUEREN]
    for name, body in (("approveAlert", {"binding": shown.binding}), ("rejectAlert", {"why": "nein"})):
        assert (await refused(asked.decide(name, approver("b.lang", DUEREN), held, **body)))[
            0
        ] == "outside-territory"
    sent = await asked.decide(
        "approveAlert", approver("b.lang", DUEREN, JUELICH), held, binding=shown.binding
    )
    assert sent.state == "approved"


async def test_under_another_number_nothing_waits(service: Any, asked: Routes) -> None:
    nothing = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    assert (await refused(asked.shown(nothing)))[0] == "not-found"
    assert (await refused(asked.decide("rejectAlert", approver(), nothing, why="nein")))[0] == "not-found"
