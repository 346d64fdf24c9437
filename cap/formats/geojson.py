"""Turns GeoJSON shapes of a warning, whose pairs are longitude, latitude, into CAP's rings of latitude, longitude."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cap import geometry
from cap.errors import LimitExceeded, NotJson
from cap.limits import Limits
from cap.model import Polygon


@dataclass(frozen=True, slots=True)
class Shapes:
    """The rings of one feature: what they enclose, what its holes leave out, and how many could not be read."""

    area_id: str
    polygons: tuple[Polygon, ...]
    holes: tuple[Polygon, ...]
    unreadable: int

    @property
    def corners(self) -> int:
        return sum(len(ring.lat_lon) for ring in (*self.polygons, *self.holes))


def read_features(collection: Any, limits: Limits) -> Iterator[Shapes]:
    """Yields the Polygon and MultiPolygon features.

    Raises NotJson for anything but a FeatureCollection, LimitExceeded for too many vertices.
    """
    features = collection.get("features") if isinstance(collection, dict) else None
    if not isinstance(features, list):
        raise NotJson(
            "The geometry is not a GeoJSON FeatureCollection.", "Die Geometrie ist keine FeatureCollection."
        )
    left = limits.max_vertices
    for feature in features:
        shapes = _feature(feature)
        left -= shapes.corners
        if left < 0:
            raise LimitExceeded(
                f"More than {limits.max_vertices} vertices in the geometry.",
                f"Mehr als {limits.max_vertices} Eckpunkte in der Geometrie.",
            )
        yield shapes


def _feature(feature: Any) -> Shapes:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    shape = feature.get("geometry") if isinstance(feature, dict) else None
    area_id = str(properties.get("areaId", "")) if isinstance(properties, dict) else ""
    polygons: list[Polygon] = []
    holes: list[Polygon] = []
    unreadable = 0
    for rings in _polygons(shape):
        outer, *inner = [_ring(ring) for ring in rings] or [None]
        if outer is None:
            unreadable += 1
            continue
        polygons.append(outer)
        holes += [hole for hole in inner if hole is not None]  # an unreadable hole is not left out
    return Shapes(area_id[:60], tuple(polygons), tuple(holes), unreadable)


def _polygons(shape: Any) -> list[Any]:
    """Returns the coordinate arrays of every polygon; one empty array for any other kind of shape."""
    if not isinstance(shape, dict):
        return [[]]
    coordinates = shape.get("coordinates")
    if not isinstance(coordinates, list):
        return [[]]
    if shape.get("type") == "Polygon":
        return [coordinates]
    if shape.get("type") == "MultiPolygon":
        return [rings if isinstance(rings, list) else [] for rings in coordinates]
    return [[]]


def _ring(positions: Any) -> Polygon | None:
    if not isinstance(positions, list) or not all(map(_is_position, positions)):
        return None
    ring, _ = geometry.ring_of(tuple((float(position[1]), float(position[0])) for position in positions))
    return Polygon(ring) if ring is not None else None


def _is_position(position: Any) -> bool:
    """Whether there are two numbers or more, each small enough to be degrees and a float."""
    if not isinstance(position, list) or len(position) < 2:
        return False
    return all(
        isinstance(number, int | float) and not isinstance(number, bool) and abs(number) < 1_000
        for number in position[:2]
    )
