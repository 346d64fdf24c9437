"""The console in a real Chromium, whose authenticator is a virtual one (WebAuthn, section 11): what a person does from
the link to the second time that it signs in; and what an approver does who has only a keyboard, with all pages looked
at on the way.
"""

import asyncio
import json
import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from channels.clock import utc_now
from dispatcher.access.roles import Role
from dispatcher.model.vocabulary import Environment
from dispatcher.on_duty.texts import DutyTexts
from dispatcher.sign_in.passkeys import RelyingParty
from tests.api import conftest as api
from tests.api.console import conftest as console_tests
from tests.support import accessibility
from tests.support.accessibility import reaches, violations, with_axe
from tests.support.console import PASSWORD, Browser, text
from tests.support.devtools import Failed, Tab, chromium
from tests.support.messages import DUEREN, HEIMBACH, JUELICH
from tests.support.on_duty import messages_of
from tests.support.phones import KEYS
from tests.support.programs import program
from tests.support.submissions import warning

PICTURES = Path(__file__).parents[2] / "var" / "pictures"
pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]
settings = api.settings
invite = console_tests.invite
console = console_tests.console


def origin_of(service: Any) -> str:
    """Let the console be where this service listens: its port is known only now, and a passkey needs a name."""
    origin = f"http://localhost:{service.url.rpartition(':')[2]}"
    object.__setattr__(service.parts.console, "origin", origin)
    service.parts.console.sign_in.party = RelyingParty(origin)
    return origin


async def until(tab: Tab, expression: str) -> None:
    """Wait for that, also on the page after this one: whoever looks at a page that goes is told so, and looks again."""
    while True:
        try:
            await tab.until(expression)
        except Failed as error:
            if "navigated" not in str(error) and "context" not in str(error):
                raise
        else:
            return


async def fills(tab: Tab, selector: str, text: str) -> None:
    await until(tab, f"document.querySelector({json.dumps(selector)})")
    await tab.value(f"document.querySelector({json.dumps(selector)}).focus()")
    await tab.type(text)


async def presses(tab: Tab, selector: str, after: str) -> None:
    """Press a button, as soon as it is there; then `after` is true."""
    shown = f"document.querySelector({json.dumps(selector)})"
    await until(tab, f"{shown}?.checkVisibility()")
    await tab.run(f"{shown}.click()")
    await until(tab, after)


async def test_a_passkey_is_made_by_a_link_and_signs_in(console: Any, invite: Any, tmp_path: Path) -> None:
    origin, link = origin_of(console), await invite()
    async with chromium(program("chromium", "chromium"), tmp_path) as browser:
        tab = await browser.tab(f"{origin}{link}")
        await tab.command("WebAuthn.enable")
        device = (
            await tab.command(
                "WebAuthn.addVirtualAuthenticator",
                options={
                    "protocol": "ctap2",
                    "transport": "internal",
                    "hasResidentKey": True,
                    "hasUserVerification": True,
                    "isUserVerified": True,
                    "automaticPresenceSimulation": True,
                },
            )
        )["authenticatorId"]
        await fills(tab, "#password", PASSWORD)
        await presses(tab, "main form button", "location.pathname === '/console/live/'")
        await fills(tab, "#label", "Diensthandy")
        await presses(tab, "#new-passkey button", "location.pathname === '/console/live/account/recovery'")
        await fills(tab, "#password", PASSWORD)
        await presses(tab, "main form button", "document.querySelectorAll('.codes code').length === 10")
        await presses(tab, "main a.button", "document.body.innerText.includes('Diensthandy')")
        await tab.picture(PICTURES / "console-account.png")
        signed_out = "location.pathname === '/console/live/sign-in'"
        await presses(tab, "nav button", signed_out)
        await presses(tab, "#passkey", "document.body.innerText.includes('Angemeldet als m.keller')")
        assert await tab.value("document.cookie") == "", "no script reads a session"
        await presses(tab, "nav button", signed_out)
        await tab.command("WebAuthn.setUserVerified", authenticatorId=device, isUserVerified=False)
        await presses(tab, "#passkey", "document.querySelector('#passkey-failed').checkVisibility()")
        await tab.command("WebAuthn.setUserVerified", authenticatorId=device, isUserVerified=True)
        await tab.picture(PICTURES / "console-sign-in.png")
        await tab.open(f"{origin}/console/exercise/sign-in")
        await presses(tab, "#passkey", "document.querySelector('#passkey-failed').checkVisibility()")
        assert "ÜBUNG" in await tab.value("document.title")
        await tab.shows(320, dark=True)
        assert await tab.value("document.documentElement.scrollWidth <= innerWidth")
        await tab.picture(PICTURES / "console-exercise.png")
        assert [one for one in tab.heard("Log.entryAdded") if "Content Security" in str(one)] == []


SUBSCRIBES = f"""
PushManager.prototype.subscribe = async () => ({{ toJSON: () => ({{
  endpoint: "https://fcm.googleapis.com/fcm/send/1", keys: {json.dumps(KEYS)} }}) }});
PushManager.prototype.getSubscription = async () => null;
"""
"""In place of the browser's push service, which the tests do not reach."""


async def test_a_browser_is_told_on_duty_and_brings_its_code_back(
    console: Any, invite: Any, tmp_path: Path
) -> None:
    origin, pool = origin_of(console), console.parts.health.pool
    await pool.execute("INSERT INTO shared_secret (name, fingerprint) VALUES ('vapid', $1)", "B" * 87)
    desk = Browser(console, origin=origin)
    await desk.enrol(await invite())
    texts = DutyTexts(ZoneInfo("Europe/Berlin"), origin)
    async with chromium(program("chromium", "chromium"), tmp_path, origin) as browser:
        tab = await browser.tab(f"{origin}/console/live/sign-in")
        for name, value in desk.cookies.items():
            await tab.command("Network.setCookie", name=name, value=value, url=origin, secure=True, path="/")
        await tab.before_each_page(SUBSCRIBES)
        await tab.open(f"{origin}/console/live/on-duty")
        await fills(tab, "#label", "Platz 2")
        await tab.command("ServiceWorker.enable")
        await presses(tab, "#this-browser button", "navigator.serviceWorker.ready.then(() => true)")
        while not (due := await messages_of(pool).claim(1)):  # noqa: ASYNC110 - what changes is the record
            await asyncio.sleep(0.02)
        told = await tab.hears("ServiceWorker.workerRegistrationUpdated", lambda said: said["registrations"])
        code = texts.code(due[0].code, due[0].endpoint.id, "DUTY1", utc_now())
        await tab.command(
            "ServiceWorker.deliverPushMessage",
            origin=origin,
            registrationId=told["registrations"][0]["registrationId"],
            data=code.payload.decode(),
        )
        await until(tab, "document.body.innerText.includes('„Platz 2“ – funktioniert')")
        shown = "navigator.serviceWorker.ready.then((one) => one.getNotifications())"
        assert await tab.value(f"{shown}.then((all) => all.map((one) => one.title))") == ["Warndienst: Code"]
        assert [one for one in tab.heard("Log.entryAdded") if "Content Security" in str(one)] == []


OTHER_PAGES = {
    "approvals": "live/approvals",
    "account-approver": "live/",
    "totp": "live/account/totp",
    "recovery": "live/account/recovery",
    "on-duty": "live/on-duty",
    "lost": "live/approvals/x",
    "exercise-door": "exercise/sign-in",
}


async def types(tab: Tab, selector: str, words: str) -> None:
    await reaches(tab, selector)
    await tab.type(words)


async def arrives(tab: Tab, path: str, said: str) -> None:
    """The page of that path says so."""
    wanted = (
        f"location.pathname === {json.dumps(path)} && document.body.innerText.includes({json.dumps(said)})"
    )
    await until(tab, wanted)


async def seen(tab: Tab, name: str) -> None:
    await accessibility.looked_at(tab, f"console-{name}", PICTURES)


async def hears(tab: Tab, *told: str) -> None:
    """What a screen reader says, one after the other, with other things between."""
    tree = await tab.tree()
    left = iter(tree)
    for one in told:
        assert one in left, f"{one} in {tree}"


async def recovery_code(console: Any, invite: Any, origin: str) -> str:
    """Enrol an approver of the live service, who has a code to sign in with then."""
    desk = Browser(console, origin=origin)
    await desk.enrol(await invite("b.lang", Environment.LIVE, Role.APPROVER))
    # Of no control centre: else it may have been this person that submitted.
    await console.parts.health.pool.execute("UPDATE person SET source_id = NULL")
    await desk.get("account/recovery")
    found = re.search(r"<code>([^<]+)</code>", text(await desk.post("account/recovery", password=PASSWORD)))
    assert found
    return found[1]


async def waiting(console: Any) -> tuple[str, str]:
    """Two messages that wait, the first of which changes a warning that was sent; their ids."""
    first = warning(DUEREN, JUELICH, severity="Moderate")
    assert (await console.submit(first)).status == 201
    pool = console.parts.health.pool
    await pool.execute("INSERT INTO approval_rule VALUES ('*', 'Severe', 0, true, '2 minutes', '9 minutes')")
    later = warning(DUEREN, HEIMBACH, severity="Extreme", headline="Keller räumen").infos
    found = []
    for message in (first.later("steigt", infos=later), warning(JUELICH, event="Brand", headline="Brand")):
        answer = await console.submit(message)
        assert answer.status == 202
        found.append(str(answer.json["alert"]["id"]))
    await pool.execute("UPDATE approval SET people = 12345 WHERE alert_id = $1", found[0])
    return found[0], found[1]


async def test_by_the_keyboard_alone_a_warning_is_approved_and_taken_back(
    console: Any, invite: Any, tmp_path: Path
) -> None:
    """And every page on the way is one that everybody can use: WCAG 2.2 AA as axe-core judges it, at 400 % too."""
    origin = origin_of(console)
    code = await recovery_code(console, invite, origin)
    alert, other = await waiting(console)
    path = f"/console/live/approvals/{alert}"
    async with chromium(program("chromium", "chromium"), tmp_path) as browser:
        tab = await browser.tab("about:blank")
        await with_axe(tab)
        await tab.open(f"{origin}{path}")
        await signs_in(tab, code)
        await arrives(tab, path, "Soll diese echte Warnung an 12.345 Menschen gehen?")
        await hears_what_is_asked(tab)
        await seen(tab, "approval")
        await axe_finds_what_is_planted(tab)
        for name, page in OTHER_PAGES.items():
            await tab.open(f"{origin}/console/{page}")
            await seen(tab, name)
        await tab.open(f"{origin}{path}")
        await approves(tab, path)
        await takes_back(tab, f"/console/live/alerts/{alert}/correct")
        await tab.open(f"{origin}/console/live/approvals/{other}")
        await types(tab, "#why", "falscher Ort")
        await tab.press("Enter")
        await arrives(tab, f"/console/live/approvals/{other}", "Grund: falscher Ort")
        await seen(tab, "rejected")
        assert [one for one in tab.heard("Log.entryAdded") if "Content Security" in str(one)] == []


async def signs_in(tab: Tab, code: str) -> None:
    door = "/console/live/sign-in"
    await arrives(tab, door, "Mit Passkey anmelden")
    await hears(tab, "heading Anmelden", "textbox Name (wie m.keller)", "textbox Passwort", "button Weiter")
    await seen(tab, "door")
    await types(tab, "#name", "b.lang")
    await types(tab, "#password", "falsch")
    await tab.press("Enter")
    await arrives(tab, door, "Das stimmt nicht überein.")
    await seen(tab, "door-refused")
    await types(tab, "#name", "b.lang")
    await types(tab, "#password", PASSWORD)
    await tab.press("Enter")
    await arrives(tab, door, "Zweiter Schritt")
    await seen(tab, "second-step")
    await tab.type(code)  # the field has the focus
    await tab.press("Enter")


async def hears_what_is_asked(tab: Tab) -> None:
    await hears(
        tab,
        "heading Freigabe: Keller räumen",
        "region Worum es geht",
        "region Was sich gegenüber der bisherigen Warnung ändert",
        "region Was die Menschen lesen",
        "region Wo gewarnt wird",
        "region Entscheidung",
        "textbox Zur Bestätigung: An wie viele Menschen geht sie? Tippen Sie die Zahl.",
        "button ECHTE WARNUNG an 12.345 Menschen senden",
        "textbox Warum? Der Grund steht danach im Protokoll.",
        "button Verwerfen, niemanden warnen",
    )


async def approves(tab: Tab, path: str) -> None:
    await types(tab, "#people", "1")
    await tab.press("Enter")
    await arrives(tab, f"{path}/approve", "Nichts wurde gesendet")
    await seen(tab, "approval-refused")
    await types(tab, "#people", "12.345")
    await tab.press("Enter")
    await arrives(tab, path, "von einer zweiten Person freigegeben")
    await seen(tab, "approved")
    await reaches(tab, "a[href$='/correct']")
    await tab.press("Enter")


async def takes_back(tab: Tab, path: str) -> None:
    await arrives(tab, path, "Fehlalarm: Keller räumen")
    await seen(tab, "correction")
    await reaches(tab, "section[aria-labelledby='false-alarm'] button")
    await tab.press("Enter")
    await arrives(tab, path, "Sie ist aufgehoben")
    await seen(tab, "corrected")


async def axe_finds_what_is_planted(tab: Tab) -> None:
    """The negative control: a field without its name, and grey on grey."""
    await tab.value("document.querySelector('label[for=people]').remove()")
    await tab.value("void (document.querySelector('.asked strong').style.color = '#888')")
    await tab.value("void (document.querySelector('.asked').style.background = '#777')")
    assert {"label", "color-contrast"} <= {rule for rule, _ in await violations(tab)}
