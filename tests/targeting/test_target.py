"""What an alert covers exactly, for those who follow a place smaller than a municipality."""

import dataclasses
from collections.abc import Callable, Collection
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from cap.model import Area, Polygon
from dispatcher.audience.point_index import (
    PRIVATE_TOLERANCE_M,
    PolygonIndex,
    WatchedPoint,
    WatchedPoints,
    private,
)
from dispatcher.boundaries.build import BoundaryRow, build, polygonal
from dispatcher.boundaries.bundle import Provenance
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.boundaries.projection import EUROPE_EQUAL_AREA, WGS84, project, transformer
from dispatcher.targeting.match import match
from dispatcher.targeting.outcome import Match
from dispatcher.targeting.target import target_of
from tests.targeting.board import ORIGIN, SIDE, centre, square
from tests.targeting.drawing import circle, coded, district, drawn, polygon

UTM = "EPSG:25832"
LEFT, MIDDLE, RIGHT = "01023000", "01033000", "01043000"
# A straight edge of 8 km in degrees and one in metres part by 2 m.
CURVE_M2 = 20_000.0


def covered(match: Match, boundaries: Boundaries, served: Collection[str]) -> BaseGeometry:
    return shapely.from_wkb(target_of(match, boundaries, served))


def strip() -> BaseGeometry:
    """Through the middle of the squares 23, 33 and 43."""
    (west, y), (east, _) = centre(2, 3), centre(4, 3)
    shape: BaseGeometry = shapely.box(west, y - 300, east, y + 300)
    return shape


@pytest.fixture
def crossing(board: Boundaries) -> Match:
    found = match([drawn(strip())], board)
    assert {place.ags for place in found.affected} == {LEFT, MIDDLE, RIGHT}
    return found


def test_what_only_codes_name_has_no_shape(board: Boundaries) -> None:
    assert target_of(match([coded(("AGS", LEFT))], board), board, [LEFT]) == b""


def test_where_all_is_served_the_target_is_the_shape(board: Boundaries, crossing: Match) -> None:
    shape = covered(crossing, board, [LEFT, MIDDLE, RIGHT, "99999999"])
    assert shape.equals(crossing.geometry)
    assert shape.symmetric_difference(strip()).area < CURVE_M2


@pytest.mark.parametrize("served", [[], ["99999999"], ["01000000"]])
def test_where_nothing_is_served_there_is_no_target(
    board: Boundaries, crossing: Match, served: list[str]
) -> None:
    assert target_of(crossing, board, served) == b""


@pytest.mark.parametrize(
    ("served", "columns"), [([MIDDLE], (3,)), ([LEFT, MIDDLE], (2, 3)), ([LEFT, RIGHT], (2, 4))]
)
def test_whatever_lies_in_municipalities_that_are_not_served_is_left_out(
    board: Boundaries, crossing: Match, served: list[str], columns: tuple[int, ...]
) -> None:
    """With one of three served they are cut out of the shape, with two of three the third is taken away."""
    expected = shapely.intersection(strip(), shapely.union_all([square(column, 3) for column in columns]))
    assert covered(crossing, board, served).symmetric_difference(expected).area < CURVE_M2


@pytest.mark.parametrize("served", [[LEFT], [LEFT, RIGHT]])
def test_a_border_that_is_touched_is_no_target(board: Boundaries, crossing: Match, served: list[str]) -> None:
    """A line is left of it, cut out or taken away, which covers nobody."""
    touching = dataclasses.replace(crossing, geometry=square(3, 3))
    assert target_of(touching, board, served) == b""


def test_the_target_is_in_one_system_whatever_the_boundaries_are_in() -> None:
    rows = [
        BoundaryRow(ags, "", ags, square(column, 3)) for ags, column in ((LEFT, 2), (MIDDLE, 3), (RIGHT, 4))
    ]
    provenance = Provenance("test", "", "CC0", "nobody", "2020-01-01", "")
    other = Boundaries.of(build(rows, provenance, source_crs=EUROPE_EQUAL_AREA, crs=UTM).bundle)
    found = match([drawn(strip())], other)
    assert found.geometry is not None
    assert project(found.geometry, EUROPE_EQUAL_AREA, UTM).symmetric_difference(strip()).area < CURVE_M2
    assert covered(found, other, [LEFT, MIDDLE, RIGHT]).symmetric_difference(strip()).area < CURVE_M2


def allow(*prefixes: str) -> Callable[[str], bool]:
    return lambda ags: ags.startswith(prefixes)


def affected(match: Match) -> list[str]:
    return [place.ags for place in match.affected]


@pytest.mark.parametrize(
    ("prefixes", "columns"),
    [(("01023", "01033"), (2, 3)), (("01043",), (4,)), (("010",), (2, 3, 4)), (("0103",), (3,))],
)
def test_what_lies_outside_of_the_territory_is_cut_off(
    board: Boundaries, crossing: Match, prefixes: tuple[str, ...], columns: tuple[int, ...]
) -> None:
    cut = shapely.from_wkb(target_of(crossing, board, affected(crossing), allow(*prefixes)))
    expected = shapely.intersection(strip(), shapely.union_all([square(column, 3) for column in columns]))
    assert cut.symmetric_difference(expected).area < CURVE_M2


def test_a_municipality_that_is_not_meant_is_left_out_of_a_territory_too(
    board: Boundaries, crossing: Match
) -> None:
    cut = shapely.from_wkb(target_of(crossing, board, [LEFT, RIGHT], allow("010")))
    expected = shapely.intersection(strip(), shapely.union_all([square(2, 3), square(4, 3)]))
    assert cut.symmetric_difference(expected).area < CURVE_M2


def test_what_lies_in_no_municipality_is_cut_off(board: Boundaries) -> None:
    """Where the data ends, nobody may be warned either."""
    x, y = centre(4, 3)
    found = match([drawn(shapely.box(x, y - 500, x + 3 * SIDE, y + 500))], board)
    cut = shapely.from_wkb(target_of(found, board, affected(found), allow("010")))
    assert cut.bounds[2] == pytest.approx(ORIGIN[0] + 5 * SIDE, abs=1.0)
    assert covered(found, board, affected(found)).bounds[2] > ORIGIN[0] + 6 * SIDE  # the control


def test_where_nothing_is_permitted_there_is_no_target(board: Boundaries, crossing: Match) -> None:
    assert target_of(crossing, board, affected(crossing), allow("99")) == b""


def bulging(district: BaseGeometry, margin_m: float, bulge_m: float) -> BaseGeometry:
    """The outline and so much more, and at one place a wide bulge."""
    wide = shapely.buffer(district, margin_m)
    x, y = shapely.get_coordinates(shapely.get_parts(district)[0].exterior)[0]
    bulge = shapely.box(x - 2500, y - bulge_m, x + 2500, y + bulge_m)
    shape: BaseGeometry = shapely.union(wide, bulge)
    return shape


DRAWN: dict[str, Callable[[Any], Any]] = {
    "exact": lambda own: own,
    "imprecise": lambda own: shapely.buffer(own, 250),
    "simplified": lambda own: polygonal(shapely.simplify(own, 1000)),
    "bulging": lambda own: bulging(own, 450, 1400),
    "bulging, exact": lambda own: bulging(own, 0, 3000),
    "bow-tie": lambda own: shapely.union_all([own, shapely.buffer(own.centroid, 40_000)]),
}


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("parts", [1, -1], ids=["as drawn", "turned round"])
def test_however_a_district_is_drawn_its_neighbours_are_out_of_reach(
    boundaries: Boundaries, name: str, parts: int
) -> None:
    own = district(boundaries, "05358")
    area = drawn(DRAWN[name](own))
    rings = tuple(Polygon(ring.lat_lon[::parts]) for ring in area.polygons)
    found = match([dataclasses.replace(area, polygons=rings)], boundaries)
    target = shapely.from_wkb(target_of(found, boundaries, affected(found), allow("05358")))
    assert target.difference(shapely.buffer(own, HAIR_M)).is_empty
    assert target.symmetric_difference(shapely.intersection(found.geometry, own)).area < 1.0
    if name != "exact":
        control = covered(found, boundaries, affected(found))
        assert control.difference(shapely.buffer(own, 100)).area > 0


@pytest.mark.parametrize(
    "area",
    [
        circle(50.8, 6.48, 60),
        dataclasses.replace(circle(50.8, 6.48, 60), excluded=(Polygon(((50.7, 6.4), (50.9, 6.4), (50.9, 6.6))),)),
        dataclasses.replace(circle(50.8, 6.48, 60), excluded=(Polygon(((0.0, 0.0), (50.9, 6.4), (50.9, 6.6))),)),
        dataclasses.replace(circle(50.8, 6.48, 0.01), geocodes=coded(("AGS", "05358")).geocodes),
        polygon((50.5, 6.0), (51.1, 7.0), (51.1, 6.0), (50.5, 7.0)),
    ],
    ids=["circle", "excluded", "excluded with a corner at 0,0", "with codes", "bow-tie"],
)  # fmt: skip
def test_no_circle_hole_or_crossing_ring_reaches_out_of_the_territory(
    boundaries: Boundaries, area: Area
) -> None:
    own = district(boundaries, "05358")
    found = match([area], boundaries)
    target = shapely.from_wkb(target_of(found, boundaries, affected(found), allow("05358")))
    assert not target.is_empty
    assert target.difference(shapely.buffer(own, HAIR_M)).is_empty


# Cutting moves corners by rounding, by much less than this.
HAIR_M = 0.001
PLACES = st.tuples(st.floats(-1, 6), st.floats(-1, 6))
BLOBS = st.lists(
    st.tuples(PLACES, st.floats(50, 9_000), st.integers(3, 12), st.floats(0, 3)), min_size=1, max_size=4
)
UNITS = st.sampled_from([f"010{column}{row}000" for column in range(5) for row in range(5)])


def blob(place: tuple[float, float], size: float, corners: int, turn: float) -> BaseGeometry:
    angle = np.linspace(turn, 2 * np.pi + turn, corners, endpoint=False)
    radius = size * np.where(np.arange(corners) % 2, 0.4, 1.0)
    x, y = ORIGIN[0] + place[0] * SIDE, ORIGIN[1] + place[1] * SIDE
    return shapely.Polygon(np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)]))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    BLOBS, st.sets(UNITS, max_size=3), st.sets(UNITS, min_size=1, max_size=12), st.lists(PLACES, max_size=30)
)
def test_a_point_is_reached_if_it_lies_in_the_shape_and_in_the_territory_and_else_never(
    board: Boundaries,
    blobs: list[tuple[Any, float, int, float]],
    codes: set[str],
    territory: set[str],
    places: list[tuple[float, float]],
) -> None:
    areas = [drawn(polygonal(blob(*one))) for one in blobs]
    named = coded(*[("AGS", code) for code in sorted(codes)])
    found = match([*areas, named] if codes else areas, board)
    wide = covered(found, board, affected(found)) if found.affected else shapely.Polygon()
    raw = target_of(found, board, affected(found), territory.__contains__)
    target = shapely.from_wkb(raw) if raw else shapely.Polygon()
    own = shapely.union_all(board.border[[board.index_by_ags[ags] for ags in territory]])
    assert target.is_valid
    assert target.difference(shapely.buffer(own, HAIR_M)).is_empty
    assert target.symmetric_difference(shapely.intersection(wide, own)).area < 1.0
    corners = np.asarray(shapely.points(shapely.get_coordinates([target, wide, own])))
    random = [shapely.Point(ORIGIN[0] + x * SIDE, ORIGIN[1] + y * SIDE) for x, y in places]
    for point in [*corners, *random]:
        if shapely.distance(point, own) > HAIR_M:
            assert not target.intersects(point)
        elif shapely.covers(shapely.buffer(own, -HAIR_M), point) and shapely.covers(wide, point):
            assert shapely.dwithin(target, point, HAIR_M)


OFFSETS = st.floats(-400, 400)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(0.05, 0.95), OFFSETS)
def test_rounding_loses_nobody_at_the_border_and_takes_nobody_along_beyond_it(
    board: Boundaries, along: float, beyond_m: float
) -> None:
    """The shape covers both sides; of the border's two sides only the left may be warned."""
    x, y = ORIGIN[0] + 3 * SIDE, ORIGIN[1] + 3 * SIDE
    found = match([drawn(shapely.box(x - 1500, y - 500, x + 1500, y + SIDE + 500))], board)
    target = shapely.from_wkb(target_of(found, board, affected(found), allow("0102")))
    lon, lat = transformer(EUROPE_EQUAL_AREA, WGS84).transform(x + beyond_m, y + along * SIDE)
    home = WatchedPoints(EUROPE_EQUAL_AREA, {1: WatchedPoint(*private(lat, lon))})
    reached = bool(home.matching(target, PRIVATE_TOLERANCE_M).size)
    if beyond_m <= -HAIR_M:
        assert reached
    if beyond_m > 2 * PRIVATE_TOLERANCE_M:
        assert not reached


def test_a_field_across_the_border_is_reached_by_its_part_in_the_territory(
    board: Boundaries, crossing: Match
) -> None:
    cut = shapely.from_wkb(target_of(crossing, board, affected(crossing), allow("01023")))
    x, (_, y) = ORIGIN[0] + 3 * SIDE, centre(2, 3)
    across, beyond = shapely.box(x - 200, y, x + 2000, y + 50), shapely.box(x + 200, y, x + 2000, y + 50)
    index = PolygonIndex(np.array([1, 2]), shapely.STRtree([across, beyond]))
    assert index.matching(cut, PRIVATE_TOLERANCE_M).tolist() == [1]
    assert index.matching(strip(), PRIVATE_TOLERANCE_M).tolist() == [1, 2]  # the control


def test_overlapping_municipalities_are_put_together_one_by_one() -> None:
    rows = [
        BoundaryRow(LEFT, "", "left", square(2, 3)),
        BoundaryRow(MIDDLE, "", "middle", shapely.buffer(square(3, 3), 150, join_style="mitre")),
    ]
    provenance = Provenance("test", "", "CC0", "nobody", "2020-01-01", "")
    other = Boundaries.of(build(rows, provenance, source_crs=EUROPE_EQUAL_AREA).bundle)
    assert not shapely.coverage_is_valid(other.border)
    found = match([drawn(strip())], other)
    target = shapely.from_wkb(target_of(found, other, affected(found), allow("01")))
    assert target.is_valid
    expected = shapely.intersection(strip(), shapely.union_all(other.border))
    assert target.symmetric_difference(expected).area < CURVE_M2
