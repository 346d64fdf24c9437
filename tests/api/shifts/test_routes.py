"""A person takes over a desk over HTTP: who may, `tests/api/test_authentication.py` tries."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from dispatcher.access.principals import Principal
from dispatcher.access.secret_tokens import new_token
from dispatcher.api.shifts.routes import routes
from dispatcher.model.problems import RequestRefused
from tests.api import conftest as over_http
from tests.api.approvals.test_deciding import approver
from tests.support.submissions import warning

pool, service, settings = over_http.pool, over_http.service, over_http.settings


async def takes_over(service: Any, who: Principal, **body: Any) -> tuple[int, Any]:
    """Take over; the status and the body of the answer."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}

    found: Any = routes(service.parts).routes
    endpoint = next(one.endpoint for one in found if one.operation_id == "takeAlertShift")
    app = SimpleNamespace(state=SimpleNamespace(dependencies=service.parts))
    scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "app": app}
    response = Response(status_code=201)
    answer = await endpoint(who, Request(scope, receive), response)
    return response.status_code, answer


async def test_who_takes_over_is_written_down_once_for_each_form(service: Any) -> None:
    alert, form = (await service.submit(warning())).json["alert"]["id"], new_token()
    for status in (201, 200):
        answered, body = await takes_over(service, approver(), note=" Pegel steigt ", form=form)
        assert (answered, body.open.in_force, body.open.count) == (status, [alert], 1)
        assert [(one.by, one.note, one.open) for one in body.shifts] == [("b.lang", "Pegel steigt", 1)]
    assert (await takes_over(service, approver()))[0] == 201
    with pytest.raises(RequestRefused) as refused:
        await takes_over(service, approver(), note="nach \u202e rechts")
    assert refused.value.type == "invalid-request"
    # A control centre's key reads what is open at its own desk, and who was there.
    handover = (await service.get("/v1/shifts")).json
    assert (handover["open"]["in_force"], handover["shifts"]) == ([alert], [])
