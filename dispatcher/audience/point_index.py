"""Index watched areas that are smaller than a municipality: a point, a point with a radius, or a polygon.

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
# Changes in the buffer after which the index is built anew: until then each query indexes the buffer, too.
REBUILD_AFTER = 10_000
# A buffer's arcs are polygons inside the true arc: at 32 segments a quarter 0.03 % short.
ARC_SEGMENTS = 32
ARC_ALLOWANCE = 1.0004


def private(lat: float, lon: float) -> tuple[float, float]:
    """Return the point as it may be stored; match it with `PRIVATE_TOLERANCE_M`."""
    return round(lat, PRIVATE_DECIMALS), round(lon, PRIVATE_DECIMALS)


@dataclass(frozen=True, slots=True)
class WatchedPoint:
    """A point that a subscription watches, with everything within `radius_m` of it."""

    lat: float
    lon: float
    radius_m: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class PointIndex:
    """Indexes points by sorting them by x. A point takes 32 bytes."""

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
        """Build from rows (lat, lon) in degrees and radii in metres, 0 for a mere point. A million take 0.6 s."""
        if not (np.isfinite(lat_lon).all() and np.isfinite(radius_m).all() and (radius_m >= 0).all()):
            raise ValueError("a point or radius is not a finite number, or a radius is negative")
        x, y = project_points(lat_lon, crs)
        order = np.argsort(x, kind="stable")
        farthest = float(radius_m.max(initial=0.0))
        return cls(ids[order], x[order], y[order], radius_m[order], farthest)

    def matching(self, shape: BaseGeometry, tolerance_m: float = 0.0) -> NDArray[np.int64]:
        """Return the ids, ascending, of points within their radius plus the tolerance of a shape in the same CRS."""
        near = self._near(shape.bounds, self.farthest_m + tolerance_m)
        points, circles = near[self.radius_m[near] == 0], near[self.radius_m[near] > 0]
        hit = points[_inside(shape, self.x[points], self.y[points], tolerance_m)]
        if len(circles):
            shapely.prepare(shape)
            centres = shapely.points(self.x[circles], self.y[circles])
            reach_m = self.radius_m[circles] + tolerance_m
            reached = shapely.dwithin(shape, centres, reach_m)  # type: ignore[call-overload]  # stubs: scalar only
            hit = np.concatenate([hit, circles[reached]])
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
    """Indexes watched polygons in an R-tree."""

    ids: NDArray[np.int64]
    tree: shapely.STRtree

    @classmethod
    def build(cls, polygons: Mapping[int, BaseGeometry], crs: str) -> PolygonIndex:
        """Build from valid polygons in degrees (lon, lat)."""
        projected = [project(polygon, crs) for polygon in polygons.values()]
        return cls(np.array(list(polygons), np.int64), shapely.STRtree(projected))

    def matching(self, shape: BaseGeometry, tolerance_m: float = 0.0) -> NDArray[np.int64]:
        """Return the ids, ascending, of polygons that share a point with the shape, or lie within the tolerance."""
        return np.sort(self.ids[self.tree.query(shape, predicate="dwithin", distance=tolerance_m)])


class WatchedPoints:
    """Keeps watched points by id: changes go to a small buffer, and the index is built anew when it has grown."""

    def __init__(self, crs: str, points_by_id: Mapping[int, WatchedPoint] | None = None) -> None:
        self._crs = crs
        self._watched_points: dict[int, WatchedPoint] = dict(points_by_id or {})
        self._changed: set[int] = set()
        self._index = _index(self._watched_points, crs)

    def __len__(self) -> int:
        return len(self._watched_points)

    def put(self, changes: Mapping[int, WatchedPoint]) -> None:
        """Add points, or move those whose id is known."""
        self._watched_points.update(changes)
        self._note(changes)

    def remove(self, ids: Iterable[int]) -> None:
        """Forget points; unknown ids are forgotten already."""
        gone = [key for key in ids if self._watched_points.pop(key, None) is not None]
        self._note(gone)

    def matching(self, shape: BaseGeometry, tolerance_m: float = 0.0) -> NDArray[np.int64]:
        """Return the ids, ascending, of the points concerned."""
        stale = np.fromiter(self._changed, np.int64, len(self._changed))
        settled = self._index.matching(shape, tolerance_m)
        settled = settled[~np.isin(settled, stale)]
        fresh = {key: self._watched_points[key] for key in self._changed if key in self._watched_points}
        return np.sort(np.concatenate([settled, _index(fresh, self._crs).matching(shape, tolerance_m)]))

    def _note(self, ids: Iterable[int]) -> None:
        self._changed.update(ids)
        if len(self._changed) > REBUILD_AFTER:
            self._index = _index(self._watched_points, self._crs)
            self._changed.clear()


def _index(points_by_id: Mapping[int, WatchedPoint], crs: str) -> PointIndex:
    rows = np.array([(p.lat, p.lon, p.radius_m) for p in points_by_id.values()], np.float64).reshape(-1, 3)
    return PointIndex.build(np.array(list(points_by_id), np.int64), rows[:, :2], rows[:, 2], crs)
