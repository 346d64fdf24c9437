"""The console in a real Chromium, whose authenticator is a virtual one (WebAuthn, section 11): what a person does from
the link to the second time that it signs in.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from dispatcher.sign_in.passkeys import RelyingParty
from tests.api import conftest as api
from tests.api.console import conftest as console_tests
from tests.support.console import PASSWORD
from tests.support.devtools import Failed, Tab, chromium
from tests.support.programs import program

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
