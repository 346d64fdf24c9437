"""What happened to an alert, asked by whoever follows it, and its replay."""

import csv
import io
import json
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import Request

from dispatcher.access.persons import Person
from dispatcher.access.principals import Principal, of_person
from dispatcher.access.roles import Role, RoleGrant
from dispatcher.api.situation.routes import routes
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.vocabulary import Environment, State
from tests.api import conftest as over_http
from tests.api.conftest import KEY, OTHER_KEY
from tests.api.console.alert.test_dead_letters import failed, outcomes
from tests.support.messages import DUEREN, JUELICH, NOW
from tests.support.submissions import warning

pool, service, settings = over_http.pool, over_http.service, over_http.settings


def operator(*territory: str) -> Principal:
    person = Person("o.operator", Environment.LIVE, (RoleGrant(Role.OPERATOR, territory=territory),))
    return of_person(person, NOW)


async def replay(service: Any, who: Principal, alert_id: str, letters: int) -> Any:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": json.dumps({"letters": letters}).encode(), "more_body": False}

    found: Any = routes(service.parts).routes
    endpoint = next(one.endpoint for one in found if one.operation_id == "replayAlert")
    app = SimpleNamespace(state=SimpleNamespace(dependencies=service.parts))
    scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "app": app}
    return await endpoint(who, alert_id, Request(scope, receive))


async def test_whoever_has_submitted_an_alert_reads_what_happened_to_it(service: Any) -> None:
    alert = await failed(service)
    events = (await service.get(f"/v1/alerts/{alert}/timeline")).json["events"]
    recipients = {one["happening"]: one["recipients"] for one in events}
    assert recipients == {"received": None, "planned": 0, "first_told": None, "last_told": None}
    assert events[0]["who"] == "leitstelle"
    coverage = (await service.get(f"/v1/alerts/{alert}/coverage")).json
    assert (coverage["is_known"], coverage["are_places_counted"]) == (True, True)
    assert [one["ags"] for one in coverage["gaps"][0]["municipalities"]] == [DUEREN]
    letters = (await service.get(f"/v1/alerts/{alert}/dead-letters")).json
    group = {"ags": None, "channel": "sms", "reason": "permanent", "code": "413", "recipients": 2}
    assert letters == {"letters": 2, "groups": [group]}
    for below in ("timeline", "coverage", "dead-letters"):
        answer = await service.get(f"/v1/alerts/{alert}/{below}", key=OTHER_KEY)
        answer.problem(404, "not-found")


async def test_an_operator_sends_again_to_as_many_as_were_shown(service: Any) -> None:
    alert = await failed(service)
    for who, letters, problem in (
        (operator(), 1, ProblemType.CONFLICT),
        (operator(JUELICH), 2, ProblemType.OUTSIDE_TERRITORY),
    ):
        with pytest.raises(RequestRefused) as refused:
            await replay(service, who, alert, letters)
        assert refused.value.type is problem
    assert State.RETRY not in await outcomes(service)
    done = await replay(service, operator(DUEREN), alert, 2)
    assert (done.replayed, done.left) == (2, {})
    assert await outcomes(service) == [State.RETRY, State.RETRY, State.ACCEPTED]


async def test_a_control_centre_sums_up_its_own_messages(service: Any) -> None:
    await service.submit(warning(DUEREN, event="=1+1"))
    answer = await service.get("/v1/statistics.csv")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    rows = list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"), newline="")))
    assert [(row["event"], row["source"], row["alerts"]) for row in rows] == [("'=1+1", "leitstelle", "1")]
    for path, key in (("/v1/statistics.csv?to=2001-01-01", KEY), ("/v1/statistics.csv", OTHER_KEY)):
        assert len((await service.get(path, key=key)).body.splitlines()) == 1, "the names alone"
    for wrong in ("2026-13-01", "5", "2026-11-28T00:00:00Z"):
        answer = await service.get(f"/v1/statistics.csv?from={wrong}")
        answer.problem(422, "invalid-request")


async def test_the_log_is_for_persons_who_read_any_alert(service: Any) -> None:
    alert = (await service.submit(warning(DUEREN))).json["alert"]["id"]
    for path in ("/v1/log", f"/v1/alerts/{alert}/log"):
        (await service.get(path)).problem(401, "unauthenticated")
    listed: Any = routes(service.parts).routes
    found = {one.operation_id: one.endpoint for one in listed}
    log = await found["getAlertsLog"](operator())
    assert [(one.alert, one.what, one.said) for one in log.entries] == [(alert, "received", "first_notice")]
    assert (await found["getAlertLog"](operator(), alert)).entries == log.entries


async def test_exercises_have_the_same_but_for_the_replay(service: Any) -> None:
    drill = warning(DUEREN, status="Exercise", more="<note>Übung</note>")
    alert = (await service.submit(drill)).json["alert"]["id"]
    for below in ("timeline", "coverage", "dead-letters"):
        path = f"/exercise/v1/alerts/{alert}/{below}"
        assert (await service.get(path, key=over_http.EXERCISE_KEY)).status == 200
    found = await service.request("POST", f"/exercise/v1/alerts/{alert}/replay", key=over_http.EXERCISE_KEY)
    assert found.status == 404, "in the exercise there are no operators"
