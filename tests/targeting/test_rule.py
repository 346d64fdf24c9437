"""The matching rule on drawings small enough to reason about: a board of squares 4 km wide, with an exclave."""

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from cap.vocabulary import Severity
from dispatcher.boundaries.build import BoundaryRow, build
from dispatcher.boundaries.bundle import Provenance
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.boundaries.projection import EUROPE_EQUAL_AREA
from dispatcher.targeting.rule import overlap
from tests.targeting.board import EXCLAVE, ORIGIN, RULE, SIDE, centre, kept, plain_board, square


def test_an_exact_outline_keeps_its_unit(board: Boundaries) -> None:
    assert kept(board, square(3, 3)) == {"33"}


@pytest.mark.parametrize("stray", [20, 100, 190])
def test_an_outline_that_strays_a_little_keeps_its_unit(board: Boundaries, stray: int) -> None:
    assert kept(board, shapely.buffer(square(3, 3), stray, join_style="mitre")) == {"33"}
    assert kept(board, shapely.buffer(square(3, 3), -stray, join_style="mitre")) == {"33"}


def test_a_generalised_outline_strays_evenly_and_keeps_its_units(board: Boundaries) -> None:
    block = shapely.union_all([square(c, r) for c in range(1, 4) for r in range(1, 4)])
    assert kept(board, shapely.buffer(block, 400, join_style="mitre")) == {
        f"{c}{r}" for c in range(1, 4) for r in range(1, 4)
    }


def test_a_bulge_of_an_exact_outline_is_a_hazard(board: Boundaries) -> None:
    x, y = centre(3, 2)
    bulge = shapely.Point(x + SIDE / 2, y).buffer(900)
    assert kept(board, shapely.union(square(3, 2), bulge)) == {"32", "42"}


def test_an_outline_that_strays_too_far_for_its_size_is_a_hazard(board: Boundaries) -> None:
    wide = shapely.buffer(square(2, 3), 900, join_style="mitre")
    assert len(kept(board, wide)) == 9


def test_a_small_hazard_keeps_what_it_lies_in_however_small_its_share(board: Boundaries) -> None:
    x, y = centre(3, 3)
    assert kept(board, shapely.Point(x, y).buffer(30)) == {"33"}


def test_a_brush_is_not_kept_and_a_deep_or_wide_contact_is(board: Boundaries) -> None:
    x, y = centre(3, 3)
    edge = x + SIDE / 2
    circle = shapely.Point(edge - 1000 + 50, y).buffer(1000)
    assert kept(board, circle) == {"33"}
    assert kept(board, shapely.Point(edge - 1000 + 150, y).buffer(1000)) == {"33", "43"}
    assert kept(board, shapely.box(x, y - 500, edge + 60, y + 500)) == {"33", "43"}


def test_a_corridor_along_a_border_keeps_both_sides(board: Boundaries) -> None:
    line = shapely.LineString(
        [(ORIGIN[0] + 3 * SIDE, ORIGIN[1]), (ORIGIN[0] + 3 * SIDE, ORIGIN[1] + 5 * SIDE)]
    )
    assert kept(board, shapely.buffer(line, 25)) == {f"{c}{r}" for c in (2, 3) for r in range(5)}


def test_an_exclave_alone_is_recognised(board: Boundaries) -> None:
    assert kept(board, shapely.buffer(EXCLAVE, 8)) == {"00"}


def test_many_corners_are_cut_to_the_unit_and_give_the_same(board: Boundaries) -> None:
    x, y = centre(2, 3)
    angle = np.linspace(0, 2 * np.pi, 5000, endpoint=False)
    radius = 5000 * (1 + 0.1 * np.sin(40 * angle))
    fine = shapely.Polygon(np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)]))
    found = overlap(fine, board, RULE)
    expected = shapely.area(shapely.intersection(fine, board.border[found.indices]))
    assert found.area_m2 == pytest.approx(expected, rel=1e-9)


def test_severity_decides_how_shallow_a_contact_counts(board: Boundaries) -> None:
    x, y = centre(3, 3)
    brush = shapely.Point(x + SIDE / 2 - 1000 + 50, y).buffer(1000)
    deep = shapely.Point(x + SIDE / 2 - 1000 + 300, y).buffer(1000)
    rules = {severity: RULE.for_severity(severity) for severity in Severity}
    assert kept(board, brush, rules[Severity.EXTREME]) == {"33", "43"}
    assert kept(board, brush, rules[Severity.SEVERE]) == {"33"}
    assert kept(board, deep, rules[Severity.MODERATE]) == {"33", "43"}
    assert kept(board, deep, rules[Severity.MINOR]) == {"33"}


def test_a_line_of_touch_is_no_contact_at_any_severity(board: Boundaries) -> None:
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
def test_no_hazard_misses_five_hectares_that_lie_deep(
    column: Any, row: Any, size: Any, corners: Any, squash: Any
) -> None:
    """Any convex hazard keeps every unit of which it covers 5 ha and which it enters deeper than its slivers."""
    board = plain_board()
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


def test_an_exclave_wholly_under_the_bulge_of_an_outline_is_reached() -> None:
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
