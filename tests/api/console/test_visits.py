"""What a page of the console takes, and from whom."""

from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import Request

from dispatcher.api.body import BodiesInReceipt
from dispatcher.api.console.visits import received
from dispatcher.model.vocabulary import Environment
from tests.support.console import PASSWORD, Browser, text

FOREIGN = "Diese Eingabe kam nicht von einer Seite des Warndienstes"


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "",
        "http://warnung.dueren.example",
        "https://warnung.dueren.example.evil",
    ],
)
async def test_a_form_of_another_origin_changes_nothing(console: Any, invite: Any, origin: str) -> None:
    browser = Browser(console)
    await browser.enrol(await invite())
    await browser.get("")
    browser.origin = origin
    answer = await browser.post("sign-out")
    assert (answer.status, FOREIGN in text(answer)) == (403, True)
    browser.origin = "https://warnung.dueren.example"
    assert (await browser.get("")).status == 200


async def test_a_form_without_the_browsers_token_changes_nothing(console: Any, invite: Any) -> None:
    browser, other = Browser(console), Browser(console)
    await browser.enrol(await invite())
    await other.get("sign-in")
    await browser.get("")
    for token in ("", "x", other.token):
        browser.token = token
        assert FOREIGN in text(await browser.post("sign-out"))
    link = await invite("a.other")
    await other.get(link)
    other.token = "x"
    assert FOREIGN in text(await other.post(link, password=PASSWORD))
    assert (await other.get(link)).status == 200, "the link is still good"


async def test_the_host_header_leads_nowhere(browser: Browser) -> None:
    await browser.get("sign-in")
    answer = await browser.ask(
        "POST", "sign-in", {"token": "x"}, Host="evil.example", X_Forwarded_Host="evil.example"
    )
    assert answer.status == 403
    assert b"evil" not in answer.body
    asked = await browser.ask("GET", "", Host="evil.example")
    assert asked.headers["location"].startswith("/console/live/sign-in")


async def test_pages_are_kept_nowhere_and_run_nothing_of_others(browser: Browser) -> None:
    answer = await browser.get("sign-in")
    assert answer.headers["cache-control"] == "no-store"
    policy = answer.headers["content-security-policy"]
    for rule in ("default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"):
        assert rule in policy
    assert "unsafe" not in policy
    assert b"style=" not in answer.body
    assert b"http://" not in answer.body.replace(b"http://www.w3.org", b"")


async def test_a_page_is_in_the_language_of_the_browser(console: Any) -> None:
    browser = Browser(console)
    page = text(await browser.ask("GET", "sign-in", Accept_Language="en-GB,en;q=0.9,de;q=0.5"))
    assert '<html lang="en">' in page
    assert "Sign in with a passkey" in page


async def test_a_body_has_an_end(browser: Browser) -> None:
    await browser.get("sign-in")
    assert (await browser.ask("POST", "sign-in", b"x" * 70_000)).status == 413


async def test_a_session_that_ends_while_a_body_is_on_its_way_is_none(
    console: Any, browser: Browser, invite: Any
) -> None:
    await browser.enrol(await invite())
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())

    async def body() -> dict[str, Any]:
        await console.parts.health.pool.execute("DELETE FROM person_session")
        return {"type": "http.request", "body": b"x", "more_body": False}

    in_receipt = SimpleNamespace(in_receipt=BodiesInReceipt())
    scope = {
        "type": "http",
        "method": "POST",
        "headers": [(b"cookie", cookies.encode())],
        "app": SimpleNamespace(state=SimpleNamespace(dependencies=in_receipt)),
    }
    visit = await received(Request(scope, body), console.parts.console, Environment.LIVE)
    assert (visit.body, visit.session, visit.principal) == (b"x", None, None)
