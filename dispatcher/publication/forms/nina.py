"""Write what is in force in the documents that clients of warnung.bund.de read.

What they need, field by field, is theirs and undocumented; it was tried with pynina 1.0.4, de-nina 1.1.0 and the
coordinator of Home Assistant 2026.11. They list everything as a live warning, so nothing is in a list but what is in
force; the first info is the one that people read; and what is not there is left out, never null.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from cap.formats.nina_rendering import render_nina
from dispatcher.texts.choice import current_infos, preferred
from dispatcher.texts.places import abridged
from dispatcher.texts.shortening import as_json
from dispatcher.texts.words.german import GERMAN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from cap import Alert, Info
    from dispatcher.apps.told import Told
    from dispatcher.publication.in_force import PublicInForce, PublicWarning
    from dispatcher.publication.places import PublicPlace

LANGUAGE: Final = "de"
PROVIDER: Final = "MOWAS"
"""The address under which all warnings are listed; no client looks at the member of this name."""
NO_INSTRUCTION: Final = "–"
"""Stands for no instruction: without one pynina 1.0.4 looks for codes, and shows nothing of any place."""
PLACES_CHARACTERS: Final = 60
LABELS: Final = as_json({"CAP-DISPATCHER": "Amtliche Warnung"})
"""The texts of codes that clients ask for before all else. With none they would ask each time; we name no codes."""


def dashboard(found: PublicInForce, place: PublicPlace) -> bytes:
    """Return the list of a region."""
    return as_json([_entry(*one) for one in _titled(found, place)])


def map_data(found: PublicInForce, place: PublicPlace) -> bytes:
    """Return the list of a provider."""
    return as_json([_on_map(*one) for one in _titled(found, place)])


def labels(_found: PublicInForce, _place: PublicPlace) -> bytes:
    """Return the texts of codes."""
    return LABELS


def nothing(_found: PublicInForce, _place: PublicPlace) -> bytes:
    """Return the list of a provider that has none of these warnings."""
    return b"[]"


def detail(found: PublicInForce, warning: PublicWarning) -> bytes:
    """Return one warning."""
    message = warning.message
    document = render_nina(message, warning.stored.id).detail
    name = message.infos[0].sender_name if message.infos else None
    infos = _speaking_first(document["info"], message, found) or [_bare(warning)]
    for info in infos:
        info.setdefault("language", LANGUAGE)
        info.setdefault("category", ["Other"])
        info.setdefault("area", [])
        info.setdefault("senderName", name or warning.stored.sender)
        info.setdefault("headline", warning.stored.headline or warning.stored.event)
        info.setdefault("description", info["headline"])
        info.setdefault("instruction", NO_INSTRUCTION)
        info.setdefault("expires", _time(warning.stored.expires))
    return as_json({**document, "info": infos})


def geometry(_found: PublicInForce, warning: PublicWarning) -> bytes:
    """Return the shapes of one warning."""
    return as_json(render_nina(warning.message, warning.stored.id).geometry)


def _titled(found: PublicInForce, place: PublicPlace) -> Iterator[tuple[PublicWarning, Told, str]]:
    """Yield what is in force there, each with a headline that none before it has with the same end: of two with equal
    headlines and ends a client shows the first.
    """
    seen: Counter[tuple[str, datetime]] = Counter()
    for one in found.at(place):
        told = found.told(one, LANGUAGE)
        if told is not None:
            headline = _headline(one, told.notice)
            seen[headline, told.until] += 1
            number = seen[headline, told.until]
            yield one, told, headline if number == 1 else f"{headline} ({number})"


def _entry(warning: PublicWarning, told: Told, headline: str) -> dict[str, Any]:
    stored, notice = warning.stored, told.notice
    sent = _time(stored.sent)
    data: dict[str, Any] = {
        "headline": headline,
        "provider": PROVIDER,
        "severity": str(notice["severity"]),
        "urgency": str(notice["urgency"]),
        "msgType": stored.msg_type,
        "transKeys": {"event": warning.kept.outline.event},
        "valid": True,
    }
    return {
        "id": stored.id,
        "payload": {
            "version": 1,
            "type": stored.msg_type.upper(),
            "id": stored.id,
            "hash": stored.sha256.hex(),
            "data": data,
        },
        "i18nTitle": {LANGUAGE: headline},
        "sent": sent,
        "onset": notice.get("onset", sent),
        "expires": _time(told.until),
    }


def _on_map(warning: PublicWarning, told: Told, headline: str) -> dict[str, Any]:
    stored, notice = warning.stored, told.notice
    return {
        "id": stored.id,
        "version": 1,
        "startDate": _time(stored.sent),
        "expiresDate": _time(told.until),
        "severity": str(notice["severity"]),
        "urgency": str(notice["urgency"]),
        "type": stored.msg_type,
        "i18nTitle": {LANGUAGE: headline},
        "transKeys": {"event": warning.kept.outline.event},
    }


def _headline(warning: PublicWarning, notice: dict[str, Any]) -> str:
    """Return the headline with its place."""
    headline, names = str(notice["headline"]), [name for _, name in warning.municipalities]
    folded = headline.casefold()
    if not names or any(name.casefold() in folded for name in names):
        return headline
    return f"{headline} ({abridged(names, GERMAN, PLACES_CHARACTERS)})"


def _speaking_first(
    written: list[dict[str, Any]], message: Alert, found: PublicInForce
) -> list[dict[str, Any]]:
    """Return the infos as they were written, the one that people read first. It is moved when all are written: which
    shape belongs to which area, the document of the shapes says by the order of the message.
    """
    infos: Sequence[Info] = message.infos
    speaking = preferred(current_infos(infos, found.now) or infos, LANGUAGE)
    return [
        one for _, one in sorted(zip(infos, written, strict=True), key=lambda pair: pair[0] is not speaking)
    ]


def _bare(warning: PublicWarning) -> dict[str, Any]:
    """Return an info of a message that has none: clients read the first one without looking whether it is there."""
    stored = warning.stored
    return {
        "event": stored.event,
        "urgency": "Unknown",
        "severity": stored.severity,
        "certainty": "Unknown",
        "area": [
            {"areaDesc": abridged([name for _, name in warning.municipalities], GERMAN, PLACES_CHARACTERS)}
        ],
    }


def _time(moment: datetime) -> str:
    """Return a time with whole seconds and a numeric offset: `Z` is refused by Python before 3.11."""
    return moment.isoformat(timespec="seconds")
