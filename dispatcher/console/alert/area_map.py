"""Draw the map of an alert's area from our own boundary data: the warned municipalities among their neighbours, and on
top of them what the message covers. Pure. Nobody's watched areas are in it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from dispatcher.boundaries.outlines import FINENESS, MOST, outlines
from dispatcher.boundaries.projection import EUROPE_EQUAL_AREA, WGS84, project

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from dispatcher.boundaries.base_map import BaseMap, Tile
    from dispatcher.boundaries.municipalities import Boundaries

SIDE: Final = 1000
"""The longer side of a map, in its own units: more than a screen has points for it."""
MARGIN: Final = 0.12
"""How much of the surroundings is shown on each side, as a part of the longer side."""
MARGIN_LEAST: Final = 0.02
"""The same in degrees, some 2 km, around the smallest municipality."""
PATHS_MAX: Final = 30_000
"""How many characters the lines of a map have at most: a page is at most 100 kB, all in."""
COARSER: Final = 2.0
"""How much coarser the lines become where they are too long."""
COARSEST: Final = 30.0
"""Into how many parts the longer side is divided at least: what is coarser than this is no map."""


@dataclass(frozen=True, slots=True)
class DrawnMunicipality:
    """The outline of one municipality, as the path of an SVG."""

    ags: str
    name: str
    path: str
    is_warned: bool


@dataclass(frozen=True, slots=True)
class DrawnTile:
    """One tile of a base map, and where it lies."""

    href: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class AreaMap:
    """A map in units of `SIDE`, north up. The municipalities that are not warned come first."""

    width: int
    height: int
    municipalities: tuple[DrawnMunicipality, ...]
    shape: str = ""
    """What the message covers, as a path; empty where only codes name its municipalities."""
    tiles: tuple[DrawnTile, ...] = ()
    """What lies below it all; empty where there is no base map."""

    @property
    def characters(self) -> int:
        return sum(len(one.path) for one in self.municipalities) + len(self.shape)


class _Window:
    """Turns degrees into the units of a map: as wide as it is high on the ground."""

    def __init__(self, corners: NDArray[np.float64]) -> None:
        (west, south), (east, north) = corners.min(axis=0), corners.max(axis=0)
        self._shrink = math.cos(math.radians((south + north) / 2))
        wide, high = (east - west) * self._shrink, north - south
        margin = max(max(wide, high) * MARGIN, MARGIN_LEAST)
        self._west, self._north = west - margin / self._shrink, north + margin
        self._scale = SIDE / (max(wide, high) + 2 * margin)
        self.width = math.ceil((wide + 2 * margin) * self._scale)
        self.height = math.ceil((high + 2 * margin) * self._scale)
        self.degrees = (self._west, south - margin, east + margin / self._shrink, self._north)

    def places(self, degrees: NDArray[np.float64]) -> NDArray[np.float64]:
        x = (degrees[:, 0] - self._west) * self._shrink * self._scale
        return np.column_stack([x, (self._north - degrees[:, 1]) * self._scale])

    def tile(self, one: Tile) -> DrawnTile:
        """Return where a tile lies, a unit larger than it is: so no seam shows."""
        href, west, south, east, north = one
        (x, y), (right, bottom) = (
            np.rint(self.places(np.array([[west, north], [east, south]]))).astype(int).tolist()
        )
        return DrawnTile(href, x, y, right - x + 1, bottom - y + 1)

    def path(self, rings: Iterable[NDArray[np.float64]]) -> str:
        """Return the rings as the path of an SVG, cut off where the map ends."""
        return "".join(part for ring in rings for part in self._parts(self.places(ring)))

    def _parts(self, places: NDArray[np.float64]) -> Iterator[str]:
        if len(places) < 4:
            return
        inside = shapely.clip_by_rect(shapely.Polygon(places), 0, 0, self.width, self.height)
        for polygon in shapely.get_parts(inside):
            for ring in shapely.get_rings(polygon):
                yield _relative(np.rint(shapely.get_coordinates(ring)).astype(int))


def area_map(
    boundaries: Boundaries, warned: Collection[str], shape: bytes = b"", base: BaseMap | None = None
) -> AreaMap | None:
    """Return the map of these municipalities (AGS) and of a shape (WKB in EPSG:3035), above a base map if there is one;
    None where none of them is known, or they are too many for a picture. Where its lines would be too long they are
    drawn coarser.
    """
    first = outlines(boundaries, warned)
    if first is None:
        return None
    window = _Window(np.vstack([_pairs(ring) for rings in first["places"].values() for ring in rings]))
    shown = _shown(boundaries, window, list(first["places"]))
    fineness = FINENESS
    while (found := _drawn(boundaries, window, shown, set(warned), shape, fineness)).characters > PATHS_MAX:
        fineness /= COARSER
        if fineness < COARSEST:
            return None
    tiles = base.tiles(window.degrees) if base else ()
    return replace(found, tiles=tuple(window.tile(one) for one in tiles))


def _shown(boundaries: Boundaries, window: _Window, warned: list[str]) -> list[str]:
    """Return the municipalities in the window, those that are warned last; only these where there are too many."""
    frame = project(shapely.box(*window.degrees), boundaries.crs)
    near = sorted(boundaries.municipalities[index].ags for index in boundaries.tree.query(frame))
    others = [ags for ags in near if ags not in set(warned)]
    return [*(others if len(others) + len(warned) <= MOST else ()), *warned]


def _drawn(
    boundaries: Boundaries,
    window: _Window,
    shown: list[str],
    warned: Collection[str],
    shape: bytes,
    fineness: float,
) -> AreaMap:
    found = outlines(boundaries, shown, fineness) or {"places": {}}
    drawn = []
    for ags, rings in found["places"].items():
        path = window.path(_pairs(ring) for ring in rings)
        if path:
            name = boundaries.municipalities[boundaries.index_by_ags[ags]].name
            drawn.append(DrawnMunicipality(ags, name, path, ags in warned))
    return AreaMap(window.width, window.height, tuple(drawn), _shape_path(window, shape, fineness))


def _shape_path(window: _Window, shape: bytes, fineness: float) -> str:
    if not shape:
        return ""
    west, south, east, north = window.degrees
    degrees: BaseGeometry = project(shapely.from_wkb(shape), WGS84, EUROPE_EQUAL_AREA)
    simple = shapely.simplify(degrees, max(east - west, north - south) / fineness)
    polygons = [one for one in shapely.get_parts(simple) if one.geom_type == "Polygon"]
    return window.path(
        shapely.get_coordinates(ring) for polygon in polygons for ring in shapely.get_rings(polygon)
    )


def _relative(places: NDArray[np.int_]) -> str:
    """Return a ring as the part of a path: where it begins, then each step, whose numbers are short."""
    steps = np.diff(places, axis=0)[:-1]
    moves = [f"{x} {y}" for x, y in steps.tolist() if x or y]
    if len(moves) < 2:
        return ""
    (x, y) = places[0].tolist()
    return f"M{x} {y}l{' '.join(moves)}z".replace(" -", "-")


def _pairs(ring: list[float]) -> NDArray[np.float64]:
    return np.reshape(np.asarray(ring, np.float64), (-1, 2))
