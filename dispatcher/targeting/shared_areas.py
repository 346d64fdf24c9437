"""Cuts a shape with many corners into pieces with few, so that comparing it with many units stays affordable.

An overlay reads every corner of both sides: a thousand units against a hundred thousand corners is minutes.
Pieces are found by an index, and every corner is read about once per unit it lies near.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from dispatcher.boundaries.build import polygonal
from dispatcher.targeting.edge_crossings import common_areas

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

# The most corners of a shape that is compared whole; pieces much smaller cost more in number than they save in size.
MAX_CORNERS = 256
# With fewer units than this GEOS is done before the crossings are looked for.
FEW_UNITS = 8
# A piece is not cut below this size in metres, however many corners are heaped in it.
SMALLEST_M = 10.0


@dataclass(frozen=True, slots=True)
class Common:
    """What a shape and some units have in common, in parts: each with the position of its unit."""

    parts: NDArray[np.object_]
    unit: NDArray[np.intp]
    units: int

    def areas(self) -> NDArray[np.float64]:
        """Return the common area per unit, in m²."""
        per_unit = np.bincount(self.unit, weights=shapely.area(self.parts), minlength=self.units)
        return per_unit.astype(np.float64)

    def of(self, position: int) -> NDArray[np.object_]:
        """Return the parts in one unit."""
        parts: NDArray[np.object_] = self.parts[self.unit == position]
        return parts


def common(shape: BaseGeometry, units: NDArray[np.object_]) -> Common:
    """Return what a valid shape and each of the units have in common."""
    if shapely.get_num_coordinates(shape) <= MAX_CORNERS:
        return Common(np.asarray(shapely.intersection(units, shape)), np.arange(len(units)), len(units))
    pieces = cut(shape)
    unit, piece = shapely.STRtree(pieces).query(units)
    return Common(np.asarray(shapely.intersection(units[unit], pieces[piece])), unit, len(units))


def shared_areas(shape: BaseGeometry, units: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return the area in m² that a valid shape shares with each of the units, the cheapest way."""
    if len(units) < FEW_UNITS and shapely.get_num_coordinates(shape) <= MAX_CORNERS:
        return np.asarray(shapely.area(shapely.intersection(units, shape)), np.float64)
    areas = common_areas(shape, units)
    unclear = np.isnan(areas)
    if unclear.any():
        areas[unclear] = common(shape, units[unclear]).areas()
    return areas


def cut(shape: BaseGeometry) -> NDArray[np.object_]:
    """Return disjoint pieces that together are the shape."""
    waiting = list(shapely.get_parts(shape))
    pieces = []
    while waiting:
        part = waiting.pop()
        x0, y0, x1, y1 = part.bounds
        if shapely.get_num_coordinates(part) <= MAX_CORNERS or max(x1 - x0, y1 - y0) <= SMALLEST_M:
            pieces += list(shapely.get_parts(polygonal(part)))
        else:
            waiting += [piece for box in _halves(x0, y0, x1, y1) for piece in _within(part, box)]
    return np.array(pieces, dtype=object)


def _halves(x0: float, y0: float, x1: float, y1: float) -> tuple[shapely.Polygon, shapely.Polygon]:
    if x1 - x0 >= y1 - y0:
        middle = (x0 + x1) / 2
        return shapely.box(x0, y0, middle, y1), shapely.box(middle, y0, x1, y1)
    middle = (y0 + y1) / 2
    return shapely.box(x0, y0, x1, middle), shapely.box(x0, middle, x1, y1)


def _within(part: BaseGeometry, box: shapely.Polygon) -> NDArray[np.object_]:
    # Clipping to a rectangle is fast, but what it gives is not always valid: that is mended in the last pieces.
    parts = shapely.get_parts(shapely.clip_by_rect(part, *box.bounds))
    polygons: NDArray[np.object_] = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    return polygons
