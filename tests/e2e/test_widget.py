"""The widget in a real Firefox, on the page that the documents show, under the policy that they name."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import web

from dispatcher.api.public.embedding import PAGE_HEADERS, SCRIPT_HEADERS
from dispatcher.settings import Settings
from tests.api.conftest import introduce, serving
from tests.support import documents
from tests.support.histories import until
from tests.support.messages import DUEREN, InfoPart
from tests.support.programs import npm_packages, program
from tests.support.submissions import warning
from tests.support.webdriver import ENTER, TAB, Page, firefox

pytestmark = pytest.mark.processes

ROOT: Final = Path(__file__).parents[2]
ASSETS: Final = ROOT / "dispatcher" / "api" / "public" / "assets"
AXE: Final = "axe-core@4.14.1"
WARN: Final = "https://warn.example"
NONE: Final = "Zurzeit gilt hier keine Warnung."
UNKNOWN: Final = "Ob hier Warnungen gelten, ist zurzeit nicht bekannt."
DOCUMENT: Final = documents.page("embedding.md")
[PAGE, FRAME, _BADGE] = documents.blocks(DOCUMENT, "html")
[POLICY] = documents.blocks(DOCUMENT, "text")

# What each widget of a page has come to.
SHOWN: Final = """[...document.querySelectorAll("cap-warnings")].map((widget) => {
  const root = widget.shadowRoot;
  const shown = (selector) => [...root.querySelectorAll(selector)].filter((one) => one.checkVisibility());
  return {
    heading: root.querySelector("[role=heading]").textContent,
    status: root.querySelector("[role=status]").textContent,
    reasons: shown(".reasons > li").map((one) => one.textContent),
    headlines: shown(".headline").map((one) => one.textContent),
    open: shown("details").map((one) => one.open),
    elsewhere: shown(".elsewhere").length,
    asOf: shown(".as-of").map((one) => one.textContent).join(),
    foreign: root.querySelectorAll("script, style, img, iframe, b").length,
    links: shown("dd > a").map((one) => one.href),
    sideways: root.querySelector("section").scrollWidth > root.querySelector("section").clientWidth,
  };
})"""
SETTLED: Final = """[...document.querySelectorAll("cap-warnings")].every((widget) =>
  !["Warnungen werden abgefragt.", "Asking for warnings."].includes(
    widget.shadowRoot?.querySelector("[role=status]").textContent ?? "Asking for warnings."))"""
AXE_RUN: Final = """axe.run(document, {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}).then((found) => found.violations.map(({ id, nodes }) => [id, nodes.map(({ any, target }) => [target, any.map(({ message }) => message)])]))"""


@pytest.fixture(scope="module")
def command() -> str:
    return program("firefox-esr", "firefox-esr")


@dataclass
class Service:
    """A stand-in that answers as it is told, with the very program of the service. And a site of another origin."""

    url: str = ""
    site: str = ""
    lists: dict[str, Any] = field(default_factory=dict)
    """By key: the list, or the status of an answer without one."""
    html: str = ""
    policy: str = ""
    asked: list[web.Request] = field(default_factory=list)

    async def script(self, _request: web.Request) -> web.Response:
        return self._asset("widget.js", "text/javascript", SCRIPT_HEADERS)

    async def page(self, _request: web.Request) -> web.Response:
        return self._asset("page.html", "text/html", PAGE_HEADERS)

    def _asset(self, name: str, media_type: str, headers: Any) -> web.Response:
        named = {name.decode(): value.decode() for name, value in headers}
        text = (ASSETS / name).read_text()
        return web.Response(text=text, content_type=media_type, charset="utf-8", headers=named)

    async def alerts(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        found = self.lists.get(request.match_info["key"], 503)
        opened = {"Access-Control-Allow-Origin": "*"}
        if isinstance(found, int):
            return web.Response(status=found, headers=opened)
        return web.json_response(found, headers=opened)

    async def show(self, _request: web.Request) -> web.Response:
        headers = {"Content-Security-Policy": self.policy.replace(WARN, self.url)}
        text = self.html.replace(WARN, self.url)
        return web.Response(text=text, content_type="text/html", charset="utf-8", headers=headers)


@asynccontextmanager
async def standing() -> AsyncIterator[Service]:
    service = Service(policy=POLICY.partition(": ")[2].strip())
    warn, site = web.Application(), web.Application()
    warn.router.add_get("/v1/public/widget.js", service.script)
    warn.router.add_get("/v1/public/widget", service.page)
    warn.router.add_get("/v1/municipalities/{key}/alerts", service.alerts)
    site.router.add_get("/", service.show)
    runners = [web.AppRunner(warn), web.AppRunner(site)]
    try:
        urls = []
        for runner in runners:
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            urls.append(f"http://127.0.0.1:{runner.addresses[0][1]}")
        service.url, service.site = urls
        yield service
    finally:
        for runner in runners:
            await runner.cleanup()


def listed(*alerts: Any, **changes: Any) -> dict[str, Any]:
    """A list as the service has it, of now."""
    return {
        "place": {"kind": "municipality", "key": DUEREN, "ars": None, "name": "Düren"},
        "as_of": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "current": True,
        "stale_feeds": [],
        "unread_feeds": [],
        "covered": True,
        "alerts": list(alerts),
    } | changes


def notice(number: int = 1, **changes: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "alert": f"A{number}",
        "chain": f"C{number}",
        "sequence": number,
        "headline": f"Hochwasser {number}",
        "event": "Hochwasser",
        "severity": "Severe",
        "instruction": "Keller meiden.\nRadio hören.",
        "description": "Die Rur steigt.",
        "areas": "Düren",
        "sender": "Leitstelle Düren",
        "sent": now.isoformat(),
        "expires": (now + timedelta(hours=2)).isoformat(),
        "lang": "de",
    } | changes


def widgets(*keys: str, attributes: str = "") -> str:
    """The documents' page with one widget for each key."""
    one = '<cap-warnings municipality="05358008">'
    start, end = PAGE.index(one), PAGE.index("</cap-warnings>")
    made = "".join(f'<cap-warnings municipality="{key}" {attributes}></cap-warnings>\n' for key in keys)
    return PAGE[:start] + made + PAGE[end + len("</cap-warnings>") :]


async def shown(page: Page, service: Service, html: str) -> list[Any]:
    """What the widgets of a page show once they have asked."""
    service.html = html
    await page.open(service.site + "/")
    await until_it_is(page, SETTLED)
    found: list[Any] = await page.value(SHOWN)
    return found


async def until_it_is(page: Page, expression: str) -> None:
    async def is_so() -> bool:
        return bool(await page.value(expression))

    await until(is_so)


async def test_it_says_what_is_known_and_never_more(command: str, tmp_path: Path) -> None:
    """Every answer that there can be, each in a widget of its own."""
    long_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    since = [{"name": "dwd", "since": long_ago}]
    over = notice(expires=long_ago)
    answers: dict[str, tuple[Any, str, list[str]]] = {
        "none": (listed(), NONE, []),
        "one": (listed(notice()), "Hier gilt eine Warnung. Schwere: schwer.", []),
        "two": (
            listed(notice(1), notice(2, severity="Extreme")),
            "Hier gelten 2 Warnungen. Höchste Schwere: extrem.",
            [],
        ),
        "over": (listed(over), NONE, []),
        "away": (503, UNKNOWN, ["Der Warndienst ist nicht zu erreichen."]),
        "lost": (404, UNKNOWN, ["Diesen Ort kennt der Warndienst nicht."]),
        "nonsense": ("<html>", UNKNOWN, ["Der Warndienst ist nicht zu erreichen."]),
        "empty": ({}, UNKNOWN, ["Der Warndienst ist nicht zu erreichen."]),
        "old": (
            listed(as_of=long_ago),
            UNKNOWN,
            ["Die Auskunft ist veraltet, oder die Uhr dieses Geräts geht falsch."],
        ),
        "not current": (
            listed(current=False),
            UNKNOWN,
            ["Der Warndienst kann zurzeit nicht nachsehen."],
        ),
        "uncovered": (
            listed(covered=False, alerts=None),
            UNKNOWN,
            ["Nicht bei jeder Gefahr an diesem Ort würde über diesen Dienst gewarnt."],
        ),
        "stale": (listed(stale_feeds=since), UNKNOWN, ["Ohne Auskunft sind zurzeit: dwd."]),
        "unread": (
            listed(unread_feeds=since),
            UNKNOWN,
            ["Noch nicht gelesen oder entschieden ist etwas von: dwd."],
        ),
        "some of all": (
            listed(notice(), stale_feeds=since),
            "Hier gilt mindestens eine Warnung. Schwere: schwer.",
            ["Ob hier weitere Warnungen gelten, ist nicht bekannt.", "Ohne Auskunft sind zurzeit: dwd."],
        ),
        "members left out": (
            {name: value for name, value in listed().items() if name in ("as_of", "alerts")},
            UNKNOWN,
            [
                "Der Warndienst kann zurzeit nicht nachsehen.",
                "Nicht bei jeder Gefahr an diesem Ort würde über diesen Dienst gewarnt.",
                *["Der Warndienst kann zurzeit nicht nachsehen."] * 2,
            ],
        ),
    }
    async with standing() as service, firefox(command, tmp_path) as page:
        service.lists = {key: answer for key, (answer, _, _) in answers.items()}
        found = await shown(page, service, widgets(*answers))
        for key, one in zip(answers, found, strict=True):
            _, status, reasons = answers[key]
            assert (one["status"], one["reasons"], one["elsewhere"]) == (
                status,
                reasons,
                int(bool(reasons)),
            ), key
            assert one["asOf"].startswith("Stand: ") == (key not in ("away", "lost", "nonsense", "empty")), (
                key
            )
        assert found[2]["open"] == [False, True], "the extreme one"
        assert found[0]["heading"] == "Amtliche Warnungen: Düren"

        # It asks nobody else, and says nothing of the visitor.
        asked = await page.value(
            "performance.getEntriesByType('resource').map((one) => new URL(one.name).origin)"
        )
        assert set(asked) == {service.url}
        assert await page.value("[document.cookie, localStorage.length, sessionStorage.length]") == ["", 0, 0]
        assert not [one for one in service.asked if {"Referer", "Cookie", "Authorization"} & set(one.headers)]


HOSTILE: Final = {
    "markup": "<img src=x onerror=alert(1)><b>fett</b><script>alert(2)</script>",
    "direction": "Evakuieren \u202eneiremukavE \u2066Sie",
    "long": "W" * 10_240,
    "arabic": "تحذير من الفيضانات",
}


async def test_words_of_strangers_are_text(command: str, tmp_path: Path) -> None:
    async with standing() as service, firefox(command, tmp_path) as page:
        service.lists = {
            name: listed(
                notice(
                    headline=text,
                    instruction=text,
                    description=text,
                    areas=text,
                    sender=text,
                    lang='ar" onfocus="alert(3)',
                    severity='Extreme" class="x',
                    web="javascript:alert(4)",
                    chain=text,
                ),
                notice(2, web="https://rathaus.example/\u202elmth.exe"),
                place={"name": text},
                stale_feeds=[{"name": text, "since": "?"}],
            )
            for name, text in HOSTILE.items()
        }
        await page.resize(320, 640)
        found = await shown(page, service, widgets(*HOSTILE))
        await page.value(
            "document.querySelectorAll('cap-warnings').forEach((one) => "
            "one.shadowRoot.querySelectorAll('details').forEach((detail) => { detail.open = true; }))"
        )
        found = await page.value(SHOWN)
        for one, text in zip(found, HOSTILE.values(), strict=True):
            assert one["headlines"] == [text, "Hochwasser 2"]
            assert one["heading"] == f"Amtliche Warnungen: {text}"
            assert one["foreign"] == 0
            assert not one["sideways"], text[:20]
            assert one["links"] == ["https://rathaus.example/%E2%80%AElmth.exe"], "never a program"
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert await page.value(wide) is False, "at 400 %"
        turned = (
            """[...document.querySelectorAll("cap-warnings")].at(-1).shadowRoot.querySelector(".headline")"""
        )
        assert await page.value(f"getComputedStyle({turned}).direction") == "rtl"
        assert await page.value(f"getComputedStyle({turned}).unicodeBidi") == "isolate"


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_finds_nothing_in_it(command: str, tmp_path: Path, theme: str) -> None:
    scheme = {"layout.css.prefers-color-scheme.content-override": 0 if theme == "dark" else 1}
    async with standing() as service, firefox(command, tmp_path, scheme) as page:
        severities = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")
        grave = [
            notice(number, severity=one, web="https://a.example") for number, one in enumerate(severities)
        ]
        answers = {"all": listed(*grave), "none": listed(), "some": listed(notice(9), covered=False)}
        service.lists = {key: answer | {"place": {"name": key}} for key, answer in answers.items()}
        html = widgets("all", "none", "some")
        await shown(
            page, service, html.replace("<main>", '<meta name="color-scheme" content="light dark"><main>')
        )
        await page.value(
            "document.querySelectorAll('cap-warnings').forEach((one) => "
            "one.shadowRoot.querySelectorAll('details').forEach((detail) => { detail.open = true; }))"
        )
        await page.run("document.body.style.background = 'Canvas'")  # axe takes a page without one for white
        await page.run((npm_packages(AXE) / "node_modules" / "axe-core" / "axe.min.js").read_text())
        assert await page.value(AXE_RUN) == []
        section = "document.querySelector('cap-warnings').shadowRoot.querySelector('section')"
        colours = await page.value(f"[getComputedStyle({section}).backgroundColor]")
        assert colours == ["rgb(23, 23, 23)" if theme == "dark" else "rgb(255, 255, 255)"]
        # The negative control: a colour that is hard to read is found.
        await page.value(
            "document.querySelector('cap-warnings').shadowRoot.querySelector('section')"
            f".style.setProperty('--ink', '{'#555' if theme == 'dark' else '#999'}')"
        )
        assert [rule for rule, _ in await page.value(AXE_RUN)] == ["color-contrast"]


FOCUSED: Final = "document.activeElement?.shadowRoot?.activeElement"


async def test_the_keyboard_is_enough_and_keeps_its_place(command: str, tmp_path: Path) -> None:
    async with standing() as service, firefox(command, tmp_path) as page:
        service.lists = {"a": listed(notice(1), notice(2))}
        await page.open(service.url + "/v1/public/widget?municipality=none")
        await shown(page, service, f'<div dir="rtl">{widgets("a")}</div>')
        await page.press(TAB)
        assert await page.value(f"{FOCUSED}.localName") == "summary"
        await page.press(TAB, ENTER)
        headline = f"{FOCUSED}.querySelector('.headline').textContent"
        assert await page.value(headline) == "Hochwasser 2"
        assert (await page.value(SHOWN))[0]["open"] == [False, True]
        outline = await page.value(f"getComputedStyle({FOCUSED}).outlineStyle")
        assert outline == "solid"
        target = await page.value(f"{FOCUSED}.getBoundingClientRect().height")
        assert target >= 24, "WCAG 2.2, 2.5.8"

        # The warning is updated and a graver one comes before it: it stays open, and the focus stays there.
        service.lists["a"] = listed(notice(3), notice(2, headline="Hochwasser 2 steigt"), notice(1))
        await page.value("void window.dispatchEvent(new Event('pageshow'))")
        await until_it_is(page, f"{FOCUSED} && {headline} === 'Hochwasser 2 steigt'")
        assert (await page.value(SHOWN))[0]["open"] == [False, True, False]
        direction = (
            "getComputedStyle(document.querySelector('cap-warnings').shadowRoot.querySelector('section'))"
        )
        assert await page.value(f"{direction}.direction") == "ltr"


async def test_a_screen_reader_is_told_what_changes_and_nothing_else(command: str, tmp_path: Path) -> None:
    async with standing() as service, firefox(command, tmp_path) as page:
        service.lists = {"a": listed()}
        await shown(page, service, widgets("a"))
        await page.run(
            """window.spoken = [];
            const status = document.querySelector("cap-warnings").shadowRoot.querySelector("[role=status]");
            new MutationObserver(() => window.spoken.push(status.textContent))
              .observe(status, { childList: true, characterData: true, subtree: true });"""
        )
        live = "document.querySelector('cap-warnings').shadowRoot.querySelectorAll('[role=status], [aria-live]').length"
        assert await page.value(live) == 1
        for answer in (listed(), listed(notice()), listed(notice(description="Sie steigt weiter.")), 503):
            service.lists["a"] = answer
            count = len(service.asked)
            await page.value("void window.dispatchEvent(new Event('pageshow'))")

            async def has_asked(count: int = count) -> bool:
                return len(service.asked) > count

            await until(has_asked)
        await until_it_is(page, "window.spoken.length === 2")
        assert await page.value("window.spoken") == [
            "Hier gilt eine Warnung. Schwere: schwer.",
            "Hier gilt mindestens eine Warnung. Schwere: schwer.",
        ]


async def test_nothing_is_refused_under_the_policy_of_the_documents(command: str, tmp_path: Path) -> None:
    """And the negative control: under a policy without the service nothing runs, and nobody reads that all is well."""
    async with standing() as service, firefox(command, tmp_path) as page:
        service.lists = {DUEREN: listed()}
        [one] = await shown(page, service, PAGE)
        assert one["status"] == NONE
        assert (
            await page.value(
                "getComputedStyle(document.querySelector('cap-warnings').shadowRoot.querySelector('section')).borderTopStyle"
            )
            == "solid"
        ), "its style is in force"
        service.policy = "default-src 'none'"
        await page.open(service.site + "/")
        text = await page.value("document.body.innerText")
        assert "nicht bekannt" in text
        assert "keine Warnung" not in text


async def test_it_is_framed_where_no_script_is_let_in(command: str, tmp_path: Path) -> None:
    async with standing() as service, firefox(command, tmp_path) as page:
        service.lists = {DUEREN: listed(notice())}
        service.html = f"<!doctype html><title>Düren</title>{FRAME}"
        service.policy = f"default-src 'none'; frame-src {WARN}"
        await page.open(service.site + "/")

        async def has_asked() -> bool:
            return bool(service.asked)

        await until(has_asked)
        assert service.asked[0].match_info["key"] == DUEREN
        assert service.asked[0].headers["Origin"] == "null", "sandboxed"
        assert "allow-popups-to-escape-sandbox" in FRAME, "else so is what its links open"
        await page.open(f"{service.url}/v1/public/widget?municipality={DUEREN}&language=en&theme=dark")
        await until_it_is(page, SETTLED)
        [one] = await page.value(SHOWN)
        assert one["status"] == "One warning is in force here. Severity: severe."
        assert await page.value("[document.documentElement.lang, document.title]") == [
            "en",
            "Official warnings",
        ]


async def test_a_visitor_sees_what_the_service_says_until_it_is_away(
    command: str, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """Alert, update, all-clear, and the end of the service, through the whole of it."""
    settings = Settings(
        database_url=database_url,
        redis_url=redis_url,
        data_dir=tmp_path / "data",
        key_pepper="pepper of the tests",
    )
    async with standing() as site, firefox(command, tmp_path) as page:
        async with serving(settings) as service:
            await introduce(service.parts)
            await service.parts.publisher.look(afresh=True)
            site.url = service.url
            [one] = await shown(page, site, PAGE)
            assert (one["status"], one["heading"]) == (NONE, "Amtliche Warnungen: Düren")

            async def sees(status: str) -> Any:
                await service.parts.publisher.look(afresh=True)
                await page.value("void window.dispatchEvent(new Event('pageshow'))")
                await until_it_is(page, f"({SHOWN})[0].status === {json.dumps(status, ensure_ascii=False)}")
                return (await page.value(SHOWN))[0]

            first = warning(infos=(InfoPart(headline="Rauch in der Innenstadt"),))
            await service.submit(first)
            one = await sees("Hier gilt eine Warnung. Schwere: schwer.")
            assert "Rauch in der Innenstadt" in one["headlines"][0]
            graver = first.later(
                "mehr", "Update", infos=(InfoPart(headline="Giftiger Rauch", severity="Extreme"),)
            )
            await service.submit(graver)
            one = await sees("Hier gilt eine Warnung. Schwere: extrem.")
            assert "Giftiger Rauch" in one["headlines"][0]
            await service.submit(graver.later("ende", "Cancel", infos=()))
            await sees(NONE)
        await page.value("void window.dispatchEvent(new Event('pageshow'))")
        await until_it_is(page, f"({SHOWN})[0].status === {json.dumps(UNKNOWN, ensure_ascii=False)}")
        assert (await page.value(SHOWN))[0]["reasons"] == ["Der Warndienst ist nicht zu erreichen."]
