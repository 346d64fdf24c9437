"""Says what the pages of a site would load from another host. Links, which somebody has to follow, are none.

What scripts would load is not looked at: each page has a policy by which the browser refuses it, see `POLICY`.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

POLICY: Final = (
    "default-src 'self' file:; script-src 'self' file: 'unsafe-inline'; style-src 'self' file: 'unsafe-inline';"
    " img-src 'self' file: data:; object-src 'none'; base-uri 'none'; form-action 'self' file:"
)
"""What the browser may load: the site's own files, also where they are opened from a disk, which is no 'self'. Pages of
the theme set colours by an inline script and styles, and have small pictures in their styles."""
_ELSEWHERE: Final = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:)?//|\s*(?:https?|ftp|wss?):", re.IGNORECASE)
_IN_STYLES: Final = re.compile(r"(?:url\(\s*|@import\s+(?!url\())[\"']?([^\"')\s;]+)", re.IGNORECASE)
_READ_ONLY: Final = frozenset(
    {"alternate", "author", "canonical", "help", "index", "license", "next", "prev", "search"}
)
"""Relations of a `link` by which nothing is loaded."""
_LOADING: Final = {"src", "srcset", "poster", "data", "background", "action", "formaction", "ping"}


class _Loads(HTMLParser):
    """Collects the addresses that a page loads, and its policy."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.policies: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._in_style = tag == "style"
        self.addresses += [part for name in _LOADING & given.keys() for part in _addresses(given[name])]
        self.addresses += _IN_STYLES.findall(given.get("style", ""))
        if tag == "link" and not set(given.get("rel", "").lower().split()) & _READ_ONLY:
            self.addresses.append(given.get("href", ""))
        if tag in {"image", "use"}:
            self.addresses += [value for name, value in given.items() if name.endswith("href")]
        if tag == "meta":
            self._take_meta(given)

    def handle_endtag(self, tag: str) -> None:
        self._in_style = self._in_style and tag != "style"

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.addresses += _IN_STYLES.findall(data)

    def _take_meta(self, given: Mapping[str, str]) -> None:
        kind = given.get("http-equiv", "").lower()
        if kind == "content-security-policy":
            self.policies.append(given.get("content", ""))
        if kind == "refresh":
            self.addresses.append(given.get("content", "").partition("=")[2])


def _addresses(value: str) -> list[str]:
    """Return the addresses of an attribute, of which `srcset` has several with their widths."""
    return [part.split()[0] for part in value.split(",") if part.strip()]


def of_page(html: str) -> Iterator[str]:
    """Yield what a page would load from elsewhere, and that it lacks the policy."""
    page = _Loads()
    page.feed(html)
    page.close()
    yield from (address for address in page.addresses if _ELSEWHERE.match(address))
    if page.policies != [POLICY]:
        yield "no policy that keeps scripts from loading"


def of_styles(css: str) -> Iterator[str]:
    """Yield what a style sheet would load from elsewhere."""
    yield from (address for address in _IN_STYLES.findall(css) if _ELSEWHERE.match(address))


def foreign_loads(site: Path) -> list[str]:
    """Return a line for each thing that a page or style sheet of the site would load from another host."""
    found = []
    for path in sorted(site.rglob("*")):
        reader = {".html": of_page, ".css": of_styles}.get(path.suffix)
        if reader is not None:
            text = path.read_text(encoding="utf-8")
            found += [f"{path.relative_to(site)}: {what}" for what in reader(text)]
    return found
