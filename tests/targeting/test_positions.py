"""Positions that were exchanged, or that nobody has entered."""

import dataclasses
from typing import Any

import pytest

from cap.model import Circle, Polygon
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.targeting import positions
from dispatcher.targeting.match import match
from dispatcher.targeting.outcome import Beyond, CountryBox, MatchProfile
from tests.targeting.drawing import GERMANY, circle, names, polygon, unmatched


@pytest.mark.parametrize(
    "shape", [circle(6.48, 50.8, 1), polygon((6.4, 50.7), (6.4, 50.9), (6.6, 50.9), (6.4, 50.7))]
)
def test_exchanged_coordinates_are_put_right_only_for_a_source_whose_country_is_known(
    boundaries: Boundaries, shape: Any
) -> None:
    held = match([shape], boundaries)
    assert held.held
    assert "seem to be exchanged" in held.unmatched[0].reason
    right = match([shape], boundaries, profile=MatchProfile(home=GERMANY))
    assert "Düren" in names(right)
    assert any("put right" in note for note in right.notes)


def test_an_excluded_polygon_is_put_right_with_its_area(boundaries: Boundaries) -> None:
    area = polygon((6.4, 50.7), (6.4, 50.9), (6.6, 50.9), (6.6, 50.7))
    hole = Polygon(((6.42, 50.72), (6.42, 50.88), (6.58, 50.88), (6.58, 50.72)))
    found = match(
        [dataclasses.replace(area, excluded=(hole,))], boundaries, profile=MatchProfile(home=GERMANY)
    )
    whole = match([area], boundaries, profile=MatchProfile(home=GERMANY))
    assert found.geometry is not None
    assert whole.geometry is not None
    assert found.geometry.area < 0.5 * whole.geometry.area


# Between the sixth and twelfth parallel, at the Horn of Africa; exchanged, half of Germany.
SOMALIA = polygon((6, 48), (12, 48), (12, 51.5), (6, 51.5), (6, 48))
WORLDWIDE = MatchProfile(beyond=Beyond.NOTE, nationwide=True)


@pytest.mark.parametrize("shape", [SOMALIA, circle(6.48, 50.8, 1), circle(6.48, 50.8, 300)])
def test_a_world_wide_feed_means_the_coordinates_that_it_writes(boundaries: Boundaries, shape: Any) -> None:
    found = match([shape], boundaries, profile=WORLDWIDE)
    assert (found.affected, found.held) == ((), False)
    assert found.unmatched[0].reason.startswith("outside the boundary data")
    german = match([shape], boundaries, profile=dataclasses.replace(WORLDWIDE, home=GERMANY))
    assert "Düren" in names(german)


def test_what_only_seems_exchanged_is_looked_at_with_a_source_of_a_country(boundaries: Boundaries) -> None:
    """Not all of it would lie in the country, or not all of it does as written: there is a doubt."""
    box = CountryBox(south_lat=50.85, west_lon=5.8, north_lat=55.1, east_lon=15.1)
    shape = polygon((6.4, 50.8), (6.4, 50.9), (6.6, 50.9))
    found = match([shape], boundaries, profile=dataclasses.replace(WORLDWIDE, home=box))
    assert (found.affected, found.held) == ((), True)
    assert "seem to be exchanged" in found.unmatched[0].reason


NO_PLACE = "has a corner or centre at 0,0, which stands for a place that nobody has entered"
AROUND_DUEREN = ((50.7, 6.4), (50.9, 6.4), (50.9, 6.6), (50.7, 6.6))


@pytest.mark.parametrize(
    "profile",
    [MatchProfile(), MatchProfile(home=GERMANY), WORLDWIDE, MatchProfile(beyond=Beyond.NOTE, home=GERMANY)],
)
@pytest.mark.parametrize(
    "shape",
    [
        polygon(*AROUND_DUEREN, (0, 0)),
        polygon((0.0, 0.0), *AROUND_DUEREN),
        polygon(*AROUND_DUEREN[:2], (-0.0, 0.0), *AROUND_DUEREN[2:]),
        polygon(*((lon, lat) for lat, lon in AROUND_DUEREN), (0, 0)),
        circle(0, 0, 1),
        circle(0, 0, 5_600),
    ],
    ids=["last", "first", "between", "exchanged", "centre", "wide"],
)
def test_a_corner_at_0_0_asks(boundaries: Boundaries, shape: Any, profile: MatchProfile) -> None:
    found = match([shape], boundaries, profile=profile)
    assert (found.affected, found.held) == ((), True)
    assert [reason for _, reason in unmatched(found)] == [NO_PLACE]


def test_a_corner_at_0_0_far_from_here_is_a_place_like_any_other(boundaries: Boundaries) -> None:
    gulf_of_guinea = polygon((0, 0), (0, 5), (4, 5), (4, 0))
    found = match([gulf_of_guinea], boundaries, profile=WORLDWIDE)
    assert (unmatched(found), found.held) == ([("polygon", "outside the boundary data")], False)


def test_half_a_position_asks_with_a_source_that_knows_neither_equator_nor_greenwich(
    boundaries: Boundaries,
) -> None:
    for lost in ((0.0, 6.5), (50.8, 0.0)):
        shape = polygon(*AROUND_DUEREN, lost)
        assert match([shape], boundaries, profile=MatchProfile(home=GERMANY)).held
    london = polygon((51.4, 0.0), (51.6, 0.0), (51.6, 0.1), (51.4, 0.1))
    abroad = MatchProfile(beyond=Beyond.NOTE, home=GERMANY)
    assert not match([london], boundaries, profile=abroad).held


def test_a_hole_with_a_corner_at_0_0_takes_nothing_away(boundaries: Boundaries) -> None:
    area = polygon(*AROUND_DUEREN)
    holed = dataclasses.replace(area, excluded=(Polygon((*AROUND_DUEREN, (0.0, 0.0))),))
    found = match([holed], boundaries)
    assert found.affected == match([area], boundaries).affected
    assert any("excluded polygon could not be used" in note for note in found.notes)


def test_coordinates_in_the_country_are_never_exchanged(boundaries: Boundaries) -> None:
    assert names(match([circle(50.8, 6.48, 1)], boundaries, profile=MatchProfile(home=GERMANY))) == {"Düren"}
    elsewhere = match([circle(6.5, 3.4, 1)], boundaries, profile=MatchProfile(home=GERMANY))
    assert unmatched(elsewhere) == [("circle", "outside the boundary data")]


@pytest.mark.parametrize("element", [Circle(50.0, 6.0, 3.0), Polygon(AROUND_DUEREN)])
def test_what_is_exchanged_twice_is_as_it_was(element: Polygon | Circle) -> None:
    once = positions.exchanged(element)
    assert positions.corners(once) == tuple((lon, lat) for lat, lon in positions.corners(element))
    assert positions.exchanged(once) == element
