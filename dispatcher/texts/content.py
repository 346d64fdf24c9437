"""Put together what a notice says, in clean texts, before it becomes lines or a payload."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cap
from cap.profiles import facts
from channels.characters import legible, one_line
from dispatcher.model.vocabulary import Kind, Reason
from dispatcher.texts.area_name import area_name
from dispatcher.texts.choice import language_of
from dispatcher.texts.headline import ENDINGS, gives_all_clear, subject
from dispatcher.texts.languages import TAG_CHARACTERS, is_right_to_left
from dispatcher.texts.notification.in_force import other_warnings
from dispatcher.texts.shortening import shorten
from dispatcher.texts.telephone_numbers import in_one_piece
from dispatcher.texts.times import in_utc

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.model.alerts import StoredAlert
    from dispatcher.texts.choice import Chosen
    from dispatcher.texts.notification.in_force import InForceSummary
    from dispatcher.texts.words.words import Words


NAMED = frozenset({Kind.ALERT, Kind.UPDATE, Kind.CANCEL})
"""The kinds whose places are those of the message itself; any other names what earlier messages warned of."""
RESPONSES = 2
"""How much of what to do is said in words of ours: the sender's first ones. An SMS of Cyrillic letters has room for
these beside what else it needs."""
HEADLINE_BYTES = 640
"""Bytes of the headline: CAP 1.2 section 3.2.2 asks for at most 160 characters, which have four bytes each at worst."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a notice says. No character in it controls a device; what is one line is one line."""

    kind: Kind
    words: Words
    prefix: str
    """What kind of notice it is, in a word: an end says whether it gives the all-clear."""
    what: str
    instruction: str
    description: str
    of_the_end: str
    """What to do now that it is over and why it is, in its author's words, of a notice that gives the all-clear."""
    places: tuple[str, ...]
    area: str
    """The sender's own name of all these places, where people read it in place of the list."""
    since: datetime | None
    """When the all-clear was given, of a notice that gives it."""
    begins: datetime | None
    """When it begins, where that is ahead."""
    lasts: datetime | None
    """The event's own end, where a profile knows one that is not the warning's."""
    until: datetime
    web: str
    contact: str
    """Whom to ask: a telephone number, an address."""
    sender: str
    """The sender's name; empty where the info has none."""
    credit: str
    event: str
    mark: str
    """What stands at both ends of every text of an exercise or a test; empty for what is meant."""
    others: tuple[str, str]
    """That other warnings are in force there too, and the same in fewer words; empty where none are known."""
    foreign: str = ""
    """The language of the text, as a tag, where it is none of the reader's."""
    responses: tuple[str, ...] = ()
    """What to do first of all, in words of ours, where the text itself is in none of the reader's languages."""


@dataclass(frozen=True, slots=True)
class RecordedMessage:
    """Where a notice's words come from."""

    alert: cap.Alert
    stored: StoredAlert
    places: tuple[str, ...]
    """The names of the municipalities."""
    municipalities: tuple[tuple[str, str], ...] = ()
    """The municipalities themselves, as (AGS, name)."""
    ended: str = ""
    """The headlines of what it ends, where it is an all-clear."""
    known: frozenset[str] = frozenset()
    """The names of all municipalities, in lower case, as far as they are at hand."""
    named: tuple[str, ...] = ()
    """The alerts, by id, whose municipalities these are."""
    in_force: InForceSummary | None = None
    """What is in force at these municipalities; None where it was not looked up."""

    @property
    def codes(self) -> tuple[str, ...]:
        """Return the keys of the municipalities (AGS)."""
        return tuple(ags for ags, _ in self.municipalities)


def content(source: RecordedMessage, chosen: Chosen, kind: Kind, words: Words, now: datetime) -> Content:
    """Return what a notice says of the info chosen, with nothing of any other info."""
    info, stored = chosen.info or cap.Info(), source.stored
    ended = source.ended if kind is Kind.CANCEL else ""
    own = info.headline if chosen.info else stored.headline
    names = (own, ended, info.event, stored.headline, stored.event)
    instruction, description = (_long_text(info, text) for text in (info.instruction, info.description))
    is_of_the_end = kind is Kind.CANCEL and _is_of_the_end(info)
    places = tuple(name for place in source.places if (name := one_line(place)))
    sender, web = one_line(info.sender_name or ""), one_line(info.web or "")
    credit = one_line(stored.attribution)
    return Content(
        kind=kind,
        words=words,
        prefix=words.prefix[kind]
        if kind is not Kind.CANCEL or _all_clear(source, chosen)
        else words.withdrawn,
        what=shorten(subject(kind, names, words), HEADLINE_BYTES),
        instruction=instruction,
        description=description,
        of_the_end="\n".join(text for text in (instruction, description) if text) if is_of_the_end else "",
        places=places,
        area=_area(source, chosen, places) if kind in NAMED else "",
        since=in_utc(stored.sent) if kind is Kind.CANCEL else None,
        begins=_ahead(info.onset or info.effective, kind, now),
        lasts=_ahead(_own_end(source.alert, chosen), kind, now),
        until=chosen.until,
        web=web if " " not in web else "",  # half of a link leads nowhere, two are none
        contact=one_line(info.contact or ""),
        sender=sender,
        credit=credit if credit != sender else "",
        event=one_line(info.event) or one_line(stored.event),
        mark=words.test if stored.status in {cap.Status.EXERCISE, cap.Status.TEST} else "",
        others=other_warnings(source.in_force, words),
        foreign=one_line(language_of(info))[:TAG_CHARACTERS] if chosen.foreign else "",
        responses=_responses(info, words) if chosen.foreign and kind not in ENDINGS else (),
    )


def _all_clear(source: RecordedMessage, chosen: Chosen) -> bool:
    """Whether the message says that the danger is over. A Cancel alone does not: CAP 1.2 section 3.2.1 knows it as what
    takes a message back, which may have been a false alarm. Nor does an Update that came when it was over.
    """
    if source.stored.reason == Reason.ALL_CLEAR:
        return True
    if chosen.info is None:
        return False
    own = replace(source.alert, infos=(chosen.info,))
    return facts(own).all_clear or gives_all_clear(chosen.info.headline) or gives_all_clear(chosen.info.event)


def _area(source: RecordedMessage, chosen: Chosen, places: tuple[str, ...]) -> str:
    return area_name(source.alert, chosen.info, source.stored, places, source.codes, source.known).name


def _long_text(info: cap.Info, text: str | None) -> str:
    found = legible(text or "").strip()
    return in_one_piece(found) if is_right_to_left(language_of(info)) else found


def _responses(info: cap.Info, words: Words) -> tuple[str, ...]:
    """Return what the sender's response types ask for, in the notice's language."""
    said = (words.responses.get(one, "") for one in dict.fromkeys(info.response_types))
    return tuple(filter(None, said))[:RESPONSES]


def _is_of_the_end(info: cap.Info) -> bool:
    """Whether the info itself says that it is over: many senders repeat the warning's own words in its Cancel, which
    would be read as a danger that goes on.
    """
    return info.urgency == cap.Urgency.PAST or cap.ResponseType.ALL_CLEAR in info.response_types


def _ahead(moment: datetime | None, kind: Kind, now: datetime) -> datetime | None:
    """Return the instant in UTC if it is ahead and the notice is of something that goes on."""
    found = in_utc(moment)
    return found if found and found > now and kind not in ENDINGS else None


def _own_end(alert: cap.Alert, chosen: Chosen) -> datetime | None:
    """Return the end of the event that the chosen info alone speaks of."""
    if chosen.info is None:
        return None
    ends = in_utc(facts(replace(alert, infos=(chosen.info,))).event_end)
    return ends if ends != chosen.until else None
