"""Subscriptions to a place instead of a municipality: a point, a point with a radius, or a polygon.

Points are kept as arrays sorted by x, in the CRS of the boundaries: a district alert against a million of them
takes less than a millisecond. An index is a value; `WatchedPoints` holds one and the changes since it was built.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from dispatcher.boundaries.projection import project, project_points

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

# Three decimals of a degree: a home is known to its block, not to its door.
PRIVATE_DECIMALS = 3
# A rounded point lies at most half a step off in each direction: 0.0005° are 55.7 m north-south and never more
# than that east-west, 79 m together. Matching with this tolerance warns everybody in the target and nobody
# beyond twice of it, 158 m; 47 CFR 10.450(a) asks for 100 % of the target and at most 0.1 mile (161 m) over.
PRIVATE_TOLERANCE_M = 79.0
REBUILD_AFTER = 10_000
# A buffer's arcs are polygons inside the true arc: at 32 segments a quarter 0.03 % short.
ARC_SEGMENTS = 32
ARC_ALLOWANCE = 1.0004


def private(lat: float, lon: float) -> tuple[float, float]:
    """The point as it may be stored; match it with `PRIVATE_TOLERANCE_M`."""
    return round(lat, PRIVATE_DECIMALS), round(lon, PRIVATE_DECIMALS)


@dataclass(frozen=True, slots=True)
class WatchedPoint:
    """One subscription: whoever is within `radius_m` of the point is meant."""

    lat: float
    lon: float
    radius_m: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class PointIndex:
    """Points sorted by x: 32 bytes each."""

    ids: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    radius_m: NDArray[np.float64]
    farthest_m: float

    @classmethod
    def build(
        cls,
        ids: NDArray[np.int64],
        lat_lon: NDArray[np.float64],
        radius_m: NDArray[np.float64],
        crs: str,
    ) -> PointIndex:
        """From rows (lat, lon) in degrees and radii in metres, 0 for a mere point. 0.6 s for a million."""
        if not (np.isfinite(lat_lon).all() and np.isfinite(radius_m).all() and (radius_m >= 0).all()):
            raise ValueError("a point or radius is not a finite number, or a radius is negative")
        x, y = project_points(lat_lon, crs)
        order = np.argsort(x, kind="stable")
        farthest = float(radius_m.max(initial=0.0))
        return cls(ids[order], x[order], y[order], radius_m[order], farthest)

    def matching(self, shape: BaseGeometry, tolerance_m: float = 0.0) -> NDArray[np.int64]:
        """Ids, ascending, of points within their radius plus the tolerance of a shape in the same CRS."""
        near = self._near(shape.bounds, self.farthest_m + tolerance_m)
        points, rings = near[self.radius_m[near] == 0], near[self.radius_m[near] > 0]
        hit = points[_inside(shape, self.x[points], self.y[points], tolerance_m)]
        if len(rings):
            shapely.prepare(shape)
            centres = shapely.points(self.x[rings], self.y[rings])
            reach_m = self.radius_m[rings] + tolerance_m
            reached = shapely.dwithin(shape, centres, reach_m)  # type: ignore[call-overload]  # stubs: scalar only
            hit = np.concatenate([hit, rings[reached]])
        return np.sort(self.ids[hit])

    def _near(self, bounds: tuple[float, float, float, float], margin_m: float) -> NDArray[np.intp]:
        x0, y0, x1, y1 = bounds
        first, last = np.searchsorted(self.x, [x0 - margin_m, x1 + margin_m], side="left")
        y = self.y[first:last]
        near: NDArray[np.intp] = np.flatnonzero((y >= y0 - margin_m) & (y <= y1 + margin_m)) + int(first)
        return near


def _inside(
    shape: BaseGeometry, x: NDArray[np.float64], y: NDArray[np.float64], tolerance_m: float
) -> NDArray[np.bool_]:
    wide = shape
    if tolerance_m > 0:
        wide = shapely.buffer(shape, tolerance_m * ARC_ALLOWANCE, quad_segs=ARC_SEGMENTS)
    shapely.prepare(wide)
    return np.asarray(shapely.intersects_xy(wide, x, y), np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class PolygonIndex:
    """Polygon subscriptions in an R-tree."""

    ids: NDArray[np.int64]
    tree: shapely.STRtree

    @classmethod
    def build(cls, polygons: Mapping[int, BaseGeometry], crs: str) -> PolygonIndex:
        """From valid polygons in degrees (lon, lat)."""
        projected = [project(polygon, crs) for polygon in polygons.values()]
        return cls(np.array(list(polygons), np.int64), shapely.STRtree(projected))

    def matching(self, shape: BaseGeometry, tolerance_m: float = 0.0) -> NDArray[np.int64]:
        """Ids, ascending, of polygons that share a point with the shape, or lie within the tolerance."""
        return np.sort(self.ids[self.tree.query(shape, predicate="dwithin", distance=tolerance_m)])


class WatchedPoints:
    """Places by id, kept fresh: changes go to a small buffer, and the index is built anew when it has grown."""

    def __init__(self, crs: str, places: Mapping[int, WatchedPoint] | None = None) -> None:
        self._crs = crs
        self._places: dict[int, WatchedPoint] = dict(places or {})
        self._changed: set[int] = set()
        self._index = _index(self._places, crs)

    def __len__(self) -> int:
        return len(self._places)

    def put(self, changes: Mapping[int, WatchedPoint]) -> None:
        """Add places, or move those whose id is known."""
        self._places.update(changes)
        self._note(changes)

    def remove(self, ids: Iterable[int]) -> None:
        """Forget places; unknown ids are forgotten already."""
        gone = [key for key in ids if self._places.pop(key, None) is not None]
        self._note(gone)

    def matching(self, shape: BaseGeometry, tolerance_m: float = 0.0) -> NDArray[np.int64]:
        """Ids, ascending, of the places concerned."""
        stale = np.fromiter(self._changed, np.int64, len(self._changed))
        settled = self._index.matching(shape, tolerance_m)
        settled = settled[~np.isin(settled, stale)]
        fresh = {key: self._places[key] for key in self._changed if key in self._places}
        return np.sort(np.concatenate([settled, _index(fresh, self._crs).matching(shape, tolerance_m)]))

    def _note(self, ids: Iterable[int]) -> None:
        self._changed.update(ids)
        if len(self._changed) > REBUILD_AFTER:
            self._index = _index(self._places, self._crs)
            self._changed.clear()


def _index(places: Mapping[int, WatchedPoint], crs: str) -> PointIndex:
    rows = np.array([(p.lat, p.lon, p.radius_m) for p in places.values()], np.float64).reshape(-1, 3)
    return PointIndex.build(np.array(list(places), np.int64), rows[:, :2], rows[:, 2], crs)
