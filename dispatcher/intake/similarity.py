"""Decide whether two warnings of control centres are one warning to the people who read them. Pure.

Several centres may warn of one thing at one time: on the nation-wide test day of 2020 one operator's users got 52
messages in place of one. People are notified once only of what says the same in the same words; an instruction that
differs by a word may be the one that matters.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from cap import Certainty, Severity
from cap.severity import SEVERITY_ORDER, URGENCY_ORDER, highest_severity

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from cap import Alert, Info
    from dispatcher.intake.prepare import Message
    from dispatcher.model.alerts import NewAlert, StoredAlert

WINDOW_TOLERANCE = timedelta(minutes=30)
"""How far apart two messages about one event may begin, and end; further apart they are two events."""


def beginning(alert: Alert) -> datetime | None:
    """Return when what the message warns of begins, as far as it says."""
    info = alert.infos[0] if alert.infos else None
    return (info and (info.onset or info.effective)) or alert.sent


def tolerance_window(instant: datetime) -> tuple[datetime, datetime]:
    """Return the instants between which another message about the same event may begin, or end."""
    return instant - WINDOW_TOLERANCE, instant + WINDOW_TOLERANCE


def duplicate_lock_key(alert: Alert, places: Collection[str]) -> bytes:
    """Return a key that is equal for all warnings that could be one: they are decided upon one after the other.
    `places` are AGS.
    """
    event = alert.infos[0].event.casefold() if alert.infos else ""
    return hashlib.sha256("\0".join([event, *sorted(places)]).encode()).digest()


def alike(
    alert: Alert, places: Collection[str], expires: datetime, stored: StoredAlert, its_places: Collection[str]
) -> bool:
    """Whether municipalities (AGS), event and window are equal, and the new one is not graver. The words are not looked
    at.
    """
    if not alert.infos or set(places) != set(its_places):
        return False
    if alert.infos[0].event.casefold() != stored.event.casefold():
        return False
    if SEVERITY_ORDER.index(highest_severity(alert)) < SEVERITY_ORDER.index(Severity(stored.severity)):
        return False
    return same_window(beginning(alert), expires, stored)


def same_window(begins: datetime | None, expires: datetime, stored: StoredAlert) -> bool:
    """Whether both begin and end at about the same time."""
    return (
        begins is not None
        and stored.begins is not None
        and abs(begins - stored.begins) <= WINDOW_TOLERANCE
        and abs(expires - stored.expires) <= WINDOW_TOLERANCE
    )


def words_digest(alert: Alert) -> bytes:
    """Return a digest of what people read of the message, equal where they would read the same in the same languages;
    white space does not count. It is recorded, so that a message is compared with others in force without reading
    theirs again: they may be many, and of megabytes each.
    """
    return hashlib.sha256(msgspec.json.encode(sorted(map(_words, alert.infos)))).digest()


def _words(info: Info) -> tuple[str, ...]:
    texts = (
        info.language or "",
        info.event,
        info.headline or "",
        info.description or "",
        info.instruction or "",
        info.web or "",
        info.contact or "",
    )
    words = [" ".join(text.split()) for text in texts]
    places = sorted(" ".join(area.area_desc.split()) for area in info.areas)
    return (
        words[0].lower(),
        *words[1:],
        *places,
        *sorted(info.response_types),
        info.urgency,
        info.certainty,
    )


CERTAINTY_ORDER = (
    Certainty.OBSERVED,
    Certainty.LIKELY,
    Certainty.POSSIBLE,
    Certainty.UNLIKELY,
    Certainty.UNKNOWN,
)


def grade(alert: Alert) -> tuple[int, int, int]:
    """Return how grave, urgent and certain a message is, each in its gravest info; a lower number is more."""
    infos = alert.infos
    return (
        min((SEVERITY_ORDER.index(info.severity) for info in infos), default=len(SEVERITY_ORDER)),
        min((URGENCY_ORDER.index(info.urgency) for info in infos), default=len(URGENCY_ORDER)),
        min((CERTAINTY_ORDER.index(info.certainty) for info in infos), default=len(CERTAINTY_ORDER)),
    )


def same_times_and_names(first: Alert, second: Alert) -> bool:
    """Whether both say the same of when it begins and ends, and of who warns."""

    def said(alert: Alert) -> list[tuple[str, ...]]:
        return sorted(
            tuple(map(str, (info.language, info.effective, info.onset, info.expires, info.sender_name)))
            for info in alert.infos
        )

    return said(first) == said(second)


def goes_on_standing(
    alert: Alert, stands: NewAlert | StoredAlert, merged: StoredAlert, now: datetime
) -> bool:
    """Whether people who read `alert`, which is recorded as `stands`, need not read the one as well that was merged
    into what it replaces, wherever both warn. Of one source the newest word is the one that holds. Another source's is
    not said while this one is graver, or as grave in the same words, and holds for as long: a weaker text after a
    graver one would be read as news.
    """
    if stands.source_id == merged.source_id:
        return True
    own = stands.begins
    begins_in_time = own is not None and (own <= now or (merged.begins is not None and own <= merged.begins))
    lasts = merged.expires <= stands.expires + WINDOW_TOLERANCE
    gravity = SEVERITY_ORDER.index(highest_severity(alert)) - SEVERITY_ORDER.index(Severity(merged.severity))
    same_event = merged.event.casefold() in {info.event.casefold() for info in alert.infos}
    same_words = merged.words is not None and merged.words == stands.words
    return begins_in_time and lasts and (same_words if gravity == 0 else gravity < 0 and same_event)


def is_no_less(alert: Alert, other: Alert) -> bool:
    """Whether the message is at least as grave, as urgent and as certain as the other in every respect."""
    return all(own <= its for own, its in zip(grade(alert), grade(other), strict=True))


def same_event(message: Message, stored: StoredAlert, places: set[str]) -> bool:
    """Whether a citizen would take both feeds' messages for one warning: equal municipalities (AGS), event and window,
    and the new one not graver. Where that is uncertain, people are rather notified twice.
    """
    if {place.ags for place in message.places} != places or not message.alert.infos:
        return False
    info = message.alert.infos[0]
    hazards = {f"{hazard.name}:{hazard.value}" for hazard in message.facts.hazards}
    if not (hazards & set(stored.hazards) or info.event.casefold() == stored.event.casefold() != ""):
        return False
    if SEVERITY_ORDER.index(highest_severity(message.alert)) < SEVERITY_ORDER.index(
        Severity(stored.severity)
    ):
        return False
    return same_window(info.onset or info.effective or message.sent, message.expires, stored)
