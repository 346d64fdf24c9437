"""Read shapes as people write or draw them, one a line: a polygon, a circle, a corridor along a line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from cap import Circle, Polygon
from cap.geometry import ring_of
from dispatcher.boundaries.projection import WGS84, project

if TYPE_CHECKING:
    from collections.abc import Sequence

SHAPES_MAX: Final = 50
CORNERS_MAX: Final = 2_000
"""Corners of all shapes that are drawn or typed: a person at a desk sets some dozens."""
BENDS_MAX: Final = 100
"""Corners of all corridors: what lies around a line that often crosses itself takes as long as the cube of them says,
0.3 s of these, and more than a minute of `CORNERS_MAX`.
"""
WIDEST_KM: Final = 500.0
"""A radius or a width: Germany is not wider."""
_DECIMALS: Final = 5
"""Decimal places of degrees: 1 m."""
_ROUND: Final = 8
"""Corners of a quarter of a circle at the ends and bends of a corridor: it is off by 2 % of its width."""
_NUMBER: Final = r"[0-9]{1,3}(?:\.[0-9]{1,10})?"
_PAIR: Final = re.compile(rf"(-?{_NUMBER}),(-?{_NUMBER})", re.ASCII)
_WIDTH: Final = re.compile(r"([0-9]{1,3}(?:[.,][0-9]{1,10})?) ?km", re.ASCII)
_LINE: Final = re.compile(
    r"(?P<word>\w+):?\s(?P<pairs>[-0-9.,\s]{3,100000}?)(?:\s(?P<width>[0-9.,]{1,15} ?km))?", re.IGNORECASE
)
_KINDS: Final = {
    "kreis": "circle",
    "circle": "circle",
    "fläche": "polygon",
    "flaeche": "polygon",
    "polygon": "polygon",
    "streifen": "corridor",
    "corridor": "corridor",
}


@dataclass(frozen=True, slots=True)
class ReadShapes:
    """What the lines came to. A corridor is a polygon by now; `wrong` are the numbers of lines that are no shape."""

    polygons: tuple[Polygon, ...] = ()
    circles: tuple[Circle, ...] = ()
    wrong: tuple[int, ...] = ()


class _Wrong(Exception):
    """This line is no shape."""


def read_shapes(text: str, crs: str) -> ReadShapes:
    """Return the shapes of some lines, such as `Kreis 50.8,6.48 2 km`, `Fläche 50.8,6.4 50.9,6.4 50.9,6.5` and
    `Streifen 50.8,6.4 50.9,6.5 1 km`: latitude and longitude in degrees, a radius or the width of a corridor, which
    is measured in the equal-area system `crs` of the boundary data.
    """
    polygons: list[Polygon] = []
    circles: list[Circle] = []
    wrong: list[int] = []
    left, bends_left, shapes = CORNERS_MAX, BENDS_MAX, 0
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            kind, pairs, width_km = _read(line.strip())
            left, shapes = left - len(pairs), shapes + 1
            _require_room(left, shapes)
            if kind == "circle":
                circles.append(_circle(pairs, width_km))
            elif kind == "polygon":
                polygons.append(_polygon(pairs, width_km))
            else:
                bends_left -= len(pairs)
                _require_room(bends_left, shapes)
                polygons.append(_corridor(pairs, width_km, crs))
        except _Wrong:
            wrong.append(number)
            if len(wrong) > SHAPES_MAX:
                break
    return ReadShapes(tuple(polygons), tuple(circles), tuple(wrong))


def _require_room(corners_left: int, shapes: int) -> None:
    if corners_left < 0 or shapes > SHAPES_MAX:
        raise _Wrong


def _read(line: str) -> tuple[str, list[tuple[float, float]], float | None]:
    found = _LINE.fullmatch(line)
    kind = _KINDS.get(found["word"].casefold()) if found else None
    if found is None or kind is None:
        raise _Wrong
    pairs = [_PAIR.fullmatch(part) for part in found["pairs"].split()]
    read = [(float(pair[1]), float(pair[2])) for pair in pairs if pair]
    if len(read) < len(pairs) or not all(abs(lat) <= 90 and abs(lon) <= 180 for lat, lon in read):
        raise _Wrong
    if not found["width"]:
        return kind, read, None
    width = _WIDTH.fullmatch(found["width"])
    if width is None:
        raise _Wrong
    km = float(width[1].replace(",", "."))
    if not 0 < km <= WIDEST_KM:
        raise _Wrong
    return kind, read, km


def _circle(pairs: Sequence[tuple[float, float]], radius_km: float | None) -> Circle:
    if len(pairs) != 1 or radius_km is None:
        raise _Wrong
    return Circle(*pairs[0], radius_km)


def _polygon(pairs: Sequence[tuple[float, float]], width_km: float | None) -> Polygon:
    ring, _ = ring_of(tuple(pairs))
    if ring is None or width_km is not None or shapely.Polygon(ring).area == 0:
        raise _Wrong
    return Polygon(ring)


def _corridor(pairs: Sequence[tuple[float, float]], width_km: float | None, crs: str) -> Polygon:
    """Return what lies at most half the width from the line. Where it runs around something, that is warned, too: a
    polygon of CAP has no hole.
    """
    if len(set(pairs)) < 2 or width_km is None:
        raise _Wrong
    line = project(shapely.LineString([(lon, lat) for lat, lon in pairs]), crs)
    around = line.buffer(width_km * 500, quad_segs=_ROUND)
    border = project(shapely.Polygon(shapely.get_exterior_ring(around)), WGS84, crs)
    corners = np.round(shapely.get_coordinates(border), _DECIMALS).tolist()
    ring, _ = ring_of(tuple((lat, lon) for lon, lat in corners))
    if ring is None:
        raise _Wrong
    return Polygon(ring)
