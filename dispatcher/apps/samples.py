"""Make what looks like a warning and is none: for makers of apps, marked as a test in every form it takes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import shapely

import cap
from dispatcher.apps.told import Told, tell
from dispatcher.boundaries.projection import WGS84, transformer
from dispatcher.model.alerts import EndedAlert, StoredAlert, WarningInForce, new_alert_id
from dispatcher.model.desk_time import DEFAULT_ZONE
from dispatcher.model.vocabulary import AlertState, Kind, Lane
from dispatcher.texts.content import RecordedMessage
from dispatcher.texts.notification.declarative import Screen, link_to
from dispatcher.texts.notification.in_force import warnings_in_force
from dispatcher.texts.times import Present
from dispatcher.texts.unrecorded import unrecorded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.texts.notification.in_force import InForceSummary

SENDER: Final = "cap-dispatcher@localhost"
EVERY: Final = timedelta(hours=1)
"""How often there is a new sample, the one before being cancelled by then."""
HOLDS: Final = timedelta(hours=2)
_MOST_PLACES: Final = 20
"""Municipalities of a sample at most: it shall show everything, a shape and keys."""
_TEXTS: Final = {
    "de": (
        "Probewarnung",
        "ÜBUNG/TEST: Probewarnung, keine Gefahr",
        "Dies ist ein Test. Bitte nichts tun.",
        "Mit dieser Nachricht prüft die Herstellerin einer App, was ankommt. Es besteht keine Gefahr.",
    ),
    "en": (
        "Test warning",
        "EXERCISE/TEST: test warning, no danger",
        "This is a test. Please do nothing.",
        "The maker of an app tries with this message what arrives. There is no danger.",
    ),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample with all forms of it."""

    told: Told
    municipalities: tuple[tuple[str, str], ...]
    """(AGS, name) of each."""
    message: cap.Alert
    raw: bytes
    """The message as CAP."""

    @property
    def alert(self) -> StoredAlert:
        return self.told.alert


def sample(
    instance_id: str,
    places: Sequence[str],
    boundaries: Boundaries,
    sent: datetime,
    language: str = "de",
    page: str | None = None,
) -> Sample:
    """Return a sample that an instance with these places (AGS) gets of what was sent at `sent` (aware, whole
    seconds). It has the same id for the same instance and time. With a `page`, even an
    empty URL, it has the members of what is sent.
    """
    named = tuple((ags, _name(ags, boundaries)) for ags in sorted(places)[:_MOST_PLACES])
    identity = hashlib.sha256(f"{instance_id} {sent.isoformat()}".encode()).digest()
    message = _message(new_alert_id(sent, identity), named, sent, boundaries)
    stored = _stored(message, new_alert_id(sent, identity), sent)
    source = RecordedMessage(
        message, stored, tuple(n for _, n in named), named, in_force=_alone(stored, places)
    )
    told = tell(source, language, sent, None if page is None else _screen(source, page, sent))
    if told is None:
        raise LookupError(stored.id)
    return Sample(replace(told, notice={**told.notice, "test": True}), named, message, cap.render(message))


def current(
    instance_id: str, places: Sequence[str], boundaries: Boundaries, now: datetime, language: str = "de"
) -> tuple[Sample, EndedAlert]:
    """Return what a sandbox shows at `now`: a sample in force, and the end of the one before."""
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    found = sample(instance_id, places, boundaries, hour, language)
    before = sample(instance_id, places, boundaries, hour - EVERY, language).alert
    by = new_alert_id(hour, hashlib.sha256(f"{before.id} ends".encode()).digest())
    return found, EndedAlert(before.id, before.thread, Kind.CANCEL, by, hour, before.event, before.headline)


def _alone(stored: StoredAlert, places: Sequence[str]) -> InForceSummary:
    """Return that nothing but the sample is in force."""
    own = WarningInForce(
        stored.id, stored.event, stored.headline, stored.severity, stored.expires, frozenset(places)
    )
    return warnings_in_force(stored.id, places, [own], stored.sent)


def _screen(source: RecordedMessage, page: str, sent: datetime) -> Screen:
    return Screen(Present(sent, ZoneInfo(DEFAULT_ZONE)), link_to(page, source.stored.id), source.in_force)


def _name(ags: str, boundaries: Boundaries) -> str:
    municipality = boundaries.by_ags(ags)
    return municipality.name if municipality else ags


def _message(
    identifier: str, places: Sequence[tuple[str, str]], sent: datetime, boundaries: Boundaries
) -> cap.Alert:
    areas = tuple(
        cap.Area(name, circles=_middle(ags, boundaries), geocodes=(cap.NamedValue("AGS", ags),))
        for ags, name in places
    )
    infos = tuple(
        cap.Info(
            language={"de": "de-DE", "en": "en-GB"}[language],
            categories=(cap.Category.OTHER,),
            event=event,
            urgency=cap.Urgency.IMMEDIATE,
            severity=cap.Severity.MINOR,
            certainty=cap.Certainty.OBSERVED,
            expires=sent + HOLDS,
            sender_name="cap-dispatcher (Test)",
            headline=headline,
            instruction=instruction,
            description=description,
            areas=areas,
        )
        for language, (event, headline, instruction, description) in _TEXTS.items()
    )
    return cap.Alert(
        sender=SENDER,
        identifier=f"test-{identifier}",
        sent=sent,
        status=cap.Status.TEST,
        msg_type=cap.MsgType.ALERT,
        scope=cap.Scope.PUBLIC,
        note="ÜBUNG/TEST",
        infos=infos,
    )


def _middle(ags: str, boundaries: Boundaries) -> tuple[cap.Circle, ...]:
    """Return a circle of a kilometre in the municipality; nothing where the boundary data lacks it."""
    index = boundaries.index_by_ags.get(ags)
    if index is None:
        return ()
    point = shapely.point_on_surface(boundaries.border[index])
    lon, lat = transformer(boundaries.crs, WGS84).transform(point.x, point.y)
    return (cap.Circle(round(lat, 3), round(lon, 3), 1.0),)


def _stored(message: cap.Alert, alert_id: str, sent: datetime) -> StoredAlert:
    """Return the sample as the record would have it; it is never there."""
    return replace(
        unrecorded(message, sent, sent + HOLDS),
        id=alert_id,
        source_id="test",
        lane=Lane.EXERCISE,
        chain_id=alert_id,
        state=AlertState.SETTLED,
        planned_at=sent,
        settled_at=sent,
        thread=alert_id,
        sequence=int(sent.timestamp() * 1_000_000),
    )
