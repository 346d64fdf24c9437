"""Reads the entries of Atom and RSS, and checks what RFC 4287 and RSS 2.0 demand of them."""

from collections.abc import Iterator
from typing import Final

from cap import lexical, plaintext
from cap.findings import Problem
from cap.model import Entry, Link
from cap.parse.elements import Element

ATOM: Final = "http://www.w3.org/2005/Atom"
_ATOM_ELEMENTS: Final = frozenset(
    {
        *("author", "category", "contributor", "content", "entry", "generator", "icon", "id", "link", "logo"),
        *("published", "rights", "source", "subtitle", "summary", "title", "updated"),
    }
)
_ATOM_REQUIRED: Final = ("id", "title", "updated")  # RFC 4287 §4.1.1, §4.1.2
_CHANNEL_REQUIRED: Final = ("title", "link", "description")  # RSS 2.0, required channel elements


def atom_entries(feed: Element) -> Iterator[Entry]:
    for entry in _children(feed, f"{ATOM} entry"):
        links = tuple(
            Link(values.get("href", ""), values.get("rel", "alternate"), values.get("type"))
            for values in (link.attributes or {} for link in _children(entry, f"{ATOM} link"))
        )
        yield _entry(entry, ATOM, "id", "updated", links)


def rss_items(rss: Element) -> Iterator[Entry]:
    for channel in _children(rss, "channel"):
        for item in _children(channel, "item"):
            links = tuple(
                Link(_text(link), "alternate", None) for link in _children(item, "link") if link.text
            )
            yield _entry(item, "", "guid", "pubDate", links)


def _entry(element: Element, namespace: str, key: str, time: str, links: tuple[Link, ...]) -> Entry:
    def text(name: str) -> str:
        found = _children(element, f"{namespace} {name}".strip())
        return _text(found[0]) if found else ""

    updated = text(time)
    return Entry(
        text(key), plaintext.plain(text("title")), updated, lexical.timestamp(updated)[0], links, element.line
    )


def atom_problems(feed: Element) -> Iterator[Problem]:
    """Yields breaches of RFC 4287 that decide whether an entry can be told from others and followed."""
    yield from _missing(feed, ATOM, _ATOM_REQUIRED, "/feed")
    yield from _unexpected(feed, "/feed")
    for index, entry in enumerate(_children(feed, f"{ATOM} entry"), 1):
        path = f"/feed/entry[{index}]"
        yield from _missing(entry, ATOM, _ATOM_REQUIRED, path)
        yield from _unexpected(entry, path)
        if not _children(entry, f"{ATOM} content") and not _children(entry, f"{ATOM} link"):
            yield Problem("feed-link-missing", path, entry.line)


def rss_problems(rss: Element) -> Iterator[Problem]:
    """Yields breaches of RSS 2.0: missing channel elements, and items with neither title nor description."""
    channels = _children(rss, "channel")
    if not channels:
        yield Problem("feed-element-missing", "/rss", rss.line, "channel")
    for channel in channels:
        yield from _missing(channel, "", _CHANNEL_REQUIRED, "/rss/channel")
        for index, item in enumerate(_children(channel, "item"), 1):
            if not _children(item, "title") and not _children(item, "description"):
                yield Problem("feed-element-missing", f"/rss/channel/item[{index}]", item.line, "title")


def _missing(element: Element, namespace: str, names: tuple[str, ...], path: str) -> Iterator[Problem]:
    for name in names:
        if not _children(element, f"{namespace} {name}".strip()):
            yield Problem("feed-element-missing", path, element.line, name)


def _unexpected(element: Element, path: str) -> Iterator[Problem]:
    for child in element.children:
        if child.namespace == ATOM and child.local not in _ATOM_ELEMENTS:
            yield Problem("feed-element-unexpected", path, child.line, child.local[:60])


def _children(element: Element, tag: str) -> list[Element]:
    return [child for child in element.children if child.tag == tag]


def _text(element: Element) -> str:
    return element.text.strip()
