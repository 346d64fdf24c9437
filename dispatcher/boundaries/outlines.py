"""Draw the outlines of municipalities for a map, from the boundary data alone. Pure.

They are as fine as a phone shows: neighbours keep one common line, as each is simplified together with the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

from dispatcher.boundaries.projection import WGS84, project

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shapely.geometry.base import BaseGeometry

    from dispatcher.boundaries.municipalities import Boundaries

MOST: Final = 400
"""The most municipalities of a map: a Land is a list, not a picture for a phone."""
FINENESS: Final = 900.0
"""Into how many parts the wider side of the map is divided: more than a phone's screen has points."""
PLACES: Final = 4
"""Decimal places of degrees: 11 m."""


def outlines(
    boundaries: Boundaries, municipalities: Iterable[str], fineness: float = FINENESS
) -> dict[str, Any] | None:
    """Return `bounds`, west, south, east and north in degrees (WGS 84), and by AGS the rings of each municipality as
    longitude and latitude one after the other; holes are rings as well. None where there are none, or too many.
    """
    known = _known(boundaries, municipalities)
    if not _fits(known):
        return None
    shapes = boundaries.border[[index for _, index in known]]
    west, south, east, north = shapely.total_bounds(shapes)
    tolerance = max(east - west, north - south) / fineness
    simple = shapely.coverage_simplify(shapes, tolerance)
    drawn = {ags: _rings(shape, boundaries.crs) for (ags, _), shape in zip(known, simple, strict=True)}
    corners = np.array([corner for rings in drawn.values() for ring in rings for corner in _pairs(ring)])
    low, high = corners.min(axis=0), corners.max(axis=0)
    return {"bounds": [float(low[0]), float(low[1]), float(high[0]), float(high[1])], "places": drawn}


def has_map(boundaries: Boundaries, municipalities: Iterable[str]) -> bool:
    """Return whether there are outlines of these municipalities."""
    return _fits(_known(boundaries, municipalities))


def _known(boundaries: Boundaries, municipalities: Iterable[str]) -> list[tuple[str, int]]:
    return [(ags, index) for ags in municipalities if (index := boundaries.index_by_ags.get(ags)) is not None]


def _fits(known: Sequence[tuple[str, int]]) -> bool:
    return 0 < len(known) <= MOST


def _rings(shape: BaseGeometry, crs: str) -> list[list[float]]:
    degrees = project(shape, WGS84, crs)
    polygons = shapely.get_parts(degrees)
    rings = [ring for polygon in polygons for ring in shapely.get_rings(polygon)]
    return [np.round(shapely.get_coordinates(ring), PLACES).ravel().tolist() for ring in rings]


def _pairs(ring: list[float]) -> list[tuple[float, float]]:
    return list(zip(ring[::2], ring[1::2], strict=True))
