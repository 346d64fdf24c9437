"""Atom and RSS indexes of CAP messages (OASIS CAP-Feeds 1.0): MeteoAlarm, WMO alert hub, NWS, IPAWS and others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from lxml import etree

import cap
from dispatcher.feeds.entry import LIST_LIMITS, FeedEntry, Listing, UnreadablePart
from dispatcher.feeds.formats.dates import read_date
from dispatcher.feeds.formats.document import carried_message, embedded, read_document
from dispatcher.intake.prepare import Incoming

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

CAP_TYPES = ("application/cap+xml", "application/common-alerting-protocol+xml")
_ENTRIES = frozenset({"entry", "item"})


class Index:
    """Links to messages, or messages within. An index without entries says that nothing is in force."""

    def listing(self, body: bytes, url: str) -> Listing:
        """Read an index. Raises `CapError` for a body that is none."""
        document = read_document(body)
        if not document.entries and _is_hollow(document):
            raise cap.NotCap("The feed says nothing of itself.", "Der Feed sagt nichts über sich selbst.")
        if document.alerts or not document.entries:
            return embedded(document, body)
        entries: dict[str, FeedEntry] = {}
        broken: list[UnreadablePart] = []
        ends = _expiries(body, len(document.entries))
        for number, (entry, expires) in enumerate(zip(document.entries, ends, strict=True), 1):
            link = _link(entry, url)
            if link is None:
                broken.append(
                    UnreadablePart(f"entry {number}", repr(entry).encode(), "link", "no link to a message")
                )
                continue
            # Ids of entries collide, as for two languages of one message; what they link to does not.
            found = FeedEntry(link, entry.updated_text or entry.id, links=(link,), expires=expires)
            entries[link] = _joined(entries[link], found) if link in entries else found
        return Listing(tuple(entries.values()), tuple(broken))

    def read(self, entry: FeedEntry, parts: Sequence[bytes]) -> tuple[Incoming, ...]:
        if entry.alert is not None:
            return carried_message(entry)
        content = parts[0]
        document = read_document(content)
        if not document.alerts:
            raise cap.NotCap("There is no alert behind the link.", "Hinter dem Verweis steht keine Meldung.")
        alone = document.kind in ("alert", "nina")
        return tuple(Incoming(alert, content if alone else cap.render(alert)) for alert in document.alerts)


def _is_hollow(document: cap.Document) -> bool:
    """Return whether a feed has nothing of what every feed has: rather an error page that has the form of a feed."""
    missing = {problem.detail for problem in document.problems if problem.code == "feed-element-missing"}
    return "channel" in missing or missing >= {"id", "title", "updated"}


def _joined(one: FeedEntry, other: FeedEntry) -> FeedEntry:
    """Join entries that lead to one message, as for each of its areas: it is over when the last of them is, and new
    when any of them is.
    """
    open_ended = one.expires is None or other.expires is None
    versions = sorted({*one.version.split("|"), other.version})
    return replace(
        one,
        version="|".join(versions),
        expires=None if open_ended else max(filter(None, (one.expires, other.expires))),
    )


def _link(entry: cap.Entry, base: str) -> str | None:
    """Return where the message is: by media type, never by host; else the first that an entry gives for itself."""
    typed = [link for wanted in CAP_TYPES for link in entry.links if link.type == wanted]
    plain = [link for link in entry.links if link.rel == "alternate" and link.type in (None, "text/xml")]
    for link in [*typed, *plain, *(link for link in entry.links if link.rel == "alternate")]:
        resolved = urljoin(base, link.href.strip())
        if urlsplit(resolved).scheme in ("https", "http"):
            return resolved
    return None


def _expiries(body: bytes, count: int) -> list[datetime | None]:
    """Return `cap:expires` of each entry, in order: it spares fetching what is over. The body has been read once
    already.
    """
    found = list(_read_expiries(body))
    return found if len(found) == count else [None] * count


def _read_expiries(body: bytes) -> Iterator[datetime | None]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body[: LIST_LIMITS.max_bytes], parser)
    except etree.XMLSyntaxError:  # what `cap` mended before reading, such as a wrong encoding
        return
    for element in root.iter(etree.Element):
        if etree.QName(element).localname in _ENTRIES:
            texts = [
                child.text
                for child in element
                if isinstance(child.tag, str) and etree.QName(child).localname == "expires"
            ]
            yield read_date(texts[0], ends=True) if texts and texts[0] else None
