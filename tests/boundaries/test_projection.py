"""Between degrees and metres."""

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.boundaries.projection import (
    EUROPE_EQUAL_AREA,
    WGS84,
    project,
    project_points,
    transformer,
    unproject_bounds,
)

CENTIMETRE_DEG = 1e-7
# EPSG:3035 is centred on 52° N 10° E, which its definition puts at 4,321,000 m east and 3,210,000 m north.
CENTRE = shapely.Point(10.0, 52.0)


def test_longitude_comes_first_and_the_centre_is_where_the_definition_puts_it() -> None:
    assert shapely.get_coordinates(project(CENTRE, EUROPE_EQUAL_AREA)).tolist() == [
        pytest.approx([4_321_000, 3_210_000], abs=1e-3)
    ]


@given(st.floats(47, 55), st.floats(6, 15))
@settings(max_examples=50, deadline=None)
def test_there_and_back_is_the_same_place(lat: float, lon: float) -> None:
    there = project(shapely.Point(lon, lat), EUROPE_EQUAL_AREA)
    assert (
        shapely.distance(project(there, WGS84, EUROPE_EQUAL_AREA), shapely.Point(lon, lat)) < CENTIMETRE_DEG
    )


def test_points_by_latitude_and_longitude_land_where_shapes_do() -> None:
    lat_lon = np.array([(50.8, 6.48), (52.0, 10.0)])
    x, y = project_points(lat_lon, EUROPE_EQUAL_AREA)
    for (lat, lon), found in zip(lat_lon.tolist(), zip(x.tolist(), y.tolist(), strict=True), strict=True):
        assert shapely.get_coordinates(project(shapely.Point(lon, lat), EUROPE_EQUAL_AREA)).tolist() == [
            pytest.approx(found)
        ]


@pytest.mark.parametrize("lat", [47, 51, 54])
def test_areas_are_kept(lat: int) -> None:
    field = shapely.segmentize(shapely.box(6, lat, 7, lat + 1), 0.01)
    area_m2, _ = pyproj.Geod(ellps="GRS80").geometry_area_perimeter(field)
    assert project(field, EUROPE_EQUAL_AREA).area == pytest.approx(area_m2, rel=1e-5)


def test_a_window_in_degrees_holds_all_of_the_bounds() -> None:
    bounds = (4.0e6, 3.0e6, 4.2e6, 3.2e6)
    west, south, east, north = unproject_bounds(bounds, EUROPE_EQUAL_AREA)
    edge = project(shapely.segmentize(shapely.box(*bounds), 1_000), WGS84, EUROPE_EQUAL_AREA)
    grown = shapely.box(west, south, east, north).buffer(1e-3)
    assert grown.covers(edge)
    assert edge.bounds == pytest.approx((west, south, east, north), abs=1e-2)


def test_one_transformer_per_pair_is_kept() -> None:
    assert transformer(WGS84, EUROPE_EQUAL_AREA) is transformer(WGS84, EUROPE_EQUAL_AREA)
    assert transformer(WGS84, EUROPE_EQUAL_AREA) is not transformer(EUROPE_EQUAL_AREA, WGS84)
