"""Copies the documents to where the site is built from, each at its place in the repository, so that links between them
hold; and makes what links lead to besides.

A link to a folder leads to its list of pages, one to a file of the code to a copy of it. A picture that no test has
made yet is its words alone.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT: Final = Path(__file__).resolve().parents[2]
DOCS: Final = "ops/docs"
PAGES: Final = (
    "CHANGELOG.md",
    "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md",
    "README.md",
    "SECURITY.md",
    "findings/README.md",
)
"""The documents that are elsewhere."""
PICTURES: Final = "var/pictures"
LISTS: Final = {f"{DOCS}/decisions": "Decisions", f"{DOCS}/guides": "Guides for changes"}
"""The folders whose pages are in a list, with the list's title, and not in the navigation of every page: a hundred
more entries there make the site take half as long again to build."""
INDEX: Final = Path(__file__).parent / "index.md"
_FENCE: Final = re.compile(r"^(`{3,}).*?^\1`*$", re.MULTILINE | re.DOTALL)
_LINK: Final = re.compile(r"\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")
_TITLE: Final = re.compile(r"^# (.+)$", re.MULTILINE)
_NOT_IN_NAVIGATION: Final = "---\norphan: true\n---\n\n"


class BrokenLinkError(Exception):
    """Says that a link of a document leads to no file."""


class _Target(NamedTuple):
    """Where a link leads."""

    text: str
    path: str
    """As it stands there."""
    anchor: str


def stage(root: Path, into: Path) -> None:
    """Write all sources of the site anew. Raises `BrokenLinkError`."""
    shutil.rmtree(into, ignore_errors=True)
    pages = [*map(Path, PAGES), *(path.relative_to(root) for path in sorted((root / DOCS).rglob("*.md")))]
    for page in pages:
        text, needed = staged((root / page).read_text(encoding="utf-8"), page, root)
        _write(into / page, (_NOT_IN_NAVIGATION if str(page.parent) in LISTS else "") + text)
        for one in needed:
            (into / one).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / one, into / one)
    for folder, title in LISTS.items():
        below = {
            page.name: (root / page).read_text(encoding="utf-8")
            for page in pages
            if page.parent == Path(folder)
        }
        _write(into / folder / "index.md", list_of(title, below))
    shutil.copyfile(INDEX, into / "index.md")


def staged(text: str, page: Path, root: Path) -> tuple[str, set[Path]]:
    """Return a document as the site takes it, and the files besides documents that it leads to, by their places in the
    repository. Raises `BrokenLinkError`.
    """
    needed = set[Path]()

    def link(found: re.Match[str]) -> str:
        target = _Target(found[1], found[2], found[3] or "")
        if ":" in target.path:
            return found[0]
        path = (root / page.parent / target.path).resolve()
        place = path.relative_to(root)
        if path.is_dir():
            return f"[{target.text}]({target.path.rstrip('/')}/index.md{target.anchor})"
        if path.is_file():
            if place.suffix != ".md":
                needed.add(place)
            return found[0]
        if place.is_relative_to(PICTURES):
            return target.text
        raise BrokenLinkError(f"{page}: {target.path}")

    return _outside_fences(text, lambda prose: _LINK.sub(link, prose)), needed


def _outside_fences(text: str, change: Callable[[str], str]) -> str:
    """Return the text with its prose changed, and what stands in fenced blocks as it is."""
    made, at = [], 0
    for fence in _FENCE.finditer(text):
        made += [change(text[at : fence.start()]), fence[0]]
        at = fence.end()
    return "".join([*made, change(text[at:])])


def list_of(title: str, pages: Mapping[str, str]) -> str:
    """Return the page that lists others of its folder, by name and text, with their titles."""
    titles = ((name, _TITLE.search(text)) for name, text in sorted(pages.items()))
    lines = [f"- [{name if found is None else found[1]}]({name})" for name, found in titles]
    return "\n".join([f"# {title}", "", *lines, ""])


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
