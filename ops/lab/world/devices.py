"""Shows a message as people read it on their devices, line by line, from what a gateway wrote down."""

from __future__ import annotations

import json
import textwrap
from datetime import datetime
from typing import TYPE_CHECKING, Any

from channels.sms import gsm7
from dispatcher.commands.terminal import shown
from dispatcher.model.desk_time import desk_time
from dispatcher.model.vocabulary import Kind
from dispatcher.texts.headline import ENDINGS

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from ops.lab.world.ledger import Entry

COLUMNS = 74
"""Columns of the longest line: with an indent it fits a terminal of 80."""
NOTIFICATION = ("areas", "instruction", "description")
"""The members that follow the headline, in this order; which of them a real notification has room for, its system
decides."""


HEADINGS = {
    "webpush": "Push notification (encrypted for this browser alone)",
    "unifiedpush": "Push notification of an app, by UnifiedPush (encrypted for it alone)",
    "fcm": "Push notification of an app on Android, by FCM",
    "apns": "Push notification of an app on an iPhone, by APNs",
}


def lines_of(entry: Entry, zone: ZoneInfo) -> list[str]:
    """Return what the device of `entry`'s recipient got to read: a heading, then at most COLUMNS columns a line.

    Raises ValueError where the entry has no text."""
    match entry.channel:
        case "sms":
            return _sms(entry.text)
        case "app":
            return _app(json.loads(entry.text))
        case _:
            return [HEADINGS[entry.channel], *_notification(json.loads(entry.text), zone)]


def _sms(text: str) -> list[str]:
    encoding = gsm7.encoding_of(text)
    parts = len(gsm7.split(text, encoding))
    size = f"{parts} part" if parts == 1 else f"{parts} parts"
    body = [line for paragraph in text.splitlines() for line in _wrapped(paragraph)]
    return [f"SMS ({size}, {len(text)} characters, {encoding})", *body]


def order(document: dict[str, Any]) -> tuple[int, bool]:
    """Return the place of a notice in the order of its chain: what is lower than that of what is shown is dropped."""
    return document.get("sequence", 0), Kind(document["kind"]) in ENDINGS


def closed(document: dict[str, Any]) -> dict[str, tuple[int, bool]]:
    """Return the other chains of which a notice replaces or ends a warning, each with the place of that end: what is
    not higher there is closed, and dropped if it comes later.
    """
    return {chain: (sequence, True) for chain, sequence in document.get("also_replaces", {}).items()}


def _notification(document: dict[str, Any], zone: ZoneInfo) -> list[str]:
    until = desk_time(datetime.fromisoformat(document["expires"]), zone)
    body = [document[name] for name in NOTIFICATION if document.get(name)]
    if others := _others(document):
        body.append(others)
    return [
        *_wrapped(f"{document['title']}: {document['headline']}"),
        *(line for text in body for line in _wrapped(text)),
        *_wrapped(f"{document['sender']}, gültig bis {until}"),
    ]


def _others(document: dict[str, Any]) -> str:
    """Return how many warnings are in force there, as a page of the app shows it beside the notice."""
    in_force = document.get("in_force")
    if in_force is None:
        return ""
    if in_force["active"] is None:
        return "Warnungen in Kraft: je nach Ort verschieden"
    return f"Warnungen in Kraft: {in_force['active']}"


def _app(document: dict[str, Any]) -> list[str]:
    lines = (f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in document.items())
    return ["Callback to a municipality's app (JSON, signed)", *(_cut(shown(line)) for line in lines)]


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(shown(text), COLUMNS) or [""]


def _cut(line: str) -> str:
    return line if len(line) <= COLUMNS else line[: COLUMNS - 2] + " …"
