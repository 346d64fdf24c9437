"""`make pictures` runs every test that leaves pictures of pages, and the desk's guide, in both languages, names and links
only pictures that they leave, and quotes only what the pages say.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pytest

from dispatcher.console.words import WORDS

ROOT = Path(__file__).parents[1]
E2E = ROOT / "tests" / "e2e"
DOCS = ROOT / "ops" / "docs"
GUIDES = [DOCS / "operators-desk.md", DOCS / "operators-desk.en.md"]
NAMED = re.compile(
    r"`((?:console|compose)-[a-z-]+)`|\]\(\.\./\.\./var/pictures/([^)]*?)(?:-light|-dark)?\.png\)"
)
"""A picture's name in the table, or in a link to it."""
LEAVES = re.compile(r"\bPICTURES\b|^from tests\.e2e\.test_console import .*\bseen\b", re.MULTILINE)
"""A test looks at a page by `looked_at(…, PICTURES)`, or by `seen` of the console's."""


def leaving() -> dict[str, str]:
    """The modules that leave pictures, and what stands in them."""
    found = {path.name: path.read_text("utf-8") for path in E2E.glob("test_*.py")}
    return {name: source for name, source in found.items() if LEAVES.search(source)}


def test_every_test_that_leaves_pictures_is_run_for_them() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    named = re.search(r"^PICTURED := \$\(addprefix tests/e2e/test_,(.*)\)$", makefile, re.MULTILINE)
    assert named
    assert {f"test_{one}" for one in named[1].split()} == leaving().keys()


def unknown(guide: str, sources: str) -> set[str]:
    """The pictures that the guide names and no test leaves."""
    return {
        one
        for one in names(guide)
        if f'"{one}"' not in sources and f'"{one[len("console-") :]}"' not in sources
    }


def names(guide: str) -> list[str]:
    """The pictures that the guide names, in its order."""
    return [in_table or linked for in_table, linked in NAMED.findall(guide)]


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.name)
def test_the_guide_names_pictures_that_there_are(page: Path) -> None:
    guide, sources = page.read_text("utf-8"), "\n".join(leaving().values())
    assert "`console-desk`" in guide
    assert "(../../var/pictures/console-desk-light.png)" in guide
    assert unknown(guide, sources) == set()
    found = "`console-desk` `console-nowhere` [x](../../var/pictures/compose-nothing-dark.png)"
    assert unknown(found, sources) == {"console-nowhere", "compose-nothing"}


def test_both_guides_have_the_same_chapters_and_pictures() -> None:
    german, english = (page.read_text("utf-8") for page in GUIDES)
    assert names(german) == names(english)
    assert re.findall(r"^#+ ", german, re.MULTILINE) == re.findall(r"^#+ ", english, re.MULTILINE)


OWN: Final = {"Bild", "schwer", "weniger als 5", "ÜBUNG/TEST", "Picture", "severe", "fewer than 5"}
"""What the guides have in quotation marks and no page says in one piece."""


def unsaid(guide: str, quoted: str, words: Iterable[str]) -> set[str]:
    """The quotations, found by a pattern, that none of the words has; numbers and ellipses stand for anything."""
    said = "\n".join(re.sub(r"\{\w+\}", "0", one) for one in words)
    found = set(re.findall(quoted, " ".join(guide.split()))) - OWN
    return {
        one
        for one in found
        if not re.search(".*".join(re.escape(part.strip()) for part in re.split(r"…|\d+", one)), said)
    }


def test_the_guides_quote_what_the_pages_say() -> None:
    german, english = (page.read_text("utf-8") for page in GUIDES)
    assert len(re.findall("„", german)) > 50
    assert unsaid(german, "„([^“]+)“", [one.de for one in WORDS.values()]) == set()
    assert unsaid(english, '"([^"]+)"', [one.en for one in WORDS.values()]) == set()
    assert unsaid("„Und 7 weitere.“ „Warten Sie …“", "„([^“]+)“", ["Und {count} weitere."]) == {
        "Warten Sie …"
    }
