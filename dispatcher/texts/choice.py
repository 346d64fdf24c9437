"""Choose the info that is told now. Text and end belong to one info: after its own end nothing of it is told, even if
another one goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cap.severity import SEVERITY_ORDER, URGENCY_ORDER
from dispatcher.texts.headline import ENDINGS
from dispatcher.texts.languages import DEFAULT, lookup
from dispatcher.texts.times import in_utc

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from cap import Alert, Info
    from dispatcher.model.vocabulary import Kind


class Chosen(NamedTuple):
    """What is told, and until when it may be."""

    info: Info | None
    """None where the message has no info at all."""
    until: datetime
    foreign: bool = False
    """Whether it is in none of the reader's languages."""


def choose(alert: Alert, kind: Kind, language: str, now: datetime, expires: datetime) -> Chosen | None:
    """Return the info to tell of; None if there is nothing left to tell. `expires` is the message's end on record,
    `language` a reader's languages, as a priority list. No translation is waited for: what is not to be had in them is
    told as it is.

    An ending is told until the message's end, also where all its infos have run out: it often repeats their times.
    """
    if expires <= now:
        return None
    current = current_infos(alert.infos, now)
    if kind in ENDINGS:
        return _chosen(preferred(current or alert.infos, language), language, expires)
    info = preferred(current, language)
    if alert.infos and info is None:
        return None
    return _chosen(info, language, min(in_utc(info.expires) or expires, expires) if info else expires)


def _chosen(info: Info | None, language: str, until: datetime) -> Chosen:
    return Chosen(info, until, foreign=info is not None and not lookup(language, [language_of(info)]))


def current_infos(infos: Sequence[Info], now: datetime) -> list[Info]:
    """Return the infos that have not run out; one without an end of its own goes on as long as the message."""
    return [info for info in infos if info.expires is None or info.expires > now]


def preferred(infos: Sequence[Info], language: str) -> Info | None:
    """Return the info in the first of the wanted languages in which there is one, else German, else English, else any;
    of several the gravest.
    """
    tags = {language_of(info) for info in infos}
    found = lookup(language, tags) or lookup(f"{DEFAULT},en", tags)
    return gravest([info for info in infos if not found or language_of(info) in found])


def gravest(infos: Sequence[Info]) -> Info | None:
    """Return the gravest, of several the most urgent, of several the first."""
    return min(
        infos,
        key=lambda info: (SEVERITY_ORDER.index(info.severity), URGENCY_ORDER.index(info.urgency)),
        default=None,
    )


def language_of(info: Info) -> str:
    """Return the tag of the info's language; German where it names none."""
    return info.language or DEFAULT


def primary_language(info: Info) -> str:
    """Return the primary subtag of the info's language; German where it names none."""
    return language_of(info).lower().split("-")[0]
