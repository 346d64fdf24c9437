"""The app's page in a real Chromium: subscribing, warnings, their ends, and all that goes wrong on the way; and that
everybody can use each view of it. Its push service is none of Google's: the subscription is that of a stand-in, whose
messages are decrypted here and handed to the service worker by the browser's own tools.
"""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from channels.sms.settings import SmsGatewaySettings
from dispatcher.settings import Settings
from tests.channels.far_side import FarSide, answer, far_side
from tests.channels.webpush import subscription as device
from tests.support import accessibility
from tests.support.accessibility import reaches, with_axe
from tests.support.app_page import AppService, app_service
from tests.support.devtools import Chromium, Tab, chromium
from tests.support.histories import until
from tests.support.messages import DUEREN
from tests.support.phones import KEYS
from tests.support.programs import program

PICTURES = Path(__file__).parents[2] / "var" / "pictures"
"""What each view looks like, for whoever wants to see it."""
HOSTILE = (
    '<img src=x onerror="document.title=1"><script>document.title=2</script>\u202egnihton\u2066\u200f '
    + "x" * 10_240
)
SUBSCRIBE = """
{ const kept = JSON.parse(localStorage.getItem("stand-in") ?? "null");
  const made = (key) => ({ options: { applicationServerKey: key }, unsubscribe: async () => localStorage.removeItem("stand-in") ?? true,
    toJSON: () => (SUBSCRIPTION) });
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0)).buffer;
  PushManager.prototype.subscribe = async ({ applicationServerKey: key }) => {
    localStorage.setItem("stand-in", JSON.stringify(key)); return made(bytes(key)); };
  PushManager.prototype.getSubscription = async () => {
    const key = JSON.parse(localStorage.getItem("stand-in") ?? "null"); return key && made(bytes(key)); }; }
"""

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]


@dataclass
class Opened:
    """The app in a tab."""

    app: AppService
    push: FarSide
    gateway: FarSide
    browser: Chromium
    tab: Tab

    async def begin(self, hash_: str = "") -> None:
        await self.tab.open(f"{self.app.page}{hash_}")

    async def chooses(self, after: str = "location.hash === '#/on'") -> None:
        """Follow Düren, as a person does who has only a keyboard; then `after` is true."""
        tab = self.tab
        await self.reaches(f"#ags-{DUEREN}")
        await tab.press(" ")
        await self.presses("main [type=submit]")
        await tab.until(after)

    async def switches_on(self) -> None:
        tab = self.tab
        await self.presses("#allow")
        await self.app.sends_codes()
        await self.hands_over()
        await tab.until("document.querySelector('#is-on')")

    async def reaches(self, selector: str) -> None:
        """Go to an element by the keyboard alone."""
        await reaches(self.tab, selector)

    async def presses(self, selector: str) -> None:
        """Press a button by the keyboard, once it is there."""
        await self.reaches(selector)
        await self.tab.press("Enter")

    async def gets(self, number: int) -> Any:
        """Let the worker have this message as soon as it was sent."""

        async def is_sent() -> bool:
            return len(self.push.seen) >= number

        await until(is_sent)
        return await self.hands_over(number - 1)

    async def hands_over(self, number: int = -1) -> Any:
        """Let the browser give its worker the last message; what it says."""
        text = device.decrypt(self.push.seen[number].body).decode()
        await self.pushes(text)
        return json.loads(text)

    async def pushes(self, text: str) -> None:
        """Give the worker a push, and wait until it says to the page that it has handled it."""
        await self.tab.command("ServiceWorker.enable")
        told = await self.tab.hears(
            "ServiceWorker.workerRegistrationUpdated", lambda said: said["registrations"]
        )
        [registration] = {one["registrationId"] for one in told["registrations"]}
        await self.tab.value(
            "void (self.handled = new Promise((done) => navigator.serviceWorker.addEventListener('message', done)))"
        )
        await self.tab.command(
            "ServiceWorker.deliverPushMessage",
            origin=self.app.service.url,
            registrationId=registration,
            data=text,
        )
        try:
            await self.tab.value("self.handled.then(() => true)")
        except TimeoutError:
            states = self.tab.heard("ServiceWorker.workerVersionUpdated")[-3:]
            raise AssertionError(
                f"{self.tab.heard('ServiceWorker.workerErrorReported')}, {states}, {await self.screens('true')}"
            ) from None

    async def screens(self, found: str) -> Any:
        """The notifications on the screen, as soon as that is true of `shown`."""
        return await self.tab.value(
            "(async () => { const registration = await navigator.serviceWorker.ready; for (;;) {"
            " const shown = (await registration.getNotifications()).map("
            "({ title, body, tag, lang, silent, data, requireInteraction }) =>"
            " ({ title, body, tag, lang, silent, data, requireInteraction }));"
            f" if ({found}) return shown; await new Promise((done) => setTimeout(done, 15)); }} }})()"
        )

    async def shows(self, text: str) -> None:
        await self.tab.until(f"document.querySelector('main').innerText.includes({json.dumps(text)})")

    async def text(self) -> str:
        found: str = await self.tab.value("document.querySelector('main').innerText")
        return found


@pytest.fixture
async def opened(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Opened]:
    async with opening(database_url, redis_url, tmp_path) as found:
        yield found


@asynccontextmanager
async def opening(database_url: str, redis_url: str, folder: Path) -> AsyncIterator[Opened]:
    command = program("chromium", "chromium")
    async with far_side(answer(201)) as push, far_side(answer(200)) as gateway:
        settings = Settings(
            database_url=database_url,
            redis_url=redis_url,
            data_dir=folder / "data",
            key_pepper="pepper of the tests",
            allowed_origins={f"push={push.origin}", f"gateway={gateway.origin}"},
            sms_gateways=(SmsGatewaySettings(name="sms-1", url=f"{gateway.origin}/send"),),
            sms_on_pages="dueren",
        )
        async with (
            app_service(settings, redis_url) as app,
            chromium(command, folder, app.service.url) as browser,
        ):
            tab = await browser.tab("about:blank")
            subscription = json.dumps({"endpoint": f"{push.origin}/anna", "keys": KEYS})
            await tab.before_each_page(SUBSCRIBE.replace("SUBSCRIPTION", subscription))
            await tab.shows(390, 844)
            await with_axe(tab)
            found = Opened(app, push, gateway, browser, tab)
            await found.begin()
            yield found


async def test_from_the_first_visit_to_the_all_clear(opened: Opened) -> None:
    await opened.tab.until("document.querySelector('#choices')")
    await hears(
        opened,
        "heading Ihr Ort",
        "group Gemeinden",
        "checkbox Aldenhoven",
        "status",
        "button Weiter",
    )
    await opened.chooses()
    await opened.presses("#without")  # the browser has offered to install the page, and it says what for
    await opened.tab.until("document.querySelector('#allow')")
    await hears(opened, "heading Warnungen einschalten", "button Benachrichtigungen erlauben", "status")
    await opened.switches_on()
    await hears(opened, "heading Warnungen sind an", "link Zu den Warnungen")
    await opened.tab.value("location.hash = ''")
    await opened.shows("Zurzeit gilt hier keine Warnung.")
    await hears(
        opened,
        "heading Warnungen",
        "region Warnungen sind an",
        "region Düren",
        "heading Düren",
        "StaticText Zurzeit gilt hier keine Warnung.",
    )
    await is_warned_and_confirms(opened)
    await reads_the_newest(opened)
    await opened.app.says_more("hochwasser-1", "Cancel")
    await opened.gets(4)
    await opened.screens("shown.some(({ title }) => /ENTWARNUNG|AUFGEHOBEN/.test(title))")
    await opened.shows("Zurzeit gilt hier keine Warnung.")
    await leaves(opened)


async def hears(opened: Opened, *told: str) -> None:
    """What a screen reader says of the main part, one after the other, with other things between."""
    tree = await opened.tab.tree()
    left = iter(tree[tree.index("main") :])
    for one in told:
        assert one in left, (one, tree)


async def is_warned_and_confirms(opened: Opened) -> None:
    tab, app = opened.tab, opened.app
    alert = await app.warns(headline="Hochwasser an der Rur", instruction="Meiden Sie das Ufer.")
    message = await opened.gets(2)
    shown = await opened.screens("shown.some(({ tag }) => tag !== 'round-trip')")
    [warning] = [one for one in shown if one["tag"] != "round-trip"]
    assert (warning["title"], warning["tag"]) == (message["notification"]["title"], message["chain"])
    await opened.shows("Hochwasser an der Rur")
    await opened.shows("Meiden Sie das Ufer.")
    await hears(
        opened,
        *("region Düren", "article", "heading Große Gefahr Hochwasser an der Rur"),
        "link Hochwasser an der Rur",
    )
    await opened.presses(f"a[href='#{alert}']")
    await opened.shows("Wer warnt")
    await hears(
        opened,
        *("article", "heading Große Gefahr Hochwasser an der Rur"),
        *("heading Was Sie tun sollen", "StaticText Meiden Sie das Ufer.", "heading Wann", "heading Wo"),
        *(
            "image Karte: Die Warnung gilt in Düren",
            "heading Wer warnt",
            "button Ich habe die Warnung gelesen",
        ),
    )
    await opened.presses("#confirm")
    await tab.until("document.querySelector('#confirmed').textContent.startsWith('Bestätigt')")

    async def displayed_and_confirmed() -> bool:
        return bool(app.service.count("warn_device_receipts_posted_total", result="taken") == 2)

    await until(displayed_and_confirmed)


async def reads_the_newest(opened: Opened) -> None:
    """What comes once more, after what has taken its place, shows the newest again."""
    await opened.app.says_more("hochwasser-1", headline="Hochwasser steigt weiter")
    await opened.gets(3)
    await opened.screens("shown.some(({ title }) => title.includes('steigt'))")
    await opened.hands_over(1)
    again = await opened.screens("shown.length")
    assert [one["title"].endswith("steigt weiter") for one in again if one["tag"] != "round-trip"] == [True]
    await opened.tab.value("location.hash = ''")
    await opened.shows("Hochwasser steigt weiter")


async def leaves(opened: Opened) -> None:
    tab = opened.tab
    await tab.value("location.hash = '#/settings'")
    await tab.until("document.querySelector('#leave summary')")
    await tab.value("document.querySelector('#leave').open = true")
    await opened.presses("#leave-now")
    await opened.shows("Warnungen sind aus")
    assert await opened.app.service.parts.health.pool.fetchval("SELECT count(*) FROM subscriber") == 0


async def looked_at(opened: Opened, name: str) -> None:
    await accessibility.looked_at(opened.tab, name, PICTURES)


async def test_everybody_can_use_every_view(opened: Opened) -> None:
    """WCAG 2.2 AA as axe-core judges it, and no view that is wider than its window."""
    tab, app = opened.tab, opened.app
    for statement in ("imprint", "privacy", "accessibility"):
        await tab.open(f"{app.page}{statement}")
        await looked_at(opened, statement)
    await opened.begin()
    await tab.until("document.querySelector('#choices')")
    await looked_at(opened, "places")
    await opened.chooses()
    await tab.until("document.querySelector('#without')")
    await looked_at(opened, "install")
    await opened.presses("#without")
    await tab.until("document.querySelector('#allow')")
    await looked_at(opened, "allow")
    await opened.switches_on()
    await looked_at(opened, "on")
    await goes(opened, "", "Zurzeit gilt hier keine Warnung.")
    await looked_at(opened, "home-quiet")
    alert = await warned_by_all(opened)
    await goes(opened, "", "Extreme Gefahr")
    await looked_at(opened, "home")
    await goes(opened, alert, "Was Sie tun sollen")
    await looked_at(opened, "warning")
    await goes(opened, "#/settings", "Ruhezeit")
    await looked_at(opened, "settings")
    await chooses_an_area(opened)
    await subscribes_by_sms(opened)
    await hides(opened)
    await tab.value(
        "(document.querySelector('#language').focus(), document.querySelector('#language').value = 'ar', document.querySelector('#language').dispatchEvent(new Event('change')))"
    )
    await tab.until("document.documentElement.dir === 'rtl'")
    assert await tab.value("document.activeElement.id") == "language"
    await goes(opened, "", "التحذيرات")
    await looked_at(opened, "home-arabic")


async def chooses_an_area(opened: Opened) -> None:
    """A circle around a point, by buttons alone."""
    await goes(opened, "#/area", "Umkreis wählen")
    await opened.reaches("#place")
    await opened.tab.press("k")
    await opened.shows("Umkreis von 1 km um einen Punkt in Kreuzau")
    before = await opened.tab.value("document.querySelector('.circle').getAttribute('cy')")
    await opened.presses("#to-north")
    assert float(await opened.tab.value("document.querySelector('.circle').getAttribute('cy')")) < float(
        before
    )
    await looked_at(opened, "area")
    await opened.presses("#add-area")
    await opened.tab.until("location.hash === '#/places'")
    await opened.shows("Entfernen")
    await looked_at(opened, "places-area")
    pool = opened.app.service.parts.health.pool
    assert await pool.fetchval("SELECT radius_m FROM subscriber_area") == 1000


async def subscribes_by_sms(opened: Opened) -> None:
    """By the keyboard alone: a number, a wrong code, the right one, and no more of it."""
    tab = opened.tab
    await goes(opened, "#/settings", "Warnungen als SMS bekommen")
    await opened.presses("a[href='#/sms']")
    await tab.until("document.querySelector('#number')")
    await looked_at(opened, "sms")
    await tab.value("document.querySelector('#number').focus()")
    await tab.press("Enter")
    await opened.shows("Bitte geben Sie eine Mobilnummer ein.")
    await tab.type("0151 123 456 78")
    await tab.press("Enter")
    await opened.app.sends_codes()
    await tab.until("document.querySelector('#code')")
    await opened.shows("die auf 678 endet")
    await looked_at(opened, "code")
    [code] = re.findall(r"\b[0-9]{6}\b", json.loads(opened.gateway.seen[-1].body)["text"])
    for typed, said in (("12", "die sechs Ziffern"), ("9" * 6 if code != "9" * 6 else "8" * 6, "gilt nicht")):
        await tab.value(
            "(document.querySelector('#code').value = '', document.querySelector('#code').focus())"
        )
        await tab.type(typed)
        await tab.press("Enter")
        await tab.until(f"document.querySelector('#code-wrong').textContent.includes({said!r})")
    await looked_at(opened, "code-wrong")
    await tab.value("(document.querySelector('#code').value = '', document.querySelector('#code').focus())")
    await tab.type(code)
    await tab.press("Enter")
    await tab.until("document.querySelector('#is-by-sms')")
    await looked_at(opened, "sms-on")
    await opened.presses("#sms_off")
    await tab.until("location.hash === ''")
    pool = opened.app.service.parts.health.pool
    assert await pool.fetchval("SELECT array_agg(channel) FROM subscription WHERE active") == ["webpush"]
    kept = "caches.open(`kept ${location.origin}/app/dueren/`).then((one) => one.matchAll())"
    everything = (
        f"{kept}.then((all) => Promise.all(all.map((one) => one.text()))).then((all) => all.join(' '))"
    )
    assert "0151 123" not in await tab.value(everything)


async def hides(opened: Opened) -> None:
    """A page that says nothing of itself until it is opened."""
    await goes(opened, "#/settings", "Verdeckt")
    await opened.reaches("#hidden")
    await opened.tab.press(" ")
    await opened.shows("Gespeichert.")
    await opened.begin()
    await opened.shows("Notizen")
    await looked_at(opened, "hidden")
    assert "Warn" not in await opened.text() + await opened.tab.value("document.title")
    await opened.presses("#open")
    await goes(opened, "", "Extreme Gefahr")


async def goes(opened: Opened, hash_: str, text: str) -> None:
    await opened.tab.value(f"location.hash = {json.dumps(hash_)}")
    await opened.shows(text)


async def warned_by_all(opened: Opened) -> str:
    """Warnings of every severity, one of them with a hostile text; the id of the gravest."""
    for number, severity in enumerate(("Minor", "Moderate", "Severe", "Extreme"), 2):
        words = HOSTILE if severity == "Severe" else f"Warnung {severity}"
        alert = await opened.app.warns(
            severity, severity=severity, event=severity, headline=words, instruction=words
        )
        await opened.gets(number)
    return alert


async def test_what_goes_wrong_is_said(opened: Opened) -> None:
    tab, app = opened.tab, opened.app
    await opened.chooses()
    await opened.presses("#without")  # the browser has offered to install the page, and it says what for
    await opened.switches_on()
    await a_text_of_others_is_text(opened)

    await opened.pushes("not what we send")
    await opened.screens("shown.some(({ tag, title }) => tag === 'unread' && title === 'Neue Warnung')")

    for session in (tab, await opened.browser.worker()):
        await session.goes_offline()
    await opened.begin()  # the worker has the page, and the page what it heard last
    await opened.shows("Der Dienst ist nicht erreichbar. Letzter bekannter Stand")
    await opened.shows("Große Gefahr")
    assert "keine Warnung" not in await opened.text()
    await looked_at(opened, "offline")
    for session in (tab, await opened.browser.worker()):
        await session.goes_offline(offline=False)

    await tab.before_each_page("{ const real = Date.now; Date.now = () => real() - 86400000; }")
    await opened.begin()
    await opened.shows("Die Uhr dieses Geräts geht falsch.")
    await looked_at(opened, "clock-off")
    await goes(opened, "", "Stand: ")
    await opened.shows("Große Gefahr")

    await opened.browser.command(
        "Browser.setPermission",
        permission={"name": "notifications"},
        setting="denied",
        origin=app.service.url,
    )
    await opened.begin()
    await opened.shows("Benachrichtigungen dieser Seite sind gesperrt.")
    await looked_at(opened, "denied")

    forbidden = "CacheStorage.prototype.open = () => Promise.reject(new DOMException('no', 'SecurityError'));"
    await tab.before_each_page(forbidden)
    await opened.begin()
    await tab.value("location.hash = ''")
    await opened.chooses("document.querySelector('.warnings')")  # what is in force there comes first
    await opened.shows("Dieser Browser speichert nichts")
    await looked_at(opened, "keeps-nothing")
    await opened.shows("Große Gefahr")


async def a_text_of_others_is_text(opened: Opened) -> None:
    alert = await opened.app.warns("hostile", headline=HOSTILE, instruction=HOSTILE, event=HOSTILE)
    await opened.gets(2)
    [shown] = [one for one in await opened.screens("shown.length > 1") if one["tag"] != "round-trip"]
    assert "gnihton" in shown["title"]
    for hash_ in ("", alert):
        await goes(opened, hash_, "gnihton")
        assert await opened.tab.value("document.querySelectorAll('main img, main script').length") == 0
        assert not set(await opened.text()) & set("\u202e\u2066\u200f")
        assert "Kreis Düren" in await opened.tab.value("document.title")
        assert await opened.tab.value("document.scrollingElement.scrollWidth") <= 390
