"""Whether everybody can use a page: what axe-core finds in it, whether it fits, and where the keyboard gets."""

import json
from pathlib import Path
from typing import Any, Final

from tests.support.devtools import Tab
from tests.support.programs import npm_packages

AXE: Final = "axe-core@4.14.1"
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIZES: Final = ((1280, False), (320, True))
"""Width, and whether it is dark: 320 is what is left of 1280 at 400 % (WCAG 2.2, 1.4.10)."""
STOPS_MAX: Final = 60
"""More than any page has places where the keyboard stops."""


async def with_axe(tab: Tab) -> None:
    """Have axe in each page that is opened from now on."""
    program = npm_packages(AXE) / "node_modules" / "axe-core" / "axe.min.js"
    await tab.before_each_page(program.read_text())


async def violations(tab: Tab) -> list[Any]:
    """What axe finds in the page: the name of each rule, with the markup that breaks it."""
    found: list[Any] = await tab.value(
        f"axe.run(document, {{ runOnly: {json.dumps(RULES)} }}).then(({{ violations }}) =>"
        " violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]))"
    )
    return found


async def looked_at(tab: Tab, name: str, pictures: Path) -> None:
    """Nobody is kept out of what is there now: wide and light, narrow and dark."""
    for width, dark in SIZES:
        await tab.shows(width, dark=dark)
        assert await violations(tab) == [], (name, width)
        assert await tab.value("document.scrollingElement.scrollWidth") <= width, (name, width)
        await tab.picture(pictures / f"{name}-{'dark' if dark else 'light'}.png")


async def reaches(tab: Tab, selector: str) -> None:
    """Go to an element by the keyboard alone, once it is there, and see where one is."""
    await tab.until(f"document.querySelector({selector!r})")
    for _ in range(STOPS_MAX):
        await tab.press("Tab")
        if await tab.value(f"document.activeElement.matches({selector!r})"):
            shown = await tab.value("getComputedStyle(document.activeElement).outlineStyle")
            assert shown != "none", selector
            return
    raise AssertionError(f"{selector} is not among what the keyboard reaches")
