"""Types of the bodies' members: each says once what it is, which words it can be, and how it looks."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, datetime
from typing import Annotated, Final

from pydantic import AwareDatetime, BeforeValidator, Field, TypeAdapter, ValidationError

import cap
from dispatcher.model.vocabulary import AlertState, Kind, Lane, Reason

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\dT")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ANY_MOMENT: Final = TypeAdapter(datetime)


def _rfc3339(text: object) -> object:
    """Return the date and time that a text means. Raises ValueError for a bare number, which to Pydantic is seconds. A
    strict model would take no text from here, only a moment.
    """
    if not isinstance(text, str):
        return text
    if _DATE.match(text):
        with suppress(ValidationError):  # it would repeat what was sent
            return _ANY_MOMENT.validate_strings(text)
    raise ValueError("is no date and time of RFC 3339")


def _full_date(text: object) -> object:
    """Return the day that a text means. Raises ValueError for a bare number, which to Pydantic is seconds."""
    if isinstance(text, str) and not _DAY.fullmatch(text):
        raise ValueError("is no date of RFC 3339")
    return text


_AGS: Final = "05358008"
_MOMENT: Final = "2026-11-28T03:00:00+01:00"

AlertRef = Annotated[
    str,
    Field(
        description="Id of the alert of record, 26 letters and digits (ULID).",
        examples=["01JDQ3Z6W8R5K2M4N7P9S1T3V5"],
    ),
]
Chain = Annotated[
    str,
    Field(
        description="Id of the thread: what updates or ends an alert has the id of the alert's thread.",
        examples=["01JDQ3Z6W8R5K2M4N7P9S1T3V5"],
    ),
]
Sender = Annotated[
    str, Field(description="CAP `sender` of the message.", examples=["leitstelle@kreis-dueren.example"])
]
Identifier = Annotated[
    str, Field(description="CAP `identifier` of the message.", examples=["kreis-dueren-2026-11-28-0001"])
]
Sent = Annotated[datetime, Field(description="CAP `sent` of the message.", examples=[_MOMENT])]
MsgType = Annotated[cap.MsgType, Field(description="CAP `msgType` of the message.", examples=["Alert"])]
Status = Annotated[cap.Status, Field(description="CAP `status` of the message.", examples=["Actual"])]
Scope = Annotated[cap.Scope, Field(description="CAP `scope` of the message.", examples=["Public"])]
Severity = Annotated[
    cap.Severity, Field(description="CAP `severity` of its gravest info.", examples=["Severe"])
]
ResponseType = Annotated[
    cap.ResponseType, Field(description="CAP `responseType` of that info.", examples=["Shelter"])
]
Urgency = Annotated[cap.Urgency, Field(description="CAP `urgency` of that info.", examples=["Immediate"])]
Certainty = Annotated[
    cap.Certainty, Field(description="CAP `certainty` of that info.", examples=["Observed"])
]
Event = Annotated[str, Field(description="CAP `event` of its gravest info.", examples=["Hochwasser"])]
Headline = Annotated[
    str,
    Field(
        description="CAP `headline` of its gravest info, else its `event`.",
        examples=["Hochwasser an der Rur"],
    ),
]
Expires = Annotated[
    datetime, Field(description="Until when the message holds.", examples=["2026-11-28T09:00:00+01:00"])
]
LaneWord = Annotated[
    Lane, Field(description="Lane in which it is sent: its urgency, or `exercise`.", examples=["flash"])
]
ReasonWord = Annotated[
    Reason, Field(description="Why it is sent to people, or why not.", examples=["first_notice"])
]
State = Annotated[AlertState, Field(description="How far the alert is.", examples=["settled"])]
KindWord = Annotated[Kind, Field(description="What recipients are notified of.", examples=["alert"])]

Ags = Annotated[
    str,
    Field(
        description="Amtlicher Gemeindeschlüssel of the municipality, 8 digits.",
        pattern=r"^[0-9]{8}$",
        examples=[_AGS],
    ),
]
Channel = Annotated[
    str,
    Field(description="Channel of delivery: `apns`, `app`, `fcm`, `sms` or `webpush`.", examples=["webpush"]),
]
FeedName = Annotated[str, Field(description="Name of the feed in `feeds.toml`.", examples=["mowas"])]
Moment = Annotated[datetime, Field(examples=[_MOMENT])]
"""A moment whose meaning its member says."""
Instant = Annotated[AwareDatetime, BeforeValidator(_rfc3339), Field(examples=["2026-11-28T03:00:00Z"])]
"""A moment that a client names."""
Day = Annotated[date, BeforeValidator(_full_date), Field(examples=["2026-11-28"])]
"""A day that a client names, by the clock of the service."""
