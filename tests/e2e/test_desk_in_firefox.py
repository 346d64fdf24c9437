"""The desk in a real Firefox: signed in by password and one-time code, an exercise is written, looked at, sent, followed
until all are told, and corrected.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from dispatcher.access.roles import Role
from dispatcher.model.vocabulary import Environment, State
from tests.api import conftest as api
from tests.api.console import conftest as console_tests
from tests.api.console.alert.test_page import put_out
from tests.e2e.test_console import origin_of
from tests.support.console import PASSWORD, Browser, text
from tests.support.histories import until
from tests.support.programs import program
from tests.support.webdriver import ENTER, Page, firefox

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]
settings = api.settings
invite = console_tests.invite
console = console_tests.console
PERSON, ROOT = "u.lang", "/console/exercise"
GERMAN = {"intl.accept_languages": "de"}
CHOSEN = {"category": "Fire", "severity": "Extreme", "urgency": "Immediate", "certainty": "Observed"}
WRITTEN = {
    "event-de": "Großbrand",
    "headline-de": "Großbrand in Düren",
    "instruction-de": "Schließen Sie Fenster und Türen.",
    "places": "Düren",
}
LOADED = "document.readyState === 'complete'"


class Officer:
    """A duty officer with a keyboard before the desk."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def sees(self, expression: str) -> None:
        """Wait until that is true, also on the page after this one."""

        async def is_true() -> bool:
            try:
                return bool(await self.page.value(f"{LOADED} && ({expression})"))
            except AssertionError as error:  # the page that was asked goes: the next one is
                if "no such frame" in str(error) or "unknown error" in str(error):
                    return False
                raise

        try:
            await until(is_true)
        except TimeoutError:
            shown = await self.page.value("location.pathname + ': ' + document.body.innerText")
            raise AssertionError(f"{expression}, but: {shown}") from None

    async def reads(self, words: str) -> None:
        await self.sees(f"document.querySelector('main').innerText.includes({json.dumps(words)})")

    async def comes_to(self, path: str) -> None:
        await self.sees(f"location.pathname === {json.dumps(path)}")

    async def types(self, field: str, words: str) -> None:
        await self.sees(f"!!document.getElementById({json.dumps(field)})")
        await self.page.value(f"document.getElementById({json.dumps(field)}).focus()")
        await self.page.press(*words)

    async def chooses(self, field: str, value: str) -> None:
        shown = f"document.getElementById({json.dumps(field)})"
        await self.page.run(
            f"{shown}.value = {json.dumps(value)};"
            f"{shown}.dispatchEvent(new Event('input', {{bubbles: true}}));"
            f"{shown}.dispatchEvent(new Event('change', {{bubbles: true}}))"
        )
        assert await self.page.value(f"{shown}.value") == value

    async def presses(self, selector: str) -> None:
        """Press a button or follow a link by the keyboard, once it is there."""
        shown = f"document.querySelector({json.dumps(selector)})"
        await self.sees(f"!!{shown}")
        await self.page.value(f"{shown}.focus()")
        await self.page.press(ENTER)

    async def asks_again(self) -> None:
        """As whoever comes back to a page, which then asks at once how things stand."""
        await self.page.run("void document.dispatchEvent(new Event('visibilitychange'))")


async def test_an_exercise_from_the_door_to_its_correction(console: Any, invite: Any, tmp_path: Path) -> None:
    origin, pool = origin_of(console), console.parts.health.pool
    desk = Browser(console, "exercise", origin=origin)
    await desk.enrol(await invite(PERSON, Environment.EXERCISE, Role.AUTHOR, Role.APPROVER))
    code = await recovery_code(desk)
    async with firefox(program("firefox-esr", "firefox-esr"), tmp_path, GERMAN) as page:
        officer = Officer(page)
        await page.open(f"{origin}{ROOT}/desk")
        await signs_in(officer, code)
        await writes(officer)
        await sends(officer)
        row = await pool.fetchrow("SELECT id, status FROM alert")
        assert row["status"] == "Exercise"
        await follows(officer, pool, row["id"])
        await corrects(officer, row["id"])
        await officer.presses(f"a[href='{ROOT}/desk']")
        await officer.comes_to(f"{ROOT}/desk")
        await officer.reads("Großbrand in Düren")
        assert "ÜBUNG" in await page.value("document.title")


async def recovery_code(desk: Browser) -> str:
    """A code that is good once: those of the code app have been used up by the enrolment, until the next begins."""
    await desk.get("account/recovery")
    found = re.search(r"<code>([^<]+)</code>", text(await desk.post("account/recovery", password=PASSWORD)))
    assert found
    return found[1]


async def signs_in(officer: Officer, code: str) -> None:
    await officer.types("name", PERSON)
    await officer.types("password", PASSWORD)
    await officer.page.press(ENTER)
    await officer.types("code", code)
    await officer.page.press(ENTER)
    await officer.comes_to(f"{ROOT}/desk")
    assert await officer.page.value("document.cookie") == "", "no script reads a session"


async def writes(officer: Officer) -> None:
    await officer.presses(f"a[href='{ROOT}/compose']")
    await officer.comes_to(f"{ROOT}/compose")
    for field, value in CHOSEN.items():
        await officer.chooses(field, value)
    for field, words in WRITTEN.items():
        await officer.types(field, words)
    await officer.sees("!!document.querySelector('#map svg')")
    await officer.sees("document.getElementById('live-places').innerText.includes('Düren')")
    await officer.sees("document.getElementById('live-missing').innerText.includes('Alles ist ausgefüllt.')")


async def sends(officer: Officer) -> None:
    await officer.presses("#form p:last-child button")
    await officer.comes_to(f"{ROOT}/compose/preview")
    await officer.reads("Großbrand in Düren")
    await officer.reads("ÜBUNG/TEST")
    await officer.presses("#send-form button")
    await officer.sees(f"location.pathname.startsWith('{ROOT}/alerts/')")


async def follows(officer: Officer, pool: Any, alert: str) -> None:
    """Its page, as it is told by the record: first nobody is reached, then two of three, then all."""
    await officer.comes_to(f"{ROOT}/alerts/{alert}")
    await put_out(pool, alert, State.ACCEPTED, State.ACCEPTED, State.PENDING)
    await officer.asks_again()
    await officer.sees("document.getElementById('how-far').innerText.includes('66 % abgearbeitet')")
    await pool.execute("UPDATE batch SET outcomes = $1", bytes([State.ACCEPTED] * 3))
    await pool.execute("UPDATE alert SET state = 'settled', settled_at = now()")
    await officer.asks_again()
    await officer.sees("document.getElementById('how-far').innerText.includes('100 % abgearbeitet')")
    await officer.sees("document.getElementById('news').textContent.includes('Versand abgeschlossen')")


async def corrects(officer: Officer, alert: str) -> None:
    path = f"{ROOT}/alerts/{alert}/correct"
    await officer.presses(f"a[href='{path}']")
    await officer.comes_to(path)
    await officer.presses("section[aria-labelledby='false-alarm'] button")
    await officer.reads("Die Übung ist vorbei")
    await officer.reads("Fehlalarm: Großbrand in Düren")
