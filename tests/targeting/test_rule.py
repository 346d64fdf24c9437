"""The matching rule on drawings small enough to reason about: a board of squares 4 km wide, with an exclave."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity

from cap.vocabulary import Severity
from dispatcher.boundaries.build import BoundaryRow, build
from dispatcher.boundaries.bundle import Provenance
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.boundaries.projection import EUROPE_EQUAL_AREA
from dispatcher.targeting.match import match
from dispatcher.targeting.rule import MatchingRule, overlap
from dispatcher.targeting.shared_areas import cut
from tests.targeting.drawing import drawn

SIDE = 4_000.0
ORIGIN = (4.05e6, 3.05e6)
RULE = MatchingRule()


def square(column, row):
    x, y = ORIGIN[0] + column * SIDE, ORIGIN[1] + row * SIDE
    return shapely.box(x, y, x + SIDE, y + SIDE)


EXCLAVE = shapely.Point(ORIGIN[0] + 2.5 * SIDE, ORIGIN[1] + 2.5 * SIDE).buffer(180, quad_segs=3)


@pytest.fixture(scope="module")
def board():
    """Units `0100CR00` in column C and row R; `01000000` has an exclave in the middle of `01002200`."""
    rows = []
    for column in range(5):
        for row in range(5):
            shape = square(column, row)
            if (column, row) == (0, 0):
                shape = shapely.union(shape, EXCLAVE)
            if (column, row) == (2, 2):
                shape = shapely.difference(shape, EXCLAVE)
            rows.append(BoundaryRow(f"010{column}{row}000", "", f"{column}{row}", shape))
    provenance = Provenance("test", "", "CC0", "nobody", "2020-01-01", "")
    return Boundaries.of(build(rows, provenance, source_crs=EUROPE_EQUAL_AREA).bundle)


def kept(board, shape, rule=RULE):
    found = overlap(shape, board, rule)
    return {board.municipalities[index].name for index in found.indices[found.kept]}


def reached(board, *shapes, rule=RULE):
    return {
        affected.name
        for affected in match([drawn(shapely.MultiPolygon(list(shapes)))], board, rule=rule).affected
    }


def centre(column, row):
    return ORIGIN[0] + (column + 0.5) * SIDE, ORIGIN[1] + (row + 0.5) * SIDE


def test_an_exact_outline_keeps_its_unit(board):
    assert kept(board, square(3, 3)) == {"33"}


@pytest.mark.parametrize("stray", [20, 100, 190])
def test_an_outline_that_strays_a_little_keeps_its_unit(board, stray):
    assert kept(board, shapely.buffer(square(3, 3), stray, join_style="mitre")) == {"33"}
    assert kept(board, shapely.buffer(square(3, 3), -stray, join_style="mitre")) == {"33"}


def test_a_generalised_outline_strays_evenly_and_keeps_its_units(board):
    block = shapely.union_all([square(c, r) for c in range(1, 4) for r in range(1, 4)])
    assert kept(board, shapely.buffer(block, 400, join_style="mitre")) == {
        f"{c}{r}" for c in range(1, 4) for r in range(1, 4)
    }


def test_a_bulge_of_an_exact_outline_is_a_hazard(board):
    x, y = centre(3, 2)
    bulge = shapely.Point(x + SIDE / 2, y).buffer(900)
    assert kept(board, shapely.union(square(3, 2), bulge)) == {"32", "42"}


def test_an_outline_that_strays_too_far_for_its_size_is_a_hazard(board):
    wide = shapely.buffer(square(2, 3), 900, join_style="mitre")
    assert len(kept(board, wide)) == 9


def test_a_small_hazard_keeps_what_it_lies_in_however_small_its_share(board):
    x, y = centre(3, 3)
    assert kept(board, shapely.Point(x, y).buffer(30)) == {"33"}


def test_a_brush_is_not_kept_and_a_deep_or_wide_contact_is(board):
    x, y = centre(3, 3)
    edge = x + SIDE / 2
    circle = shapely.Point(edge - 1000 + 50, y).buffer(1000)
    assert kept(board, circle) == {"33"}
    assert kept(board, shapely.Point(edge - 1000 + 150, y).buffer(1000)) == {"33", "43"}
    assert kept(board, shapely.box(x, y - 500, edge + 60, y + 500)) == {"33", "43"}


def test_a_corridor_along_a_border_keeps_both_sides(board):
    line = shapely.LineString(
        [(ORIGIN[0] + 3 * SIDE, ORIGIN[1]), (ORIGIN[0] + 3 * SIDE, ORIGIN[1] + 5 * SIDE)]
    )
    assert kept(board, shapely.buffer(line, 25)) == {f"{c}{r}" for c in (2, 3) for r in range(5)}


def test_a_corridor_along_a_border_is_seen_beside_a_district_in_the_same_area(board):
    line = shapely.LineString(
        [(ORIGIN[0] + 3 * SIDE, ORIGIN[1] + 2 * SIDE), (ORIGIN[0] + 3 * SIDE, ORIGIN[1] + 5 * SIDE)]
    )
    district = shapely.union_all([square(0, 0), square(1, 0), square(1, 1), square(0, 1)])
    found = reached(board, district, shapely.buffer(line, 50))
    assert found == {"00", "10", "11", "01"} | {f"{c}{r}" for c in (2, 3) for r in (2, 3, 4)}


def test_an_exclave_drawn_loosely_does_not_reach_what_surrounds_it(board):
    """Its slivers are a third of its own area; by itself it would be a hazard in the middle of 22."""
    loose = shapely.buffer(EXCLAVE, 25)
    assert reached(board, square(0, 0), loose) == {"00"}
    assert "22" in reached(board, square(3, 3), shapely.buffer(EXCLAVE, 400))


def test_an_exclave_drawn_for_the_most_part_next_door_belongs_to_its_unit(board):
    moved = affinity.translate(EXCLAVE, 180)
    assert shapely.intersection(moved, square(2, 2)).area > RULE.own_share * moved.area
    assert reached(board, square(0, 0), moved) == {"00"}
    assert reached(board, square(0, 0), affinity.translate(EXCLAVE, 600)) == {"00", "22"}


def test_an_exclave_alone_is_recognised(board):
    assert kept(board, shapely.buffer(EXCLAVE, 8)) == {"00"}


def test_a_fire_beside_the_outline_of_a_unit_is_seen(board):
    x, y = centre(4, 4)
    assert reached(board, square(0, 3), shapely.Point(x, y).buffer(150)) == {"03", "44"}


def test_many_corners_are_cut_to_the_unit_and_give_the_same(board):
    x, y = centre(2, 3)
    angle = np.linspace(0, 2 * np.pi, 5000, endpoint=False)
    radius = 5000 * (1 + 0.1 * np.sin(40 * angle))
    fine = shapely.Polygon(np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)]))
    found = overlap(fine, board, RULE)
    expected = shapely.area(shapely.intersection(fine, board.border[found.indices]))
    assert found.area_m2 == pytest.approx(expected, rel=1e-9)


def test_severity_decides_how_shallow_a_contact_counts(board):
    x, y = centre(3, 3)
    brush = shapely.Point(x + SIDE / 2 - 1000 + 50, y).buffer(1000)
    deep = shapely.Point(x + SIDE / 2 - 1000 + 300, y).buffer(1000)
    rules = {severity: RULE.for_severity(severity) for severity in Severity}
    assert kept(board, brush, rules[Severity.EXTREME]) == {"33", "43"}
    assert kept(board, brush, rules[Severity.SEVERE]) == {"33"}
    assert kept(board, deep, rules[Severity.MODERATE]) == {"33", "43"}
    assert kept(board, deep, rules[Severity.MINOR]) == {"33"}


def test_a_line_of_touch_is_no_contact_at_any_severity(board):
    assert kept(board, square(3, 3), RULE.for_severity(Severity.EXTREME)) == {"33"}
    x, y = centre(3, 3)
    touching = shapely.box(x, y - 500, x + SIDE / 2, y + 500)
    assert kept(board, touching, RULE.for_severity(Severity.EXTREME)) == {"33"}


@settings(max_examples=60, deadline=None)
@given(
    st.floats(0, 5),
    st.floats(0, 5),
    st.floats(150, 6000),
    st.integers(3, 24),
    st.floats(0.2, 1.0),
)
def test_no_hazard_misses_five_hectares_that_lie_deep(column, row, size, corners, squash):
    """Any convex hazard keeps every unit of which it covers 5 ha and which it enters deeper than its slivers."""
    board = _board()
    x, y = ORIGIN[0] + column * SIDE, ORIGIN[1] + row * SIDE
    angle = np.linspace(0.3, 2 * np.pi + 0.3, corners, endpoint=False)
    hazard = shapely.Polygon(np.column_stack([x + size * np.cos(angle), y + squash * size * np.sin(angle)]))
    found = overlap(hazard, board, RULE)
    tolerance = found.tolerance_m or RULE.inset_m
    deep = [
        shapely.intersects(hazard, shapely.buffer(board.border[index], -1.2 * tolerance))
        for index in found.indices
    ]
    must = np.array(deep, bool) & (found.area_m2 >= RULE.hazard_area_m2)
    assert not (must & ~found.kept).any()


_BOARDS = []


def _board():
    if not _BOARDS:
        rows = [BoundaryRow(f"010{c}{r}000", "", f"{c}{r}", square(c, r)) for c in range(5) for r in range(5)]
        provenance = Provenance("test", "", "CC0", "nobody", "2020-01-01", "")
        _BOARDS.append(Boundaries.of(build(rows, provenance, source_crs=EUROPE_EQUAL_AREA).bundle))
    return _BOARDS[0]


def test_pieces_are_the_shape(board):
    x, y = centre(2, 2)
    angle = np.linspace(0, 2 * np.pi, 3000, endpoint=False)
    radius = 6000 * (1 + 0.2 * np.sin(90 * angle))
    shape = shapely.Polygon(np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)]))
    shape = shapely.difference(shape, shapely.Point(x, y).buffer(2000))
    pieces = cut(shape)
    assert len(pieces) > 10
    assert shapely.get_num_coordinates(pieces).max() <= 256
    assert shapely.area(pieces).sum() == pytest.approx(shape.area, rel=1e-9)
    assert shapely.union_all(pieces).symmetric_difference(shape).area < 1


def test_a_heap_of_corners_is_not_cut_for_ever():
    angle = np.linspace(0, 2 * np.pi, 1000, endpoint=False)
    speck = shapely.Polygon(np.column_stack([np.cos(angle), np.sin(angle)]))
    assert len(cut(speck)) == 1


def test_a_piece_with_no_clear_owner_keeps_the_largest(board):
    """A loose piece smaller than the outline's imprecision, half here and half there."""
    corner = shapely.Point(ORIGIN[0] + 3 * SIDE, ORIGIN[1] + 3.3 * SIDE + 40).buffer(70)
    found = reached(board, square(0, 0), corner)
    assert "00" in found
    assert len(found & {"23", "33"}) == 1


def test_a_speck_on_a_border_adds_nobody(board):
    speck = shapely.Point(ORIGIN[0] + SIDE + 20, ORIGIN[1] + 0.5 * SIDE).buffer(30)
    assert reached(board, square(0, 0), speck) == {"00"}


def test_a_piece_outside_the_data_is_held_beside_a_district(board):
    away = shapely.Point(ORIGIN[0] - 3000, ORIGIN[1] - 3000)
    for size in (50, 120, 1500):
        found = match([drawn(shapely.MultiPolygon([square(0, 0), away.buffer(size)]))], board)
        assert {affected.name for affected in found.affected} == {"00"}
        assert found.held


def test_a_speck_beside_the_data_belongs_to_the_unit_it_lies_at(board):
    speck = shapely.Point(ORIGIN[0] - 40, ORIGIN[1] + 500).buffer(30)
    found = match([drawn(shapely.MultiPolygon([square(0, 0), speck]))], board)
    assert {affected.name for affected in found.affected} == {"00"}
    assert not found.held


def test_an_exclave_wholly_under_the_bulge_of_an_outline_is_reached():
    """Its edge lies on the border all the way round: only its middle is deep."""
    x, y = ORIGIN[0] + 4 * SIDE + 700, ORIGIN[1] + 2.5 * SIDE
    exclave = shapely.Point(x, y).buffer(400)
    rows = [
        BoundaryRow(f"010{c}{r}000", "", f"{c}{r}", square(c, r))
        for c in range(5)
        for r in range(5)
        if (c, r) != (4, 2)
    ]
    rows = [
        BoundaryRow(row.ags, "", row.name, shapely.union(row.geometry, exclave)) if row.name == "00" else row
        for row in rows
    ]
    rows.append(BoundaryRow("01042000", "", "42", shapely.difference(square(4, 2), exclave)))
    provenance = Provenance("test", "", "CC0", "nobody", "2020-01-01", "")
    board = Boundaries.of(build(rows, provenance, source_crs=EUROPE_EQUAL_AREA).bundle)
    block = shapely.union_all([square(c, r) for c in (1, 2, 3) for r in (1, 2, 3)])
    found = overlap(shapely.union(block, shapely.Point(x - 600, y).buffer(1300)), board, RULE)
    assert found.tolerance_m is not None
    assert "00" in {board.municipalities[index].name for index in found.indices[found.kept]}
