"""What an alert's areas come to."""

import pytest

from dispatcher.targeting.match import match
from dispatcher.targeting.outcome import Reason
from tests.targeting.drawing import circle, coded, district, drawn

DUEREN = "05358"
NEIGHBOURS = {
    "Alsdorf", "Baesweiler", "Bedburg", "Elsdorf", "Erftstadt", "Erkelenz", "Eschweiler", "Geilenkirchen",
    "Hückelhoven", "Jüchen", "Kerpen", "Mechernich", "Schleiden", "Simmerath", "Stolberg (Rhld.)", "Zülpich",
}  # fmt: skip


def names(found):
    return {affected.name for affected in found.affected}


@pytest.mark.parametrize("decimals", [None, 5, 4, 3])
def test_the_district_reaches_its_15_municipalities_and_none_of_the_16_neighbours(boundaries, decimals):
    found = match([drawn(district(boundaries, DUEREN), decimals)], boundaries)
    assert [affected.ags for affected in found.affected] == [m.ags for m in boundaries.by_prefix(DUEREN)]
    assert len(found.affected) == 15
    assert not names(found) & NEIGHBOURS
    assert not found.held


def test_a_small_circle_reaches_the_municipality_it_lies_in(boundaries):
    found = match([circle(50.8, 6.48, 0.564)], boundaries)
    assert names(found) == {"Düren"}
    assert found.affected[0].share == pytest.approx(0.0118, abs=0.0005)
    assert found.affected[0].reason is Reason.GEOMETRY


def test_codes_and_geometry_are_joined_and_say_so(boundaries):
    found = match([circle(50.8, 6.48, 0.5), coded(("AGS", "05358008"), ("ARS", "053580024024"))], boundaries)
    assert [(affected.name, affected.reason) for affected in found.affected] == [
        ("Düren", Reason.BOTH),
        ("Jülich", Reason.GEOCODE),
    ]


def test_geometry_outside_the_data_is_held_and_named(boundaries):
    found = match([circle(48.1, 11.5, 5)], boundaries)
    assert found.affected == ()
    assert found.held
    assert [(u.kind, u.reason) for u in found.unmatched] == [("circle", "outside the boundary data")]


def test_no_area_at_all_is_held(boundaries):
    found = match([], boundaries)
    assert found.held
    assert not found.affected
