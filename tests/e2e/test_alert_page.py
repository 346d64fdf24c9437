"""An alert's page of the console in a real Chromium: everybody can use it, also at 400 %, in the dark and on paper."""

from pathlib import Path
from typing import Any

import pytest

from dispatcher.access.roles import Role
from dispatcher.model.vocabulary import Environment, State
from tests.api import conftest as api
from tests.api.console import conftest as console_tests
from tests.api.console.alert.test_page import put_out
from tests.e2e.test_console import PICTURES, hears, origin_of
from tests.support.accessibility import looked_at, reaches, with_axe
from tests.support.console import Browser
from tests.support.devtools import Tab, chromium
from tests.support.messages import DUEREN, JUELICH
from tests.support.programs import program
from tests.support.submissions import warning

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]
settings = api.settings
invite = console_tests.invite
console = console_tests.console


async def signed_in(tab: Tab, desk: Browser, origin: str) -> None:
    for name, value in desk.cookies.items():
        await tab.command("Network.setCookie", name=name, value=value, url=origin, secure=True, path="/")


async def test_an_alert_is_followed_by_everybody(console: Any, invite: Any, tmp_path: Path) -> None:
    origin, pool = origin_of(console), console.parts.health.pool
    desk = Browser(console, origin=origin)
    await desk.enrol(await invite("b.lang", Environment.LIVE, Role.APPROVER, Role.AUTHOR, Role.OPERATOR))
    first = warning(DUEREN, JUELICH, severity="Moderate")
    alert = str((await console.submit(first)).json["alert"]["id"])
    await put_out(pool, alert, *[State.ACCEPTED] * 90, *[State.REJECTED] * 4, *[State.PENDING] * 6)
    await pool.execute(
        """INSERT INTO problem (batch_id, position, recipient, label, code, detail, attempts)
           SELECT id, n, n, 'permanent', '413', '', 1 FROM batch, generate_series(90, 93) n"""
    )
    async with chromium(program("chromium", "chromium"), tmp_path) as browser:
        tab = await browser.tab("about:blank")
        await with_axe(tab)
        await signed_in(tab, desk, origin)
        await tab.open(f"{origin}/console/live/alerts/{alert}")
        await hears(
            tab,
            "heading Hochwasser an der Rur",
            "region Was Sie tun können",
            "link Aktualisieren",
            "region Wie weit sie ist",
            "heading SMS: Warnung",
            "region Was die Menschen lesen",
            "region Text für MoWaS und DE-Alert",
            "region Lücken und schwache Kanäle",
            "region Gescheiterte (4)",
            "button An 4 erneut senden",
            "region Wo gewarnt wird",
            "image Karte: Sie gilt für Düren, Jülich. Alle Gemeinden stehen in der Tabelle darunter.",
            "region Verlauf",
        )
        await looked_at(tab, "console-alert", PICTURES)
        await reaches(tab, "#copying button")
        await tab.press("Enter")
        await tab.until("document.querySelector('#copying [role=status]').textContent !== ''")
        await keeps_up_and_says_when_it_cannot(tab, pool)
        await tab.shows(720)
        await tab.command("Emulation.setEmulatedMedia", media="print")
        await tab.picture(PICTURES / "console-alert-print.png")
        assert [one for one in tab.heard("Log.entryAdded") if "Content Security" in str(one)] == []


ASK = "void document.dispatchEvent(new Event('visibilitychange'))"


async def keeps_up_and_says_when_it_cannot(tab: Tab, pool: Any) -> None:
    """Without waiting for the next of its questions: whoever comes back to the page asks at once."""
    await reaches(tab, "#head a[href$='/correct']")
    await pool.execute("UPDATE batch SET outcomes = $1", bytes([State.ACCEPTED] * 100))
    await pool.execute("UPDATE alert SET state = 'settled', settled_at = now()")
    await tab.value(ASK)
    await tab.until("document.querySelector('#how-far').innerText.includes('100 % abgearbeitet')")
    await tab.until("document.querySelector('#news').textContent.includes('Versand abgeschlossen')")
    assert await tab.value("document.activeElement.matches('#head a[href$=\"/correct\"]')")
    await tab.goes_offline()
    await tab.value(ASK)
    await tab.until("document.querySelector('#no-connection').checkVisibility()")
    shown, said = (
        "document.querySelector('#head').dataset.asOf",
        "document.querySelector('#no-connection').textContent",
    )
    assert f"Keine Verbindung seit {await tab.value(shown)}. " in await tab.value(said)
    await looked_at(tab, "console-alert-lost", PICTURES)
    await tab.goes_offline(offline=False)
    await tab.value(ASK)
    await tab.until("!document.querySelector('#no-connection').checkVisibility()")
