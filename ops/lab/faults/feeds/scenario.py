"""Two hours of made-up weather and fires, and what the two sources publish of it minute by minute. Pure."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import cap

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

LINGERS_MIN = 12
"""Minutes for which a source goes on listing the message that ends a warning."""
ELSEWHERE = "03241001"
NINA_PATH = "/api31"


class End(StrEnum):
    """Says how a warning ends."""

    CANCEL = "cancel"
    ALL_CLEAR = "all clear by update"
    SILENCE = "silence"
    EXPIRY = "expiry"


@dataclass(frozen=True, slots=True)
class Event:
    """A hazard of the scenario; minutes count from the beginning of the run."""

    number: int
    source: str
    places: tuple[str, ...]
    begins: int
    updates: tuple[int, ...]
    ends: int
    end: End


def events(random: Random, places: Sequence[str], minutes: int, count: int = 36) -> list[Event]:
    """Draw warnings of 25 minutes and more, spread over the run, some of them elsewhere."""
    found = []
    for number in range(count):
        begins = random.randrange(0, minutes - 45)
        ends = begins + random.randrange(25, 60)
        chosen = tuple(sorted(random.sample(list(places), random.randrange(1, 4))))
        found.append(
            Event(
                number=number,
                source="nina" if number % 4 == 3 else "dwd",
                places=(ELSEWHERE,) if number % 9 == 8 else chosen,
                begins=begins,
                updates=(begins + 8,) if number % 3 == 0 else (),
                ends=ends,
                end=list(End)[number % 4],
            )
        )
    return found


def message(event: Event, minute: int, start: datetime) -> cap.Alert | None:
    """Return what its source lists of the event at that minute; None: nothing."""
    over = minute >= event.ends
    if minute < event.begins or (over and event.end in (End.SILENCE, End.EXPIRY)):
        return None
    if over and minute >= event.ends + LINGERS_MIN:
        return None
    version = sum(at <= minute for at in event.updates)
    if not over:
        at = (event.begins, *event.updates)[version]
        return _alert(event, version, start + timedelta(minutes=at), start)
    ending = _alert(event, version + 1, start + timedelta(minutes=event.ends), start)
    if event.end is End.CANCEL:
        return replace(ending, msg_type=cap.MsgType.CANCEL)
    return ending


def _identifier(event: Event, version: int) -> str:
    if event.source == "nina":
        return f"mow.DE-NW-DN-W001-20261122-{event.number}-{version:03}"
    return (
        f"2.49.0.0.276.0.DWD.PVW.1700000000000.{event.number:04}{version:04}-0000-4000-8000-000000000000.MUL"
    )


def _alert(event: Event, version: int, sent: datetime, start: datetime) -> cap.Alert:
    sender = "DE-NW-DN-W001" if event.source == "nina" else "opendata@dwd.de"
    ends = version > len(event.updates)
    lasts = event.ends if event.end is End.EXPIRY else event.ends + 180
    info = cap.Info(
        language="de-DE",
        categories=(cap.Category.MET,),
        event=f"EREIGNIS {event.number}",
        response_types=(cap.ResponseType.ALL_CLEAR if ends else cap.ResponseType.PREPARE,),
        urgency=cap.Urgency.IMMEDIATE,
        severity=cap.Severity.SEVERE,
        certainty=cap.Certainty.LIKELY,
        event_codes=(cap.NamedValue("II", str(1000 + event.number)),),
        onset=sent,
        expires=start + timedelta(minutes=lasts),
        headline=f"Warnung #{event.number} Fassung {version}",
        instruction="Bleiben Sie im Haus.",
        areas=tuple(
            cap.Area(place, geocodes=(cap.NamedValue("WARNCELLID", f"8{place}"),)) for place in event.places
        ),
    )
    first = cap.Reference(sender, _identifier(event, version - 1), None)
    return cap.Alert(
        sender,
        _identifier(event, version),
        sent,
        status=cap.Status.ACTUAL,
        msg_type=cap.MsgType.UPDATE if version else cap.MsgType.ALERT,
        scope=cap.Scope.PUBLIC,
        references=(first,) if version else (),
        infos=(info,),
    )


def variant(alert: cap.Alert) -> cap.Alert:
    """Return the same warning in one language, as DWD lists it beside the one in all languages."""
    return replace(alert, identifier=alert.identifier.replace(".MUL", ".DEU"))


def archive(alerts: Sequence[cap.Alert], extra: Sequence[tuple[str, bytes]] = ()) -> bytes:
    """Make a STAT zip: the same content always gives the same bytes. Names of members may collide."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Duplicate name")
        members = [(f"{alert.identifier}.xml", cap.render(alert)) for alert in alerts]
        for name, content in [*members, *extra]:
            bundle.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


class DateFormat(StrEnum):
    """Says how a list writes its times."""

    ISO = "2026-11-22T13:00:00+00:00"
    MAIL = "Sun, 22 Nov 2026 13:00:00 +0000"
    SLASHED = "2026/11/22 13:00:00"

    def write(self, moment: datetime) -> str:
        if self is DateFormat.MAIL:
            return format_datetime(moment)
        return (
            moment.isoformat()
            if self is DateFormat.ISO
            else moment.astimezone(UTC).strftime("%Y/%m/%d %H:%M:%S")
        )


def dashboard(alerts: Sequence[cap.Alert], dates: DateFormat = DateFormat.ISO) -> bytes:
    """Write NINA's list for a district."""
    return json.dumps([_entry(alert, dates) for alert in alerts]).encode()


def _entry(alert: cap.Alert, dates: DateFormat) -> dict[str, Any]:
    info = alert.infos[0]
    return {
        "id": nina_id(alert),
        "payload": {
            "version": 1,
            "type": str(alert.msg_type).upper(),
            "id": nina_id(alert),
            "hash": alert.identifier,
            "data": {
                "headline": info.headline,
                "provider": "MOWAS",
                "severity": info.severity,
                "urgency": info.urgency,
                "msgType": alert.msg_type,
                "transKeys": {"event": "BBK-EVC-040"},
            },
        },
        "sent": dates.write(alert.sent) if alert.sent else "",
    }


def nina_id(alert: cap.Alert) -> str:
    """Return the id in NINA, which puts a prefix before what it republishes."""
    return alert.identifier if alert.identifier.startswith("mow.") else f"dwd.{alert.identifier}"


def detail(alert: cap.Alert) -> bytes:
    """Write NINA's JSON of a message."""
    info = alert.infos[0]
    return json.dumps(
        {
            "identifier": nina_id(alert),
            "sender": alert.sender,
            "sent": alert.sent.isoformat() if alert.sent else "",
            "status": alert.status,
            "msgType": alert.msg_type,
            "scope": alert.scope,
            "references": " ".join(
                f"{one.sender},{one.identifier},{alert.sent.isoformat() if alert.sent else ''}"
                for one in alert.references
            ),
            "info": [
                {
                    "language": "DE",
                    "category": list(info.categories),
                    "event": info.event,
                    "responseType": list(info.response_types),
                    "urgency": info.urgency,
                    "severity": info.severity,
                    "certainty": info.certainty,
                    "eventCode": [{"valueName": one.name, "value": one.value} for one in info.event_codes],
                    "onset": info.onset.isoformat() if info.onset else None,
                    "expires": info.expires.isoformat() if info.expires else None,
                    "headline": info.headline,
                    "instruction": info.instruction,
                    "area": [
                        {
                            "areaDesc": area.area_desc,
                            "geocode": [{"valueName": one.name, "value": one.value} for one in area.geocodes],
                        }
                        for area in info.areas
                    ],
                }
            ],
        }
    ).encode()
