"""Every element of the standard is a frozen value here, equal by what it says and not by where it stood.

`line`, `lines`, `problems`, `version` and `signatures` say how the message was written; they take no part in
equality. Text is plain text: markup is already flattened (`cap.plaintext`). Every time is aware. Every
coordinate pair is WGS 84 latitude, longitude in degrees.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from cap.findings import Finding, Problem
from cap.policy import STRICT
from cap.vocabulary import (
    Category,
    Certainty,
    MsgType,
    ResponseType,
    Scope,
    Severity,
    Status,
    Urgency,
    Version,
)


class Identity(NamedTuple):
    """Names a message (§3.2.1). `sent` is compared as an instant and is None where it could not be read."""

    sender: str
    identifier: str
    sent: datetime | None


@dataclass(frozen=True, slots=True)
class Reference:
    """Refers to an earlier message. `sender` is empty and `sent` None where the text did not say (CAP 1.0, damaged
    triplets).
    """

    sender: str
    identifier: str
    sent: datetime | None


@dataclass(frozen=True, slots=True)
class NamedValue:
    """One entry of an ordered multi-map: the same name may occur again."""

    name: str
    value: str
    line: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Polygon:
    """A closed ring of at least four (latitude, longitude) pairs, first equal to last."""

    lat_lon: tuple[tuple[float, float], ...]
    line: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Circle:
    """A disc around a point; a radius of 0 means the point itself."""

    lat: float
    lon: float
    radius_km: float
    line: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Area:
    """An area is the union of its polygons, circles and geocodes, minus `excluded`.

    `unreadable` counts rings and circles whose text could not be read. Where it is not 0 the shapes are
    not the whole area: widen to the geocodes, or hold the alert for a person. Heights are feet
    above mean sea level.
    """

    area_desc: str
    polygons: tuple[Polygon, ...] = ()
    circles: tuple[Circle, ...] = ()
    geocodes: tuple[NamedValue, ...] = ()
    altitude_ft: float | None = None
    ceiling_ft: float | None = None
    excluded: tuple[Polygon, ...] = ()
    unreadable: int = 0
    line: int | None = field(default=None, compare=False)
    lines: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Resource:
    """A file that belongs to the alert. Nothing here ever fetches `uri` or decodes `deref_uri` (base64)."""

    resource_desc: str
    mime_type: str | None = None
    size: int | None = None
    uri: str | None = None
    deref_uri: str | None = field(default=None, repr=False)
    digest: str | None = None
    line: int | None = field(default=None, compare=False)
    lines: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Info:
    """One language's account of the event. `language` is None where the message does not say."""

    language: str | None = None
    categories: tuple[Category, ...] = ()
    event: str = ""
    response_types: tuple[ResponseType, ...] = ()
    urgency: Urgency = Urgency.UNKNOWN
    severity: Severity = Severity.UNKNOWN
    certainty: Certainty = Certainty.UNKNOWN
    audience: str | None = None
    event_codes: tuple[NamedValue, ...] = ()
    effective: datetime | None = None
    onset: datetime | None = None
    expires: datetime | None = None
    sender_name: str | None = None
    headline: str | None = None
    description: str | None = None
    instruction: str | None = None
    web: str | None = None
    contact: str | None = None
    parameters: tuple[NamedValue, ...] = ()
    resources: tuple[Resource, ...] = ()
    areas: tuple[Area, ...] = ()
    line: int | None = field(default=None, compare=False)
    lines: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Alert:
    """One CAP message. `sent` is None, and `check` says so, where the message has no readable time."""

    sender: str
    identifier: str
    sent: datetime | None
    status: Status
    msg_type: MsgType
    scope: Scope
    source: str | None = None
    restriction: str | None = None
    addresses: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    note: str | None = None
    references: tuple[Reference, ...] = ()
    incidents: tuple[str, ...] = ()
    infos: tuple[Info, ...] = ()
    version: Version = field(default=Version.V1_2, compare=False)
    signatures: int = field(default=0, compare=False)
    problems: tuple[Problem, ...] = field(default=(), compare=False, repr=False)
    line: int | None = field(default=None, compare=False)
    lines: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)

    @property
    def identity(self) -> Identity:
        return Identity(self.sender, self.identifier, self.sent)

    def areas(self) -> Iterator[Area]:
        """Every area of every info, in document order."""
        for info in self.infos:
            yield from info.areas


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a feed's entry, as written: it may be relative."""

    href: str
    rel: str
    type: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of an Atom or RSS feed. `updated` is None where `updated_text` is not CAP's kind of time."""

    id: str
    title: str
    updated_text: str
    updated: datetime | None
    links: tuple[Link, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Document:
    """Everything one body held. `problems` concern the container; each alert carries its own.

    `kind` is alert, alerts, atom, rss, edxl-de or nina. `entries` are a feed's, whether or not they hold
    alerts.
    """

    alerts: tuple[Alert, ...]
    problems: tuple[Problem, ...] = ()
    kind: str = "alert"
    entries: tuple[Entry, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The container's problems as the strict policy weighs them."""
        return tuple(STRICT.judge(problem) for problem in self.problems)
