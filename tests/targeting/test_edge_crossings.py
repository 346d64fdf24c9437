"""Common areas from crossings say what GEOS says, or that they do not know."""

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import affinity

from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.targeting.edge_crossings import MAX_PAIRS, RUN, common_areas
from dispatcher.targeting.shared_areas import shared_areas

DATA = Boundaries.default()
MIDDLE = shapely.MultiPolygon(list(shapely.get_parts(DATA.border))).centroid
PLACE = st.floats(-40_000, 40_000)


def geos(shape: Any, units: Any) -> Any:
    return shapely.area(shapely.intersection(units, shape))


def star(x: Any, y: Any, radius: Any, corners: Any, seed: Any) -> Any:
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    radii = radius * np.random.default_rng(seed).uniform(0.3, 1.0, corners)
    return shapely.Polygon(
        np.column_stack([MIDDLE.x + x + radii * np.cos(angles), MIDDLE.y + y + radii * np.sin(angles)])
    )


@given(PLACE, PLACE, st.floats(50, 60_000), st.integers(3, 300), st.integers(0, 99), st.booleans())
def test_agrees_with_geos_on_shapes_anywhere(
    x: Any, y: Any, radius: Any, corners: Any, seed: Any, clockwise: Any
) -> None:
    shape = star(x, y, radius, corners, seed)
    shape = shape.reverse() if clockwise else shape
    found = common_areas(shape, DATA.border)
    clear = ~np.isnan(found)
    assert found[clear] == pytest.approx(geos(shape, DATA.border)[clear], abs=0.01)
    assert clear.all()


@given(PLACE, PLACE, st.floats(2_000, 30_000), st.floats(0.1, 0.9), st.integers(1, 5))
def test_agrees_with_geos_on_rings_and_several_parts(
    x: Any, y: Any, radius: Any, inner: Any, parts: Any
) -> None:
    disc = shapely.Point(MIDDLE.x + x, MIDDLE.y + y).buffer(radius)
    ring = disc.difference(affinity.scale(disc, inner, inner))
    shape = shapely.union_all([affinity.translate(ring, part * 2.5 * radius, 0) for part in range(parts)])
    assert common_areas(shape, DATA.border) == pytest.approx(geos(shape, DATA.border), abs=0.01)


def test_leaves_outlines_that_run_along_one_another_to_geos() -> None:
    shape = DATA.border[10]
    touching = shapely.touches(shape, DATA.border)
    found = common_areas(shape, DATA.border)
    assert np.isnan(found[10])
    assert np.isnan(found[touching]).all()
    assert found[~touching & (np.arange(len(found)) != 10)].max() == 0
    assert shared_areas(shape, DATA.border) == pytest.approx(geos(shape, DATA.border), abs=0.01)


def test_a_corner_on_an_edge_is_not_clear() -> None:
    square = np.array([shapely.box(0, 0, 10, 10)])
    assert np.isnan(common_areas(shapely.Polygon([(10, 5), (20, 0), (20, 10)]), square)).all()
    assert common_areas(shapely.Polygon([(9, 5), (20, 1), (20, 9)]), square)[0] == pytest.approx(4 / 11)


def test_a_shape_within_a_unit_and_a_unit_within_a_shape() -> None:
    units = np.array([shapely.box(0, 0, 10, 10), shapely.box(20, 0, 30, 10), shapely.box(1, 1, 2, 2)])
    assert common_areas(shapely.box(0.5, 0.5, 9.5, 9.5), units).tolist() == pytest.approx([81, 0, 1])
    with_hole = np.array([shapely.box(0, 0, 10, 10).difference(shapely.box(1, 1, 9, 9))])
    assert common_areas(shapely.box(2, 2, 3, 3), with_hole).tolist() == [0]


def test_what_would_be_too_much_to_compare_is_left_to_geos() -> None:
    corners = int(np.sqrt(MAX_PAIRS) * RUN * 1.1)
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    disc = shapely.Polygon(np.column_stack([np.cos(angles), np.sin(angles)]))
    assert np.isnan(common_areas(disc, np.array([affinity.translate(disc, 0.5)]))).all()


def test_no_units_are_no_areas() -> None:
    assert common_areas(shapely.box(0, 0, 1, 1), np.array([], dtype=object)).size == 0
