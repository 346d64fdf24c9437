"""Read from JSON what a subscription follows, and check it: municipalities, districts, points, polygons."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from cap.model import Polygon
from dispatcher.audience.point_index import PRIVATE_DECIMALS, PRIVATE_TOLERANCE_M, private
from dispatcher.boundaries.projection import EUROPE_EQUAL_AREA, project, project_points
from dispatcher.boundaries.territories import meant
from dispatcher.model.subscriptions import WatchedArea
from dispatcher.targeting import shapes
from dispatcher.targeting.positions import MISSING
from dispatcher.targeting.rule import MatchingRule

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from dispatcher.boundaries.municipalities import Boundaries

AGS_LENGTHS = frozenset({2, 3, 5, 8})
"""Digits of the keys of a Land, a Regierungsbezirk, a district and a municipality."""
MAX_RADIUS_M = 50_000.0
"""The largest radius of a watched area: a subscriber to more follows districts."""
MAX_CORNERS = 500
"""Corners that a polygon may have, which bounds what one line of an import costs every alert to match."""
FEWEST_CORNERS = 3
EARTH = (-180.0, -90.0, 180.0, 90.0)
WRONG = (
    'a place is an AGS in quotation marks ("05358008"), a point {"lat", "lon", "radius_m"} or a polygon '
    '{"polygon": [[lat, lon], ...]}'
)


def read_places(items: object, boundaries: Boundaries) -> tuple[tuple[str, ...], tuple[WatchedArea, ...]]:
    """Return municipalities (AGS) and watched areas for the items of a subscription's `places`:

    `"05358008"`; `"05358"` for a district, `"05"` for a Land; `{"lat", "lon"}` with `"radius_m"` or without;
    `{"polygon": [[lat, lon], …]}`. Coordinates are rounded for privacy. Raises `ValueError` with a sentence
    that holds no coordinates.
    """
    if not isinstance(items, list) or not items:
        raise ValueError("places must be a list that is not empty")
    codes: dict[str, None] = {}
    watched_areas = []
    for item in items:
        if isinstance(item, str):
            codes |= dict.fromkeys(_municipalities(item, boundaries))
        else:
            watched_areas.append(_watched_area(item, boundaries))
    return tuple(codes), tuple(watched_areas)


def _municipalities(code: str, boundaries: Boundaries) -> tuple[str, ...]:
    if not (code.isascii() and code.isdigit() and len(code) in AGS_LENGTHS):
        hint = meant(code, boundaries)
        raise ValueError(
            "places must be AGS with 8 digits, or 2, 3 or 5 for all that begin so"
            + (f"; {hint}" if hint else "")
        )
    found = tuple(unit.ags for unit in boundaries.by_prefix(code))
    if not found:
        hint = meant(code, boundaries)
        raise ValueError(f"not in the boundary data: {code}" + (f"; {hint}" if hint else ""))
    return found


def _watched_area(item: Any, boundaries: Boundaries) -> WatchedArea:
    if not isinstance(item, dict):
        raise ValueError(WRONG)  # noqa: TRY004 - every refusal of a line is a ValueError
    if item.keys() == {"polygon"}:
        corners, radius_m = _corners(item["polygon"]), 0.0
    elif {"lat", "lon"} <= item.keys() <= {"lat", "lon", "radius_m"}:
        corners, radius_m = (private(*_pair(item["lat"], item["lon"])),), _number(item.get("radius_m", 0))
    else:
        raise ValueError(WRONG)
    if not 0 <= radius_m <= MAX_RADIUS_M:
        raise ValueError(f"radius_m must lie between 0 and {MAX_RADIUS_M:.0f}")
    watched = WatchedArea(corners, radius_m)
    shape, reach_m = shape_of(watched), radius_m + PRIVATE_TOLERANCE_M
    there = project(shape, boundaries.crs, EUROPE_EQUAL_AREA)
    near = boundaries.tree.query(there, predicate="dwithin", distance=reach_m)
    if not near.size:
        raise ValueError("a place outside the boundary data")
    return WatchedArea(corners, radius_m, tuple(boundaries.units.ags[index] for index in np.sort(near)))


def _corners(ring: object) -> tuple[tuple[float, float], ...]:
    if not isinstance(ring, list) or not FEWEST_CORNERS <= len(ring) <= MAX_CORNERS:
        raise ValueError(f"a polygon has {FEWEST_CORNERS} to {MAX_CORNERS} corners")
    if not all(isinstance(pair, list) and len(pair) == len(("lat", "lon")) for pair in ring):
        raise ValueError("a corner of a polygon is a list of latitude and longitude")
    corners = tuple(private(*_pair(*pair)) for pair in ring)
    if MISSING in corners:
        raise ValueError("a polygon has a corner at 0,0, which stands for a position that nobody has entered")
    return corners


def _pair(lat: object, lon: object) -> tuple[float, float]:
    found = _number(lat), _number(lon)
    if abs(found[0]) > EARTH[3] or abs(found[1]) > EARTH[2]:
        raise ValueError("a place that is not on the earth")
    return found


def _number(value: object) -> float:
    try:
        if not isinstance(value, bool) and isinstance(value, int | float) and math.isfinite(value):
            return float(value)
    except OverflowError:  # of an integer that no float holds
        pass
    raise ValueError("a coordinate or radius is not a number")


def shape_of(watched: WatchedArea) -> BaseGeometry:
    """Return the point or polygon in EPSG:3035, without its radius. Raises `ValueError` for a polygon that is none."""
    if len(watched.lat_lon) == 1:
        x, y = project_points(np.array(watched.lat_lon, np.float64), EUROPE_EQUAL_AREA)
        return shapely.Point(float(x[0]), float(y[0]))
    found = shapes.of(Polygon(watched.lat_lon), EARTH, EUROPE_EQUAL_AREA, MatchingRule())
    if not isinstance(found, shapes.Shape):
        problem = f"a polygon that {found.value}; corners are rounded to {PRIVATE_DECIMALS} decimals"
        raise ValueError(problem)  # noqa: TRY004 - as above
    return found.geometry
