"""A template over HTTP: written by one person, approved by another, filled, and submitted like any other message."""

import json
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

import cap
from dispatcher.access.persons import Person
from dispatcher.access.principals import Principal, of_person
from dispatcher.access.roles import Role, RoleGrant
from dispatcher.api.templates.routes import routes
from dispatcher.model.problems import RequestRefused
from dispatcher.model.vocabulary import Environment
from tests.api import conftest as over_http
from tests.api.conftest import CAP, EXERCISE_KEY
from tests.support.messages import DUEREN, NOW
from tests.support.templates import VALUES, members

pool, service, settings = over_http.pool, over_http.service, over_http.settings


def person(name: str, role: Role, *territory: str) -> Principal:
    return of_person(Person(name, Environment.LIVE, (RoleGrant(role, territory=territory),)), NOW)


KELLER, LANG = person("m.keller", Role.AUTHOR), person("b.lang", Role.APPROVER)


class Routes:
    """The routes as they answer whoever was let in: who is, `tests/api/test_authentication.py` tries."""

    def __init__(self, service: Any) -> None:
        found: Any = routes(service.parts).routes
        places = service.places
        self._app = SimpleNamespace(state=SimpleNamespace(dependencies=service.parts, places=places))
        self._endpoints = {route.operation_id: route.endpoint for route in found}

    def request(self, body: Any) -> Request:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}

        return Request(
            {"type": "http", "method": "POST", "path": "/", "headers": [], "app": self._app}, receive
        )

    async def save(self, who: Principal, **changes: Any) -> Any:
        sent = self.request(members(municipalities=[], area="") | changes)
        return await self._endpoints["saveTemplate"](who, sent, Response())

    async def decide(self, name: str, who: Principal, version: int, **body: Any) -> Any:
        return await self._endpoints[name](who, "hochwasser", version, self.request(body))


async def refused(asking: Any) -> str:
    with pytest.raises(RequestRefused) as error:
        await asking
    return str(error.value.type)


FILLING = {"values": VALUES, "municipalities": [DUEREN], "area": "Düren"}


async def fill(service: Any, key: str = "", **changes: Any) -> Any:
    prefix = "/exercise/v1" if key else "/v1"
    more = {"key": key} if key else {}
    body = json.dumps(FILLING | changes).encode()
    path = f"{prefix}/templates/hochwasser/fill"
    return await service.request("POST", path, body, content_type="application/json", **more)


async def test_two_persons_make_a_version_with_which_people_are_warned(service: Any, pool: Any) -> None:
    over = Routes(service)
    saved = await over.save(KELLER)
    assert (saved.version, saved.state, saved.is_valid) == (1, "draft", True)
    (await fill(service)).problem(409, "conflict")

    seen = {"sha256": saved.sha256}
    assert (
        await refused(over.decide("approveTemplate", person("m.keller", Role.APPROVER), 1, **seen))
        == "conflict"
    )
    assert await refused(over.decide("approveTemplate", LANG, 1, sha256="0" * 64)) == "conflict"
    assert await refused(over.decide("approveTemplate", LANG, 2, **seen)) == "not-found"
    approved = await over.decide("approveTemplate", LANG, 1, **seen)
    assert (approved.state, approved.live_version, approved.decided_by) == ("approved", 1, "person:b.lang")
    assert await refused(over.decide("rejectTemplate", LANG, 1, why="zu spät")) == "conflict"

    listed = (await service.get("/v1/templates")).json["templates"]
    assert [(one["id"], one["state"], one["live_version"]) for one in listed] == [
        ("hochwasser", "approved", 1)
    ]
    made = await fill(service)
    message = cap.parse(made.body).alerts[0]
    assert (made.status, message.codes) == (200, ("template:hochwasser/1",))
    assert message.infos[0].headline == "Hochwasser: Jülich"
    sent = await service.request("POST", "/v1/alerts", made.body, content_type=CAP)
    assert (sent.status, sent.json["alert"]["reason"]) == (201, "first_notice")
    await _is_traced(pool, sent.json["alert"]["id"], made.body)
    status = (await service.get(f"/v1/alerts/{sent.json['alert']['id']}")).json
    assert status["template"] == {"id": "hochwasser", "version": 1}

    retired = await over.decide("retireTemplate", LANG, 1, why="veraltet")
    assert (retired.state, retired.retired_why) == ("retired", "veraltet")
    (await fill(service)).problem(409, "conflict")
    trail = await pool.fetch("SELECT action, actor FROM audit WHERE action LIKE 'template.%' ORDER BY id")
    assert [tuple(row) for row in trail] == [
        ("template.save", "person:m.keller"),
        ("template.refused", "person:m.keller"),
        ("template.refused", "person:b.lang"),
        ("template.approve", "person:b.lang"),
        ("template.refused", "person:b.lang"),
        ("template.fill", "source:leitstelle"),
        ("template.retire", "person:b.lang"),
    ]


async def _is_traced(pool: Any, alert_id: str, message: bytes) -> None:
    """The trail says of the alert which version it is of, and that it was sent as it was made."""
    of_alert = "SELECT detail FROM audit WHERE action = 'alert.template' AND alert_id = $1"
    assert await pool.fetchval(of_alert, alert_id) == {"template": "hochwasser", "version": 1}
    made = await pool.fetchval("SELECT detail FROM audit WHERE action = 'template.fill'")
    assert made["message_sha256"] == sha256(message).hexdigest()
    assert bytes.fromhex(made["message_sha256"]) == await pool.fetchval(
        "SELECT sha256 FROM alert WHERE id = $1", alert_id
    )


async def test_nobody_replaces_what_holds_also_elsewhere(service: Any, pool: Any) -> None:
    over, everywhere = Routes(service), (await Routes(service).save(KELLER)).sha256

    async def save_here(area: str) -> str:
        body = json.dumps(members(municipalities=[DUEREN], area=area)).encode()
        saved = await service.request("POST", "/v1/templates", body, content_type="application/json")
        return str(saved.json["sha256"])

    here = await save_here("Düren")
    local = person("o.ort", Role.APPROVER, DUEREN)
    assert await refused(over.decide("approveTemplate", local, 1, sha256=everywhere)) == ("outside-territory")
    await over.decide("approveTemplate", LANG, 1, sha256=everywhere)
    assert await refused(over.decide("approveTemplate", local, 2, sha256=here)) == "outside-territory"
    await over.decide("retireTemplate", LANG, 1, why="veraltet")
    assert await refused(over.decide("approveTemplate", local, 2, sha256=here)) == "outside-territory"
    await over.decide("approveTemplate", LANG, 2, sha256=here)
    changed = await save_here("in Düren")
    assert (await over.decide("approveTemplate", local, 3, sha256=changed)).live_version == 3
    found = await pool.fetch("SELECT actor, detail FROM audit WHERE action = 'template.refused'")
    assert [(row["actor"], row["detail"]["refusal"]) for row in found] == [("person:o.ort", "foreign")] * 3


async def test_an_exercise_is_made_of_a_draft_and_is_one(service: Any) -> None:
    await Routes(service).save(KELLER)
    made = await fill(service, EXERCISE_KEY)
    message = cap.parse(made.body).alerts[0]
    assert (message.status, message.note) == ("Exercise", "Übung")
    sent = await service.request("POST", "/exercise/v1/alerts", made.body, content_type=CAP, key=EXERCISE_KEY)
    assert (sent.status, sent.json["alert"]["reason"]) == (201, "drill")
    (await service.request("POST", "/v1/alerts", made.body, content_type=CAP)).problem(
        403, "wrong-environment"
    )


async def test_an_area_without_a_name_has_those_of_its_municipalities(service: Any) -> None:
    await Routes(service).save(KELLER)
    made = await fill(service, EXERCISE_KEY, area="", municipalities=[DUEREN, "05358024"])
    (area,) = cap.parse(made.body).alerts[0].infos[0].areas
    assert (area.area_desc, len(area.geocodes)) == ("Düren, Jülich", 2)


async def test_what_does_not_fit_is_named_field_by_field(service: Any) -> None:
    await Routes(service).save(KELLER)
    wrong = await fill(service, EXERCISE_KEY, values={"pegel": "hoch", "x": "y"}, severity="Minor")
    wrong.problem(422, "invalid-request")
    assert [error["path"] for error in wrong.json["errors"]] == [
        *("values/x", "values/ort", "values/pegel", "severity"),
    ]
    (await fill(service, EXERCISE_KEY, colour="red")).problem(422, "invalid-request")
    (await fill(service, EXERCISE_KEY, version=9)).problem(404, "not-found")


async def test_a_key_saves_what_is_valid_for_its_own_places(service: Any) -> None:
    async def post(path: str, body: Any) -> Any:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await service.request("POST", f"/v1/templates{path}", sent, content_type="application/json")

    checked = await post("/check", members(texts__de__headline="{fluss}"))
    assert (checked.status, checked.json["is_valid"]) == (200, False)
    (await post("", members(texts__de__headline="{fluss}"))).problem(422, "invalid-template")
    (await post("", b"x")).problem(422, "invalid-template")
    (await post("/check", b"x" * 200_000)).problem(413, "too-large")
    (await post("", members(municipalities=["05334002"]))).problem(403, "outside-territory")
    answers = [await post("", members()) for _ in range(2)]
    assert [(one.status, one.json["version"]) for one in answers] == [(201, 1), (200, 1)]
    shown = await service.get("/v1/templates/hochwasser?version=1")
    assert (shown.json["saved_by"], shown.json["template"]["id"]) == ("source:leitstelle", "hochwasser")
    (await service.get("/v1/templates/hochwasser?version=2")).problem(404, "not-found")
    (await service.get("/v1/templates/vulkan")).problem(404, "not-found")
