"""Whose session it is; who is let in by it is tried in `tests/api/test_authentication.py`."""

from typing import Any

from starlette.requests import Request

from dispatcher.access.roles import Role
from dispatcher.api.console.api_session import person_at
from dispatcher.model.principals import CredentialState
from dispatcher.model.vocabulary import Environment
from tests.support.console import Browser


async def test_without_a_console_nobody_is_there() -> None:
    headers = [(b"cookie", f"__Host-warn-live={'x' * 43}".encode())]
    request = Request(
        {"type": "http", "method": "GET", "path": "/v1/alerts", "headers": headers, "query_string": b""}
    )
    assert (await person_at(request, None)).state is CredentialState.MISSING


async def test_whoever_is_signed_in_is_told_what_is_missing_and_not_of_a_key(
    console: Any, invite: Any
) -> None:
    browser = Browser(console)
    await browser.enrol(await invite("j.ott", Environment.LIVE, Role.AUDITOR))
    await browser.get("")
    reject = "/v1/approvals/01ARZ3NDEKTSV4RRFFQ69G5FAV/reject"
    lacks = await browser.ask("POST", reject, b'{"why": "x"}', X_CSRF_Token=browser.token)
    assert (lacks.status, "keine Ihrer Rollen erlaubt das" in lacks.json["detail"]) == (401, True)
    foreign = await browser.ask("POST", reject, b'{"why": "x"}')
    assert (foreign.status, "X-CSRF-Token" in foreign.json["detail"]) == (401, True)
    assert (await browser.get("/v1/approvals")).status == 200
    browser.cookies["__Host-warn-live"] = "x" * 43
    ended = await browser.get("/v1/approvals")
    assert (ended.status, "Die Sitzung ist zu Ende" in ended.json["detail"]) == (401, True)
    browser.cookies.clear()
    assert "API-Schlüssel" in (await browser.get("/v1/approvals")).json["detail"]
