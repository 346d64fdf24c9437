"""Writes an `Alert` as CAP 1.2 XML that reads back as the same value."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Final
from xml.sax.saxutils import escape

from cap.model import Alert, Area, Info, NamedValue, Reference, Resource
from cap.parse.areas import EXCLUDE_POLYGON
from cap.parse.grammar import NAMESPACE_OF
from cap.vocabulary import Version

# The characters that no XML document may hold (XML 1.0 §2.2).
UNWRITABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Stands for a shape that could not be read, so that the next reader does not take the rest for the whole area.
_UNREADABLE: Final = "unreadable"


def render(alert: Alert) -> bytes:
    """Returns unsigned CAP 1.2 in UTF-8. Characters that XML cannot hold are left out.

    `parse(render(alert))` yields an equal alert if its texts are plain (`cap.plain`), its times whole seconds,
    and its identifiers free of blanks and commas, as the standard demands. A shape that was unreadable is
    written as one: the area must not look complete to the next reader.
    """
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<alert xmlns="{NAMESPACE_OF[Version.V1_2]}">']
    lines += _alert(alert)
    lines.append("</alert>\n")
    return "\n".join(lines).encode()


def _leaf(name: str, value: str | None) -> Iterator[str]:
    if value is not None:
        text = escape(UNWRITABLE.sub("", value), {"\r": "&#13;"})
        yield f"<{name}>{text}</{name}>"


def _leaves(name: str, values: Iterable[str]) -> Iterator[str]:
    for value in values:
        yield from _leaf(name, value)


def _alert(alert: Alert) -> Iterator[str]:
    yield from _leaf("identifier", alert.identifier)
    yield from _leaf("sender", alert.sender)
    yield from _leaf("sent", _time(alert.sent))
    yield from _leaf("status", alert.status)
    yield from _leaf("msgType", alert.msg_type)
    yield from _leaf("source", alert.source)
    yield from _leaf("scope", alert.scope)
    yield from _leaf("restriction", alert.restriction)
    yield from _leaf("addresses", _quoted_list(alert.addresses))
    yield from _leaves("code", alert.codes)
    yield from _leaf("note", alert.note)
    yield from _leaf("references", " ".join(map(reference_text, alert.references)) or None)
    yield from _leaf("incidents", _quoted_list(alert.incidents))
    for info in alert.infos:
        yield "<info>"
        yield from _info(info)
        yield "</info>"


def _info(info: Info) -> Iterator[str]:
    yield from _leaf("language", info.language)
    yield from _leaves("category", info.categories)
    yield from _leaf("event", info.event)
    yield from _leaves("responseType", info.response_types)
    yield from _leaf("urgency", info.urgency)
    yield from _leaf("severity", info.severity)
    yield from _leaf("certainty", info.certainty)
    yield from _leaf("audience", info.audience)
    yield from _pairs("eventCode", info.event_codes)
    yield from _leaf("effective", _time(info.effective))
    yield from _leaf("onset", _time(info.onset))
    yield from _leaf("expires", _time(info.expires))
    yield from _leaf("senderName", info.sender_name)
    yield from _leaf("headline", info.headline)
    yield from _leaf("description", info.description)
    yield from _leaf("instruction", info.instruction)
    yield from _leaf("web", info.web)
    yield from _leaf("contact", info.contact)
    yield from _pairs("parameter", info.parameters)
    for resource in info.resources:
        yield from _resource(resource)
    for area in info.areas:
        yield from _area(area)


def _resource(resource: Resource) -> Iterator[str]:
    yield "<resource>"
    yield from _leaf("resourceDesc", resource.resource_desc)
    yield from _leaf("mimeType", resource.mime_type)
    yield from _leaf("size", None if resource.size is None else str(resource.size))
    yield from _leaf("uri", resource.uri)
    yield from _leaf("derefUri", resource.deref_uri)
    yield from _leaf("digest", resource.digest)
    yield "</resource>"


def _area(area: Area) -> Iterator[str]:
    yield "<area>"
    yield from _leaf("areaDesc", area.area_desc)
    for polygon in area.polygons:
        yield from _leaf("polygon", ring_text(polygon.lat_lon))
    yield from _leaves("polygon", [_UNREADABLE] * area.unreadable)
    for circle in area.circles:
        yield from _leaf(
            "circle", f"{number_text(circle.lat)},{number_text(circle.lon)} {number_text(circle.radius_km)}"
        )
    yield from _pairs("geocode", area.geocodes)
    yield from _pairs(
        "geocode", (NamedValue(EXCLUDE_POLYGON, ring_text(ring.lat_lon)) for ring in area.excluded)
    )
    yield from _leaf("altitude", None if area.altitude_ft is None else number_text(area.altitude_ft))
    yield from _leaf("ceiling", None if area.ceiling_ft is None else number_text(area.ceiling_ft))
    yield "</area>"


def _pairs(element: str, pairs: Iterable[NamedValue]) -> Iterator[str]:
    for pair in pairs:
        yield f"<{element}>"
        yield from _leaf("valueName", pair.name)
        yield from _leaf("value", pair.value)
        yield f"</{element}>"


def ring_text(lat_lon: Iterable[tuple[float, float]]) -> str:
    """Writes the corners of a ring as CAP has them: latitude and longitude with a comma, blanks between them."""
    return " ".join(f"{number_text(lat)},{number_text(lon)}" for lat, lon in lat_lon)


def number_text(value: float) -> str:
    """Writes the shortest digits that read back as the same number, without exponent."""
    text = repr(value)
    return format(Decimal(text), "f") if "e" in text else text


def _time(moment: datetime | None) -> str | None:
    """Writes whole seconds, and UTC as -00:00 (§3.3.2)."""
    if moment is None:
        return None
    return re.sub(r"\+00:00$", "-00:00", moment.isoformat(timespec="seconds"))


def reference_text(reference: Reference) -> str:
    """Writes what stands for a message in <references>: its sender, identifier and time, in full (§3.2.1)."""
    return f"{reference.sender},{reference.identifier},{_time(reference.sent) or ''}"


def _quoted_list(items: tuple[str, ...]) -> str | None:
    return " ".join(f'"{item}"' if re.search(r"\s", item) else item for item in items) or None
