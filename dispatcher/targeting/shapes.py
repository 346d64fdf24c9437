"""The polygons and circles of CAP areas -> valid geometry in metres, with a note for every repair.

Rings stay on the sphere as long as they can: longitudes are unwrapped into one continuous ring, a ring around
a pole is closed over it, and everything is cut to the neighbourhood of the boundary data before it is
projected. So a polygon across the antimeridian or half the globe costs and means what it should.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import pyproj
import shapely
from shapely import affinity

from cap.model import Circle, Polygon
from dispatcher.boundaries.build import polygonal
from dispatcher.boundaries.projection import project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from dispatcher.targeting.rule import MatchingRule

Window = tuple[float, float, float, float]
"""(west lon, south lat, east lon, north lat)"""

# Around the data's extent, in degrees: enough for an alert's surroundings to count in its own area.
MARGIN_DEG = 2.0
# A straight edge in degrees and one in EPSG:3035 part by 59 m over 50 km east-west; CAP does not say which is
# meant. Degrees are, so longer edges get vertices every 0.05 degrees (about 5 km: below a metre).
EDGE_DEG = 0.05
MAX_DENSE_VERTICES = 20_000
CIRCLE_AZIMUTHS = 128
FEWEST_CORNERS = 3
COLLAPSED_DEG = 0.01
# A tenth of a millimetre: what coordinates of seven decimals cannot say, and less than any place is wide.
THINNEST_DEG = 1e-9
METRES_PER_DEGREE = 111_320.0
# A country's outline for a map of 1:250,000 has some 40,000 corners and is 70 degrees long. Rings with more
# corners than this are put on a grid of about 10 m, then 20, 40 and 80 m, still finer than the inset that decides;
# with more corners left, or longer than this around the data, they are no outline of anything.
DETAILED_CORNERS = 50_000
GRIDS_DEG = (0.0001, 0.0002, 0.0004, 0.0008)
LONGEST_DEG = 500.0
# Beyond this a "circle" is larger than its outside, and its ring encloses the wrong side.
MAX_RADIUS_KM = 9_000.0
EARTH_RADIUS_KM = 6_371.007
# More self-crossings than this is scribble, and repairing it takes time and memory without bound.
MAX_CROSSINGS = 10_000
HARMLESS_CORNERS = 150
CROSSING_SAMPLE = 64
# A repair that changes the enclosed area by less leaves no doubt about what was meant.
CLEAR_REPAIR = 1.02


class ShapeProblem(StrEnum):
    """Why a polygon or circle became no geometry."""

    RANGE = "coordinates are not on the earth"
    EMPTY = "encloses no area"
    LARGE = "larger than the limit"
    VERTICES = "more vertices than the limit"
    DETAILED = "has more detail than any map can show"
    TANGLED = "crosses itself too often to say what is meant"
    BEYOND = "outside the boundary data"
    SWAPPED = "outside the boundary data; latitude and longitude seem to be exchanged"
    EXCLUDED = "excluded polygons leave nothing of it"
    NO_PLACE = "has a corner or centre at 0,0, which stands for a place that nobody has entered"


class Repair(StrEnum):
    """What was done to a polygon or circle to be able to use it."""

    VALID = "self-crossing or self-touching ring repaired"
    DOUBTFUL = "self-crossing ring whose parts are all used, although they may not all be meant"
    SIMPLIFIED = "corners put on a grid of at most 80 m, because they are so many"
    HULL = "replaced by its convex hull"
    SWAPPED = "latitude and longitude were exchanged and are put right"
    POLE = "closed over the pole"
    COLLAPSED = "ring without area replaced by a small circle"
    POINT = "point widened to a circle of 100 m"
    RADIUS = "circle of less than 100 m widened to 100 m"
    HOLE = "an excluded polygon could not be used and is ignored"
    CUT = "reaches beyond the surroundings of the boundary data"


@dataclass(frozen=True, slots=True)
class Shape:
    """A polygon or circle in the CRS of the boundaries, cut to the surroundings of the data."""

    geometry: BaseGeometry
    repairs: tuple[Repair, ...] = ()
    is_circle: bool = False


def around(window: Window) -> Window:
    """Return the part of the world that is looked at for data within `window`."""
    west, south, east, north = window
    return west - MARGIN_DEG, max(south - MARGIN_DEG, -90.0), east + MARGIN_DEG, min(north + MARGIN_DEG, 90.0)


def of(element: Polygon | Circle, window: Window, crs: str, rule: MatchingRule) -> Shape | ShapeProblem:
    """Make a shape of a ring of (lat, lon) or of a geodesic circle; never raises for what a sender wrote."""
    if isinstance(element, Circle):
        return _of_circle(element, window, crs, rule)
    return _of_ring(np.asarray(element.lat_lon, np.float64).reshape(-1, 2), window, crs, rule)


def _of_circle(circle: Circle, window: Window, crs: str, rule: MatchingRule) -> Shape | ShapeProblem:
    """Return 128 corners, 0.04 % smaller than the true circle."""
    centre = np.array([circle.lat, circle.lon, circle.radius_km])
    if not np.isfinite(centre).all() or circle.radius_km < 0 or abs(circle.lat) > 90:
        return ShapeProblem.RANGE
    if circle.radius_km > MAX_RADIUS_KM:
        return ShapeProblem.LARGE
    radius_m = max(circle.radius_km * 1000.0, rule.min_radius_m)
    found = _of_ring(circle_lat_lon(circle.lat, circle.lon, radius_m), window, crs, rule)
    if isinstance(found, ShapeProblem):
        return found
    return Shape(found.geometry, (*_widened(circle, rule), *found.repairs), is_circle=True)


def _widened(circle: Circle, rule: MatchingRule) -> tuple[Repair, ...]:
    if circle.radius_km * 1000.0 >= rule.min_radius_m:
        return ()
    return (Repair.RADIUS if circle.radius_km else Repair.POINT,)


def circle_lat_lon(lat: float, lon: float, radius_m: float) -> NDArray[np.float64]:
    """Return the geodesic circle as a closed ring of rows (lat, lon)."""
    azimuths = np.linspace(0.0, 360.0, CIRCLE_AZIMUTHS + 1)
    size = len(azimuths)
    lons, lats, _ = _geod().fwd(np.full(size, lon), np.full(size, lat), azimuths, np.full(size, radius_m))
    return np.column_stack([lats, lons])


@functools.cache
def _geod() -> pyproj.Geod:
    return pyproj.Geod(ellps="WGS84")


def _of_ring(
    lat_lon: NDArray[np.float64], window: Window, crs: str, rule: MatchingRule
) -> Shape | ShapeProblem:
    if not _on_earth(lat_lon):
        return ShapeProblem.RANGE
    if len(lat_lon) < FEWEST_CORNERS:
        return ShapeProblem.EMPTY
    lon_lat, pole = _continuous(lat_lon)
    detailed = len(lon_lat) > DETAILED_CORNERS
    corners = _simpler(lon_lat) if detailed else lon_lat
    repaired = _valid(shapely.Polygon(corners)) if len(corners) > FEWEST_CORNERS else ShapeProblem.EMPTY
    if isinstance(repaired, ShapeProblem):
        return _collapsed(lat_lon, window, crs, rule) if repaired is ShapeProblem.EMPTY else repaired
    sphere, repairs = repaired
    if _is_larger(sphere, rule.max_area_km2):
        return ShapeProblem.LARGE
    near, cut = _near(sphere, window)
    if near.length > LONGEST_DEG:
        return ShapeProblem.DETAILED
    geometry = polygonal(project(_dense(near), crs))
    flags = ((Repair.POLE, pole), (Repair.CUT, cut), (Repair.SIMPLIFIED, detailed))
    done = (*repairs, *(repair for repair, applies in flags if applies))
    return ShapeProblem.BEYOND if geometry.is_empty else Shape(geometry, done)


def _collapsed(
    lat_lon: NDArray[np.float64], window: Window, crs: str, rule: MatchingRule
) -> Shape | ShapeProblem:
    """Replace a ring without area that is no longer than a street: it is a place that rounding has squeezed flat."""
    size = float(np.ptp(lat_lon, axis=0).max())
    if size > COLLAPSED_DEG:
        return ShapeProblem.EMPTY
    lat, lon = (lat_lon.max(axis=0) + lat_lon.min(axis=0)) / 2
    radius_m = rule.min_radius_m + size / 2 * METRES_PER_DEGREE
    found = _of_ring(circle_lat_lon(float(lat), float(lon), radius_m), window, crs, rule)
    return found if isinstance(found, ShapeProblem) else Shape(found.geometry, (Repair.COLLAPSED,))


def _on_earth(lat_lon: NDArray[np.float64]) -> bool:
    return bool(np.isfinite(lat_lon).all() and (np.abs(lat_lon) <= (90.0, 360.0)).all())


def _continuous(lat_lon: NDArray[np.float64]) -> tuple[NDArray[np.float64], bool]:
    """Return the ring as (lon, lat) without a jump in longitude; a ring that winds round a pole is closed over it."""
    if (lat_lon[0] != lat_lon[-1]).any():
        lat_lon = np.vstack([lat_lon, lat_lon[:1]])
    lats, lons = lat_lon[:, 0], lat_lon[:, 1]
    if np.ptp(lons) < 180.0:
        return lat_lon[:, ::-1], False
    lons = np.unwrap(lons, period=360.0)
    lon_lat = np.column_stack([lons, lats])
    if abs(lons[-1] - lons[0]) < 180.0:
        return lon_lat, False
    pole = 90.0 if lats.mean() > 0 else -90.0
    return np.vstack([lon_lat, [[lons[-1], pole], [lons[0], pole]], lon_lat[:1]]), True


def _valid(polygon: shapely.Polygon) -> tuple[BaseGeometry, tuple[Repair, ...]] | ShapeProblem:
    if shapely.get_num_coordinates(polygon) > DETAILED_CORNERS:
        return ShapeProblem.DETAILED
    if _is_tangled(polygon):
        return ShapeProblem.TANGLED
    if polygon.is_valid:
        return ShapeProblem.EMPTY if _is_line(polygon) else (polygon, ())
    try:
        mended = polygonal(polygon)
        repair = Repair.VALID if mended.area <= _signed_area(polygon) * CLEAR_REPAIR else Repair.DOUBTFUL
    except shapely.GEOSException:
        mended, repair = polygonal(polygon.convex_hull), Repair.HULL
    return ShapeProblem.EMPTY if _is_line(mended) else (mended, (repair,))


def _is_line(geometry: BaseGeometry) -> bool:
    """Return whether a ring is no wider than a hair: a line, which rounding keeps from having no area at all."""
    return geometry.is_empty or bool(2 * geometry.area <= THINNEST_DEG * geometry.length)


def _signed_area(polygon: shapely.Polygon) -> float:
    """Return the area by the shoelace formula: the lobes of a bow-tie cancel, a ring that only touches itself keeps
    it.
    """
    xy = np.asarray(polygon.exterior.coords)
    x, y = (xy - xy[0]).T
    return abs(float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))) / 2


def _simpler(lon_lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the ring without corners that repeat one on the finest grid that leaves few enough.

    GEOS' own simplification recurses as deep as a ring is long: a hostile one ends the process.
    """
    kept = lon_lat
    for step in GRIDS_DEG:
        grid = np.rint(lon_lat / step)
        kept = lon_lat[np.append(True, (np.diff(grid, axis=0) != 0).any(axis=1))]
        if len(kept) <= DETAILED_CORNERS:
            break
    return kept


def _is_tangled(polygon: shapely.Polygon) -> bool:
    """Judge the ring before anything else looks at it: even asking whether it is valid would take minutes."""
    ring = np.asarray(polygon.exterior.coords)
    return len(ring) > HARMLESS_CORNERS and self_crossings(ring) > MAX_CROSSINGS


def self_crossings(ring: NDArray[np.float64]) -> float:
    """Estimate how often a ring crosses itself, from a sample of its edges; linear in the number of edges."""
    start, end = ring[:-1], ring[1:]
    sample = np.unique(np.linspace(0, len(start) - 1, CROSSING_SAMPLE).astype(int))
    found = sum(_crossed(start[i], end[i], start, end) for i in sample)
    return found / len(sample) * len(start) / 2


def _crossed(
    a: NDArray[np.float64], b: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64]
) -> int:
    def side(p: NDArray[np.float64], q: NDArray[np.float64], r: NDArray[np.float64]) -> NDArray[np.float64]:
        u, v = q - p, r - p
        return np.asarray(np.sign(u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]))

    across = (side(a, b, start) * side(a, b, end) < 0) & (side(start, end, a) * side(start, end, b) < 0)
    return int(across.sum())


def _is_larger(sphere: BaseGeometry, km2: float) -> bool:
    """Return whether it is; exactly only where the box around it leaves a doubt."""
    west, south, east, north = sphere.bounds
    box_km2 = (east - west) * (north - south) * (METRES_PER_DEGREE / 1000) ** 2
    return box_km2 > km2 and sphere_km2(sphere) > km2


def sphere_km2(lon_lat: BaseGeometry) -> float:
    """Return the area of a geometry in degrees, through the equal-area cylinder; within 1 % of the ellipsoid's."""
    cylinder = shapely.transform(
        lon_lat, lambda ll: np.column_stack([np.radians(ll[:, 0]), np.sin(np.radians(ll[:, 1]))])
    )
    return float(cylinder.area) * EARTH_RADIUS_KM**2


def _near(lon_lat: BaseGeometry, window: Window) -> tuple[BaseGeometry, bool]:
    """Return the part within the window, looked for at every turn around the earth, and whether anything is left
    out.
    """
    parts: list[BaseGeometry] = []
    west, south, east, north = window
    for turn in (-720.0, -360.0, 0.0, 360.0, 720.0):
        x0, y0, x1, y1 = lon_lat.bounds
        if x0 + turn > east or x1 + turn < west or y0 > north or y1 < south:
            continue
        moved = affinity.translate(lon_lat, xoff=turn) if turn else lon_lat
        if west <= x0 + turn and x1 + turn <= east and south <= y0 and y1 <= north:
            return moved, False
        parts.append(polygonal(shapely.intersection(moved, shapely.box(*window))))
    return shapely.union_all(parts), True


def _dense(lon_lat: BaseGeometry) -> BaseGeometry:
    step = max(EDGE_DEG, lon_lat.length / MAX_DENSE_VERTICES)
    dense: BaseGeometry = shapely.segmentize(lon_lat, step)
    return dense


def without(shape: Shape, holes: Sequence[Shape | ShapeProblem]) -> Shape | ShapeProblem:
    """Return the shape less the holes. A hole that is not clear is ignored: in doubt people are warned."""
    clear = [
        hole.geometry for hole in holes if isinstance(hole, Shape) and Repair.DOUBTFUL not in hole.repairs
    ]
    elsewhere = sum(hole is ShapeProblem.BEYOND for hole in holes)
    geometry = polygonal(shapely.difference(shape.geometry, shapely.union_all(clear)))
    if geometry.is_empty:
        return ShapeProblem.EXCLUDED
    ignored = len(clear) + elsewhere < len(holes)
    repairs = (*shape.repairs, Repair.HOLE) if ignored else shape.repairs
    return Shape(geometry, repairs, is_circle=shape.is_circle)


def vertices(element: Polygon | Circle) -> int:
    """Return how many vertices the element has as written."""
    return CIRCLE_AZIMUTHS if isinstance(element, Circle) else len(element.lat_lon)
