"""Draw the area that a warning names as GeoJSON, all of it or nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from dispatcher.texts.shortening import as_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import cap

Ring = list[list[float]]
"""Positions (longitude, latitude) of a closed line, counterclockwise: RFC 7946 section 3.1.6."""

_DECIMALS: Final = 4
"""11 m: finer than any area of a warning is drawn."""
_BYTES_OF_A_CORNER: Final = 8
"""No position takes fewer: what has too many corners is not written to see how long it gets."""
_CORNERS_OF_A_CIRCLE: Final = 32
_KM_PER_DEGREE: Final = 111.195
"""On a sphere of the Earth's mean radius."""


def area_shape(areas: Sequence[cap.Area], room: int) -> dict[str, object] | None:
    """Return the areas as a GeoJSON MultiPolygon of at most `room` bytes. None where codes alone name them, where there
    is more to them than polygons and circles, or where they do not fit: half a shape would say that it is safe outside.
    """
    corners = sum(len(polygon.lat_lon) for area in areas for polygon in area.polygons)
    corners += sum(_CORNERS_OF_A_CIRCLE * len(area.circles) for area in areas)
    if corners * _BYTES_OF_A_CORNER > room or any(area.excluded or area.unreadable for area in areas):
        return None
    rings = [ring for area in areas for ring in _rings(area)]
    if not rings or any(not (area.polygons or area.circles) for area in areas):
        return None
    shape: dict[str, object] = {"type": "MultiPolygon", "coordinates": [[ring] for ring in rings]}
    return shape if len(as_json(shape)) <= room else None


def _rings(area: cap.Area) -> Iterator[Ring]:
    for polygon in area.polygons:
        yield _counterclockwise(
            [[round(lon, _DECIMALS), round(lat, _DECIMALS)] for lat, lon in polygon.lat_lon]
        )
    for circle in area.circles:
        yield _around(circle)


def _around(circle: cap.Circle) -> Ring:
    """Return a polygon around the circle, not within it: nobody in the circle is left out."""
    radius = max(circle.radius_km, 0.02) / math.cos(math.pi / _CORNERS_OF_A_CIRCLE) / _KM_PER_DEGREE
    # Beside a pole a degree of longitude has no length.
    width = radius / max(math.cos(math.radians(circle.lat)), 0.01)
    turns = [2 * math.pi * step / _CORNERS_OF_A_CIRCLE for step in range(_CORNERS_OF_A_CIRCLE)]
    ring = [
        [
            round(circle.lon + width * math.cos(turn), _DECIMALS),
            round(circle.lat + radius * math.sin(turn), _DECIMALS),
        ]
        for turn in turns
    ]
    return [*ring, ring[0]]


def _counterclockwise(ring: Ring) -> Ring:
    """Return the ring in the order that GeoJSON wants."""
    doubled = sum(
        (after[0] - before[0]) * (after[1] + before[1])
        for before, after in zip(ring, ring[1:] + ring[:1], strict=True)
    )
    return ring[::-1] if doubled > 0 else ring
