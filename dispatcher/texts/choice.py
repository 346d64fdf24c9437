"""Choose the info that is told now. Text and end belong to one info: after its own end nothing of it is told, even if
another one goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cap.severity import SEVERITY_ORDER, URGENCY_ORDER
from dispatcher.texts.headline import ENDINGS
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


def choose(alert: Alert, kind: Kind, language: str, now: datetime, expires: datetime) -> Chosen | None:
    """Return the info to tell of; None if there is nothing left to tell. `expires` is the message's end on record.

    An ending is told until the message's end, also where all its infos have run out: it often repeats their times.
    """
    if expires <= now:
        return None
    current = current_infos(alert.infos, now)
    if kind in ENDINGS:
        return Chosen(preferred(current or alert.infos, language), expires)
    info = preferred(current, language)
    if alert.infos and info is None:
        return None
    return Chosen(info, min(in_utc(info.expires) or expires, expires) if info else expires)


def current_infos(infos: Sequence[Info], now: datetime) -> list[Info]:
    """Return the infos that have not run out; one without an end of its own goes on as long as the message."""
    return [info for info in infos if info.expires is None or info.expires > now]


def preferred(infos: Sequence[Info], language: str) -> Info | None:
    """Return the info in the wanted language if there is one, else German, else English, else any; of several the
    gravest.
    """
    for wanted in (language, "de", "en"):
        if found := [info for info in infos if primary_language(info) == wanted]:
            return gravest(found)
    return gravest(infos)


def gravest(infos: Sequence[Info]) -> Info | None:
    """Return the gravest, of several the most urgent, of several the first."""
    return min(
        infos,
        key=lambda info: (SEVERITY_ORDER.index(info.severity), URGENCY_ORDER.index(info.urgency)),
        default=None,
    )


def primary_language(info: Info) -> str:
    """Return the primary subtag of the info's language; German where it names none."""
    return (info.language or "de").lower().split("-")[0]
