"""The CAP messages of a run: the lab's flood warning as it is, or cut down to some municipalities."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from lxml import etree

from ops.lab.world import messages
from ops.lab.world.messages import CONCERNED, Submission

if TYPE_CHECKING:
    from collections.abc import Collection

    from ops.lab.world.records import Kind

ZONE = ZoneInfo("Europe/Berlin")
_CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"


@dataclass(frozen=True, slots=True)
class Variant:
    """Says how a message differs from the lab's flood warning."""

    places: frozenset[str] = frozenset()
    """Municipalities (AGS) in place of its area; empty: as it is."""
    lifetime: timedelta | None = None
    minor: bool = False
    """Whether it has the severity and urgency of the slowest lane, which a grave warning overtakes."""
    marked: bool = False
    """Whether the chain's name stands in the headline, for gateways that get nothing but a text."""


WHOLE = Variant()


@dataclass(frozen=True, slots=True)
class CapMessage:
    """A message ready to be submitted, and the tester's own knowledge of it."""

    kind: Kind
    xml: bytes
    identifier: str
    expires: datetime
    concerned: frozenset[str]
    """The municipalities (AGS) that it newly or still warns."""
    order: int


@dataclass(slots=True)
class Chain:
    """A warning and what refers to it. `name` goes into every identifier (letters, digits, hyphens)."""

    name: str
    sender: str
    cut: Variant = WHOLE
    written: list[Submission] = field(default_factory=list)

    def write(self, kind: Kind) -> CapMessage:
        """Write the chain's next message. Its `sent` is at least a second after the one before, as CAP's times are
        whole seconds and their order decides."""
        sent = datetime.now(ZONE).replace(microsecond=0) + timedelta(seconds=len(self.written))
        submission = messages.write(
            kind, run=self.name, sender=self.sender, sent=sent, earlier=tuple(self.written)
        )
        self.written.append(submission)
        expires = submission.expires if self.cut.lifetime is None else sent + self.cut.lifetime
        return CapMessage(
            kind,
            _cut(submission.xml, self.cut, expires, self.name),
            submission.reference.split(",")[1],
            expires.astimezone(UTC),
            (self.cut.places or CONCERNED[kind]) if CONCERNED[kind] else CONCERNED[kind],
            len(self.written) - 1,
        )


def _cut(xml: bytes, cut: Variant, expires: datetime, name: str) -> bytes:
    """Change a message as `cut` says. `name` goes into the text: a warning that says the same as one in force would
    not be sent."""
    alert = etree.fromstring(xml)
    for info in alert.iter(f"{_CAP}info"):
        _text(info, "event", f"Hochwasser {name}")
        if cut.lifetime is not None:
            _text(info, "expires", expires.isoformat())
        if cut.marked:
            _text(info, "headline", f"{name} Hochwasser an der Rur")
        if cut.minor:
            _text(info, "severity", "Minor")
            _text(info, "urgency", "Expected")
        if cut.places:
            _narrow(info, cut.places)
    changed: bytes = etree.tostring(alert, xml_declaration=True, encoding="UTF-8")
    return changed


def _text(info: etree._Element, name: str, value: str) -> None:
    element = info.find(f"{_CAP}{name}")
    if element is not None:
        element.text = value


def _narrow(info: etree._Element, places: Collection[str]) -> None:
    for area in info.findall(f"{_CAP}area"):
        info.remove(area)
    area = etree.SubElement(info, f"{_CAP}area")
    etree.SubElement(area, f"{_CAP}areaDesc").text = "Gemeinden im Kreis Düren"
    for place in sorted(places):
        geocode = etree.SubElement(area, f"{_CAP}geocode")
        etree.SubElement(geocode, f"{_CAP}valueName").text = "AGS"
        etree.SubElement(geocode, f"{_CAP}value").text = place
