"""The areas of an alert, read: codes, exclusions, heights, exchanged coordinates."""

import dataclasses
from typing import Any

import pytest
import shapely

from cap.model import Area, Circle, NamedValue, Polygon
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.boundaries.registry import Registry
from dispatcher.targeting import reading
from dispatcher.targeting.geocodes import Unresolved
from dispatcher.targeting.match import match
from dispatcher.targeting.outcome import Codes, HeightUnit, MatchProfile, Unmatched
from dispatcher.targeting.reading import LABEL_LENGTH, NO_TARGET, AreaReading, Context, read_areas
from dispatcher.targeting.rule import MatchingRule
from tests.targeting.drawing import (
    circle,
    coded,
    district,
    drawn,
    names,
    unmatched,
    with_heights,
)

DUEREN = "05358"


def test_unreadable_shapes_are_held_unless_codes_stand_for_them(boundaries: Boundaries) -> None:
    alone = match([Area("x", unreadable=1)], boundaries)
    assert alone.held
    assert unmatched(alone) == [("area", "has polygons or circles that cannot be read")]
    with_code = match([dataclasses.replace(coded(("AGS", "05358008")), unreadable=1)], boundaries)
    assert not with_code.held
    assert "its codes stand for it" in with_code.notes[0]


def test_a_hostile_code_comes_back_as_text_of_bounded_length(boundaries: Boundaries) -> None:
    found = match([coded(("AGS", "'\"; DROP TABLE--" + "9" * 10_000))], boundaries)
    assert found.held
    assert all(len(failure.value) <= 120 for failure in found.unmatched)


def test_authoritative_codes_make_the_geometry_a_picture(boundaries: Boundaries) -> None:
    area = dataclasses.replace(circle(50.8, 6.48, 9), geocodes=(NamedValue("AGS", "05358008"),))
    assert len(match([area], boundaries).affected) > 1
    assert names(match([area], boundaries, profile=MatchProfile(codes=Codes.AUTHORITATIVE))) == {"Düren"}


def test_authoritative_codes_that_are_unknown_leave_the_geometry_in_force(boundaries: Boundaries) -> None:
    area = dataclasses.replace(circle(50.8, 6.48, 0.5), geocodes=(NamedValue("AGS", "09999999"),))
    assert names(match([area], boundaries, profile=MatchProfile(codes=Codes.AUTHORITATIVE))) == {"Düren"}


def test_the_same_area_in_many_languages_is_one_area(boundaries: Boundaries) -> None:
    area = circle(50.8, 6.48, 0.5)
    assert match([area] * 9, boundaries) == match([area], boundaries)
    other = dataclasses.replace(area, area_desc="another language")
    assert match([area, other], boundaries).affected == match([area], boundaries).affected


def test_excluded_polygons_are_cut_out_of_their_own_area_only(boundaries: Boundaries) -> None:
    hole = drawn(boundaries.border[boundaries.index_by_ags["05358008"]]).polygons
    area = drawn(district(boundaries, DUEREN))
    cut = dataclasses.replace(area, excluded=hole)
    assert "Düren" not in names(match([cut], boundaries))
    assert "Düren" in names(match([cut, coded(("AGS", "05358008"))], boundaries))
    assert "Düren" in names(match([cut, circle(50.8, 6.48, 1)], boundaries))


def test_an_exclusion_that_leaves_nothing_is_held(boundaries: Boundaries) -> None:
    area = drawn(boundaries.border[0])
    found = match(
        [dataclasses.replace(area, excluded=drawn(shapely.buffer(boundaries.border[0], 500)).polygons)],
        boundaries,
    )
    assert found.held
    assert unmatched(found) == [("polygon", "excluded polygons leave nothing of it")]


def test_a_doubtful_exclusion_is_ignored_and_noted(boundaries: Boundaries) -> None:
    bow_tie = Polygon(((50.78, 6.44), (50.82, 6.52), (50.82, 6.44), (50.78, 6.52), (50.78, 6.44)))
    area = dataclasses.replace(circle(50.8, 6.48, 3), excluded=(bow_tie,))
    found = match([area], boundaries)
    assert found.affected == match([circle(50.8, 6.48, 3)], boundaries).affected
    assert any("excluded polygon could not be used" in note for note in found.notes)


def test_an_exclusion_elsewhere_changes_nothing(boundaries: Boundaries) -> None:
    far = Polygon(((10.0, 10.0), (10.0, 11.0), (11.0, 11.0), (10.0, 10.0)))
    area = dataclasses.replace(circle(50.8, 6.48, 3), excluded=(far,))
    assert match([area], boundaries).affected == match([circle(50.8, 6.48, 3)], boundaries).affected
    assert not match([area], boundaries).notes


def test_an_unreadable_exclusion_is_no_code(boundaries: Boundaries) -> None:
    area = dataclasses.replace(circle(50.8, 6.48, 1), geocodes=(NamedValue("EXCLUDE_POLYGON", "x"),))
    assert match([area], boundaries).unmatched == ()


def test_a_height_leaves_out_only_what_is_known_to_lie_below(boundaries: Boundaries) -> None:
    hilly = with_heights(boundaries, {"05358008": 190.0, "05358024": 560.0})
    area = coded(("AGS", "05358008"), ("AGS", "05358024"), ("AGS", "05358012"))
    snow = dataclasses.replace(area, altitude_ft=600 / 0.3048)
    found = match([snow], hilly)
    assert {a.ags for a in found.affected} == {"05358024", "05358012"}
    assert "1 municipality lies wholly below 600 m" in found.notes[0]
    metric = dataclasses.replace(area, altitude_ft=600.0)
    assert len(match([metric], hilly).affected) == 2 + 1
    metres = match([metric], hilly, profile=MatchProfile(height_unit=HeightUnit.METRES))
    assert len(metres.affected) == 2


def test_a_height_applies_to_shapes_as_well(boundaries: Boundaries) -> None:
    flat = with_heights(boundaries, {"05358008": 190.0})
    high = dataclasses.replace(circle(50.8, 6.48, 12), altitude_ft=3000.0)
    found = match([high], flat)
    assert "Düren" not in names(found)
    assert found.affected
    assert any("wholly below" in note for note in found.notes)


def test_vertices_are_counted_over_the_whole_alert(boundaries: Boundaries) -> None:
    found = match(
        [circle(50.8, 6.48, 1), circle(50.9, 6.4, 1)], boundaries, rule=MatchingRule(max_vertices=200)
    )
    assert ("circle", "more vertices than the limit") in unmatched(found)
    assert found.held


def test_an_exclusion_that_cannot_be_read_is_said(boundaries: Boundaries) -> None:
    area = coded(("EXCLUDE_POLYGON", "50.8,6.4 nonsense"), ("AGS", "05358008"))
    found = match([area], boundaries)
    assert names(found) == {"Düren"}
    assert "an excluded polygon could not be used" in found.notes[0]


def read(boundaries: Boundaries, *areas: Area, **changes: Any) -> tuple[AreaReading, ...]:
    context = Context(boundaries, MatchingRule(), MatchProfile(), Registry())
    return read_areas(areas, dataclasses.replace(context, **changes))


def keys(boundaries: Boundaries, reading: AreaReading) -> list[str]:
    return [boundaries.units.ags[index] for index in reading.indices]


def test_every_shape_has_a_name_that_people_find_again(boundaries: Boundaries) -> None:
    ring = drawn(boundaries.border[0]).polygons[0]
    first = Area("Rur", polygons=(ring,))
    second = Area("x" * 500, polygons=(ring, ring), circles=(Circle(50.8, 6.48, 1),))
    one, two = read(boundaries, first, second)
    assert [named.name for named in one.shapes] == ['polygon 1 of area 1 "Rur"']
    assert [named.name for named in two.shapes] == [
        f'{kind} of area 2 "{"x" * LABEL_LENGTH}"' for kind in ("polygon 1", "polygon 2", "circle 1")
    ]


def test_codes_name_municipalities_in_order_and_each_once(boundaries: Boundaries) -> None:
    (found,) = read(boundaries, coded(("AGS", "05358024"), ("AGS", "05358008"), ("ARS", "053580008008")))
    assert keys(boundaries, found) == ["05358008", "05358024"]
    assert (found.failures, found.notes, found.shapes, found.gap) == ((), (), (), False)


@pytest.mark.parametrize(
    ("codes", "failures", "gap"),
    [
        ((("AGS", "05358008"),), [], False),
        ((("AGS", "09162000"),), ["AGS=09162000"], False),
        ((("AGS", "05358008"), ("AGS", "09162000")), ["AGS=09162000"], True),
        ((("AGS", "05358008"), ("WARNCELLID", "809162000")), ["WARNCELLID=809162000"], False),
        ((("AGS", "05358008"), ("FIPS6", "006037")), ["FIPS6=006037"], False),
        ((("AGS", "05358008"), ("AGS", "Düren")), ["AGS=Düren"], False),
        ((("ARS", "000000000000"),), ["ARS=000000000000"], False),
        ((("EXCLUDE_POLYGON", "x"),), [], False),
    ],
)
def test_a_code_that_leads_nowhere_is_a_failure_and_a_gap_beside_others_of_its_scheme(
    boundaries: Boundaries, codes: tuple[tuple[str, str], ...], failures: list[str], gap: bool
) -> None:
    (found,) = read(boundaries, coded(*codes))
    assert [failure.value for failure in found.failures] == failures
    assert {failure.kind for failure in found.failures} <= {"geocode"}
    assert found.gap is gap


def test_the_whole_country_is_every_municipality_for_a_source_that_may_mean_it(
    boundaries: Boundaries,
) -> None:
    area = coded(("ARS", "000000000000"))
    (found,) = read(boundaries, area, profile=MatchProfile(nationwide=True))
    assert (len(found.indices), found.failures) == (len(boundaries.municipalities), ())


def test_an_area_of_words_has_no_target(boundaries: Boundaries) -> None:
    (found,) = read(boundaries, Area("Rureifel"))
    assert found.failures == (Unmatched("area", 'area 1 "Rureifel"', NO_TARGET),)


@pytest.mark.parametrize(
    ("unit", "altitude", "floor_m"),
    [(HeightUnit.FEET, None, None), (HeightUnit.FEET, 1000.0, 304.8), (HeightUnit.METRES, 1000.0, 1000.0)],
)
def test_shapes_carry_the_height_at_which_they_begin(
    boundaries: Boundaries, unit: HeightUnit, altitude: float | None, floor_m: float | None
) -> None:
    area = dataclasses.replace(circle(50.8, 6.48, 1), altitude_ft=altitude)
    (found,) = read(boundaries, area, profile=MatchProfile(height_unit=unit))
    measured = [named.floor_m for named in found.shapes]
    assert measured == ([None] if floor_m is None else [pytest.approx(floor_m)])


@pytest.mark.parametrize(
    ("radius_km", "note"),
    [
        (0, "point widened to a circle of 100 m"),
        (0.01, "circle of less than 100 m widened to 100 m"),
    ],
)
def test_a_repair_is_noted_under_the_name_of_its_shape(
    boundaries: Boundaries, radius_km: float, note: str
) -> None:
    (found,) = read(boundaries, circle(50.8, 6.48, radius_km))
    assert found.notes == (f'circle 1 of area 1 "test": {note}',)


def test_the_same_shape_in_two_areas_costs_its_vertices_once(boundaries: Boundaries) -> None:
    one = circle(50.8, 6.48, 1)
    areas = [dataclasses.replace(one, area_desc=name) for name in ("de", "en")]
    other = circle(50.9, 6.48, 1)
    first, second, third = read(boundaries, *areas, other, rule=MatchingRule(max_vertices=200))
    assert (len(first.shapes), len(second.shapes), len(third.shapes)) == (1, 1, 0)
    assert [failure.reason for failure in third.failures] == ["more vertices than the limit"]


def test_a_code_given_many_times_is_looked_up_once_for_all_areas(boundaries: Boundaries) -> None:
    context = Context(boundaries, MatchingRule(), MatchProfile(), boundaries.registry)
    areas = [Area(str(n), geocodes=(NamedValue("AGS", "05358"),) * 50) for n in range(200)]
    first, *others = read_areas(areas, context)
    assert first.indices
    assert all(reading.indices is first.indices for reading in others)


def test_municipalities_named_over_and_over_are_bounded(
    boundaries: Boundaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_NAMED", 40)
    context = Context(boundaries, MatchingRule(), MatchProfile(), boundaries.registry)
    areas = [Area(str(n), geocodes=(NamedValue("AGS", f"05358 {n}"),)) for n in range(5)]
    found = read_areas(areas, context)
    assert [bool(one.indices) for one in found] == [True, True, True, False, False]
    assert found[4].failures[0].reason == Unresolved.TOO_MANY
