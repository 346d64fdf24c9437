"""Find the tiles of a base map, on which outlines lie: raster tiles in the grid that XYZ and WMTS share (EPSG:3857).
Browsers ask for the tiles, and this service for nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import urlsplit

from dispatcher.settings import TILE_GAPS

if TYPE_CHECKING:
    from collections.abc import Sequence

TILES_MAX: Final = 24
"""How many tiles lie below one map: of 256 points each, they are as fine as a map of 1,000 points."""
FINEST: Final = 18
"""The highest zoom that is asked for: a tile is 100 m wide there. Maps of municipalities need 15 at most."""
LATITUDE_MAX: Final = 85.05
"""Degrees at which the grid ends."""
Tile: TypeAlias = "tuple[str, float, float, float, float]"
"""The address of a tile, and its west, south, east and north in degrees (WGS 84)."""


@dataclass(frozen=True, slots=True)
class BaseMap:
    """A base map that somebody serves. `template` is the address of a tile, with `TILE_GAPS`."""

    template: str
    attribution: str

    @property
    def origin(self) -> str:
        """Return where its tiles come from, as a policy for browsers names it."""
        parts = urlsplit(self.template)
        return f"{parts.scheme}://{parts.netloc}"

    def tiles(self, bounds: Sequence[float]) -> list[Tile]:
        """Return the tiles that cover these bounds (west, south, east, north in degrees), as fine as `TILES_MAX`
        allows.
        """
        west, south, east, north = bounds
        for zoom in range(FINEST, -1, -1):
            columns = range(_column(west, zoom), _column(east, zoom) + 1)
            rows = range(_row(north, zoom), _row(south, zoom) + 1)
            if len(columns) * len(rows) <= TILES_MAX:
                break
        return [self._tile(zoom, x, y) for y, x in product(rows, columns)]

    def _tile(self, zoom: int, x: int, y: int) -> Tile:
        href = self.template
        for gap, number in zip(TILE_GAPS, (zoom, x, y), strict=True):
            href = href.replace(gap, str(number))
        return href, _longitude(x, zoom), _latitude(y + 1, zoom), _longitude(x + 1, zoom), _latitude(y, zoom)


def map_credit(of_outlines: str, base: BaseMap | None) -> str:
    """Return whose data a map shows: its outlines, and what lies below them."""
    return f"{of_outlines} {base.attribution}" if base else of_outlines


def _column(longitude: float, zoom: int) -> int:
    return _within(math.floor((longitude + 180) / 360 * (1 << zoom)), zoom)


def _row(latitude: float, zoom: int) -> int:
    radians = math.radians(max(-LATITUDE_MAX, min(LATITUDE_MAX, latitude)))
    return _within(math.floor((1 - math.asinh(math.tan(radians)) / math.pi) / 2 * (1 << zoom)), zoom)


def _within(number: int, zoom: int) -> int:
    return max(0, min((1 << zoom) - 1, number))


def _longitude(x: int, zoom: int) -> float:
    return x / (1 << zoom) * 360 - 180


def _latitude(y: int, zoom: int) -> float:
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / (1 << zoom)))))
