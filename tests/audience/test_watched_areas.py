"""What a subscription follows, read from JSON and checked."""

from typing import Any

import pytest
import shapely

from dispatcher.audience.watched_areas import (
    MAX_CORNERS,
    MAX_RADIUS_M,
    WRONG,
    read_places,
    shape_of,
)
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.boundaries.projection import EUROPE_EQUAL_AREA, WGS84, project
from dispatcher.model.subscriptions import WatchedArea

DUEREN = "05358008"
HERE: dict[str, Any] = {"lat": 50.8, "lon": 6.48}
TRIANGLE = [[50.8, 6.48], [50.81, 6.48], [50.81, 6.5]]


@pytest.mark.parametrize(
    ("items", "count"),
    [([DUEREN], 1), (["05358"], 15), ([DUEREN, "05358", DUEREN], 15), (["05"], 78), (["053"], 64)],
)
def test_codes_are_municipalities_and_all_that_begin_so(
    boundaries: Boundaries, items: list[str], count: int
) -> None:
    codes, watched = read_places(items, boundaries)
    assert (len(codes), len(set(codes)), watched) == (count, count, ())


def test_municipalities_come_in_the_order_in_which_they_are_named(boundaries: Boundaries) -> None:
    assert read_places(["05358024", DUEREN], boundaries)[0] == ("05358024", DUEREN)


@pytest.mark.parametrize(
    ("item", "watched"),
    [
        (HERE, WatchedArea(((50.8, 6.48),), 0.0, (DUEREN,))),
        ({"lat": 50.80049, "lon": 6.4796}, WatchedArea(((50.8, 6.48),), 0.0, (DUEREN,))),
        (HERE | {"radius_m": 0}, WatchedArea(((50.8, 6.48),), 0.0, (DUEREN,))),
        (HERE | {"radius_m": 250}, WatchedArea(((50.8, 6.48),), 250.0, (DUEREN,))),
        ({"polygon": TRIANGLE}, WatchedArea(((50.8, 6.48), (50.81, 6.48), (50.81, 6.5)), 0.0, (DUEREN,))),
    ],
    ids=["a point", "a point too exact", "a radius of nothing", "a circle", "a polygon"],
)
def test_places_are_rounded_and_know_their_municipalities(
    boundaries: Boundaries, item: dict[str, Any], watched: WatchedArea
) -> None:
    assert read_places([item], boundaries) == ((), (watched,))


def test_a_circle_lies_in_every_municipality_that_it_reaches_into(boundaries: Boundaries) -> None:
    _, (wide,) = read_places([HERE | {"radius_m": MAX_RADIUS_M}], boundaries)
    _, (narrow,) = read_places([HERE | {"radius_m": 3_000}], boundaries)
    assert len(wide.ags) > len(narrow.ags) > 1
    assert list(narrow.ags) == sorted(narrow.ags)
    assert DUEREN in narrow.ags


def test_a_place_is_in_whatever_lies_within_the_error_of_its_rounding(boundaries: Boundaries) -> None:
    """Nobody at a border is forgotten because their place was rounded to the other side."""
    both = boundaries.border[[boundaries.index_by_ags[ags] for ags in (DUEREN, "05358028")]]
    line = shapely.get_parts(shapely.intersection(*shapely.boundary(both)))[0]
    edge = shapely.line_interpolate_point(line, 0.5, normalized=True)
    ((lon, lat),) = shapely.get_coordinates(project(edge, WGS84, EUROPE_EQUAL_AREA))
    _, (watched,) = read_places([{"lat": float(lat), "lon": float(lon)}], boundaries)
    assert {DUEREN, "05358028"} <= set(watched.ags)


AGS = "places must be AGS with 8 digits, or 2, 3 or 5 for all that begin so"
NOT_A_NUMBER = "a coordinate or radius is not a number"
NOT_ON_EARTH = "a place that is not on the earth"
CORNERS = f"a polygon has 3 to {MAX_CORNERS} corners"
RADIUS = f"radius_m must lie between 0 and {MAX_RADIUS_M:.0f}"
LIST = "places must be a list that is not empty"
MISSING_CORNER = "a polygon has a corner at 0,0, which stands for a position that nobody has entered"
PAIR = "a corner of a polygon is a list of latitude and longitude"


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([], LIST),
        ({}, LIST),
        ("05358008", LIST),
        (None, LIST),
        (["053580080"], f"{AGS}; the nearest is 05358008 (Düren)"),
        (["Düren"], f"{AGS}; Düren is 05358008"),
        (["0535٠"], AGS),
        ([""], AGS),
        (["05999"], "not in the boundary data: 05999; its keys begin with 05 or 07"),
        ([5358008], WRONG),
        ([None], WRONG),
        ([{"lat": 50.8}], WRONG),
        ([HERE | {"name": "zu Hause"}], WRONG),
        ([HERE | {"polygon": TRIANGLE}], WRONG),
        ([{"circle": [50.8, 6.48, 1]}], WRONG),
        ([HERE | {"radius_m": -1}], RADIUS),
        ([HERE | {"radius_m": MAX_RADIUS_M + 1}], RADIUS),
        ([HERE | {"radius_m": "5"}], NOT_A_NUMBER),
        ([HERE | {"lat": True}], NOT_A_NUMBER),
        ([HERE | {"lat": "50.8"}], NOT_A_NUMBER),
        ([HERE | {"lon": float("nan")}], NOT_A_NUMBER),
        ([HERE | {"lon": float("inf")}], NOT_A_NUMBER),
        ([HERE | {"lat": 90.1}], NOT_ON_EARTH),
        ([HERE | {"lon": -180.1}], NOT_ON_EARTH),
        ([{"lat": 48.85, "lon": 2.35}], "a place outside the boundary data"),
        ([{"polygon": [*TRIANGLE, [0, 0.0001]]}], MISSING_CORNER),
        ([{"polygon": TRIANGLE[:2]}], CORNERS),
        ([{"polygon": TRIANGLE * 167}], CORNERS),
        ([{"polygon": "x"}], CORNERS),
        ([{"polygon": [*TRIANGLE, [50.8]]}], PAIR),
        ([{"polygon": [*TRIANGLE, [50.8, 6.48, 100.0]]}], PAIR),
        ([{"polygon": [*TRIANGLE, "ab"]}], PAIR),
        ([{"polygon": [*TRIANGLE, [50.8, None]]}], NOT_A_NUMBER),
        (
            [{"polygon": [[50.8, 6.48], [50.8001, 6.48], [50.8, 6.4801], [50.9, 6.58]]}],
            "a polygon that encloses no area; corners are rounded to 3 decimals",
        ),
    ],
)
def test_whatever_cannot_be_followed_is_refused_with_a_sentence_that_holds_no_coordinates(
    boundaries: Boundaries, items: object, said: str
) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        read_places(items, boundaries)
    assert str(caught.value) == said
    assert "6.48" not in said


def test_one_bad_place_refuses_the_line(boundaries: Boundaries) -> None:
    with pytest.raises(ValueError, match="not in the boundary data"):
        read_places([DUEREN, HERE, "05999"], boundaries)


def test_a_point_and_a_polygon_are_shapes_in_metres() -> None:
    point = shape_of(WatchedArea(((50.8, 6.48),), 500.0))
    polygon = shape_of(WatchedArea(tuple((lat, lon) for lat, lon in TRIANGLE)))
    assert (point.geom_type, polygon.geom_type) == ("Point", "Polygon")
    assert polygon.distance(point) < 1
    assert polygon.area == pytest.approx(1_112 * 1_408 / 2, rel=0.02)
