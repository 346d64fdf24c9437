"""Subscriptions to places."""

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.audience import point_index
from dispatcher.audience.point_index import (
    PRIVATE_TOLERANCE_M,
    PointIndex,
    PolygonIndex,
    WatchedPoint,
    WatchedPoints,
    private,
)
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.boundaries.projection import EUROPE_EQUAL_AREA, project_points
from tests.targeting.drawing import district

OVERSHOOT_M = 161.0  # 47 CFR 10.450(a): 0.1 mile


def scatter(count: Any, seed: int = 1) -> Any:
    random = np.random.default_rng(seed)
    return np.column_stack([random.uniform(50.5, 51.1, count), random.uniform(6.1, 6.8, count)])


def index_of(lat_lon: Any, radius_m: Any = None) -> Any:
    radius_m = np.zeros(len(lat_lon)) if radius_m is None else radius_m
    return PointIndex.build(np.arange(len(lat_lon)), lat_lon, radius_m, EUROPE_EQUAL_AREA)


def test_points_match_exactly(boundaries: Boundaries) -> None:
    lat_lon = scatter(20_000)
    shape = district(boundaries, "05358")
    x, y = project_points(lat_lon, EUROPE_EQUAL_AREA)
    assert (
        index_of(lat_lon).matching(shape).tolist()
        == np.flatnonzero(shapely.intersects_xy(shape, x, y)).tolist()
    )


def test_radii_match_exactly(boundaries: Boundaries) -> None:
    lat_lon = scatter(5_000)
    radius_m = np.random.default_rng(2).choice([0.0, 100.0, 3000.0], len(lat_lon))
    shape = district(boundaries, "05358")
    x, y = project_points(lat_lon, EUROPE_EQUAL_AREA)
    distance = shapely.distance(shape, shapely.points(x, y))
    for tolerance in (0.0, 50.0):
        expected = np.flatnonzero(distance <= radius_m + tolerance)
        assert index_of(lat_lon, radius_m).matching(shape, tolerance).tolist() == expected.tolist()


def test_private_points_miss_nobody_and_overshoot_less_than_a_tenth_of_a_mile(boundaries: Boundaries) -> None:
    """47 CFR 10.450(a): 100 % of the target, at most 0.1 mile over."""
    exact = scatter(20_000, seed=3)
    stored = np.array([private(lat, lon) for lat, lon in exact.tolist()])
    shape = district(boundaries, "05358")
    x, y = project_points(exact, EUROPE_EQUAL_AREA)
    distance = shapely.distance(shape, shapely.points(x, y))
    warned = index_of(stored).matching(shape, PRIVATE_TOLERANCE_M)
    assert set(np.flatnonzero(distance == 0).tolist()) <= set(warned.tolist())
    assert distance[warned].max() <= OVERSHOOT_M


@given(st.floats(-89.9, 89.9), st.floats(-179.9, 179.9))
@settings(max_examples=200, deadline=None)
def test_rounding_moves_a_point_no_farther_than_the_tolerance(lat: Any, lon: Any) -> None:
    import pyproj

    rounded_lat, rounded_lon = private(lat, lon)
    _, _, moved = pyproj.Geod(ellps="WGS84").inv(lon, lat, rounded_lon, rounded_lat)
    assert moved <= PRIVATE_TOLERANCE_M


@pytest.mark.parametrize(("lat", "radius"), [(float("nan"), 0.0), (50.0, float("inf")), (50.0, -1.0)])
def test_nonsense_is_refused(lat: float, radius: Any) -> None:
    with pytest.raises(ValueError, match="not a finite number"):
        PointIndex.build(np.array([1]), np.array([[lat, 6.0]]), np.array([radius]), EUROPE_EQUAL_AREA)


def test_polygons_match_when_they_share_a_point(boundaries: Boundaries) -> None:
    garden = shapely.box(6.47, 50.79, 6.48, 50.80)
    far = shapely.box(8.0, 50.0, 8.1, 50.1)
    index = PolygonIndex.build({7: garden, 9: far}, EUROPE_EQUAL_AREA)
    dueren = boundaries.border[boundaries.index_by_ags["05358008"]]
    assert index.matching(dueren).tolist() == [7]
    assert index.matching(dueren, 1e6).tolist() == [7, 9]


def test_a_set_of_places_is_always_fresh(boundaries: Boundaries) -> None:
    dueren = boundaries.border[boundaries.index_by_ags["05358008"]]
    places = WatchedPoints(EUROPE_EQUAL_AREA, {1: WatchedPoint(50.8, 6.48), 2: WatchedPoint(50.8, 7.5)})
    assert places.matching(dueren).tolist() == [1]
    places.put(
        {3: WatchedPoint(50.81, 6.47), 1: WatchedPoint(50.8, 7.5), 4: WatchedPoint(50.8, 6.62, 20_000)}
    )
    assert places.matching(dueren).tolist() == [3, 4]
    places.remove([3, 99])
    assert places.matching(dueren).tolist() == [4]
    assert len(places) == 3


def test_a_set_rebuilds_its_index_when_much_has_changed(boundaries: Boundaries) -> None:
    dueren = boundaries.border[boundaries.index_by_ags["05358008"]]
    places = WatchedPoints(EUROPE_EQUAL_AREA)
    assert places.matching(dueren).tolist() == []
    count = point_index.REBUILD_AFTER + 1
    places.put({number: WatchedPoint(50.8, 6.48) for number in range(count)})
    assert len(places.matching(dueren)) == count
    places.remove(range(5))
    assert len(places.matching(dueren)) == count - 5
