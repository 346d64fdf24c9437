"""The alerts of the targeting benchmark, drawn on real borders: what is sent, and whom it must reach.

Truth is taken from the geometry before it is rounded or simplified: for a unit's or a district's own outline
its members, for a hazard every unit of which it covers five hectares or more.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import affinity
from shapely.ops import substring

from cap.model import Area, Circle, Polygon
from dispatcher.targeting.bundler import polygonal
from dispatcher.targeting.importer import read
from dispatcher.targeting.projection import EUROPE_EQUAL_AREA, WGS84, project, project_points, transformer
from dispatcher.targeting.shapes import circle_lat_lon

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from dispatcher.targeting.boundaries import Boundaries

SHARED = Path(__file__).resolve().parents[3] / ".." / "shared"
CORPUS = Path(os.environ.get("CAP_CORPUS", SHARED / "corpus"))
VG5000 = SHARED / "geodata" / "VG5000_GEM.shp"
HESSEN = CORPUS / "nina" / "mow.DE-HE-KS-SE106-20250313-106-001.geojson"
# The published geometry of that drill leaves Kreis Bergstraße out.
HESSEN_ABSENT = "06431"
HAZARD_M2 = 50_000.0
SEED = 20_210_714
# Borders that are rivers for most of their length: the Upper Rhine, the Rhine below Worms, the Elbe.
RIVERS = (("07", "08"), ("06", "07"), ("01", "03"))
REACH_M = 60_000.0


@dataclass(frozen=True, slots=True)
class Drawing:
    """One alert and the indices of the units it must reach."""

    areas: tuple[Area, ...]
    truth: frozenset[int]


@dataclass(frozen=True, slots=True)
class Atlas:
    """The data the alerts are drawn on."""

    boundaries: Boundaries
    every: int
    """Draw only every so-manyth alert of a case."""

    def units(self) -> range:
        return range(0, len(self.boundaries.border), self.every)

    def randomness(self) -> np.random.Generator:
        return np.random.default_rng(SEED)

    def districts(self) -> dict[str, list[int]]:
        members: dict[str, list[int]] = defaultdict(list)
        for index, ags in enumerate(self.boundaries.units.ags):
            members[ags[:5]].append(index)
        return dict(list(members.items())[:: self.every])

    def places(self, count: int) -> list[tuple[float, float]]:
        """Random points (x, y) in Germany."""
        random = self.randomness()
        x0, y0, x1, y1 = shapely.total_bounds(self.boundaries.border)
        found: list[tuple[float, float]] = []
        while len(found) < -(-count // self.every):
            x, y = float(random.uniform(x0, x1)), float(random.uniform(y0, y1))
            if len(self.boundaries.tree.query(shapely.Point(x, y), predicate="intersects")):
                found.append((x, y))
        return found


def outlines(geometry: BaseGeometry, decimals: int | None = None) -> tuple[Area, ...]:
    """The outline as CAP writes it, with holes as excluded polygons.

    What is excluded is taken from the whole area, so parts that lie in a hole have an area of their own.
    """
    parts = np.array(
        [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon"], dtype=object
    )
    holes = shapely.union_all([shapely.Polygon(hole) for part in parts for hole in part.interiors])
    in_hole = shapely.intersects(holes, shapely.point_on_surface(parts))
    return tuple(_area(group, decimals) for group in (parts[~in_hole], parts[in_hole]) if group.size)


def _area(parts: NDArray[np.object_], decimals: int | None) -> Area:
    return Area(
        "benchmark",
        polygons=tuple(_ring(part.exterior, decimals) for part in parts),
        excluded=tuple(_ring(hole, decimals) for part in parts for hole in part.interiors),
    )


def _ring(ring: BaseGeometry, decimals: int | None) -> Polygon:
    x, y = shapely.get_coordinates(ring).T
    lon, lat = transformer(EUROPE_EQUAL_AREA, WGS84).transform(x, y)
    if decimals is not None:
        lon, lat = lon.round(decimals), lat.round(decimals)
    return Polygon(tuple(zip(lat.tolist(), lon.tolist(), strict=True)))


def own(atlas: Atlas, *, decimals: int | None = None, simplify_m: float = 0.0) -> Iterator[Drawing]:
    """Every unit's own outline as an alert."""
    for index in atlas.units():
        border = atlas.boundaries.border[index]
        drawn = polygonal(shapely.simplify(border, simplify_m)) if simplify_m else border
        yield Drawing(outlines(drawn, decimals), frozenset({index}))


def districts(atlas: Atlas, *, decimals: int | None = None, simplify_m: float = 0.0) -> Iterator[Drawing]:
    """Every district as one outline."""
    for members in atlas.districts().values():
        outline = shapely.union_all(atlas.boundaries.border[members])
        drawn = polygonal(shapely.simplify(outline, simplify_m)) if simplify_m else outline
        yield Drawing(outlines(drawn, decimals), frozenset(members))


def coarse(atlas: Atlas, *, of_districts: bool) -> Iterator[Drawing]:
    """Outlines from the 1:5,000,000 set of 2021, about 500 m off, where the keys are still the same."""
    data = read(VG5000)
    rows: dict[str, list[BaseGeometry]] = defaultdict(list)
    for row in data.rows:
        rows[row.ags].append(row.geometry)
    known = atlas.boundaries.index_by_ags
    groups = {ags: [known[ags]] for ags in list(known)[:: atlas.every] if ags in rows}
    if of_districts:
        now = defaultdict(set)
        for ags in rows:
            now[ags[:5]].add(ags)
        keys = atlas.boundaries.units.ags
        groups = {k: m for k, m in atlas.districts().items() if now[k] == {keys[index] for index in m}}
    for members in groups.values():
        parts = [part for index in members for part in rows[atlas.boundaries.units.ags[index]]]
        outline = polygonal(project(shapely.union_all(parts), EUROPE_EQUAL_AREA, data.crs))
        yield Drawing(outlines(outline), frozenset(members))


def circles(atlas: Atlas, radius_m: float, count: int) -> Iterator[Drawing]:
    """Circles around random points."""
    for x, y in atlas.places(count):
        yield _circle(atlas, x, y, radius_m)


def border_circles(atlas: Atlas, radius_m: float, count: int) -> Iterator[Drawing]:
    """Circles around points on municipal borders, where both sides are hit."""
    random = atlas.randomness()
    for index in random.choice(len(atlas.boundaries.border), max(1, count // atlas.every), replace=False):
        edge = shapely.boundary(atlas.boundaries.border[index])
        place = shapely.line_interpolate_point(shapely.get_parts(edge)[0], random.uniform(), normalized=True)
        yield _circle(atlas, place.x, place.y, radius_m)


def _circle(atlas: Atlas, x: float, y: float, radius_m: float) -> Drawing:
    lon, lat = transformer(EUROPE_EQUAL_AREA, WGS84).transform(x, y)
    ring = np.column_stack(project_points(circle_lat_lon(lat, lon, radius_m), EUROPE_EQUAL_AREA))
    drawn = Area("benchmark", circles=(Circle(lat, lon, radius_m / 1000),))
    return Drawing((drawn,), hit(atlas.boundaries, shapely.Polygon(ring)))


def hit(boundaries: Boundaries, hazard: BaseGeometry) -> frozenset[int]:
    """Units of which a hazard covers five hectares: plain intersection, nothing of the rule."""
    near = boundaries.tree.query(hazard)
    covered = shapely.area(shapely.intersection(hazard, boundaries.border[near]))
    return frozenset(near[covered >= HAZARD_M2].tolist())


def courses(atlas: Atlas) -> list[BaseGeometry]:
    """Real river courses of up to 60 km, from the borders that follow them."""
    found = []
    for here, there in RIVERS:
        shared = shapely.line_merge(shapely.intersection(_bank(atlas, here), _bank(atlas, there)))
        for line in shapely.get_parts(shared):
            if line.geom_type == "LineString" and line.length > REACH_M / 3:
                found += [substring(line, at, at + REACH_M) for at in np.arange(0, line.length, REACH_M / 3)]
    return [course for course in found if course.length > REACH_M / 6]


def _bank(atlas: Atlas, land: str) -> BaseGeometry:
    return shapely.boundary(
        shapely.union_all(atlas.boundaries.border[list(atlas.boundaries.indices_of_ags(land))])
    )


def corridors(atlas: Atlas, width_m: float, count: int) -> Iterator[Drawing]:
    """Flood corridors: river courses laid across the country, turned at random."""
    random = atlas.randomness()
    rivers = courses(atlas)
    for x, y in atlas.places(count if rivers else 0):
        course = rivers[int(random.integers(len(rivers)))]
        moved = affinity.translate(course, x - course.centroid.x, y - course.centroid.y)
        yield _corridor(atlas, affinity.rotate(moved, random.uniform(0, 360)), width_m)


def border_corridors(atlas: Atlas, width_m: float) -> Iterator[Drawing]:
    """Flood corridors along the rivers where they are: on municipal borders for most of their length."""
    for course in courses(atlas)[:: atlas.every]:
        yield _corridor(atlas, course, width_m)


def _corridor(atlas: Atlas, course: BaseGeometry, width_m: float) -> Drawing:
    flood = polygonal(shapely.buffer(course, width_m / 2))
    return Drawing(outlines(flood), hit(atlas.boundaries, flood))


def bulges(atlas: Atlas, radius_m: float) -> Iterator[Drawing]:
    """A district's exact outline with a circle on its edge: border-drawn for the most part, and a hazard."""
    random = atlas.randomness()
    for members in atlas.districts().values():
        outline = shapely.union_all(atlas.boundaries.border[members])
        edge = shapely.get_parts(outline)[0].exterior
        bulge = shapely.buffer(edge.interpolate(random.uniform(), normalized=True), radius_m)
        truth = frozenset(members) | hit(atlas.boundaries, bulge)
        yield Drawing(outlines(polygonal(shapely.union(outline, bulge))), truth)


def hessen(atlas: Atlas) -> Iterator[Drawing]:
    """The geometry of a real state-wide MoWaS drill: 25 polygons, rounded to 4 decimals and simplified."""
    features = json.loads(HESSEN.read_text())["features"]
    rings = (feature["geometry"]["coordinates"][0] for feature in features)
    polygons = tuple(Polygon(tuple((lat, lon) for lon, lat in ring)) for ring in rings)
    meant = set(atlas.boundaries.indices_of_ags("06")) - set(atlas.boundaries.indices_of_ags(HESSEN_ABSENT))
    yield Drawing((Area("Land Hessen", polygons),), frozenset(meant))
