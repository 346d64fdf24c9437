"""Shapes one by one and together, against the municipalities."""

import dataclasses
from typing import Any

import pytest
import shapely
from shapely import affinity

from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.targeting.match import match
from dispatcher.targeting.measure import BORDER_ONLY, Measured, measure
from dispatcher.targeting.reading import NamedShape
from dispatcher.targeting.rule import MatchingRule
from dispatcher.targeting.shapes import Shape
from tests.targeting.board import EXCLAVE, ORIGIN, RULE, SIDE, centre, reached, square
from tests.targeting.drawing import (
    circle,
    district,
    drawn,
    names,
    unmatched,
    with_heights,
)

DUEREN = "05358"


def test_a_shape_partly_outside_the_data_says_so(boundaries: Boundaries) -> None:
    found = match([circle(50.8, 5.9, 20)], boundaries)
    assert found.affected
    assert any("lies outside the boundary data" in note for note in found.notes)


def test_a_shape_that_only_brushes_a_border_is_held(boundaries: Boundaries) -> None:
    """A big hazard outside the data that touches its edge by a strip of 20 m."""
    points = shapely.get_coordinates(boundaries.border)
    x, y = points[points[:, 0].argmin()]
    west = shapely.box(x - 3000, y - 1500, x + 30, y + 1500)
    found = match([drawn(west)], boundaries)
    assert found.held
    assert unmatched(found) == [("polygon", "touches municipalities only along their border")]


def test_two_halves_make_a_whole(boundaries: Boundaries) -> None:
    """Each half covers less than a fifth of a neighbour; the neighbour is still covered by a third."""
    unit = boundaries.border[boundaries.index_by_ags["05358008"]]
    x0, y0, x1, y1 = unit.bounds
    halves = [shapely.intersection(unit, shapely.box(x0, y0, (x0 + x1) / 2, y1))]
    halves.append(shapely.intersection(unit, shapely.box((x0 + x1) / 2, y0, x1, y1)))
    found = match([drawn(half) for half in halves], boundaries)
    assert {a.name: a.share for a in found.affected}["Düren"] == pytest.approx(1, abs=1e-3)


def test_overlapping_shapes_are_not_counted_twice(boundaries: Boundaries) -> None:
    found = match([circle(50.8, 6.48, 1), circle(50.8, 6.485, 1)], boundaries)
    alone = match([circle(50.8, 6.48, 1)], boundaries)
    assert alone.affected[0].share < found.affected[0].share < 2 * alone.affected[0].share


def test_a_small_hazard_beside_a_district_is_still_seen(boundaries: Boundaries) -> None:
    """Together they look like the district's border; the fire in the neighbour must not vanish in that."""
    fire = circle(50.905, 6.60, 0.2)
    found = match([drawn(district(boundaries, DUEREN)), fire], boundaries)
    alone = match([fire], boundaries)
    assert names(alone)
    assert names(alone) <= names(found)
    assert len(found.affected) == 15 + len(names(alone) - {m.name for m in boundaries.by_prefix(DUEREN)})


def test_a_bulge_of_a_district_reaches_into_the_neighbour(boundaries: Boundaries) -> None:
    outline = district(boundaries, DUEREN)
    neighbour = boundaries.border[boundaries.units.name.index("Kerpen")]
    place = shapely.line_interpolate_point(
        shapely.get_parts(shapely.intersection(shapely.boundary(outline), shapely.boundary(neighbour)))[0],
        0.5,
        normalized=True,
    )
    found = match([drawn(shapely.union(outline, shapely.buffer(place, 2000)))], boundaries)
    assert "Kerpen" in names(found)
    assert len(found.affected) <= 18


def test_more_shapes_than_the_limit_are_looked_at_together(boundaries: Boundaries) -> None:
    areas = [circle(50.80 + 0.001 * i, 6.48, 0.2) for i in range(5)]
    rule = MatchingRule(max_shapes=3)
    assert names(match(areas, boundaries, rule=rule)) == {"Düren"}
    lost = match([circle(51.6, 6.5 + 0.01 * i, 0.2) for i in range(5)], boundaries, rule=rule)
    assert lost.held
    assert len(lost.unmatched) == 5


def test_a_municipality_below_one_areas_height_is_kept_by_another_area(boundaries: Boundaries) -> None:
    flat = with_heights(boundaries, {"05358008": 190.0})
    snow = dataclasses.replace(circle(50.8, 6.48, 12), altitude_ft=3000.0)
    flood = dataclasses.replace(circle(50.8, 6.48, 12), area_desc="Rur")
    assert "Düren" in names(match([snow, flood], flat))
    assert "Düren" in names(match([flood, snow], flat))


def test_many_shapes_on_top_of_one_another_are_looked_at_together(boundaries: Boundaries) -> None:
    areas = [circle(50.8 + i * 1e-5, 6.48, 5) for i in range(60)]
    assert names(match(areas, boundaries)) >= names(match(areas[:1], boundaries))


def test_a_corridor_along_a_border_is_seen_beside_a_district_in_the_same_area(board: Boundaries) -> None:
    line = shapely.LineString(
        [(ORIGIN[0] + 3 * SIDE, ORIGIN[1] + 2 * SIDE), (ORIGIN[0] + 3 * SIDE, ORIGIN[1] + 5 * SIDE)]
    )
    district = shapely.union_all([square(0, 0), square(1, 0), square(1, 1), square(0, 1)])
    found = reached(board, district, shapely.buffer(line, 50))
    assert found == {"00", "10", "11", "01"} | {f"{c}{r}" for c in (2, 3) for r in (2, 3, 4)}


def test_an_exclave_drawn_loosely_does_not_reach_what_surrounds_it(board: Boundaries) -> None:
    """Its slivers are a third of its own area; by itself it would be a hazard in the middle of 22."""
    loose = shapely.buffer(EXCLAVE, 25)
    assert reached(board, square(0, 0), loose) == {"00"}
    assert "22" in reached(board, square(3, 3), shapely.buffer(EXCLAVE, 400))


def test_an_exclave_drawn_for_the_most_part_next_door_belongs_to_its_unit(board: Boundaries) -> None:
    moved = affinity.translate(EXCLAVE, 180)
    assert shapely.intersection(moved, square(2, 2)).area > RULE.own_share * moved.area
    assert reached(board, square(0, 0), moved) == {"00"}
    assert reached(board, square(0, 0), affinity.translate(EXCLAVE, 600)) == {"00", "22"}


def test_a_fire_beside_the_outline_of_a_unit_is_seen(board: Boundaries) -> None:
    x, y = centre(4, 4)
    assert reached(board, square(0, 3), shapely.Point(x, y).buffer(150)) == {"03", "44"}


def test_a_piece_with_no_clear_owner_keeps_the_largest(board: Boundaries) -> None:
    """A loose piece smaller than the outline's imprecision, half here and half there."""
    corner = shapely.Point(ORIGIN[0] + 3 * SIDE, ORIGIN[1] + 3.3 * SIDE + 40).buffer(70)
    found = reached(board, square(0, 0), corner)
    assert "00" in found
    assert len(found & {"23", "33"}) == 1


def test_a_speck_on_a_border_adds_nobody(board: Boundaries) -> None:
    speck = shapely.Point(ORIGIN[0] + SIDE + 20, ORIGIN[1] + 0.5 * SIDE).buffer(30)
    assert reached(board, square(0, 0), speck) == {"00"}


def test_a_piece_outside_the_data_is_held_beside_a_district(board: Boundaries) -> None:
    away = shapely.Point(ORIGIN[0] - 3000, ORIGIN[1] - 3000)
    for size in (50, 120, 1500):
        found = match([drawn(shapely.MultiPolygon([square(0, 0), away.buffer(size)]))], board)
        assert {affected.name for affected in found.affected} == {"00"}
        assert found.held


def test_a_speck_beside_the_data_belongs_to_the_unit_it_lies_at(board: Boundaries) -> None:
    speck = shapely.Point(ORIGIN[0] - 40, ORIGIN[1] + 500).buffer(30)
    found = match([drawn(shapely.MultiPolygon([square(0, 0), speck]))], board)
    assert {affected.name for affected in found.affected} == {"00"}
    assert not found.held


def named(shape: Any, name: str = "polygon 1 of area 1", floor_m: float | None = None) -> NamedShape:
    return NamedShape(name, Shape(shape), floor_m)


def kept_of(found: Measured, board: Boundaries) -> set[str]:
    return {board.municipalities[index].name for index in found.kept}


def test_without_shapes_nothing_is_measured(board: Boundaries) -> None:
    assert measure([], board, RULE) == measure([[], []], board, RULE) == Measured()


def test_a_shape_alone_has_its_units_their_shares_and_itself(board: Boundaries) -> None:
    x, y = centre(3, 3)
    half = shapely.box(x, y - SIDE / 2, x + SIDE, y + SIDE / 2)
    found = measure([[named(half)]], board, RULE)
    assert kept_of(found, board) == {"33", "43"}
    shares = {board.municipalities[index].name: share for index, share in found.share.items()}
    assert {name: round(share, 3) for name, share in shares.items() if share > 0.001} == {
        "33": 0.5,
        "43": 0.5,
    }
    assert found.union is half
    assert (found.failures, found.notes) == ({}, ())


@pytest.mark.parametrize(
    ("column", "row", "reason"),
    [(-3, -3, "outside the boundary data"), (-1, 2, BORDER_ONLY)],
)
def test_a_shape_that_reaches_nobody_fails_under_its_name(
    board: Boundaries, column: int, row: int, reason: str
) -> None:
    """One far away, and one beside the board that overlaps its edge by 10 m."""
    shape = affinity.translate(square(column, row), 10)
    found = measure([[named(shape, "polygon 7"), named(square(3, 3), "polygon 8")]], board, RULE)
    assert found.failures == {"polygon 7": reason}
    assert "33" in kept_of(found, board)


def test_what_lies_below_the_height_of_its_shape_is_left_out_and_said(board: Boundaries) -> None:
    low = with_heights(board, {"01033000": 100.0, "01032000": 900.0})
    both = shapely.union(square(3, 3), square(3, 2))
    found = measure([[named(both, floor_m=500.0)]], low, RULE)
    assert kept_of(found, low) == {"32"}
    assert found.notes == ("polygon 1 of area 1: 1 municipality lies wholly below 500 m and is left out",)
    assert kept_of(measure([[named(both)]], low, RULE), low) == {"32", "33"}


def test_a_shape_that_reaches_beyond_the_data_says_how_much_of_it_lies_there(board: Boundaries) -> None:
    half = affinity.translate(square(4, 2), SIDE / 2)
    assert measure([[named(half)]], board, RULE).notes == (
        "polygon 1 of area 1: 50% of it lies outside the boundary data",
    )
