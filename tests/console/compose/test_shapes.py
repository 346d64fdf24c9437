"""Shapes as people write or draw them."""

import math

import pytest
import shapely

from cap import Circle
from dispatcher.boundaries.projection import EUROPE_EQUAL_AREA, project
from dispatcher.console.compose.shapes import BENDS_MAX, CORNERS_MAX, SHAPES_MAX, read_shapes

LINE = "50.80,6.40 50.90,6.50"


def square_km(ring: tuple[tuple[float, float], ...]) -> float:
    return project(shapely.Polygon([(lon, lat) for lat, lon in ring]), EUROPE_EQUAL_AREA).area / 1e6


def test_each_shape_is_read_in_both_languages() -> None:
    for circle, polygon, corridor in (("Kreis", "Fläche", "Streifen"), ("circle:", "POLYGON", "Corridor:")):
        read = read_shapes(
            f"{circle} 50.8,6.48 2 km\n\n{polygon} 50.8,6.4 50.9,6.4 50.9,6.5\n{corridor} {LINE} 1.5km",
            EUROPE_EQUAL_AREA,
        )
        assert read.wrong == ()
        assert read.circles == (Circle(50.8, 6.48, 2.0),)
        assert read.polygons[0].lat_lon == ((50.8, 6.4), (50.9, 6.4), (50.9, 6.5), (50.8, 6.4))
        assert len(read.polygons) == 2


@pytest.mark.parametrize(
    ("width", "radius"), [("1,5 km", 1.5), ("0,25km", 0.25), ("1.5,3 km", None), ("0,0 km", None)]
)
def test_a_number_of_km_has_a_comma_as_people_write_it(width: str, radius: float | None) -> None:
    read = read_shapes(f"Kreis 50.92,6.36 {width}", EUROPE_EQUAL_AREA)
    assert [one.radius_km for one in read.circles] == ([] if radius is None else [radius])
    assert read.wrong == (() if radius else (1,))


@pytest.mark.parametrize("width", [0.1, 1.0, 5.0])
def test_a_corridor_is_as_wide_as_it_is_said_and_round_at_its_ends(width: float) -> None:
    (ring,) = read_shapes(f"Streifen {LINE} {width} km", EUROPE_EQUAL_AREA).polygons
    length = project(shapely.LineString([(6.4, 50.8), (6.5, 50.9)]), EUROPE_EQUAL_AREA).length / 1000
    wanted = length * width + math.pi * width**2 / 4
    assert square_km(ring.lat_lon) == pytest.approx(wanted, rel=0.02)
    assert ring.lat_lon[0] == ring.lat_lon[-1]


@pytest.mark.parametrize(
    "line",
    [
        "x",
        "Kreis",
        "Kreis 50.8,6.48",
        "Kreis 50.8,6.48 0 km",
        "Kreis 50.8,6.48 501 km",
        "Kreis 50,8,6,48 2 km",
        "Kreis 91,6.4 2 km",
        "Kreis 50.8,6.4 50.9,6.4 2 km",
        "Kreis 50.8,181 2 km",
        "Kreis nan,inf 2 km",
        "Kreis 50.8,6.48 -2 km",
        "Fläche 50.8,6.4 50.9,6.4",
        "Fläche 50.8,6.4 50.9,6.4 50.8,6.4 50.9,6.4",
        "Fläche 50.8,6.4 50.8,6.5 50.8,6.6",
        "Fläche 50.8,6.4 50.9,6.4 50.9,6.5 1 km",
        "Streifen 50.8,6.4 50.8,6.4 1 km",
        "Streifen 50.8,6.4 50.9,6.5",
        "Dreieck 50.8,6.4 50.9,6.4 50.9,6.5",
        "Kreis 50.8,6.48 2 km x",
        "Kreis " + "9" * 100_000 + ",6 2 km",
        "Kreis 50.8,6.48 " + " " * 100_000,
    ],
)
def test_what_is_no_shape_is_said_by_its_line(line: str) -> None:
    assert read_shapes(f"Kreis 50.8,6.48 2 km\n{line}", EUROPE_EQUAL_AREA).wrong == (2,)


def test_shapes_and_their_corners_have_a_bound() -> None:
    many = read_shapes("Kreis 50.8,6.48 2 km\n" * 1_000, EUROPE_EQUAL_AREA)
    assert len(many.circles) == SHAPES_MAX
    assert len(many.wrong) <= SHAPES_MAX + 1
    corners = " ".join(f"50.{number:05},6.4" for number in range(CORNERS_MAX))
    assert read_shapes(f"Fläche {corners} 50.8,6.5", EUROPE_EQUAL_AREA).wrong == (1,)


def test_corridors_have_fewer_corners_for_lines_that_cross_themselves_take_long() -> None:
    half = " ".join(f"50.{number:05},6.4" for number in range(BENDS_MAX // 2))
    both = read_shapes(f"Streifen {half} 1 km\nStreifen {half} 2 km", EUROPE_EQUAL_AREA)
    assert (len(both.polygons), both.wrong) == (2, ())
    more = f"Streifen {half} 1 km\nStreifen {half} 50.9,6.5 2 km\nKreis 50.8,6.48 2 km"
    assert read_shapes(more, EUROPE_EQUAL_AREA).wrong == (2,)
