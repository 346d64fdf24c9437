"""Signing in at an OpenID provider, on the pages: one whole way, and what a page says where there is none."""

import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from dispatcher.settings import Settings
from tests.api.conftest import Service, introduce, serving
from tests.support.console import CONSOLE, Browser, text
from tests.support.openid_provider import CLIENT_ID, SECRET, OpenIdProvider, openid_provider

BACK = f"{CONSOLE}/console/live/sign-in/oidc"


@pytest.fixture
def theirs(tmp_path: Any) -> Any:
    with openid_provider(tmp_path, BACK) as provider:
        yield provider


@pytest.fixture
async def console(settings: Settings, theirs: OpenIdProvider) -> AsyncIterator[Service]:
    changed = {
        "console_url": CONSOLE,
        "allowed_origins": frozenset({f"oidc={theirs.origin}"}),
        "outbound_ca_file": theirs.authority,
        "oidc_name": "Kreis & Konto",
        "oidc_live_issuer": theirs.issuer,
        "oidc_live_client_id": CLIENT_ID,
        "oidc_live_client_secret": SECRET,
    }
    async with serving(Settings(**(settings.model_dump() | changed))) as service:
        await introduce(service.parts)
        yield service


async def lead(browser: Browser, **fields: str) -> str:
    """Press the button; returns where the page leads."""
    page = text(await browser.post("sign-in/oidc", **fields))
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page)
    assert found, page
    assert f'href="{found[1]}"' in page, "also without waiting"
    return found[1]


async def test_from_the_link_by_the_provider_to_the_page_that_was_wanted(
    console: Any, browser: Browser, invite: Any, theirs: OpenIdProvider
) -> None:
    link = await invite()
    shown = text(await browser.get(link))
    assert "Dieses Konto gehört dann zu Ihrem Konto bei Kreis & Konto" in shown
    url = await lead(browser, invitation=link.rpartition("/")[2])
    back = theirs.sign_in(url)
    done = await browser.get(f"sign-in/oidc?{urlencode(back)}")
    assert (done.status, done.headers["location"]) == (303, "/console/live/start")
    assert set(browser.cookies) == {"__Host-warn-live", "__Host-warn-live-device"}
    account = text(await browser.get(""))
    assert "Angemeldet als m.keller" in account
    assert "<li>Kreis & Konto – zuletzt" in account
    again = await browser.get(f"sign-in/oidc?{urlencode(back)}")
    assert (again.status, "ist abgelaufen" in text(again)) == (403, True)
    other = Browser(console)
    page = await other.get("sign-in?next=/console/live/account/recovery")
    assert "Mit Kreis & Konto anmelden" in text(page)
    assert "form-action 'self';" in page.headers["content-security-policy"]
    url = await lead(other, next="/console/live/account/recovery")
    assert urlsplit(url).netloc == urlsplit(theirs.issuer).netloc
    done = await other.get(f"sign-in/oidc?{urlencode(theirs.sign_in(url))}")
    assert done.headers["location"] == "/console/live/account/recovery"
    stranger = Browser(console)
    await stranger.get("sign-in")
    theirs.subject = "<b>nobody</b>"
    refused = await stranger.get(f"sign-in/oidc?{urlencode(theirs.sign_in(await lead(stranger)))}")
    assert (refused.status, b"&lt;b&gt;nobody" in refused.body) == (403, True)
    assert not [name for name in stranger.cookies if not name.endswith("-form")]
    assert console.count("warn_sign_ins_total", shown="oidc", outcome="opened") == 2
    foreign = Browser(console, origin="https://evil.example")
    await foreign.get("sign-in")
    assert (await foreign.post("sign-in/oidc")).status == 403
    exercise = Browser(console, "exercise")
    assert "Kreis" not in text(await exercise.get("sign-in"))
    assert "ist abgelaufen" in text(await exercise.get(f"sign-in/oidc?{urlencode(back)}"))
