"""Writes an `Alert` as the NINA service publishes warnings: CAP in JSON, its shapes in GeoJSON beside it.

`cap.formats.nina` reads it back as the same value, but for the geocodes `AreaId` by which areas name their shapes, and
for circles: GeoJSON has none, so they are polygons around them. What is not there is left out, never null.
"""

import math
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

from cap.formats.nina import AREA_ID
from cap.formats.rendering import number_text, reference_text, ring_text
from cap.model import Alert, Area, Circle, Info, NamedValue, Polygon, Resource
from cap.parse.areas import EXCLUDE_POLYGON

_CORNERS_OF_A_CIRCLE: Final = 64
_KM_PER_DEGREE: Final = 111.195  # on a sphere of the Earth's mean radius
_SMALLEST_KM: Final = 0.02
_UNREADABLE: Final = "unreadable"
"""Stands for a shape that could not be read, as in XML: the next reader must not take the rest for the whole area."""

Shapes = tuple[Polygon, ...]


class NinaDocuments(NamedTuple):
    """Both documents of one warning, as values of JSON."""

    detail: dict[str, Any]
    geometry: dict[str, Any]


def render_nina(alert: Alert, address: str | None = None) -> NinaDocuments:
    """Returns the documents. `address` is the name of the warning in lists, where that is not its identifier."""
    ids: dict[Shapes, str] = {}
    infos = [_info(info, ids) for info in alert.infos]
    detail = {
        "identifier": alert.identifier,
        "sender": alert.sender,
        "sent": _time(alert.sent),
        "status": alert.status,
        "msgType": alert.msg_type,
        "source": alert.source,
        "scope": alert.scope,
        "restriction": alert.restriction,
        "addresses": _quoted(alert.addresses),
        "code": list(alert.codes),
        "note": alert.note,
        "references": " ".join(map(reference_text, alert.references)),
        "incidents": _quoted(alert.incidents),
    }
    features = [
        {
            "type": "Feature",
            "properties": {"warnId": alert.identifier, "areaId": number, "id": address},
            "geometry": {"type": "MultiPolygon", "coordinates": [[_positions(one)] for one in shapes]},
        }
        for shapes, number in ids.items()
        if shapes
    ]
    return NinaDocuments(
        {**_without_nothing(detail), "info": infos},
        {"type": "FeatureCollection", "features": [_feature(one) for one in features]},
    )


def _feature(feature: dict[str, Any]) -> dict[str, Any]:
    return {**feature, "properties": _without_nothing(feature["properties"])}


def _info(info: Info, ids: dict[Shapes, str]) -> dict[str, Any]:
    return _without_nothing(
        {
            "language": info.language,
            "category": list(info.categories),
            "event": info.event,
            "responseType": list(info.response_types),
            "urgency": info.urgency,
            "severity": info.severity,
            "certainty": info.certainty,
            "audience": info.audience,
            "eventCode": _pairs(info.event_codes),
            "effective": _time(info.effective),
            "onset": _time(info.onset),
            "expires": _time(info.expires),
            "senderName": info.sender_name,
            "headline": info.headline,
            "description": info.description,
            "instruction": info.instruction,
            "web": info.web,
            "contact": info.contact,
            "parameter": _pairs(info.parameters),
            "resource": [_resource(one) for one in info.resources],
            "area": [_area(area, ids) for area in info.areas],
        }
    )


def _resource(resource: Resource) -> dict[str, Any]:
    return _without_nothing(
        {
            "resourceDesc": resource.resource_desc,
            "mimeType": resource.mime_type,
            "size": None if resource.size is None else str(resource.size),
            "uri": resource.uri,
            "derefUri": resource.deref_uri,
            "digest": resource.digest,
        }
    )


def _area(area: Area, ids: dict[Shapes, str]) -> dict[str, Any]:
    """Returns the area, and puts its shapes under the number that it names. One without shapes names a number as well:
    an area that names none has all shapes of the warning.
    """
    shapes = (*area.polygons, *map(_around, area.circles))
    number = ids.setdefault(shapes, str(len(ids)))
    codes = [code for code in area.geocodes if code.name != AREA_ID]
    left_out = [NamedValue(EXCLUDE_POLYGON, ring_text(one.lat_lon)) for one in area.excluded]
    heights = {"altitude": area.altitude_ft, "ceiling": area.ceiling_ft}
    return {
        "areaDesc": area.area_desc,
        **({"polygon": [_UNREADABLE] * area.unreadable} if area.unreadable else {}),
        "geocode": _pairs([NamedValue(AREA_ID, number), *codes, *left_out]),
        **{name: number_text(value) for name, value in heights.items() if value is not None},
    }


def _around(circle: Circle) -> Polygon:
    """Returns a polygon around the circle, not within it: nobody in the circle is left out."""
    radius = max(circle.radius_km, _SMALLEST_KM) / math.cos(math.pi / _CORNERS_OF_A_CIRCLE) / _KM_PER_DEGREE
    # Beside a pole a degree of longitude has no length.
    width = radius / max(math.cos(math.radians(circle.lat)), 0.01)
    turns = [2 * math.pi * step / _CORNERS_OF_A_CIRCLE for step in range(_CORNERS_OF_A_CIRCLE)]
    ring = [
        (
            round(min(max(circle.lat + radius * math.sin(turn), -90.0), 90.0), 6),
            round(min(max(circle.lon + width * math.cos(turn), -180.0), 180.0), 6),
        )
        for turn in turns
    ]
    return Polygon((*ring, ring[0]))


def _positions(polygon: Polygon) -> list[list[float]]:
    return [[lon, lat] for lat, lon in polygon.lat_lon]


def _pairs(values: Iterable[NamedValue]) -> list[dict[str, str]]:
    return [{"valueName": one.name, "value": one.value} for one in values]


def _quoted(items: Iterable[str]) -> str:
    return " ".join(f'"{item}"' if any(map(str.isspace, item)) else item for item in items)


def _time(moment: datetime | None) -> str | None:
    """Writes whole seconds and a numeric offset: `Z` is refused by Python before 3.11."""
    return moment.isoformat(timespec="seconds") if moment else None


def _without_nothing(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "", [])}
