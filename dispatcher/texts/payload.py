"""Write a notice as the JSON document that apps get: in one language, whether it is pushed to a phone, posted to an
app's server or fetched by it. A push has room for less of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import cap
from channels.characters import one_line
from channels.device_receipt import MEMBER_BYTES
from dispatcher.texts.choice import language_of
from dispatcher.texts.content import HEADLINE_BYTES
from dispatcher.texts.lines import CREDIT_BYTES, NAME_BYTES, WEB_BYTES
from dispatcher.texts.notification.declarative import notification
from dispatcher.texts.notification.in_force import member
from dispatcher.texts.places import abridged
from dispatcher.texts.shape import area_shape
from dispatcher.texts.shortening import as_json, json_length, marked, shorten
from dispatcher.texts.words.catalogues import catalogue_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dispatcher.model.alerts import StoredAlert
    from dispatcher.texts.content import Content
    from dispatcher.texts.notification.declarative import Screen

PAYLOAD_MAX_BYTES = 2_700 - MEMBER_BYTES
"""What a Web Push service that bridges to FCM still carries (autopush documents 2,744 bytes after encryption
overhead), so that the message is complete without fetching anything; less the token that each device gets."""

TITLE_BYTES = 120
"""Bytes of what kind of notice it is, which is a word or three of our own, with the marks of an exercise."""
LANGUAGE_BYTES = 35
"""Bytes of the language tag, which by RFC 5646 section 4.4.1 is enough for any tag in use."""
AREAS_BYTES = 240
"""Bytes that a list of places has for certain; what to do comes before the rest of the list. With these bounds at least
250 bytes are left for what to do."""
CONTACT_BYTES = 300
"""Bytes of whom to ask; what is longer is left out, as half of a telephone number reaches nobody."""
PUSHED_KEYS_BYTES = 480
"""Bytes of the municipalities in a push, which is about ten of them; more are left out there, all of them: a part would
say of the others that they are not concerned."""
PUSHED_PLACES_BYTES = 400
"""Bytes of the places with their numbers of warnings in a push, which is a district of 15 in three groups."""

DOCUMENT_MAX_BYTES = 20_000 - MEMBER_BYTES
"""Standard Webhooks: "recommended to be kept under 20kb"; less the token. With the bounds below at least 2,000 bytes
are left for the description."""
DOCUMENT_AREAS_BYTES = 1_000
DOCUMENT_INSTRUCTION_BYTES = 3_000
DOCUMENT_DESCRIPTION_BYTES = 4_000
DOCUMENT_KEYS_BYTES = 4_000
"""Bytes of the municipalities, which is about ninety of them; more are left out, all of them."""
DOCUMENT_PLACES_BYTES = 1_000
"""Bytes of the places with their numbers of warnings, which is about eighty of them."""
DOCUMENT_SHAPE_BYTES = 5_000
"""Bytes of the shape, which is about 300 corners."""
MUNICIPALITY_BYTES = 30
"""No municipality takes fewer: of thousands none is written to see how long they get."""
CAP_PATH = "/v1/instance/alerts/{}/cap"
"""Where an instance gets the CAP message, at the address at which it reaches the API."""

Municipalities = tuple[tuple[str, str], ...]
"""(AGS, name) of each."""


class _Bounds(NamedTuple):
    """How many bytes those members may have that no document lacks, and what a phone shows by itself."""

    headline: int
    name: int
    """Of the event and of the sender each."""
    credit: int
    web: int
    title: int
    body: int
    other: int
    """Of the headline of another warning."""
    chains: int
    """How many other chains are named that the message replaces; each takes 47 bytes."""


_AMPLE: Final = _Bounds(
    HEADLINE_BYTES, NAME_BYTES, CREDIT_BYTES, WEB_BYTES, title=360, body=500, other=200, chains=8
)
_TIGHT: Final = _Bounds(320, 60, 120, 0, title=200, body=300, other=80, chains=2)
"""For a push whose names, link and credit would leave no room for what to do: 160 letters of two bytes each, or half as
many of four, still name it."""
_LEFT_BY_AMPLE: Final = 500
"""Bytes that the ample bounds have to leave for places and for what to do."""


def payload(
    said: Content,
    stored: StoredAlert,
    info: cap.Info | None,
    language: str,
    municipalities: Municipalities = (),
    screen: Screen | None = None,
) -> bytes:
    """Return at most `PAYLOAD_MAX_BYTES` of JSON, complete without fetching anything. With a `screen` it has what a
    phone shows by itself, and what else is in force.
    """
    for bounds in (_AMPLE, _TIGHT):
        found = _essential(said, stored, info, language, bounds)
        if screen is not None:
            found |= _on_screen(said, stored, screen, bounds, PUSHED_PLACES_BYTES, str(found["lang"]))
        if _room(found, "areas") >= _LEFT_BY_AMPLE:
            break
    return _with_long_texts(found, said, info, municipalities)


def document(
    said: Content,
    stored: StoredAlert,
    info: cap.Info | None,
    language: str,
    municipalities: Municipalities = (),
    screen: Screen | None = None,
) -> dict[str, object]:
    """Return the document with all that an app's server can use of it, as at most `DOCUMENT_MAX_BYTES` of JSON."""
    found = _essential(said, stored, info, language, _AMPLE)
    if screen is not None:
        found |= _on_screen(said, stored, screen, _AMPLE, DOCUMENT_PLACES_BYTES, str(found["lang"]))
    found["cap"] = CAP_PATH.format(stored.id)
    if said.places:
        found["areas"] = shorten(
            abridged(said.places, said.words, DOCUMENT_AREAS_BYTES, json_length), DOCUMENT_AREAS_BYTES
        )
    if keys := keyed(municipalities, DOCUMENT_KEYS_BYTES):
        found["municipalities"] = keys
    if shape := area_shape(info.areas if info else (), DOCUMENT_SHAPE_BYTES):
        found["area_shape"] = shape
    if instruction := marked(said.instruction, said.mark, DOCUMENT_INSTRUCTION_BYTES):
        found["instruction"] = instruction
    _add_responses(found, info, DOCUMENT_MAX_BYTES)
    room = min(DOCUMENT_DESCRIPTION_BYTES, _room(found, "description", DOCUMENT_MAX_BYTES))
    if description := marked(said.description, said.mark, room):
        found["description"] = description
    _add_contact(found, said, DOCUMENT_MAX_BYTES)
    return found


def _on_screen(
    said: Content, stored: StoredAlert, screen: Screen, bounds: _Bounds, places_room: int, language: str
) -> dict[str, object]:
    """Return what a phone shows by itself, and what else is in force, as far as it is known."""
    found = notification(said, screen, stored.thread, language, bounds.title, bounds.body)
    if screen.in_force is not None:
        found["in_force"] = member(screen.in_force, stored.id, places_room, bounds.other)
    return found


def keyed(municipalities: Iterable[tuple[str, str]], room: int | None = None) -> list[dict[str, str]]:
    """Return the municipalities as JSON has them; none of them where they take more than `room` bytes."""
    found = [{"ags": ags, "name": one_line(name)} for ags, name in municipalities]
    if room is not None and (len(found) * MUNICIPALITY_BYTES > room or len(as_json(found)) > room):
        return []
    return found


def _essential(
    said: Content, stored: StoredAlert, info: cap.Info | None, language: str, bounds: _Bounds
) -> dict[str, object]:
    """Return what no document lacks, each within its bounds."""
    document: dict[str, object] = {
        "v": 1,
        "alert": stored.id,
        "chain": stored.thread,
        "sequence": stored.sequence,
        "kind": said.kind,
        "title": marked(said.prefix, said.mark, TITLE_BYTES),
        "headline": marked(said.what, said.mark, bounds.headline),
        "severity": info.severity if info else stored.severity,
        "urgency": info.urgency if info else cap.Urgency.UNKNOWN,
        "certainty": info.certainty if info else cap.Certainty.UNKNOWN,
        "event": shorten(said.event, bounds.name),
        "sender": shorten(said.sender or one_line(stored.sender), bounds.name),
        "sent": stored.sent.isoformat(),
        "expires": said.until.isoformat(),
        "lang": shorten(one_line(language_of(info) if info else catalogue_of(language)), LANGUAGE_BYTES),
    }
    if stored.status == cap.Status.EXERCISE:
        document["exercise"] = True
    if others := _newest(stored.also_replaces or {}, bounds.chains):
        document["also_replaces"] = others
    if said.begins:
        document["onset"] = said.begins.isoformat()
    if said.lasts:
        document["ends"] = said.lasts.isoformat()
    if stored.attribution:
        document["attribution"] = shorten(one_line(stored.attribution), bounds.credit)
    if said.web and json_length(said.web) <= bounds.web:
        document["web"] = said.web
    return document


def _newest(chains: Mapping[str, int], most: int) -> dict[str, int]:
    """Return the chains with the highest sequences."""
    return dict(sorted(chains.items(), key=lambda one: one[1], reverse=True)[:most])


def _with_long_texts(
    document: dict[str, object], said: Content, info: cap.Info | None, municipalities: Municipalities
) -> bytes:
    """Add the long texts in the order of their worth, each shortened to what room is left. Some places come first."""
    places, words = said.places, said.words
    if said.area:
        document["areas"] = said.area
    elif places:
        document["areas"] = shorten(abridged(places, words, AREAS_BYTES, json_length), AREAS_BYTES)
    _add(document, "instruction", said.instruction, said.mark)
    if places and not said.area:
        room = _room(document, "areas")
        document["areas"] = shorten(abridged(places, words, room, json_length), room)
    keys = keyed(municipalities, min(PUSHED_KEYS_BYTES, _room(document, "municipalities")))
    if keys:
        document["municipalities"] = keys
    _add_responses(document, info, PAYLOAD_MAX_BYTES)
    _add(document, "description", said.description, said.mark)
    _add_contact(document, said, PAYLOAD_MAX_BYTES)
    return as_json(document)


def _add_responses(document: dict[str, object], info: cap.Info | None, most: int) -> None:
    """Add what people should do, in CAP's words, which an app can say in any language: all of them or none."""
    found = list(dict.fromkeys(info.response_types if info else ()))
    if found and len(as_json({**document, "response_types": found})) <= most:
        document["response_types"] = found


def _add_contact(document: dict[str, object], said: Content, most: int) -> None:
    """Add whom to ask, whole, where all else has left room."""
    if said.contact and json_length(said.contact) <= min(CONTACT_BYTES, _room(document, "contact", most)):
        document["contact"] = said.contact


def _add(document: dict[str, object], name: str, text: str, mark: str) -> None:
    fitting = marked(text, mark, _room(document, name))
    if fitting:
        document[name] = fitting


def _room(document: dict[str, object], name: str, most: int = PAYLOAD_MAX_BYTES) -> int:
    """Return how many bytes are left for this member."""
    return most - len(as_json({**document, name: ""}))
