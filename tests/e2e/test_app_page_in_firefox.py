"""The app's page in a real Firefox, with a real push subscription: from the first visit to the all-clear, by keys alone.
Mozilla's push service between them is a stand-in.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from channels.webpush.vapid import VapidSigner, generate_key
from dispatcher.settings import Settings
from tests.support.app_page import AppService, app_service
from tests.support.autopush import NOT_DECRYPTED, RECEIVED, Autopush, autopush
from tests.support.histories import until
from tests.support.messages import DUEREN
from tests.support.programs import program
from tests.support.webdriver import ENTER, SPACE, Page, firefox

PEM = generate_key()
SHOWN = (
    "navigator.serviceWorker.ready.then((one) => one.getNotifications())"
    ".then((all) => all.map(({ title, tag }) => [tag, title]))"
)
pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]


class Reader:
    """A person with a keyboard before the page."""

    def __init__(self, page: Page, app: AppService, push: Autopush) -> None:
        self.page, self.app, self.push = page, app, push

    async def sees(self, expression: str) -> None:
        """Wait until that is true in the page."""
        try:
            await until(lambda: self.page.value(expression))
        except TimeoutError:
            shown = await self.page.value(
                "document.activeElement.outerHTML.slice(0, 200) + document.body.innerText"
            )
            raise AssertionError(f"{expression}, but: {shown}") from None

    async def reads(self, text: str) -> None:
        await self.sees(f"document.querySelector('main').innerText.includes({text!r})")

    async def presses(self, selector: str, *keys: str) -> None:
        """Press a key on an element, once it is there."""
        await self.sees(f"!!document.querySelector({selector!r})")
        # A notification, which here is a window of the browser's own, has taken the keyboard.
        await self.page.command("browsingContext.activate", context=self.page._context)
        await self.page.value(f"document.querySelector({selector!r}).focus()")
        await self.page.press(*(keys or (ENTER,)))

    async def goes(self, hash_: str) -> None:
        await self.page.value(f"void (location.hash = {hash_!r})")

    async def notified(self, *, without: str = "round-trip") -> list[str]:
        """The titles of notifications on the screen."""
        return [title for tag, title in await self.page.value(SHOWN) if tag != without]


@asynccontextmanager
async def reader(database_url: str, redis_url: str, folder: Path) -> AsyncIterator[Reader]:
    command = program("firefox-esr", "firefox-esr")
    async with autopush() as push:
        settings = Settings(
            database_url=database_url,
            redis_url=redis_url,
            data_dir=folder / "data",
            key_pepper="pepper of the tests",
            vapid_pem=PEM.decode(),
            push_hosts=f"mozilla={push.origin}",
            allowed_origins={f"push={push.origin}"},
        )
        own: dict[str, Any] = {
            "dom.push.serverURL": push.origin.replace("http:", "ws:") + "/",
            "remote.prefs.recommended": False,  # they would keep the browser from its push service
        }
        async with app_service(settings, redis_url) as app, firefox(command, folder, own) as page:
            await push.greeted.wait()
            yield Reader(page, app, push)


async def test_from_the_first_visit_to_the_all_clear(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    async with reader(database_url, redis_url, tmp_path) as person:
        await person.page.open(person.app.page)
        await subscribes(person)
        await is_warned_and_confirms(person)
        await cannot_decrypt(person)

        await person.app.says_more("hochwasser-1", headline="Hochwasser steigt weiter")
        assert await person.push.acknowledged() == RECEIVED
        await person.goes("")
        await person.reads("Hochwasser steigt weiter")
        await until(lambda: titled(person, "Hochwasser steigt weiter"))

        await person.app.says_more("hochwasser-1", "Cancel")
        assert await person.push.acknowledged() == RECEIVED
        await person.reads("Zurzeit gilt hier keine Warnung.")
        [over] = await person.notified()
        assert "Hochwasser" in over

        await is_subscribed_anew(person)
        await leaves(person)


async def subscribes(person: Reader) -> None:
    await person.sees("!!document.querySelector('#choices')")
    await person.page.value("document.querySelector('#language').value = 'de'")
    await person.page.value("document.querySelector('#language').dispatchEvent(new Event('change'))")
    await person.reads("Ihr Ort")
    await person.presses(f"#ags-{DUEREN}", SPACE)
    await person.sees("document.querySelector('#ticked').textContent.includes('Düren')")
    await person.presses("main [type=submit]")
    await person.sees("location.hash === '#/on'")
    await person.presses("#allow")
    await person.app.sends_codes()
    assert await person.push.acknowledged() == RECEIVED
    await person.sees("!!document.querySelector('#is-on')")
    assert list(person.push.registered.values()) == [VapidSigner(PEM, "mailto:x@warn.example").public_key]
    assert (
        await person.app.service.parts.health.pool.fetchval("SELECT count(*) FROM subscription WHERE active")
        == 1
    )


async def is_warned_and_confirms(person: Reader) -> None:
    alert = await person.app.warns(headline="Hochwasser an der Rur", instruction="Meiden Sie das Ufer.")
    assert await person.push.acknowledged() == RECEIVED
    await person.goes("")
    await person.reads("Hochwasser an der Rur")
    await person.reads("Meiden Sie das Ufer.")
    await until(lambda: titled(person, "Hochwasser an der Rur"))
    await person.goes(alert)
    await person.presses("#confirm")
    await person.reads("Bestätigt")

    async def displayed_and_confirmed() -> bool:
        return bool(person.app.service.count("warn_device_receipts_posted_total", result="taken") >= 2)

    await until(displayed_and_confirmed)


async def cannot_decrypt(person: Reader) -> None:
    """The browser keeps such a push from the page, whose subscription stays, and what is known stands there."""
    await person.push.spoil()
    assert await person.push.acknowledged() == NOT_DECRYPTED
    assert await titled(person, "Hochwasser an der Rur")
    await person.goes("")
    await person.reads("Hochwasser an der Rur")


async def titled(person: Reader, words: str) -> bool:
    return [words in title for title in await person.notified()] == [True]


async def is_subscribed_anew(person: Reader) -> None:
    """The push service has forgotten the browser, as after a change of its own: the worker subscribes by itself, and
    what is sent from then on arrives.
    """
    [before] = person.push.registered
    await person.push.forget()

    async def is_registered() -> bool:
        return bool(set(person.push.registered) - {before})

    await until(is_registered)
    await person.app.sends_codes()
    assert await person.push.acknowledged() == RECEIVED
    await until(lambda: proves(person))
    await person.app.warns("sturm-1", headline="Sturm")
    assert await person.push.acknowledged() == RECEIVED
    assert person.push.seen[-1].channel != before


async def proves(person: Reader) -> bool:
    """Whether no endpoint waits any more."""
    query = "SELECT count(*) FROM subscriber_endpoint WHERE proven_at IS NULL"
    return bool(await person.app.service.parts.health.pool.fetchval(query) == 0)


async def leaves(person: Reader) -> None:
    await person.goes("#/settings")
    await person.sees("!!document.querySelector('#leave summary')")
    await person.page.value("void (document.querySelector('#leave').open = true)")
    await person.presses("#leave-now")
    await person.reads("Warnungen sind aus")

    async def nobody_is_subscribed() -> bool:
        return not person.push.registered

    await until(nobody_is_subscribed)
    assert await person.app.service.parts.health.pool.fetchval("SELECT count(*) FROM subscriber") == 0
