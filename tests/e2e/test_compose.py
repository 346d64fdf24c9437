"""A warning in a real Chromium by the keyboard alone: written, drawn, looked at, sent; with all pages looked at on the
way.
"""

import asyncio
import json
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from dispatcher.access.roles import Role
from dispatcher.boundaries.base_map import TILES_MAX, BaseMap
from dispatcher.model.vocabulary import Environment
from tests.api import conftest as api
from tests.api.console import conftest as console_tests
from tests.e2e.test_console import PICTURES, origin_of, until
from tests.support.accessibility import looked_at, reaches, with_axe
from tests.support.console import Browser
from tests.support.devtools import Tab, chromium
from tests.support.programs import program

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]
settings = api.settings
invite = console_tests.invite
console = console_tests.console
WRITTEN = {
    "#event-de": "Großbrand",
    "#headline-de": "Großbrand in Düren",
    "#instruction-de": "Schließen Sie Fenster und Türen.",
}


async def writes(tab: Tab, selector: str, words: str) -> None:
    await reaches(tab, selector)
    await tab.type(words)


async def chooses(tab: Tab, selector: str, value: str) -> None:
    """Go down a list from its top until it says this."""
    await reaches(tab, selector)
    await tab.press("Home")
    wanted = f"document.querySelector({json.dumps(selector)}).value"
    for _ in range(20):
        if await tab.value(wanted) == value:
            return
        await tab.press("ArrowDown")
    raise AssertionError(f"{value} is not in {selector}")


async def says(tab: Tab, selector: str, words: str) -> None:
    await until(
        tab, f"document.querySelector({json.dumps(selector)})?.innerText.includes({json.dumps(words)})"
    )


async def stripes(tab: Tab) -> None:
    """See that what is warned is told from the rest by more than a line: no rule of a stylesheet paints over it."""
    await until(tab, "document.readyState === 'complete' && document.querySelector('.area.marked')")
    marked, others = [
        await tab.value(
            f"[...new Set([...document.querySelectorAll('.area.{look}')].map((one) => getComputedStyle(one).fill))]"
        )
        for look in ("marked", "unmarked")
    ]
    assert marked == ['url("#stripes")']
    assert len(others) == 1
    assert others != marked


async def uploads_too_much(tab: Tab) -> None:
    await tab.run(
        """{
          const chosen = new DataTransfer();
          chosen.items.add(new File(["x".repeat(256 * 1024 + 1)], "area.json"));
          document.getElementById("file").files = chosen.files;
          document.getElementById("file").dispatchEvent(new Event("change"));
        }"""
    )
    await says(tab, "#upload", "Diese Datei ist zu groß.")


async def draws(tab: Tab) -> None:
    """A corridor by its coordinates, one point too many taken back; and a circle in Hürtgenwald, removed again."""
    await chooses(tab, "#shape-kind", "corridor")
    for lat, lon in (("50.80", "6.46"), ("50.82", "6,50"), ("0", "0")):
        await writes(tab, "#shape-lat", lat)
        await writes(tab, "#shape-lon", lon)
        await reaches(tab, "#shape-point")
        await tab.press("Enter")
        await tab.run("for (const id of ['shape-lat', 'shape-lon']) document.getElementById(id).value = ''")
    await says(tab, "#shape-said", "3 Punkte gesetzt.")
    await reaches(tab, "#shape-undo")
    await tab.press("Enter")
    await reaches(tab, "#shape-done")
    await tab.press("Enter")
    await says(tab, "#shape-list", "Streifen 50.8,6.46")
    await says(tab, "#live-places", "Düren")
    await stripes(tab)
    await chooses(tab, "#shape-kind", "circle")
    await chooses(tab, "#shape-place", "05358016")
    await reaches(tab, "#shape-point")
    await tab.press("Enter")
    await says(tab, "#live-places", "Hürtgenwald")
    await reaches(tab, "#shape-list li:last-child button")
    await tab.press("Enter")
    await until(tab, "!document.querySelector('#live-places').innerText.includes('Hürtgenwald')")


TILE = b'<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256"><path fill="#eee" d="M0 0h255v255H0z"/></svg>'


@asynccontextmanager
async def on_a_base_map(console: Any) -> AsyncIterator[asyncio.Queue[str]]:
    """Let the desk's maps lie on tiles of a server of another origin. Gives what browsers ask it, each head whole."""
    asked: asyncio.Queue[str] = asyncio.Queue()

    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):  # a browser connects ahead, too
            asked.put_nowait((await reader.readuntil(b"\r\n\r\n")).decode())
            head = b"Content-Type: image/svg+xml\r\nConnection: close\r\nContent-Length: %d" % len(TILE)
            writer.write(b"HTTP/1.1 200 OK\r\n%b\r\n\r\n%b" % (head, TILE))
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        base = BaseMap(f"http://127.0.0.1:{port}/{{z}}/{{x}}/{{y}}", "© Kartenamt der Probe")
        object.__setattr__(console.parts.console, "base_map", base)
        yield asked


async def lies_on_tiles(tab: Tab, asked: asyncio.Queue[str]) -> None:
    """See that tiles lie below the outlines of the map, that they are asked for without a referrer, and whose they
    are.
    """
    tiles = "document.querySelectorAll('#map svg.based > image')"
    count = await tab.value(f"{tiles}.length")
    assert 0 < count <= TILES_MAX
    assert await tab.value(f"[...{tiles}].every((one) => !one.previousElementSibling?.matches('.area'))")
    async with asyncio.timeout(30):
        heads = [await asked.get() for _ in range(count)]
    assert [one for one in heads if not one.startswith("GET /") or "referer:" in one.lower()] == []
    await says(tab, "#map-credit", "© Kartenamt der Probe")


async def test_by_the_keyboard_alone_a_warning_is_written_drawn_and_sent(
    console: Any, invite: Any, tmp_path: Path
) -> None:
    origin = origin_of(console)
    desk = Browser(console, origin=origin)
    await desk.enrol(await invite("a.autor", Environment.LIVE, Role.AUTHOR))
    async with (
        on_a_base_map(console) as asked,
        chromium(program("chromium", "chromium"), tmp_path) as browser,
    ):
        tab = await browser.tab("about:blank")
        await with_axe(tab)
        for name, value in desk.cookies.items():
            await tab.command("Network.setCookie", name=name, value=value, url=origin, secure=True, path="/")
        await tab.open(f"{origin}/console/live/compose")
        await says(tab, "#live-people", "Noch ist nicht gesagt, wo gewarnt wird.")
        await until(tab, "document.querySelector('#map svg')")
        await lies_on_tiles(tab, asked)
        await looked_at(tab, "compose-empty", PICTURES)
        await fills_in(tab, origin)
        await sends(tab)
        await stripes(tab)
        await ends(tab)
        assert tab.heard("Runtime.exceptionThrown") == []
        assert [one for one in tab.heard("Log.entryAdded") if "Content Security" in str(one)] == []
    row = await console.parts.health.pool.fetchrow("SELECT headline, severity FROM alert")
    assert tuple(row) == ("Großbrand in Düren", "Extreme")


async def fills_in(tab: Tab, origin: str) -> None:
    """All but the certainty; then the page is left, and its draft taken up again."""
    await chooses(tab, "#category", "Fire")
    for selector, words in WRITTEN.items():
        await writes(tab, selector, words)
    await chooses(tab, "#severity", "Extreme")
    await chooses(tab, "#urgency", "Immediate")
    await draws(tab)
    await uploads_too_much(tab)
    await writes(tab, "#places", "Jülich")
    await says(tab, "#live-faults", "Gewissheit")
    await tab.open(f"{origin}/console/live/compose")
    await says(tab, "#kept", "Entwurf wiederherstellen")
    await reaches(tab, "#kept-take")
    await tab.press("Enter")
    await says(tab, "#live-places", "Jülich")


async def sends(tab: Tab) -> None:
    await looked_at(tab, "compose-writing", PICTURES)
    await reaches(tab, "#form p:last-child button")
    await tab.press("Enter")
    await says(tab, "[role=alert]", "Wählen Sie eines davon.")
    await looked_at(tab, "compose-wrong", PICTURES)
    await chooses(tab, "#certainty", "Observed")
    await says(tab, "#live-missing", "Alles ist ausgefüllt.")
    await says(tab, "#live-lengths", "SMS (")
    await reaches(tab, "#form p:last-child button")
    await tab.press("Enter")
    await says(tab, "h1", "Vorschau der Warnung: Großbrand in Düren")
    await looked_at(tab, "compose-preview", PICTURES)
    await reaches(tab, "#send-form button")
    await tab.press("Enter")
    await until(tab, "location.pathname.startsWith('/console/live/alerts/')")


async def ends(tab: Tab) -> None:
    """The form of an all-clear, which has neither a map nor a file, says what it would do as well."""
    await tab.open(await tab.value("location.href.replace('alerts/', 'compose?all-clear=')"))
    await says(tab, "#live-missing", "Alles ist ausgefüllt.")
