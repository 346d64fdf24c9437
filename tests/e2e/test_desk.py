"""The desk in a real Chromium: it keeps itself as it is now, and says so where it cannot."""

import json
from pathlib import Path
from typing import Any

import pytest

from dispatcher.access.roles import Role
from dispatcher.model.vocabulary import Environment
from dispatcher.store.leadership import Leadership
from tests.api import conftest as api
from tests.api.console import conftest as console_tests
from tests.e2e.test_console import origin_of, seen, until, waiting
from tests.support.accessibility import with_axe
from tests.support.console import Browser
from tests.support.devtools import Tab, chromium
from tests.support.messages import DUEREN
from tests.support.programs import program
from tests.support.submissions import warning

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]
settings = api.settings
invite = console_tests.invite
console = console_tests.console


async def says(tab: Tab, said: str, *, on: str = "body") -> None:
    await until(tab, f"document.querySelector({json.dumps(on)})?.innerText.includes({json.dumps(said)})")


async def test_the_desk_keeps_itself_as_it_is_and_says_where_it_cannot(
    console: Any, invite: Any, tmp_path: Path
) -> None:
    origin, pool = origin_of(console), console.parts.health.pool
    person = Browser(console, origin=origin)
    await person.enrol(await invite("b.lang", Environment.LIVE, Role.APPROVER, Role.OPERATOR))
    await waiting(console)
    leader = Leadership(pool, silent_s=300)
    assert await leader.hold()
    try:
        async with chromium(program("chromium", "chromium"), tmp_path) as browser:
            tab = await browser.tab("about:blank")
            await with_axe(tab)
            for name, value in person.cookies.items():
                await tab.command(
                    "Network.setCookie", name=name, value=value, url=origin, secure=True, path="/"
                )
            await tab.open(f"{origin}/console/live/start")
            await says(tab, "Wartet auf eine Entscheidung (2)")
            await says(tab, "Der Dienst kann jetzt warnen.")
            await tab.value("document.querySelector('#desk .card h3 a').focus()")
            focused = await tab.value("document.activeElement.href")
            await console.submit(warning(DUEREN, severity="Minor", headline="Rauch über Düren"))
            await says(tab, "Rauch über Düren", on="#desk")
            await says(tab, "2 warten, 2 in Kraft.", on="#news")
            assert await tab.value("document.activeElement.href") == focused
            await seen(tab, "desk")
            await takes_over_and_reads_the_log(tab, origin)
            await tab.open(f"{origin}/console/live/desk")
            await says(tab, "Rauch über Düren", on="#desk")
            await goes_dead(tab, console)
            await seen(tab, "desk-lost")
            await comes_back(tab, console)
            await pool.execute("DELETE FROM person_session")
            await until(tab, "location.pathname === '/console/live/sign-in'")
            assert [one for one in tab.heard("Log.entryAdded") if "Content Security" in str(one)] == []
    finally:
        await leader.drop()


async def takes_over_and_reads_the_log(tab: Tab, origin: str) -> None:
    await tab.open(f"{origin}/console/live/desk/handover")
    await tab.value("document.querySelector('#note').focus()")
    await tab.type("Pegel steigt, siehe Keller")
    await tab.press("Enter")
    await says(tab, "Übernommen hat b.lang")
    await seen(tab, "desk-handover")
    await tab.open(f"{origin}/console/live/desk/log")
    await says(tab, "Rauch über Düren")
    await seen(tab, "desk-log")


async def goes_dead(tab: Tab, console: Any) -> None:
    """Let the process tell nothing any more, and a minute go by in the page."""
    asked = "performance.getEntriesByType('resource').some((one) => one.name.endsWith('/desk'))"
    await until(tab, asked)  # which it did because it heard
    console.parts.console.streams._task.cancel()
    await tab.value("void (Date.now = ((now) => () => now() + 60_000)(Date.now))")
    await says(tab, "Keine Verbindung seit", on="#lost")
    assert not await tab.value("document.querySelector('.ready').checkVisibility()"), "it says nothing untrue"


async def comes_back(tab: Tab, console: Any) -> None:
    """Let the page connect again, by itself."""
    for listener in [*console.parts.console.streams._listeners]:
        listener.stream.end("failed")
    await until(tab, "document.querySelector('#lost').hidden")
    await until(tab, "document.querySelector('.ready').checkVisibility()")
