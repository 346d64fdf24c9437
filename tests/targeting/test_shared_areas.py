"""Cutting shapes with many corners."""

from typing import Any

import numpy as np
import pytest
import shapely

from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.targeting.edge_crossings import common_areas
from dispatcher.targeting.shared_areas import FEW_UNITS, MAX_CORNERS, common, cut, shared_areas
from tests.targeting.board import centre, square


def test_pieces_are_the_shape(board: Boundaries) -> None:
    x, y = centre(2, 2)
    angle = np.linspace(0, 2 * np.pi, 3000, endpoint=False)
    radius = 6000 * (1 + 0.2 * np.sin(90 * angle))
    shape = shapely.Polygon(np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)]))
    ring = shapely.difference(shape, shapely.Point(x, y).buffer(2000))
    pieces = cut(ring)
    assert len(pieces) > 10
    assert shapely.get_num_coordinates(pieces).max() <= 256
    assert shapely.area(pieces).sum() == pytest.approx(ring.area, rel=1e-9)
    assert shapely.union_all(pieces).symmetric_difference(ring).area < 1


def test_a_heap_of_corners_is_not_cut_for_ever() -> None:
    angle = np.linspace(0, 2 * np.pi, 1000, endpoint=False)
    speck = shapely.Polygon(np.column_stack([np.cos(angle), np.sin(angle)]))
    assert len(cut(speck)) == 1


def combed(board: Boundaries) -> Any:
    """Over the middle of the board, with more corners than one piece may have."""
    x, y = centre(2, 2)
    angle = np.linspace(0, 2 * np.pi, 2000, endpoint=False)
    radius = 7000 * (1 + 0.2 * np.sin(60 * angle))
    shape = shapely.Polygon(np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)]))
    assert shapely.get_num_coordinates(shape) > MAX_CORNERS
    return shapely.difference(shape, shapely.Point(x, y).buffer(1500))


@pytest.mark.parametrize("corners", ["few", "many"])
@pytest.mark.parametrize("units", [FEW_UNITS - 1, 25])
def test_shared_areas_are_those_of_the_intersections(board: Boundaries, corners: str, units: int) -> None:
    x, y = centre(2, 2)
    shape = shapely.Point(x, y).buffer(7000) if corners == "few" else combed(board)
    expected = shapely.area(shapely.intersection(board.border[:units], shape))
    assert shared_areas(shape, board.border[:units]) == pytest.approx(expected, rel=1e-9, abs=1e-3)


@pytest.mark.parametrize("corners", ["few", "many"])
def test_what_is_common_is_known_in_parts_by_unit(board: Boundaries, corners: str) -> None:
    x, y = centre(2, 2)
    shape = shapely.Point(x, y).buffer(7000) if corners == "few" else combed(board)
    found = common(shape, board.border)
    expected = shapely.intersection(board.border, shape)
    assert found.areas() == pytest.approx(shapely.area(expected), rel=1e-9, abs=1e-3)
    for position in range(len(board.border)):
        whole = shapely.union_all(found.of(position))
        assert whole.symmetric_difference(expected[position]).area < 1


def test_a_unit_that_shares_nothing_shares_zero(board: Boundaries) -> None:
    found = common(square(0, 1), board.border)
    assert len(found.areas()) == len(board.border)
    shared = {board.municipalities[index].name for index in np.flatnonzero(found.areas() > 1)}
    assert shared == {"01"}


def test_edges_that_lie_on_borders_are_looked_at_by_other_means(board: Boundaries) -> None:
    """Where the crossings of edges say nothing: each corner of the shape is one of the board."""
    block = shapely.union_all([square(column, row) for column in (1, 2) for row in (0, 1)])
    assert np.isnan(common_areas(block, board.border)).any()
    expected = shapely.area(shapely.intersection(board.border, block))
    assert shared_areas(block, board.border) == pytest.approx(expected, rel=1e-9, abs=1e-3)
