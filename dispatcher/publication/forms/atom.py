"""Write what is in force as an Atom feed (RFC 4287) of CAP messages, as hubs and feed readers follow it.

What ended a warning stands in it for a while as well, with its own words: who follows the feed has told people of the
warning, and that it is gone from a list says neither why nor by whom.

Links are relative to the address of the feed, so that they hold under whatever name the service is reached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lxml import etree

from cap.formats.rendering import UNWRITABLE
from dispatcher.model.vocabulary import Kind
from dispatcher.publication.documents import CAP_TYPE
from dispatcher.publication.forms.own import CAP_PATH, DETAIL_PATH
from dispatcher.publication.places import PlaceKind
from dispatcher.texts.choice import Chosen, preferred
from dispatcher.texts.content import RecordedMessage, content
from dispatcher.texts.words.catalogues import words_for

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.apps.told import Told
    from dispatcher.model.alerts import StoredAlert
    from dispatcher.publication.in_force import PublicInForce, PublicWarning
    from dispatcher.publication.places import PublicPlace

LANGUAGE: Final = "de"
ATOM: Final = "http://www.w3.org/2005/Atom"
CAP: Final = "urn:oasis:names:tc:emergency:cap:1.2"
URN: Final = "urn:cap-dispatcher:"
TITLE: Final = "Amtliche Warnungen"
STATE: Final = f"{URN}state"
"""The namespace of what our JSON says of itself: `current`, `covered`, `staleFeed`, `unreadFeed`."""
ENDED: Final = "ended"
"""The category of what warns of nothing any more, so that nobody takes it for a warning in force."""
_NAMESPACES: Final = {None: ATOM, "cap": CAP, "state": STATE}
_SAID: Final = ("event", "urgency", "severity", "certainty", "expires")


def feed(found: PublicInForce, place: PublicPlace) -> bytes:
    """Return the feed of a place: an entry for each warning in force, with the address of its message."""
    root = etree.Element(f"{{{ATOM}}}feed", nsmap=_NAMESPACES)
    root.set("{http://www.w3.org/XML/1998/namespace}lang", LANGUAGE)
    _text(root, "id", f"{URN}alerts:{place.key or PlaceKind.EVERYWHERE}")
    _text(root, "title", f"{TITLE}: {place.name or place.key}" if place.key else TITLE)
    _text(root, "updated", _time(found.as_of))
    _text(etree.SubElement(root, f"{{{ATOM}}}author"), "name", "cap-dispatcher")
    _text(root, "current", str(found.current).lower(), STATE)
    _text(root, "covered", str(found.covers(place)).lower(), STATE)
    for one in found.coverage.stale:
        etree.SubElement(root, f"{{{STATE}}}staleFeed", {"name": one.name, "since": _time(one.since)})
    for unread in found.unread_at(place):
        etree.SubElement(root, f"{{{STATE}}}unreadFeed", {"name": unread.name, "since": _time(unread.since)})
    for warning in found.at(place):
        told = found.told(warning, LANGUAGE)
        if told is not None:
            _entry(root, warning, told)
    for over, end in {end.stored.id: (over, end) for over, end in found.ended_at(place)}.values():
        _end(root, found, end, over)
    written: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return written


def _head(root: etree._Element, stored: StoredAlert, title: str, author: str) -> etree._Element:
    entry = etree.SubElement(root, f"{{{ATOM}}}entry")
    _text(entry, "id", f"{URN}alert:{stored.id}")
    _text(entry, "title", title)
    _text(entry, "updated", _time(stored.sent))
    _text(etree.SubElement(entry, f"{{{ATOM}}}author"), "name", author)
    _link(entry, CAP_PATH.format(stored.id), "alternate", CAP_TYPE)
    return entry


def _end(root: etree._Element, found: PublicInForce, end: PublicWarning, over: PublicWarning) -> None:
    """Write the entry of a message that ended a warning. It has no end of its own to be dropped by."""
    stored, words = end.stored, words_for(LANGUAGE)
    kind = Kind.NO_LONGER_AFFECTED if stored.is_in_force(found.now) else Kind.CANCEL
    message = end.message
    source = RecordedMessage(message, stored, (), ended=over.stored.headline or over.stored.event)
    chosen = Chosen(preferred(message.infos, LANGUAGE), stored.expires)
    said = content(source, chosen, kind, words, found.now)
    title = f"{said.prefix}: {said.what}"
    entry = _head(root, stored, title, said.sender or stored.sender)
    _link(entry, DETAIL_PATH.format(over.stored.id), "related", "application/json")
    etree.SubElement(entry, f"{{{ATOM}}}category", {"scheme": STATE, "term": ENDED})
    _text(entry, "summary", said.of_the_end or title)
    _text(entry, "identifier", stored.identifier, CAP)
    _text(entry, "msgType", stored.msg_type, CAP)


def _entry(root: etree._Element, warning: PublicWarning, told: Told) -> None:
    stored, notice = warning.stored, told.notice
    entry = _head(root, stored, notice["headline"], notice["sender"])
    _link(entry, DETAIL_PATH.format(stored.id), "related", "application/json")
    if "attribution" in notice:
        _text(entry, "rights", notice["attribution"])
    _text(entry, "summary", notice.get("instruction") or notice.get("description") or notice["headline"])
    _text(entry, "identifier", stored.identifier, CAP)
    _text(entry, "msgType", stored.msg_type, CAP)
    for name in _SAID:
        _text(entry, name, str(notice[name]), CAP)
    if "areas" in notice:
        _text(entry, "areaDesc", notice["areas"], CAP)


def _link(entry: etree._Element, href: str, rel: str, media_type: str) -> None:
    etree.SubElement(entry, f"{{{ATOM}}}link", {"rel": rel, "type": media_type, "href": href})


def _text(parent: etree._Element, name: str, text: str, namespace: str = ATOM) -> None:
    etree.SubElement(parent, f"{{{namespace}}}{name}").text = UNWRITABLE.sub("", text)


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
