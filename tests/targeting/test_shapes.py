"""Polygons and circles as senders write them, and what is made of each."""

import math
import time
from typing import Any

import numpy as np
import pytest
import shapely

from cap.model import Area, Circle, Polygon
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.boundaries.projection import EUROPE_EQUAL_AREA
from dispatcher.targeting import shapes
from dispatcher.targeting.match import match
from dispatcher.targeting.rule import MatchingRule
from dispatcher.targeting.shapes import Repair, Shape, ShapeProblem
from tests.targeting.drawing import circle, district, drawn, names, polygon, unmatched

DUEREN = "05358"


@pytest.mark.parametrize(
    ("area", "reason"),
    [
        (polygon((math.nan, 6.4), (50.8, 6.5), (50.7, 6.6), (math.nan, 6.4)), "coordinates are not on the earth"),
        (polygon((95.0, 6.4), (50.8, 6.5), (50.7, 6.6), (95.0, 6.4)), "coordinates are not on the earth"),
        (polygon((50.8, 6.5), (50.7, 6.6)), "encloses no area"),
        (polygon((50.0, 6.0), (50.5, 6.5), (51.0, 7.0), (50.0, 6.0)), "encloses no area"),
        (circle(50.8, 6.48, 1e9), "larger than the limit"),
        (circle(50.8, 6.48, 2000), "larger than the limit"),
        (circle(50.8, 6.48, math.inf), "coordinates are not on the earth"),
        (circle(50.8, 6.48, -1), "coordinates are not on the earth"),
        (circle(91.0, 6.48, 1), "coordinates are not on the earth"),
        (polygon((-80.0, -170.0), (-80.0, 170.0), (80.0, 170.0), (80.0, -170.0), (-80.0, -170.0)), "larger than the limit"),
    ],
)  # fmt: skip
def test_nonsense_is_held_with_its_reason(boundaries: Boundaries, area: Area, reason: str) -> None:
    found = match([area], boundaries)
    assert found.held
    assert found.affected == ()
    assert found.unmatched[0].reason == reason


def test_a_ring_squeezed_flat_by_rounding_is_a_small_place(boundaries: Boundaries) -> None:
    found = match([polygon((50.8, 6.48), (50.8, 6.481), (50.8, 6.482), (50.8, 6.48))], boundaries)
    assert names(found) == {"Düren"}
    assert "ring without area" in found.notes[0]
    far = match([polygon((10.0, 6.48), (10.0, 6.481), (10.0, 6.482), (10.0, 6.48))], boundaries)
    assert far.held


def test_a_bow_tie_keeps_both_lobes(boundaries: Boundaries) -> None:
    found = match([polygon((50.7, 6.4), (50.8, 6.6), (50.8, 6.4), (50.7, 6.6), (50.7, 6.4))], boundaries)
    assert {"Düren", "Kreuzau", "Nideggen"} & names(found)
    assert "self-crossing" in found.notes[0]


def test_direction_and_start_of_a_ring_do_not_matter(boundaries: Boundaries) -> None:
    ring = drawn(district(boundaries, DUEREN)).polygons[0].lat_lon
    turned = ring[40:-1] + ring[:41]
    for other in (ring[::-1], turned):
        assert match([polygon(*other)], boundaries).affected == match([polygon(*ring)], boundaries).affected


@pytest.mark.no_cover  # tracing would be what it measures
def test_a_hundred_thousand_vertices_take_bounded_time(boundaries: Boundaries) -> None:
    angle = np.linspace(0, 2 * np.pi, 100_000)
    wave = 1 + 0.05 * np.sin(900 * angle)
    ring = zip(
        (50.8 + 0.1 * wave * np.sin(angle)).tolist(),
        (6.48 + 0.15 * wave * np.cos(angle)).tolist(),
        strict=True,
    )
    started = time.process_time()
    assert "Düren" in names(match([polygon(*ring)], boundaries))
    assert time.process_time() - started < 20


@pytest.mark.no_cover  # tracing would be what it measures
@pytest.mark.parametrize(
    ("corners", "reason"),
    [
        (40_000, "crosses itself too often to say what is meant"),
        (100_000, "has more detail than any map can show"),
    ],
)
def test_scribble_is_refused_before_it_is_repaired(boundaries: Boundaries, corners: int, reason: str) -> None:
    random = np.random.default_rng(1)
    ring = zip(
        random.uniform(50.5, 51, corners).tolist(), random.uniform(6, 7, corners).tolist(), strict=True
    )
    started = time.process_time()
    found = match([polygon(*ring)], boundaries)
    assert found.held
    assert unmatched(found) == [("polygon", reason)]
    assert time.process_time() - started < 20


def test_a_ring_across_the_antimeridian_is_not_the_rest_of_the_world(boundaries: Boundaries) -> None:
    fiji = polygon((-16.0, 179.5), (-16.0, -179.5), (-17.0, -179.5), (-17.0, 179.5), (-16.0, 179.5))
    assert unmatched(match([fiji], boundaries)) == [("polygon", "outside the boundary data")]


def test_longitudes_a_turn_away_are_the_same_place(boundaries: Boundaries) -> None:
    lat_lon = [(50.75, 6.45), (50.75, 6.5), (50.82, 6.5), (50.82, 6.45), (50.75, 6.45)]
    moved = [(lat, lon - 360) for lat, lon in lat_lon]
    assert (
        match([polygon(*moved)], boundaries, rule=MatchingRule()).affected
        == match([polygon(*lat_lon)], boundaries).affected
    )


def test_a_ring_around_the_pole_holds_the_pole(boundaries: Boundaries) -> None:
    arctic = [(49.0, float(lon)) for lon in range(-180, 181, 10)]
    rule = MatchingRule(max_area_km2=1e9)
    found = match([polygon(*arctic)], boundaries, rule=rule)
    assert len(found.affected) == len(boundaries.municipalities)
    assert any("closed over the pole" in note for note in found.notes)
    antarctic = [(-60.0, float(lon)) for lon in range(-180, 181, 10)]
    assert match([polygon(*antarctic)], boundaries, rule=rule).affected == ()


def test_a_very_large_polygon_is_cut_to_the_data(boundaries: Boundaries) -> None:
    found = match([polygon((45.0, 0.0), (45.0, 12.0), (55.0, 12.0), (55.0, 0.0), (45.0, 0.0))], boundaries)
    assert len(found.affected) == len(boundaries.municipalities)
    assert any("reaches beyond the surroundings" in note for note in found.notes)


def test_a_circle_is_geodesic() -> None:
    boundaries = Boundaries.default()
    shape = shapes.of(
        Circle(50.8, 6.48, 10.0), shapes.around(boundaries.window), boundaries.crs, MatchingRule()
    )
    assert isinstance(shape, Shape)
    assert shape.geometry.area == pytest.approx(math.pi * 1e8, rel=1e-3)


def test_a_finely_drawn_country_is_put_on_a_grid(boundaries: Boundaries) -> None:
    angle = np.linspace(0, 2 * np.pi, 60_000)
    ring = zip((50.8 + 0.01 * np.sin(angle)).tolist(), (6.48 + 0.01 * np.cos(angle)).tolist(), strict=True)
    found = match([polygon(*ring)], boundaries)
    assert "Düren" in names(found)
    assert any("put on a grid" in note for note in found.notes)


def test_an_endless_zigzag_within_the_data_is_refused(boundaries: Boundaries) -> None:
    """Valid, and 2,000 degrees long: every municipality is cut by it a thousand times."""
    comb = [(50.3 + 0.8 * (((i + 1) // 2) % 2), 5.9 + i / 40_000) for i in range(40_000)]
    found = match([polygon(*comb, (50.2, 6.9), (50.2, 5.9), comb[0])], boundaries)
    assert unmatched(found) == [("polygon", "has more detail than any map can show")]


def test_a_line_is_no_area_however_its_corners_are_rounded(boundaries: Boundaries) -> None:
    found = match([polygon((50.8, 6.4), (50.85, 6.5), (50.9, 6.6), (50.8, 6.4))], boundaries)
    assert found.affected == ()
    assert found.held
    assert unmatched(found) == [("polygon", "encloses no area")]


def test_a_strip_of_a_metre_is_an_area(boundaries: Boundaries) -> None:
    strip = polygon((50.8, 6.4), (50.8, 6.6), (50.80001, 6.6), (50.80001, 6.4), (50.8, 6.4))
    assert "Düren" in names(match([strip], boundaries))


WINDOW = (5.0, 49.0, 8.0, 52.0)
SQUARE = ((50.0, 6.0), (50.0, 6.5), (50.5, 6.5), (50.5, 6.0), (50.0, 6.0))
BOW_TIE = ((50.0, 6.0), (50.5, 6.5), (50.5, 6.0), (50.0, 6.5), (50.0, 6.0))
LOPSIDED = ((50.0, 6.0), (50.2, 6.5), (50.0, 6.5), (50.4, 6.0), (50.0, 6.0))
TOUCHING = ((50.0, 6.0), (50.0, 6.5), (50.5, 6.5), (50.0, 6.2), (50.5, 6.0), (50.0, 6.0))


def made(element: Polygon | Circle, **rule: Any) -> Any:
    return shapes.of(element, WINDOW, EUROPE_EQUAL_AREA, MatchingRule(**rule))


@pytest.mark.parametrize(
    ("element", "repairs"),
    [
        (Polygon(SQUARE), ()),
        (Polygon(SQUARE[:-1]), ()),
        (Polygon(TOUCHING), (Repair.VALID,)),
        (Polygon(BOW_TIE), (Repair.DOUBTFUL,)),
        (Polygon(LOPSIDED), (Repair.DOUBTFUL,)),
        (Polygon(((50.0, 6.0), (50.0, 6.5), (60.0, 6.5), (60.0, 6.0))), (Repair.CUT,)),
        (Polygon(((50.0, 6.0), (50.0, 6.001), (50.0, 6.002), (50.0, 6.0))), (Repair.COLLAPSED,)),
        (Circle(50.0, 6.0, 1.0), ()),
        (Circle(50.0, 6.0, 0.0), (Repair.POINT,)),
        (Circle(50.0, 6.0, 0.099), (Repair.RADIUS,)),
        (Circle(50.0, 6.0, 0.1), ()),
    ],
    ids=[
        "ring",
        "open ring",
        "touching",
        "bow-tie",
        "a small lobe beside a large one",
        "beyond",
        "flat",
        "circle",
        "point",
        "small",
        "at the limit",
    ],
)
def test_every_repair_is_named(element: Polygon | Circle, repairs: tuple[Repair, ...]) -> None:
    found = made(element)
    assert found.repairs == repairs
    assert found.is_circle is isinstance(element, Circle)
    assert found.geometry.is_valid


@pytest.mark.parametrize(
    ("element", "rule", "problem"),
    [
        (Circle(91.0, 6.0, 1.0), {}, ShapeProblem.RANGE),
        (Circle(50.0, 6.0, -0.1), {}, ShapeProblem.RANGE),
        (Circle(50.0, math.nan, 1.0), {}, ShapeProblem.RANGE),
        (Circle(50.0, 6.0, 9_001.0), {"max_area_km2": 1e12}, ShapeProblem.LARGE),
        (Circle(50.0, 6.0, 10.0), {"max_area_km2": 310.0}, ShapeProblem.LARGE),
        (Circle(10.0, 6.0, 1.0), {}, ShapeProblem.BEYOND),
        (Polygon(()), {}, ShapeProblem.EMPTY),
        (Polygon(SQUARE[:2]), {}, ShapeProblem.EMPTY),
        (Polygon(((50.0, 6.0), (50.0, 6.2), (50.0, 6.4), (50.0, 6.0))), {}, ShapeProblem.EMPTY),
        (Polygon(((50.0, 361.0), *SQUARE[1:])), {}, ShapeProblem.RANGE),
        (Polygon(((math.inf, 6.0), *SQUARE[1:])), {}, ShapeProblem.RANGE),
        (Polygon(SQUARE), {"max_area_km2": 1_000.0}, ShapeProblem.LARGE),
        (Polygon(tuple((lat - 40, lon) for lat, lon in SQUARE)), {}, ShapeProblem.BEYOND),
    ],
)
def test_whatever_cannot_be_used_says_why(
    element: Polygon | Circle, rule: dict[str, Any], problem: ShapeProblem
) -> None:
    assert made(element, **rule) is problem


def test_an_area_just_below_the_limit_is_taken() -> None:
    assert shapes.sphere_km2(shapely.Polygon([(6, 50), (6.5, 50), (6.5, 50.5), (6, 50.5)])) == pytest.approx(
        1_980, rel=0.01
    )
    assert isinstance(made(Polygon(SQUARE), max_area_km2=2_000.0), Shape)


def test_the_window_is_widened_and_ends_at_the_poles() -> None:
    assert shapes.around((5.0, 49.0, 8.0, 52.0)) == (3.0, 47.0, 10.0, 54.0)
    assert shapes.around((5.0, -89.0, 8.0, 89.5)) == (3.0, -90.0, 10.0, 90.0)


def test_what_is_widened_is_widened_to_what_the_notes_say() -> None:
    least = f"{MatchingRule().min_radius_m:.0f} m"
    assert all(least in repair.value for repair in (Repair.POINT, Repair.RADIUS))


def test_a_circle_counts_as_many_vertices_as_it_is_drawn_with() -> None:
    assert shapes.vertices(Polygon(SQUARE)) == len(SQUARE)
    assert shapes.vertices(Circle(50.0, 6.0, 3.0)) == len(shapes.circle_lat_lon(50.0, 6.0, 3_000.0)) - 1


@pytest.mark.parametrize(
    ("ring", "crossings"), [(SQUARE, 0), (BOW_TIE, 1), (TOUCHING, 0)], ids=["none", "one", "a touch is none"]
)
def test_crossings_are_counted(ring: tuple[tuple[float, float], ...], crossings: float) -> None:
    assert shapes.self_crossings(np.array(ring)) == crossings


def hole(size: float, repairs: tuple[Repair, ...] = ()) -> Shape:
    return Shape(shapely.box(0, 0, size, size), repairs)


@pytest.mark.parametrize(
    ("holes", "area", "repairs"),
    [
        ([], 100, ()),
        ([hole(4)], 84, ()),
        ([hole(4), hole(5)], 75, ()),
        ([hole(4, (Repair.VALID,))], 84, ()),
        ([hole(4, (Repair.DOUBTFUL,))], 100, (Repair.HOLE,)),
        ([hole(4), ShapeProblem.EMPTY], 84, (Repair.HOLE,)),
        ([hole(4), ShapeProblem.BEYOND], 84, ()),
        ([ShapeProblem.TANGLED], 100, (Repair.HOLE,)),
    ],
)
def test_only_a_hole_that_is_clear_is_cut_out(
    holes: list[Shape | ShapeProblem], area: float, repairs: tuple[Repair, ...]
) -> None:
    found = shapes.without(Shape(shapely.box(0, 0, 10, 10), is_circle=True), holes)
    assert isinstance(found, Shape)
    assert (found.geometry.area, found.repairs, found.is_circle) == (area, repairs, True)


def test_holes_that_leave_nothing_are_a_problem() -> None:
    assert shapes.without(hole(4), [hole(5)]) is ShapeProblem.EXCLUDED
