"""Render what people get to read: one notice per alert, kind and language. Pure."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from cap import Alert, Info, Urgency
from cap.severity import SEVERITY_ORDER, URGENCY_ORDER
from channels import base
from dispatcher.model.vocabulary import Kind, Lane

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from dispatcher.model.alerts import StoredAlert

PAYLOAD_MAX_BYTES = 2_700
"""What a Web Push service that bridges to FCM still carries (autopush documents 2,744 bytes after encryption
overhead), so that the message is complete without fetching anything."""

HEADLINE_BYTES = 640
"""Bytes of the headline: CAP 1.2 section 3.2.2 asks for at most 160 characters, which have four bytes each at worst."""
NAME_BYTES = 200
"""Bytes of the event's and of the sender's name each; a longer one is cut at a word, to leave room for what to do."""
CREDIT_BYTES = 200
"""Bytes of the attribution that a feed's licence demands beside its text; they count against the same payload."""
LANGUAGE_BYTES = 35
"""Bytes of the language tag, which by RFC 5646 section 4.4.1 is enough for any tag in use."""
WEB_BYTES = 500
"""Bytes of a link; a longer one is left out, as half of it leads nowhere. With these bounds at least 600 bytes are left
for what to do."""


@dataclass(frozen=True, slots=True)
class Words:
    """The fixed words that notices in one language have."""

    prefix: dict[Kind, str]
    until: str
    area: str
    clock: str


WORDS = {
    "de": Words(
        {
            Kind.ALERT: "WARNUNG",
            Kind.UPDATE: "AKTUALISIERUNG",
            Kind.NO_LONGER_AFFECTED: "FÜR IHREN ORT AUFGEHOBEN",
            Kind.CANCEL: "ENTWARNUNG",
            Kind.DELISTED: "NICHT MEHR GEFÜHRT",
        },
        "Gültig bis",
        "Gebiet",
        "%d.%m. %H:%M Uhr",
    ),
    "en": Words(
        {
            Kind.ALERT: "WARNING",
            Kind.UPDATE: "UPDATE",
            Kind.NO_LONGER_AFFECTED: "LIFTED FOR YOUR AREA",
            Kind.CANCEL: "ALL CLEAR",
            Kind.DELISTED: "NO LONGER LISTED",
        },
        "Valid until",
        "Area",
        "%Y-%m-%d %H:%M",
    ),
}


def collapse_key(thread: str) -> str:
    """Return a key that is equal for all messages of a thread: a later one replaces what was not shown yet. 32 URL-safe
    characters.
    """
    return urlsafe_b64encode(sha256(thread.encode()).digest()[:24]).decode()


def choose_info(alert: Alert, language: str, received_at: datetime | None = None) -> Info | None:
    """Return the info block to show: that of the wanted language if there is one, else German, else English, else the
    first; among several of one language the gravest, then the most urgent. One that had expired when the message
    came is shown only where all had: an all-clear often has.
    """
    current = [
        info
        for info in alert.infos
        if received_at is None or info.expires is None or info.expires > received_at
    ]
    for wanted in (language, "de", "en", None):
        found = [
            info
            for info in current or alert.infos
            if wanted is None or (info.language or "de").lower().split("-")[0] == wanted
        ]
        if found:
            return min(
                found,
                key=lambda info: (SEVERITY_ORDER.index(info.severity), URGENCY_ORDER.index(info.urgency)),
            )
    return None


def words_for(language: str) -> Words:
    """Return the fixed words; the German ones where there are none in the language."""
    return WORDS.get(language, WORDS["de"])


def render(
    alert: Alert,
    stored: StoredAlert,
    kind: Kind,
    language: str,
    places: Sequence[str],
    local_expires: datetime,
) -> base.Notice:
    """Render one notice; `places` are names of municipalities, `local_expires` is `stored.expires` in the district's
    time zone.
    """
    info = choose_info(alert, language, stored.received_at)
    words = words_for(language)
    headline = shorten((info and (info.headline or info.event)) or stored.headline, HEADLINE_BYTES)
    return base.Notice(
        alert_id=stored.id,
        collapse_key=collapse_key(stored.thread),
        title=f"{words.prefix[kind]}: {headline}",
        text=_text(info, kind, words, headline, places, local_expires) + _credit(info, stored),
        payload=_payload(info, stored, kind, language, headline, places),
        language=language,
        urgency=base.Urgency.NORMAL if stored.lane is Lane.ROUTINE else base.Urgency.HIGH,
        deadline=stored.expires,
    )


def _text(
    info: Info | None,
    kind: Kind,
    words: Words,
    headline: str,
    places: Sequence[str],
    local_expires: datetime,
) -> str:
    lines = [f"{words.prefix[kind]}: {headline}"]
    if kind in (Kind.ALERT, Kind.UPDATE):
        if info and info.instruction:
            lines.append(info.instruction)
        if places:
            lines.append(f"{words.area}: {', '.join(places)}")
        lines.append(f"{words.until} {local_expires.strftime(words.clock)}")
    if kind is Kind.DELISTED and info and info.description:
        lines.append(info.description)
    if info and info.sender_name:
        lines.append(info.sender_name)
    return "\n".join(lines)


def _credit(info: Info | None, stored: StoredAlert) -> str:
    """Return the attribution on a line of its own, unless it says no more than the sender's name does."""
    sender = (info and info.sender_name) or ""
    return f"\n{stored.attribution}" if stored.attribution not in ("", sender) else ""


def _payload(
    info: Info | None,
    stored: StoredAlert,
    kind: Kind,
    language: str,
    headline: str,
    places: Sequence[str],
) -> bytes:
    document: dict[str, object] = {
        "v": 1,
        "alert": stored.id,
        "chain": stored.thread,
        "kind": kind,
        "title": words_for(language).prefix[kind],
        "headline": headline,
        "severity": info.severity if info else stored.severity,
        "urgency": info.urgency if info else Urgency.UNKNOWN,
        "certainty": info.certainty if info else "Unknown",
        "event": shorten(info.event if info else stored.event, NAME_BYTES),
        "sender": shorten((info and info.sender_name) or stored.sender, NAME_BYTES),
        "sent": stored.sent.isoformat(),
        "expires": stored.expires.isoformat(),
        "lang": shorten((info and info.language) or language, LANGUAGE_BYTES),
    }
    if stored.attribution:
        document["attribution"] = shorten(stored.attribution, CREDIT_BYTES)
    if info and info.web and _json_length(info.web) <= WEB_BYTES:
        document["web"] = info.web
    long_texts: dict[str, str] = {
        "instruction": (info and info.instruction) or "",
        "areas": ", ".join(places),
        "description": (info and info.description) or "",
    }
    return _fit(document, long_texts)


def _fit(document: dict[str, object], long_texts: dict[str, str]) -> bytes:
    """Add the long texts in the order of their worth, each shortened to what room is left."""
    for name, text in long_texts.items():
        if not text:
            continue
        room = PAYLOAD_MAX_BYTES - len(_json({**document, name: ""}))
        fitting = shorten(text, room)
        if fitting:
            document[name] = fitting
    return _json(document)


def shorten(text: str, room: int) -> str:
    """Return at most `room` bytes of JSON string, cut at a word, with an ellipsis; empty if not even a word fits."""
    if _json_length(text) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if _json_length(text[:middle]) + 3 <= room:
            low = middle
        else:
            high = middle - 1
    words = text[:low].rsplit(None, 1)
    return f"{words[0].rstrip()}…" if words else ""


def _json_length(text: str) -> int:
    return len(_json(text)) - 2


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
