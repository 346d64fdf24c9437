"""What an alert covers exactly, for those who follow a place smaller than a municipality."""

import dataclasses
from collections.abc import Collection

import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from dispatcher.boundaries.build import BoundaryRow, build
from dispatcher.boundaries.bundle import Provenance
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.boundaries.projection import EUROPE_EQUAL_AREA, project
from dispatcher.targeting.match import match
from dispatcher.targeting.outcome import Match
from dispatcher.targeting.target import target_of
from tests.targeting.board import centre, square
from tests.targeting.drawing import coded, drawn

UTM = "EPSG:25832"
LEFT, MIDDLE, RIGHT = "01023000", "01033000", "01043000"
# A straight edge of 8 km in degrees and one in metres part by 2 m.
CURVE_M2 = 20_000.0


def covered(match: Match, boundaries: Boundaries, served: Collection[str]) -> BaseGeometry:
    return shapely.from_wkb(target_of(match, boundaries, served))


def strip() -> BaseGeometry:
    """Through the middle of the squares 23, 33 and 43."""
    (west, y), (east, _) = centre(2, 3), centre(4, 3)
    shape: BaseGeometry = shapely.box(west, y - 300, east, y + 300)
    return shape


@pytest.fixture
def crossing(board: Boundaries) -> Match:
    found = match([drawn(strip())], board)
    assert {place.ags for place in found.affected} == {LEFT, MIDDLE, RIGHT}
    return found


def test_what_only_codes_name_has_no_shape(board: Boundaries) -> None:
    assert target_of(match([coded(("AGS", LEFT))], board), board, [LEFT]) == b""


def test_where_all_is_served_the_target_is_the_shape(board: Boundaries, crossing: Match) -> None:
    shape = covered(crossing, board, [LEFT, MIDDLE, RIGHT, "99999999"])
    assert shape.equals(crossing.geometry)
    assert shape.symmetric_difference(strip()).area < CURVE_M2


@pytest.mark.parametrize("served", [[], ["99999999"], ["01000000"]])
def test_where_nothing_is_served_there_is_no_target(
    board: Boundaries, crossing: Match, served: list[str]
) -> None:
    assert target_of(crossing, board, served) == b""


@pytest.mark.parametrize(
    ("served", "columns"), [([MIDDLE], (3,)), ([LEFT, MIDDLE], (2, 3)), ([LEFT, RIGHT], (2, 4))]
)
def test_whatever_lies_in_municipalities_that_are_not_served_is_left_out(
    board: Boundaries, crossing: Match, served: list[str], columns: tuple[int, ...]
) -> None:
    """With one of three served they are cut out of the shape, with two of three the third is taken away."""
    expected = shapely.intersection(strip(), shapely.union_all([square(column, 3) for column in columns]))
    assert covered(crossing, board, served).symmetric_difference(expected).area < CURVE_M2


@pytest.mark.parametrize("served", [[LEFT], [LEFT, RIGHT]])
def test_a_border_that_is_touched_is_no_target(board: Boundaries, crossing: Match, served: list[str]) -> None:
    """A line is left of it, cut out or taken away, which covers nobody."""
    touching = dataclasses.replace(crossing, geometry=square(3, 3))
    assert target_of(touching, board, served) == b""


def test_the_target_is_in_one_system_whatever_the_boundaries_are_in() -> None:
    rows = [
        BoundaryRow(ags, "", ags, square(column, 3)) for ags, column in ((LEFT, 2), (MIDDLE, 3), (RIGHT, 4))
    ]
    provenance = Provenance("test", "", "CC0", "nobody", "2020-01-01", "")
    other = Boundaries.of(build(rows, provenance, source_crs=EUROPE_EQUAL_AREA, crs=UTM).bundle)
    found = match([drawn(strip())], other)
    assert found.geometry is not None
    assert project(found.geometry, EUROPE_EQUAL_AREA, UTM).symmetric_difference(strip()).area < CURVE_M2
    assert covered(found, other, [LEFT, MIDDLE, RIGHT]).symmetric_difference(strip()).area < CURVE_M2
