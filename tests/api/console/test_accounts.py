"""Enrolling, and minding one's own account, on the pages."""

import re
from typing import Any

import pyotp
import pytest

from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.access.roles import Role
from dispatcher.model.vocabulary import Environment
from dispatcher.store.persons.persons import Persons
from tests.support.console import PASSWORD, Browser, text


async def test_a_link_leads_to_a_whole_account_and_is_good_once(
    console: Any, browser: Browser, invite: Any
) -> None:
    link = await invite()
    looked = await browser.get(link)
    assert "Sie richten das Konto m.keller ein." in text(looked)
    short = await browser.post(link, password="short")
    assert (short.status, "weniger als 12 Zeichen" in text(short)) == (422, True)
    await browser.post(link, password=PASSWORD)
    assert "Vorher können Sie hier nichts tun" in text(await browser.get(""))
    assert (await browser.get("account/recovery")).headers["location"] == "/console/live/"
    shown = text(await browser.get("account/totp"))
    secret = re.search(r'id="secret">([A-Z2-7]+)<', shown)[1]
    assert f"otpauth://totp/Warndienst:m.keller?secret={secret}" in shown
    assert "<svg " in shown
    wrong = await browser.post("account/totp", secret=secret, code="000000")
    assert (wrong.status, secret in text(wrong)) == (403, True)
    again = Browser(console)
    assert (await again.get(link)).status == 404
    assert (await again.post(link, password=PASSWORD)).status == 404


async def test_enrolling_ends_in_a_session_by_other_tokens(browser: Browser, invite: Any) -> None:
    link = await invite()
    await browser.get(link)
    await browser.post(link, password=PASSWORD)
    enrolling = dict(browser.cookies)
    assert "__Host-warn-live-device" not in enrolling, "the link alone makes no browser known"
    await Browser.enrol(browser, await invite("a.other"))
    assert browser.cookies["__Host-warn-live"] != enrolling["__Host-warn-live"]
    page = text(await browser.get(""))
    assert "Verfassen („author“): überall – gilt" in page
    assert "Sie haben keine Wiederherstellungscodes" in page
    refused = await browser.post("account/recovery")
    assert (refused.status, "Das stimmt nicht überein" in text(refused)) == (403, True)
    made = text(await browser.post("account/recovery", password=PASSWORD))
    codes = re.findall(r"<code>([a-z2-7-]{19})</code>", made)
    assert len(codes) == 10
    assert "Noch 10 Wiederherstellungscodes" in text(await browser.get(""))


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (3, "Noch 3 Wiederherstellungscodes"),
        (2, "Sie haben nur noch zwei Wiederherstellungscodes"),
        (1, "Sie haben nur noch einen Wiederherstellungscode"),
        (0, "Sie haben keine Wiederherstellungscodes"),
    ],
)
async def test_who_has_few_recovery_codes_left_is_reminded(
    browser: Browser, invite: Any, console: Any, left: int, said: str
) -> None:
    pool = console.parts.health.pool
    await browser.enrol(await invite())
    await browser.get("account/recovery")
    await browser.post("account/recovery", password=PASSWORD)
    await pool.execute(
        "DELETE FROM person_credential WHERE id IN (SELECT id FROM person_credential WHERE kind = 'recovery' OFFSET $1)",
        left,
    )
    page = text(await browser.get(""))
    assert said in page
    assert ("Machen Sie unten neue" in page) is (left < 3)
    await pool.execute("DELETE FROM person_credential WHERE kind = 'password'")
    assert "Machen Sie unten neue" not in text(await browser.get("")), "they would open nothing"


async def test_a_password_is_changed_and_the_last_factor_stays(browser: Browser, invite: Any) -> None:
    await browser.enrol(await invite())
    await browser.get("")
    wrong = await browser.post("account/password", before="wrong", after="Die Talsperre ist voll")
    assert (wrong.status, "Das stimmt nicht überein" in text(wrong)) == (403, True)
    name = await browser.post("account/password", before=PASSWORD, after="keller.keller.keller")
    assert (name.status, "fast nur aus Ihrem Namen" in text(name)) == (422, True)
    done = await browser.post("account/password", before=PASSWORD, after="Die Talsperre ist voll")
    assert "alle anderen Sitzungen sind beendet" in text(done)
    for number in ("1", "2", "99999999999999999999", "x", "-1"):
        removed = await browser.post(
            f"account/credentials/{number}/remove", password="Die Talsperre ist voll"
        )
        assert removed.status == 409


async def test_what_one_signs_in_with_is_changed_with_the_password_only(
    browser: Browser, invite: Any
) -> None:
    await browser.enrol(await invite())
    page = text(await browser.get(""))
    assert 'id="passkey-password"' in page
    for body in ({}, {"password": "guess"}, {"password": 5}, {"password": "\ud800"}, []):
        assert (await browser.json("account/passkeys/options", body)).status == 403
    secret = re.search(r'id="secret">([A-Z2-7]+)<', text(await browser.get("account/totp")))[1]
    for answer in (
        await browser.post("account/totp", secret=secret, code=pyotp.TOTP(secret).now()),
        await browser.post("account/credentials/1/remove"),
    ):
        assert (answer.status, "Das stimmt nicht überein" in text(answer)) == (403, True)


async def test_a_passkey_is_begun_with_the_password(browser: Browser, invite: Any) -> None:
    await browser.enrol(await invite())
    await browser.get("")
    begun = await browser.json("account/passkeys/options", {"password": PASSWORD})
    assert (begun.status, "challenge" in text(begun)) == (200, True)


async def test_a_role_that_is_over_is_shown_with_its_reason(
    console: Any, browser: Browser, invite: Any
) -> None:
    await browser.enrol(await invite())
    await Persons(console.parts.health.pool).withdraw("m.keller", Role.AUTHOR, UNNAMED_OPERATOR)
    assert "Zurzeit keine Rolle." in text(await browser.get(""))


async def test_another_session_is_ended(console: Any, browser: Browser, invite: Any) -> None:
    await browser.enrol(await invite())
    number = await console.parts.health.pool.fetchval(
        """INSERT INTO person_session (digest, person_id, environment, method)
           VALUES ('\\x01', 'm.keller', 'live', 'passkey') RETURNING id"""
    )
    assert f"account/sessions/{number}/end" in text(await browser.get(""))
    await browser.post(f"account/sessions/{number}/end")
    assert f"account/sessions/{number}/end" not in text(await browser.get(""))


@pytest.mark.parametrize("path", ["invitation/x", f"invitation/{'x' * 43}"])
async def test_what_is_no_link_says_so(browser: Browser, path: str) -> None:
    answer = await browser.get(path)
    assert (answer.status, "Dieser Link gilt nicht mehr" in text(answer)) == (404, True)


async def test_a_link_of_the_exercise_is_none_here(console: Any, browser: Browser, invite: Any) -> None:
    link = await invite("m.uebung", Environment.EXERCISE)
    assert (await browser.get(link.replace("exercise", "live"))).status == 404
    assert (await browser.get(link)).status == 200
