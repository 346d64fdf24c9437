"""Write a notice as the JSON document that apps get."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cap
from channels.characters import one_line
from dispatcher.texts.lines import CREDIT_BYTES, NAME_BYTES, WEB_BYTES
from dispatcher.texts.places import abridged
from dispatcher.texts.shortening import as_json, json_length, shorten

if TYPE_CHECKING:
    from dispatcher.model.alerts import StoredAlert
    from dispatcher.texts.content import Content

PAYLOAD_MAX_BYTES = 2_700
"""What a Web Push service that bridges to FCM still carries (autopush documents 2,744 bytes after encryption
overhead), so that the message is complete without fetching anything."""

LANGUAGE_BYTES = 35
"""Bytes of the language tag, which by RFC 5646 section 4.4.1 is enough for any tag in use."""
AREAS_BYTES = 240
"""Bytes that a list of places has for certain; what to do comes before the rest of the list. With these bounds at least
250 bytes are left for what to do."""


def payload(said: Content, stored: StoredAlert, info: cap.Info | None, language: str) -> bytes:
    """Return at most `PAYLOAD_MAX_BYTES` of JSON, complete without fetching anything."""
    document: dict[str, object] = {
        "v": 1,
        "alert": stored.id,
        "chain": stored.thread,
        "kind": said.kind,
        "title": said.words.prefix[said.kind],
        "headline": said.what,
        "severity": info.severity if info else stored.severity,
        "urgency": info.urgency if info else cap.Urgency.UNKNOWN,
        "certainty": info.certainty if info else cap.Certainty.UNKNOWN,
        "event": shorten(said.event, NAME_BYTES),
        "sender": shorten(said.sender or one_line(stored.sender), NAME_BYTES),
        "sent": stored.sent.isoformat(),
        "expires": said.until.isoformat(),
        "lang": shorten(one_line((info and info.language) or language), LANGUAGE_BYTES),
    }
    if said.begins:
        document["onset"] = said.begins.isoformat()
    if said.lasts:
        document["ends"] = said.lasts.isoformat()
    if stored.attribution:
        document["attribution"] = shorten(one_line(stored.attribution), CREDIT_BYTES)
    if said.web and json_length(said.web) <= WEB_BYTES:
        document["web"] = said.web
    return _with_long_texts(document, said)


def _with_long_texts(document: dict[str, object], said: Content) -> bytes:
    """Add the long texts in the order of their worth, each shortened to what room is left. Some places come first."""
    places, words = said.places, said.words
    if places:
        document["areas"] = shorten(abridged(places, words, AREAS_BYTES, json_length), AREAS_BYTES)
    _add(document, "instruction", said.instruction)
    if places:
        room = _room(document, "areas")
        document["areas"] = shorten(abridged(places, words, room, json_length), room)
    _add(document, "description", said.description)
    return as_json(document)


def _add(document: dict[str, object], name: str, text: str) -> None:
    fitting = shorten(text, _room(document, name))
    if fitting:
        document[name] = fitting


def _room(document: dict[str, object], name: str) -> int:
    """Return how many bytes are left for this member."""
    return PAYLOAD_MAX_BYTES - len(as_json({**document, name: ""}))
