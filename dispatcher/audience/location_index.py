"""Find the subscriptions with a watched area that an alert covers: in arrays in this process, kept fresh from the
record.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np
import shapely

from dispatcher.audience.point_index import PRIVATE_TOLERANCE_M, PolygonIndex, WatchedPoint, WatchedPoints
from dispatcher.audience.watched_areas import shape_of
from dispatcher.boundaries.projection import EUROPE_EQUAL_AREA

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from dispatcher.model.subscriptions import WatchedArea
    from dispatcher.store.audience.watched_areas import WatchedAreas


class LocationIndex:
    """Finds subscriptions by watched area. It is empty until the first query; every query loads what is new."""

    def __init__(self, watched_areas: WatchedAreas) -> None:
        self._areas = watched_areas
        self._mark = "0"
        self._known: set[int] = set()
        self._points = WatchedPoints(EUROPE_EQUAL_AREA)
        self._shapes: dict[int, BaseGeometry] = {}
        self._polygons = _indexed({})
        self._lock = asyncio.Lock()
        self._loading: asyncio.Future[None] | None = None

    async def subscribers_of(self, alert_id: str) -> list[int]:
        """Return subscriptions with a watched area in the alert's recorded target, with the tolerance of rounding."""
        return await self.subscribers_in(await self._areas.target(alert_id))

    async def subscribers_in(self, target: bytes) -> list[int]:
        """Return subscriptions with a watched area in the target, given as WKB in EPSG:3035; none for b""."""
        if not target:
            return []
        async with self._lock:
            await self._load()
            found = await asyncio.to_thread(self._find, target) if self._known else []
        return await self._areas.subscribers_of(found) if found else []

    async def _load(self) -> None:
        """Load what is new. Whoever waits no longer leaves nothing half loaded, and the next one waits for that."""
        if self._loading is not None and not self._loading.done():
            await asyncio.shield(asyncio.wait([self._loading]))
        self._loading = asyncio.ensure_future(self._load_new())
        self._loading.add_done_callback(_ignore)
        await asyncio.shield(self._loading)

    async def _load_new(self) -> None:
        rows, mark = await self._areas.since(self._mark)
        fresh = [row for row in rows if row[0] not in self._known]
        if fresh:
            await asyncio.to_thread(self._add, fresh)
        self._mark = mark

    def _add(self, rows: list[tuple[int, int, WatchedArea]]) -> None:
        points = {
            key: WatchedPoint(*watched.lat_lon[0], watched.radius_m)
            for key, _, watched in rows
            if len(watched.lat_lon) == 1
        }
        self._points.put(points)
        polygons = {key: shape_of(watched) for key, _, watched in rows if key not in points}
        if polygons:
            self._shapes |= polygons
            self._polygons = _indexed(self._shapes)
        self._known.update(key for key, _, _ in rows)

    def _find(self, target: bytes) -> list[int]:
        shape = shapely.from_wkb(target)
        return [
            *self._points.matching(shape, PRIVATE_TOLERANCE_M).tolist(),
            *self._polygons.matching(shape, PRIVATE_TOLERANCE_M).tolist(),
        ]


def _ignore(loading: asyncio.Future[None]) -> None:
    """Take note of an error that nobody waits for any more: whoever does gets it as well."""
    if not loading.cancelled():
        loading.exception()


def _indexed(shapes: dict[int, BaseGeometry]) -> PolygonIndex:
    return PolygonIndex(np.array(list(shapes), np.int64), shapely.STRtree(list(shapes.values())))
