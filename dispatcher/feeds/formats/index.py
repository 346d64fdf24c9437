"""Atom and RSS indexes of CAP messages (OASIS CAP-Feeds 1.0): MeteoAlarm, WMO alert hub, NWS, IPAWS and others."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lxml import etree

import cap
from dispatcher.feeds.entry import LIST_LIMITS, NEVER, FeedEntry, Listing, UnreadablePart, resolve
from dispatcher.feeds.formats.dates import read_date
from dispatcher.feeds.formats.document import carried_message, embedded, read_document
from dispatcher.intake.prepare import Incoming

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

CAP_TYPES = ("application/cap+xml", "application/common-alerting-protocol+xml")
_ENTRIES = frozenset({"entry", "item"})
_WITHIN = re.compile(r"<(?:[\w.-]+:)?alert[\s/>]")
"""How an alert begins that an entry holds as escaped text."""
_STATE = "urn:cap-dispatcher:state"
"""The namespace in which the feed of a dispatcher says whether it knows. Its `updated` is as of when it does."""
_PACKED = "contentData"
"""An element of EDXL-DE 1.0 (section 3.2.4.2) that may hold an alert in base64."""


@dataclass(frozen=True, slots=True)
class _Hints:
    """What an entry says of its message beside the link. `holds`: there is an alert within; None: nobody could tell."""

    expires: datetime | None = None
    msg_type: cap.MsgType | None = None
    holds: bool | None = None


class Index:
    """Links to messages, or messages within. An index without entries says that nothing is in force."""

    def listing(self, body: bytes, url: str) -> Listing:
        """Read an index. Raises `CapError` for a body that is none."""
        document = read_document(body)
        if not document.entries and _is_hollow(document):
            raise cap.NotCap("The feed says nothing of itself.", "Der Feed sagt nichts über sich selbst.")
        within = embedded(document, body)
        entries, broken = _linked(document, body, url)
        return Listing((*within.entries, *entries), (*within.broken, *broken), _known_at(body))

    def read(self, entry: FeedEntry, parts: Sequence[bytes]) -> tuple[Incoming, ...]:
        if entry.alert is not None:
            return carried_message(entry)
        content = parts[0]
        document = read_document(content)
        if not document.alerts:
            raise cap.NotCap("There is no alert behind the link.", "Hinter dem Verweis steht keine Meldung.")
        alone = document.kind in ("alert", "nina")
        return tuple(Incoming(alert, content if alone else cap.render(alert)) for alert in document.alerts)


def _linked(document: cap.Document, body: bytes, url: str) -> tuple[list[FeedEntry], list[UnreadablePart]]:
    """Return the entries whose message is elsewhere, and those of which nobody can tell where it is. One that holds its
    alert needs no link, unless an alert within the index could not be read: it may be that one.
    """
    entries: dict[str, list[FeedEntry]] = {}
    broken: list[UnreadablePart] = []
    holds_unreadable = any(problem.code == "feed-alert-unreadable" for problem in document.problems)
    hints = _hints(body, len(document.entries))
    for number, (entry, hint) in enumerate(zip(document.entries, hints, strict=True), 1):
        if hint.holds and not holds_unreadable:
            continue
        link = _link(entry, url)
        if link is None:
            if not (hint.holds or (hint.holds is None and document.alerts)):
                broken.append(_leads_nowhere(number, entry))
            continue
        # Ids of entries collide, as for two languages of one message; what they link to does not.
        entries.setdefault(link, []).append(_entry(entry, link, hint))
    return [_joined(found) for found in entries.values()], broken


def _entry(entry: cap.Entry, link: str, hint: _Hints) -> FeedEntry:
    return FeedEntry(
        link,
        entry.updated_text or entry.id,
        links=(link,),
        expires=hint.expires,
        msg_type=hint.msg_type,
        dated=read_date(entry.updated_text),
    )


def _leads_nowhere(number: int, entry: cap.Entry) -> UnreadablePart:
    return UnreadablePart(f"entry {number}", repr(entry).encode(), "link", "no link to a message")


def _is_hollow(document: cap.Document) -> bool:
    """Return whether a feed has nothing of what every feed has: rather an error page that has the form of a feed."""
    missing = {problem.detail for problem in document.problems if problem.code == "feed-element-missing"}
    return "channel" in missing or missing >= {"id", "title", "updated"}


def _joined(entries: Sequence[FeedEntry]) -> FeedEntry:
    """Join entries that lead to one message, as for each of its areas: it is over when the last of them is, and new
    when any of them is.
    """
    one, *others = entries
    if not others:
        return one
    return replace(
        one,
        version="|".join(sorted({entry.version for entry in entries})),
        expires=_latest([entry.expires for entry in entries]),
        msg_type=one.msg_type if all(entry.msg_type is one.msg_type for entry in others) else None,
        dated=_latest([entry.dated for entry in entries]),
    )


def _latest(moments: Sequence[datetime | None]) -> datetime | None:
    """Return the latest; None where any is not known."""
    known = [moment for moment in moments if moment is not None]
    return max(known) if len(known) == len(moments) else None


def _link(entry: cap.Entry, base: str) -> str | None:
    """Return where the message is: by media type, never by host; else the first that an entry gives for itself."""
    typed = [link for wanted in CAP_TYPES for link in entry.links if link.type == wanted]
    plain = [link for link in entry.links if link.rel == "alternate" and link.type in (None, "text/xml")]
    for link in [*typed, *plain, *(link for link in entry.links if link.rel == "alternate")]:
        resolved = resolve(base, link.href.strip())
        if resolved and urlsplit(resolved).scheme in ("https", "http"):
            return resolved
    return None


def _hints(body: bytes, count: int) -> list[_Hints]:
    """Return what each entry says of its message, in order: it spares fetching what is over. The body has been read
    once already.
    """
    found = _read_hints(body)
    return found if len(found) == count else [_Hints()] * count


def _read_hints(body: bytes) -> list[_Hints]:
    """Return them for every entry; none where entries stand in entries, each of which would have to be looked through
    again.
    """
    root = _parsed(body)
    if root is None:
        return []
    found = []
    for element in root.iter(etree.Element):
        if _name(element) in _ENTRIES:
            within = list(element.iterdescendants(etree.Element))
            if any(_name(one) in _ENTRIES for one in within):
                return []
            expires, msg_type = _child_text(element, "expires"), _child_text(element, "msgType").lower()
            hint = _Hints(
                read_date(expires, ends=True) if expires else None,
                next((word for word in cap.MsgType if word.lower() == msg_type), None),
                any(map(_is_alert, within)),
            )
            found.append(hint)
    return found


def _known_at(body: bytes) -> datetime | None:
    """Return as of when a neighbour's dispatcher says that it knows what it lists, never where it does not cover the
    place; None for any other feed.
    """
    root = _parsed(body) if _STATE.encode() in body else None
    if root is None or root.find(f"{{{_STATE}}}current") is None:
        return None
    if root.findtext(f"{{{_STATE}}}covered", "").strip() == "false":
        return NEVER
    return read_date(_child_text(root, "updated"))


def _parsed(body: bytes) -> etree._Element | None:
    """Return the root of an index; None for what `cap` mended before reading, such as a wrong encoding."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(body[: LIST_LIMITS.max_bytes], parser)
    except etree.XMLSyntaxError:
        return None


def _name(element: etree._Element) -> str:
    return str(etree.QName(element).localname)


def _child_text(entry: etree._Element, name: str) -> str:
    found = (child for child in entry.iterchildren(etree.Element) if _name(child) == name)
    return (next((child.text for child in found), None) or "").strip()


def _is_alert(element: etree._Element) -> bool:
    return _name(element) in ("alert", _PACKED) or _WITHIN.search(element.text or "") is not None
