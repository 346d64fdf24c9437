"""The matching rule on drawings small enough to reason about: a board of squares 4 km wide, with an exclave."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
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
from dispatcher.targeting.match import match
from dispatcher.targeting.rule import MatchingRule, overlap
from ops.lab.bench.fixtures.drawings import hit
from tests.targeting.board import EXCLAVE, ORIGIN, RULE, SIDE, centre, kept, plain_board, square
from tests.targeting.drawing import drawn


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


FIXTURES = Path(__file__).parent / "fixtures"
BULGE_M = 3_000.0
# No edge counts as exact with it.
INEXACT = dataclasses.replace(RULE, exact_m=-1.0)
# What may be missed under a bulge lies no deeper than the shallowest sliver that counts.
DEEPEST_M = RULE.border_floor_m


def bulging(
    towns: Boundaries, key: str, decimals: int | None, rule: MatchingRule = RULE
) -> Iterator[tuple[set[int], set[int], Any]]:
    """Draw a town's outline with a circle at 12 places of its edge: whom it must reach, whom it reaches, the shape."""
    members = towns.indices_of_ags(key)
    (town,) = towns.border[list(members)]
    for place in range(12):
        edge = shapely.get_parts(town)[0].exterior
        bulge = shapely.buffer(edge.interpolate((place + 0.5) / 12, normalized=True), BULGE_M)
        shape = shapely.union(town, bulge)
        found = match([drawn(shape, decimals)], towns, rule=rule).affected
        yield {*members, *hit(towns, bulge)}, {towns.index_by_ags[one.ags] for one in found}, shape


def depth_m(shape: Any, border: Any) -> float:
    """How far a shape reaches into a unit."""
    corners = shapely.get_coordinates(shapely.segmentize(shapely.intersection(shape, border), 20.0))
    return float(shapely.distance(shapely.boundary(border), shapely.points(corners)).max())


@pytest.mark.parametrize("decimals", [None, 4])
@pytest.mark.parametrize(("name", "key"), [("passau", "09262"), ("straubing", "09263")])
def test_nobody_deep_under_the_bulge_of_a_small_town_is_missed(
    name: str, key: str, decimals: int | None
) -> None:
    """The bulge is a third of the town's edge. Places 695 and 749 m deep were missed there, and some 1,000 m."""
    towns = Boundaries.load(FIXTURES / f"{name}.bundle")
    for (truth, reached, shape), (_, before, _) in zip(
        bulging(towns, key, decimals), bulging(towns, key, decimals, INEXACT), strict=True
    ):
        assert all(depth_m(shape, towns.border[lost]) < DEEPEST_M for lost in truth - reached)
        assert reached - truth <= before


def test_without_the_part_of_an_edge_that_is_exact_they_would_be() -> None:
    """The control: where no edge counts as exact, the test above fails."""
    towns = Boundaries.load(FIXTURES / "passau.bundle")
    deepest = [
        depth_m(shape, towns.border[lost])
        for truth, reached, shape in bulging(towns, "09262", None, INEXACT)
        for lost in truth - reached
    ]
    assert max(deepest) > 350.0
