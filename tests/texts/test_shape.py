"""The area as GeoJSON: all of it or nothing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon, shape

import cap
from dispatcher.texts.shape import area_shape
from dispatcher.texts.shortening import as_json

ROOM = 5_000
SQUARE = cap.Polygon(((50.0, 6.0), (50.0, 6.5), (50.5, 6.5), (50.5, 6.0), (50.0, 6.0)))
"""Latitude before longitude, as CAP has it."""
HOLE = cap.Polygon(((50.1, 6.1), (50.2, 6.2), (50.1, 6.2), (50.1, 6.1)))
CIRCLE = cap.Circle(50.8, 6.48, 2.0)
CODE = cap.NamedValue("AGS", "05358008")


def drawn(*areas: cap.Area, room: int = ROOM) -> Any:
    return area_shape(areas, room)


def test_a_polygon_has_longitude_first_and_runs_counterclockwise() -> None:
    for ring in (SQUARE.lat_lon, SQUARE.lat_lon[::-1]):
        found = drawn(cap.Area("x", polygons=(cap.Polygon(ring),)))
        assert found["type"] == "MultiPolygon"
        ((corners,),) = found["coordinates"]
        assert corners[0] == corners[-1] == [6.0, 50.0]
        assert Polygon(corners).exterior.is_ccw


def test_nobody_in_a_circle_is_left_out() -> None:
    around = shape(drawn(cap.Area("x", circles=(CIRCLE,))))
    km = 1 / 111.195
    for lat, lon in ((50.8 + 1.99 * km, 6.48), (50.8, 6.48 + 1.99 * km / 0.632), (50.8 - 1.4 * km, 6.48)):
        assert around.contains(Point(lon, lat))
    assert not around.contains(Point(6.48, 50.8 + 2.1 * km))


@pytest.mark.parametrize(
    "areas",
    [
        (),
        (cap.Area("x", geocodes=(CODE,)),),
        (cap.Area("x", polygons=(SQUARE,)), cap.Area("y", geocodes=(CODE,))),
        (cap.Area("x", polygons=(SQUARE,), excluded=(HOLE,)),),
        (cap.Area("x", polygons=(SQUARE,), unreadable=1),),
        (cap.Area("x", circles=(CIRCLE,) * 100_000),),
        (cap.Area("x", polygons=(cap.Polygon(SQUARE.lat_lon * 100_000),)),),
    ],
)
def test_what_is_not_the_whole_area_is_not_drawn(areas: Any) -> None:
    assert drawn(*areas) is None


@given(
    st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), min_size=3, max_size=400),
    st.integers(0, ROOM),
)
def test_it_fits_or_is_left_out(corners: Any, room: int) -> None:
    found = drawn(cap.Area("x", polygons=(cap.Polygon((*corners, corners[0])),)), room=room)
    assert found is None or len(as_json(found)) <= room
