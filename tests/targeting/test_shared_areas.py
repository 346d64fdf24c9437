"""Cutting shapes with many corners."""

import numpy as np
import pytest
import shapely

from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.targeting.shared_areas import cut
from tests.targeting.board import centre


def test_pieces_are_the_shape(board: Boundaries) -> None:
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


def test_a_heap_of_corners_is_not_cut_for_ever() -> None:
    angle = np.linspace(0, 2 * np.pi, 1000, endpoint=False)
    speck = shapely.Polygon(np.column_stack([np.cos(angle), np.sin(angle)]))
    assert len(cut(speck)) == 1
