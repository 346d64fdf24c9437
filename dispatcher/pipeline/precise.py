"""Who follows a place that an alert covers: arrays in this process, kept fresh from the record."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np
import shapely

from dispatcher.targeting.places import shape_of
from dispatcher.targeting.points import PRIVATE_TOLERANCE_M, Place, PlaceSet, PolygonIndex
from dispatcher.targeting.projection import EUROPE_EQUAL_AREA

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from dispatcher.model import Spot
    from dispatcher.store.spots import Spots


class Precise:
    """Finds subscriptions by place. Empty until the first question; every question looks for what is new."""

    def __init__(self, spots: Spots) -> None:
        self._spots = spots
        self._mark = "0"
        self._owner: dict[int, int] = {}
        self._points = PlaceSet(EUROPE_EQUAL_AREA)
        self._shapes: dict[int, BaseGeometry] = {}
        self._polygons = _indexed({})
        self._turn = asyncio.Lock()

    async def concerned(self, alert_id: str) -> list[int]:
        """Subscriptions with a place in the recorded target of the alert, with the tolerance of rounded places."""
        return await self.within(await self._spots.target(alert_id))

    async def within(self, target: bytes) -> list[int]:
        """Subscriptions with a place in the target, given as WKB in EPSG:3035; nobody in b""."""
        if not target:
            return []
        async with self._turn:
            rows, mark = await self._spots.since(self._mark)
            fresh = [row for row in rows if row[0] not in self._owner]
            if fresh:
                await asyncio.to_thread(self._learn, fresh)
            self._mark = mark
            return await asyncio.to_thread(self._find, target) if self._owner else []

    def _learn(self, rows: list[tuple[int, int, Spot]]) -> None:
        points = {
            key: Place(*spot.lat_lon[0], spot.radius_m) for key, _, spot in rows if len(spot.lat_lon) == 1
        }
        self._points.put(points)
        polygons = {key: shape_of(spot) for key, _, spot in rows if key not in points}
        if polygons:
            self._shapes |= polygons
            self._polygons = _indexed(self._shapes)
        self._owner |= {key: subscription for key, subscription, _ in rows}

    def _find(self, target: bytes) -> list[int]:
        shape = shapely.from_wkb(target)
        keys = [
            *self._points.matching(shape, PRIVATE_TOLERANCE_M).tolist(),
            *self._polygons.matching(shape, PRIVATE_TOLERANCE_M).tolist(),
        ]
        return sorted({self._owner[key] for key in keys})


def _indexed(shapes: dict[int, BaseGeometry]) -> PolygonIndex:
    return PolygonIndex(np.array(list(shapes), np.int64), shapely.STRtree(list(shapes.values())))
