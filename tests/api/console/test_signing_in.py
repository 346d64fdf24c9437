"""Signing in and out on the pages."""

import json
import re
from typing import Any

import pyotp
import pytest

from dispatcher.model.vocabulary import Environment
from tests.support.authenticator import Authenticator
from tests.support.console import CONSOLE, PASSWORD, Browser, text


async def code_of(console: Any, secret: str) -> str:
    """A code that was not used when the secret was set up: that of the next step, which a fast phone shows."""
    now = await console.parts.health.pool.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8")
    return pyotp.TOTP(secret).at(int(now) + 30)


async def test_password_then_code_lead_to_the_page_that_was_wanted(console: Any, invite: Any) -> None:
    secret = await Browser(console).enrol(await invite())
    browser = Browser(console)
    sent = await browser.get("account/recovery")
    assert (sent.status, sent.headers["location"]) == (
        303,
        "/console/live/sign-in?next=/console/live/account/recovery",
    )
    await browser.get("sign-in?next=/console/live/account/recovery")
    page = await browser.post(
        "sign-in", name="m.keller", password=PASSWORD, next="/console/live/account/recovery"
    )
    assert "Zweiter Schritt" in text(page)
    wrong = await browser.post("sign-in/code", code="000000", next="/console/live/account/recovery")
    assert (wrong.status, "Das stimmt nicht überein" in text(wrong)) == (403, True)
    before = dict(browser.cookies)
    done = await browser.post(
        "sign-in/code", code=await code_of(console, secret), next="/console/live/account/recovery"
    )
    assert (done.status, done.headers["location"]) == (303, "/console/live/account/recovery")
    assert set(browser.cookies) == {"__Host-warn-live", "__Host-warn-live-device"}
    assert not set(browser.cookies.values()) & set(before.values())
    for line in browser.set:
        for word in ("Secure", "HttpOnly", "Path=/", "SameSite=lax"):
            assert word in line
        assert "Domain" not in line
    assert "Angemeldet als m.keller" in text(await browser.get(""))
    assert (await browser.get("sign-in")).status == 303


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "/console/live//evil.example",
        "/console/live/../../v1",
        "/console/live/\\evil",
        "/console/exercise/",
        "/v1/alerts",
        "/console/live/?x=https://evil.example",
        "javascript:alert(1)",
    ],
)
async def test_nobody_is_led_elsewhere(browser: Browser, wanted: str) -> None:
    page = text(await browser.ask("GET", f"sign-in?next={wanted.replace('?', '%3F')}"))
    assert 'name="next" value="/console/live/start"' in page
    assert "evil" not in page


async def test_a_person_who_is_there_and_one_who_is_not_get_the_same_answer(
    console: Any, invite: Any
) -> None:
    await Browser(console).enrol(await invite())
    pages = []
    for name in ("m.keller", "nobody", "<script>"):
        browser = Browser(console)
        await browser.get("sign-in")
        answer = await browser.post("sign-in", name=name, password="wrong password")
        assert answer.status == 403
        pages.append(re.sub(r'(value|content)="[\w-]{43}"', "", text(answer)))
    assert pages[0] == pages[1] == pages[2]


async def test_whoever_fails_too_often_waits(browser: Browser) -> None:
    await browser.get("sign-in")
    statuses = [(await browser.post("sign-in", name="m.keller", password="guess")).status for _ in range(6)]
    assert statuses == [403] * 5 + [429]
    answer = await browser.post("sign-in", name="m.keller", password="guess")
    assert "in 15 min" in text(answer).lower() or "In 15 min" in text(answer)
    assert 800 < int(answer.headers["retry-after"]) <= 900


async def test_a_passkey_signs_in_by_what_the_script_posts(console: Any, invite: Any) -> None:
    first, authenticator = Browser(console), Authenticator(CONSOLE)
    await first.enrol(await invite())
    await first.get("")
    made = authenticator.make((await first.json("account/passkeys/options", {"password": PASSWORD})).json)
    assert (await first.json("account/passkeys", made | {"label": "Diensthandy"})).status == 204
    assert "„Diensthandy“" in text(await first.get(""))
    browser = Browser(console)
    await browser.get("sign-in")
    answer = authenticator.sign((await browser.json("sign-in/passkey/options", {})).json)
    assert (await browser.json("sign-in/passkey", {"rawId": "x"})).json == {"refused": "wrong"}
    assert (await browser.json("sign-in/passkey", answer)).json == {"refused": "over"}, "single use"
    answer = authenticator.sign((await browser.json("sign-in/passkey/options", {})).json)
    assert (await browser.json("sign-in/passkey", answer)).status == 204
    assert "Angemeldet als m.keller" in text(await browser.get(""))
    broken = await browser.ask("POST", "sign-in/passkey", "{", Content_Type="application/json")
    assert (broken.status, json.loads(broken.body)["refused"]) == (403, "foreign")


async def test_signing_out_here_or_everywhere(console: Any, invite: Any) -> None:
    one, other = Browser(console), Browser(console)
    secret = await one.enrol(await invite())
    await other.get("sign-in")
    await other.post("sign-in", name="m.keller", password=PASSWORD)
    await other.post("sign-in/code", code=await code_of(console, secret))
    kept = dict(other.cookies)
    await other.get("")
    left = await other.post("sign-out")
    assert (left.status, "__Host-warn-live" in other.cookies) == (303, False)
    other.cookies = kept
    assert (await other.get("")).status == 303, "also for who has kept the cookie"
    await one.get("")
    await one.post("sign-out-everywhere")
    assert (await one.get("")).headers["location"].startswith("/console/live/sign-in")


async def test_the_exercise_is_unmistakable_and_apart(console: Any, invite: Any) -> None:
    browser = Browser(console, "exercise")
    page = text(await browser.get("sign-in"))
    assert "<title>ÜBUNG – Anmelden" in page
    assert '<body class="exercise">' in page
    assert "Hier wird niemand gewarnt" in page
    await browser.enrol(await invite("m.uebung", Environment.EXERCISE))
    assert "Angemeldet als m.uebung" in text(await browser.get(""))
    live = Browser(console, cookies={"__Host-warn-live": browser.cookies["__Host-warn-exercise"]})
    assert (await live.get("")).status == 303, "a session of the exercise is none here"
    assert "ÜBUNG" not in text(await live.get("sign-in"))
