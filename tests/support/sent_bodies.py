"""Every kind of body that apps and phones are sent."""

import json
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import cap
from dispatcher.apps.round_trip import round_trip_notice
from dispatcher.model.vocabulary import Kind
from dispatcher.texts.choice import Chosen
from dispatcher.texts.content import RecordedMessage, content
from dispatcher.texts.notification.declarative import Screen
from dispatcher.texts.payload import document, payload
from dispatcher.texts.times import Present
from dispatcher.texts.words.german import GERMAN
from tests.support.messages import NOW, Message, stored

HOUR = timedelta(hours=1)
INFO = cap.Info(
    language="de-DE", event="Hochwasser", headline="Hochwasser", instruction="Meiden Sie das Ufer."
)
CODE = "q8Tz3vX2o7sJ1mWcKf4B9A"


def push(
    kind: Kind = Kind.ALERT, language: str = "de", page: str = "https://warnung.example/", **of: Any
) -> Any:
    """A push of a kind, as a phone reads it; `of` are members of the record."""
    return _notice(payload, kind, language, page, **of)


def _notice(write: Any, kind: Kind, language: str, page: str, **of: Any) -> Any:
    record, info = stored(**of), replace(INFO, language=language)
    message = RecordedMessage(cap.parse(Message().xml()).alerts[0], record, ("Düren",))
    said = content(message, Chosen(info, NOW + HOUR), kind, GERMAN, NOW)
    screen = Screen(Present(NOW, UTC), f"{page}#{record.id}" if page else "")
    found = write(said, record, info, language, [("05358008", "Düren")], screen)
    return json.loads(found) if isinstance(found, bytes) else json.loads(json.dumps(found))


def code(purpose: str, languages: tuple[str, ...] = ("de",)) -> Any:
    notice = round_trip_notice(CODE, languages, NOW, proof=purpose == "proof", reference="code1")
    return json.loads(notice.payload)


def sent_bodies() -> dict[str, Any]:
    """By what it is: `code …` or `notice …`."""
    found = {f"code {purpose}": code(purpose) for purpose in ("proof", "test")}
    for kind in Kind:
        found[f"notice {kind}"] = push(kind)
        found[f"notice {kind} of a webhook"] = _notice(document, kind, "de", "")
    return found | {"notice from right to left": push(language="ar")}
