"""Render what people get to read: one notice per alert, kind and language, at a given time. Pure."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from channels import base
from dispatcher.model.vocabulary import Lane
from dispatcher.texts.choice import choose, primary_language
from dispatcher.texts.content import RecordedMessage, content
from dispatcher.texts.lines import lines
from dispatcher.texts.notification.declarative import Screen, link_to
from dispatcher.texts.payload import document, payload
from dispatcher.texts.shortening import as_json
from dispatcher.texts.words.catalogues import catalogue_of, words_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from dispatcher.model.vocabulary import Kind
    from dispatcher.texts.choice import Chosen
    from dispatcher.texts.content import Content
    from dispatcher.texts.times import Present


class Rendered(NamedTuple):
    """A notice, and until when it says what is right: its deadline, or when what it announces has begun."""

    notice: base.Notice
    until: datetime


def collapse_key(thread: str) -> str:
    """Return a key that is equal for all messages of a thread: a later one replaces what was not shown yet. 32 URL-safe
    characters.
    """
    return urlsafe_b64encode(sha256(thread.encode()).digest()[:24]).decode()


def render(
    source: RecordedMessage, kind: Kind, language: str, present: Present, page: str = ""
) -> Rendered | None:
    """Render the notice that may be sent now: of the info chosen now, until its own end. None if nothing is left.
    `page` is the URL of the page to which a tap on it leads; it is told the alert's id.
    """
    stored = source.stored
    chosen = choose(source.alert, kind, language, present.now, stored.expires)
    if chosen is None:
        return None
    said = content(source, chosen, kind, words_for(language), present.now)
    text = lines(said, present)
    screen = Screen(present, link_to(page, stored.id), source.in_force)
    rest = (stored, chosen.info, language, source.municipalities, screen)
    notice = base.Notice(
        alert_id=stored.id,
        collapse_key=collapse_key(stored.thread),
        title=text[0].text,
        text="\n".join(line.text for line in text),
        payload=payload(said, *rest),
        language=primary_language(chosen.info) if chosen.info else catalogue_of(language),
        urgency=base.Urgency.NORMAL if stored.lane is Lane.ROUTINE else base.Urgency.HIGH,
        deadline=chosen.until,
        lines=text,
        document=as_json(document(said, *rest)),
    )
    return Rendered(notice, min(_changes(chosen, said, present.now)))


def _changes(chosen: Chosen, said: Content, now: datetime) -> Iterator[datetime]:
    """Yield when something else is to be told."""
    yield chosen.until
    if chosen.info and chosen.info.expires and chosen.info.expires > now:
        yield chosen.info.expires  # earlier than the message's end, until which an ending is told
    for moment in (said.begins, said.lasts):
        if moment:
            yield moment
