"""What an alert's areas come to."""

import dataclasses
import json
import math
import os
import time
from pathlib import Path

import numpy as np
import pytest
import shapely

import cap
from cap.model import Alert, Area, Circle, Info, NamedValue, Polygon
from cap.vocabulary import MsgType, Scope, Severity, Status
from dispatcher.boundaries.bundle import Units
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.targeting.match import MatchingRule, Registry, areas_of, match
from dispatcher.targeting.outcome import Beyond, Codes, CountryBox, HeightUnit, MatchProfile, MatchReason
from tests.targeting.drawing import circle, coded, district, drawn, polygon

ROOT = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("CAP_CORPUS", ROOT / "../shared/corpus"))
DUEREN = "05358"
NEIGHBOURS = {
    "Alsdorf", "Baesweiler", "Bedburg", "Elsdorf", "Erftstadt", "Erkelenz", "Eschweiler", "Geilenkirchen",
    "Hückelhoven", "Jüchen", "Kerpen", "Mechernich", "Schleiden", "Simmerath", "Stolberg (Rhld.)", "Zülpich",
}  # fmt: skip
GERMANY = CountryBox(47.2, 5.8, 55.1, 15.1)


def names(found):
    return {affected.name for affected in found.affected}


def unmatched(found):
    return [(failure.kind, failure.reason) for failure in found.unmatched]


@pytest.mark.parametrize("decimals", [None, 5, 4, 3])
def test_the_district_reaches_its_15_municipalities_and_none_of_the_16_neighbours(boundaries, decimals):
    found = match([drawn(district(boundaries, DUEREN), decimals)], boundaries)
    assert [affected.ags for affected in found.affected] == [m.ags for m in boundaries.by_prefix(DUEREN)]
    assert len(found.affected) == 15
    assert not names(found) & NEIGHBOURS
    assert not found.held


def test_every_municipality_of_the_data_reaches_itself_alone(boundaries):
    for index, unit in enumerate(boundaries.municipalities):
        found = match([drawn(boundaries.border[index], 4)], boundaries)
        assert [affected.ags for affected in found.affected] == [unit.ags]


def test_a_small_circle_reaches_the_municipality_it_lies_in(boundaries):
    found = match([circle(50.8, 6.48, 0.564)], boundaries)
    assert names(found) == {"Düren"}
    assert found.affected[0].share == pytest.approx(0.0118, abs=0.0005)
    assert found.affected[0].reason is MatchReason.GEOMETRY


def test_a_circle_without_radius_is_a_place(boundaries):
    found = match([circle(50.8, 6.48, 0)], boundaries)
    assert names(found) == {"Düren"}
    assert "point widened" in found.notes[0]


def test_a_circle_on_a_border_reaches_both_sides(boundaries):
    both = boundaries.border[[boundaries.index_by_ags[ags] for ags in ("05358008", "05358028")]]
    line = shapely.intersection(*shapely.boundary(both))
    x, y = shapely.get_coordinates(
        shapely.line_interpolate_point(shapely.get_parts(line)[0], 0.5, normalized=True)
    )[0]
    lon, lat = shapely.get_coordinates(_degrees(shapely.Point(x, y)))[0]
    found = match([circle(lat, lon, 0.3)], boundaries)
    assert {affected.ags for affected in found.affected} >= {"05358008", "05358028"}


def _degrees(geometry):
    from dispatcher.boundaries.projection import EUROPE_EQUAL_AREA, WGS84, project

    return project(geometry, WGS84, EUROPE_EQUAL_AREA)


def test_a_flooded_border_river_warns_both_banks(boundaries):
    """A corridor of 100 m along a border is 50 m deep on either side: no share and no depth would see it."""
    left, right = (boundaries.border[boundaries.index_by_ags[ags]] for ags in ("05358008", "05358028"))
    river = shapely.line_merge(shapely.intersection(shapely.boundary(left), shapely.boundary(right)))
    found = match([drawn(shapely.buffer(river, 50))], boundaries)
    assert {"05358008", "05358028"} <= {affected.ags for affected in found.affected}


def test_codes_and_geometry_are_joined_and_say_so(boundaries):
    found = match([circle(50.8, 6.48, 0.5), coded(("AGS", "05358008"), ("ARS", "053580024024"))], boundaries)
    assert [(a.name, a.reason) for a in found.affected] == [
        ("Düren", MatchReason.BOTH),
        ("Jülich", MatchReason.GEOCODE),
    ]
    assert found.affected[1].share == 1.0
    assert "50% in common" in found.notes[-1]


def test_codes_and_geometry_that_agree_need_no_note(boundaries):
    found = match([circle(50.8, 6.48, 0.5), coded(("AGS", "05358008"))], boundaries)
    assert found.notes == ()


def test_geometry_outside_the_data_is_held_and_named(boundaries):
    found = match([circle(48.1, 11.5, 5)], boundaries)
    assert found.affected == ()
    assert found.held
    assert unmatched(found) == [("circle", "outside the boundary data")]


def test_geometry_near_the_data_but_not_in_it_is_held_as_well(boundaries):
    found = match([circle(51.6, 6.5, 1)], boundaries)
    assert found.held
    assert unmatched(found) == [("circle", "outside the boundary data")]


def test_a_lost_polygon_is_held_although_another_one_is_found(boundaries):
    found = match([circle(50.8, 6.48, 0.5), circle(48.1, 11.5, 5)], boundaries)
    assert names(found) == {"Düren"}
    assert found.held


def test_a_national_feed_may_warn_elsewhere(boundaries):
    found = match([circle(48.1, 11.5, 5)], boundaries, profile=MatchProfile(beyond=Beyond.NOTE))
    assert not found.held
    assert found.unmatched


def test_a_shape_partly_outside_the_data_says_so(boundaries):
    found = match([circle(50.8, 5.9, 20)], boundaries)
    assert found.affected
    assert any("lies outside the boundary data" in note for note in found.notes)


def test_a_shape_that_only_brushes_a_border_is_held(boundaries):
    """A big hazard outside the data that touches its edge by a strip of 20 m."""
    points = shapely.get_coordinates(boundaries.border)
    x, y = points[points[:, 0].argmin()]
    west = shapely.box(x - 3000, y - 1500, x + 30, y + 1500)
    found = match([drawn(west)], boundaries)
    assert found.held
    assert unmatched(found) == [("polygon", "touches municipalities only along their border")]


def test_no_area_at_all_is_held(boundaries):
    found = match([], boundaries)
    assert found.held
    assert not found.affected
    assert unmatched(found) == [("area", "the alert has no area")]


def test_an_area_of_words_only_is_held(boundaries):
    found = match([Area("Rureifel")], boundaries)
    assert found.held
    assert unmatched(found) == [("area", "has neither polygon, circle nor code")]


def test_unreadable_shapes_are_held_unless_codes_stand_for_them(boundaries):
    alone = match([Area("x", unreadable=1)], boundaries)
    assert alone.held
    assert unmatched(alone) == [("area", "has polygons or circles that cannot be read")]
    with_code = match([dataclasses.replace(coded(("AGS", "05358008")), unreadable=1)], boundaries)
    assert not with_code.held
    assert "its codes stand for it" in with_code.notes[0]


def test_an_unknown_code_beside_a_target_is_counted_but_holds_nothing(boundaries):
    area = dataclasses.replace(circle(50.8, 6.48, 0.5), geocodes=(NamedValue("EMMA_ID", "DE001"),))
    found = match([area], boundaries)
    assert not found.held
    assert unmatched(found) == [("geocode", "unknown code scheme")]


def test_a_code_outside_the_data_beside_others_of_its_scheme_is_a_place_of_its_own(boundaries):
    area = coded(("ARS", "053580008008"), ("ARS", "091620000000"))
    found = match([area], boundaries)
    assert found.held
    assert names(found) == {"Düren"}
    assert not match([area], boundaries, profile=MatchProfile(beyond=Beyond.NOTE)).held
    other_schemes = coded(("ARS", "053580008008"), ("WARNCELLID", "705358999"))
    assert not match([other_schemes], boundaries).held
    drawn_too = dataclasses.replace(circle(50.8, 6.48, 0.5), geocodes=area.geocodes)
    assert not match([drawn_too], boundaries).held


def test_an_area_of_unknown_codes_only_is_held(boundaries):
    assert match([coded(("EMMA_ID", "DE001"))], boundaries).held


def test_a_hostile_code_comes_back_as_text_of_bounded_length(boundaries):
    found = match([coded(("AGS", "'\"; DROP TABLE--" + "9" * 10_000))], boundaries)
    assert found.held
    assert all(len(failure.value) <= 120 for failure in found.unmatched)


def test_the_whole_country_is_never_meant_by_a_code_unless_the_source_may(boundaries):
    area = coded(("ARS", "000000000000"))
    assert match([area], boundaries).affected == ()
    assert match([area], boundaries).held
    allowed = match([area], boundaries, profile=MatchProfile(nationwide=True))
    assert len(allowed.affected) == len(boundaries.municipalities)


def test_a_registry_gives_further_schemes(boundaries):
    registry = Registry({"EMMA_ID": {"DE001": ("05358008",)}})
    assert names(match([coded(("EMMA_ID", "DE001"))], boundaries, registry=registry)) == {"Düren"}


def test_authoritative_codes_make_the_geometry_a_picture(boundaries):
    area = dataclasses.replace(circle(50.8, 6.48, 9), geocodes=(NamedValue("AGS", "05358008"),))
    assert len(match([area], boundaries).affected) > 1
    assert names(match([area], boundaries, profile=MatchProfile(codes=Codes.AUTHORITATIVE))) == {"Düren"}


def test_authoritative_codes_that_are_unknown_leave_the_geometry_in_force(boundaries):
    area = dataclasses.replace(circle(50.8, 6.48, 0.5), geocodes=(NamedValue("AGS", "09999999"),))
    assert names(match([area], boundaries, profile=MatchProfile(codes=Codes.AUTHORITATIVE))) == {"Düren"}


def test_the_same_area_in_many_languages_is_one_area(boundaries):
    area = circle(50.8, 6.48, 0.5)
    assert match([area] * 9, boundaries) == match([area], boundaries)
    other = dataclasses.replace(area, area_desc="another language")
    assert match([area, other], boundaries).affected == match([area], boundaries).affected


def test_two_halves_make_a_whole(boundaries):
    """Each half covers less than a fifth of a neighbour; the neighbour is still covered by a third."""
    unit = boundaries.border[boundaries.index_by_ags["05358008"]]
    x0, y0, x1, y1 = unit.bounds
    halves = [shapely.intersection(unit, shapely.box(x0, y0, (x0 + x1) / 2, y1))]
    halves.append(shapely.intersection(unit, shapely.box((x0 + x1) / 2, y0, x1, y1)))
    found = match([drawn(half) for half in halves], boundaries)
    assert {a.name: a.share for a in found.affected}["Düren"] == pytest.approx(1, abs=1e-3)


def test_overlapping_shapes_are_not_counted_twice(boundaries):
    found = match([circle(50.8, 6.48, 1), circle(50.8, 6.485, 1)], boundaries)
    alone = match([circle(50.8, 6.48, 1)], boundaries)
    assert alone.affected[0].share < found.affected[0].share < 2 * alone.affected[0].share


def test_a_small_hazard_beside_a_district_is_still_seen(boundaries):
    """Together they look like the district's border; the fire in the neighbour must not vanish in that."""
    fire = circle(50.905, 6.60, 0.2)
    found = match([drawn(district(boundaries, DUEREN)), fire], boundaries)
    alone = match([fire], boundaries)
    assert names(alone)
    assert names(alone) <= names(found)
    assert len(found.affected) == 15 + len(names(alone) - {m.name for m in boundaries.by_prefix(DUEREN)})


def test_a_bulge_of_a_district_reaches_into_the_neighbour(boundaries):
    outline = district(boundaries, DUEREN)
    neighbour = boundaries.border[boundaries.units.name.index("Kerpen")]
    place = shapely.line_interpolate_point(
        shapely.get_parts(shapely.intersection(shapely.boundary(outline), shapely.boundary(neighbour)))[0],
        0.5,
        normalized=True,
    )
    found = match([drawn(shapely.union(outline, shapely.buffer(place, 2000)))], boundaries)
    assert "Kerpen" in names(found)
    assert len(found.affected) <= 18


def test_more_shapes_than_the_limit_are_looked_at_together(boundaries):
    areas = [circle(50.80 + 0.001 * i, 6.48, 0.2) for i in range(5)]
    rule = MatchingRule(max_shapes=3)
    assert names(match(areas, boundaries, rule=rule)) == {"Düren"}
    lost = match([circle(51.6, 6.5 + 0.01 * i, 0.2) for i in range(5)], boundaries, rule=rule)
    assert lost.held
    assert len(lost.unmatched) == 5


def test_excluded_polygons_are_cut_out_of_their_own_area_only(boundaries):
    hole = drawn(boundaries.border[boundaries.index_by_ags["05358008"]]).polygons
    area = drawn(district(boundaries, DUEREN))
    cut = dataclasses.replace(area, excluded=hole)
    assert "Düren" not in names(match([cut], boundaries))
    assert "Düren" in names(match([cut, coded(("AGS", "05358008"))], boundaries))
    assert "Düren" in names(match([cut, circle(50.8, 6.48, 1)], boundaries))


def test_an_exclusion_that_leaves_nothing_is_held(boundaries):
    area = drawn(boundaries.border[0])
    found = match(
        [dataclasses.replace(area, excluded=drawn(shapely.buffer(boundaries.border[0], 500)).polygons)],
        boundaries,
    )
    assert found.held
    assert unmatched(found) == [("polygon", "excluded polygons leave nothing of it")]


def test_a_doubtful_exclusion_is_ignored_and_noted(boundaries):
    bow_tie = Polygon(((50.78, 6.44), (50.82, 6.52), (50.82, 6.44), (50.78, 6.52), (50.78, 6.44)))
    area = dataclasses.replace(circle(50.8, 6.48, 3), excluded=(bow_tie,))
    found = match([area], boundaries)
    assert found.affected == match([circle(50.8, 6.48, 3)], boundaries).affected
    assert any("excluded polygon could not be used" in note for note in found.notes)


def test_an_exclusion_elsewhere_changes_nothing(boundaries):
    far = Polygon(((10.0, 10.0), (10.0, 11.0), (11.0, 11.0), (10.0, 10.0)))
    area = dataclasses.replace(circle(50.8, 6.48, 3), excluded=(far,))
    assert match([area], boundaries).affected == match([circle(50.8, 6.48, 3)], boundaries).affected
    assert not match([area], boundaries).notes


def test_an_unreadable_exclusion_is_no_code(boundaries):
    area = dataclasses.replace(circle(50.8, 6.48, 1), geocodes=(NamedValue("EXCLUDE_POLYGON", "x"),))
    assert match([area], boundaries).unmatched == ()


@pytest.mark.parametrize(
    "shape", [circle(6.48, 50.8, 1), polygon((6.4, 50.7), (6.4, 50.9), (6.6, 50.9), (6.4, 50.7))]
)
def test_exchanged_coordinates_are_put_right_only_for_a_source_whose_country_is_known(boundaries, shape):
    held = match([shape], boundaries)
    assert held.held
    assert "seem to be exchanged" in held.unmatched[0].reason
    right = match([shape], boundaries, profile=MatchProfile(home=GERMANY))
    assert "Düren" in names(right)
    assert any("put right" in note for note in right.notes)


def test_coordinates_in_the_country_are_never_exchanged(boundaries):
    assert names(match([circle(50.8, 6.48, 1)], boundaries, profile=MatchProfile(home=GERMANY))) == {"Düren"}
    elsewhere = match([circle(6.5, 3.4, 1)], boundaries, profile=MatchProfile(home=GERMANY))
    assert unmatched(elsewhere) == [("circle", "outside the boundary data")]


def with_heights(boundaries, heights):
    values = tuple(heights.get(ags) for ags in boundaries.units.ags)
    columns = {f.name: getattr(boundaries.units, f.name) for f in dataclasses.fields(Units)}
    return dataclasses.replace(boundaries, units=Units(**columns | {"elevation_m": values}))


def test_a_height_leaves_out_only_what_is_known_to_lie_below(boundaries):
    hilly = with_heights(boundaries, {"05358008": 190.0, "05358024": 560.0})
    area = coded(("AGS", "05358008"), ("AGS", "05358024"), ("AGS", "05358012"))
    snow = dataclasses.replace(area, altitude_ft=600 / 0.3048)
    found = match([snow], hilly)
    assert {a.ags for a in found.affected} == {"05358024", "05358012"}
    assert "1 municipalities lie wholly below 600 m" in found.notes[0]
    metric = dataclasses.replace(area, altitude_ft=600.0)
    assert len(match([metric], hilly).affected) == 2 + 1
    metres = match([metric], hilly, profile=MatchProfile(height_unit=HeightUnit.METRES))
    assert len(metres.affected) == 2


def test_a_height_applies_to_shapes_as_well(boundaries):
    flat = with_heights(boundaries, {"05358008": 190.0})
    high = dataclasses.replace(circle(50.8, 6.48, 12), altitude_ft=3000.0)
    found = match([high], flat)
    assert "Düren" not in names(found)
    assert found.affected
    assert any("lie wholly below" in note for note in found.notes)


@pytest.mark.parametrize(
    ("area", "reason"),
    [
        (polygon((math.nan, 6.4), (50.8, 6.5), (50.7, 6.6), (math.nan, 6.4)), "coordinates are not on the earth"),
        (polygon((95.0, 6.4), (50.8, 6.5), (50.7, 6.6), (95.0, 6.4)), "coordinates are not on the earth"),
        (polygon((50.8, 6.5), (50.7, 6.6)), "encloses no area"),
        (polygon((50.0, 6.0), (50.5, 6.5), (51.0, 7.0), (50.0, 6.0)), "encloses no area"),
        (circle(50.8, 6.48, 1e9), "larger than the limit"),
        (circle(50.8, 6.48, 2000), "larger than the limit"),
        (circle(50.8, 6.48, math.inf), "coordinates are not on the earth"),
        (circle(50.8, 6.48, -1), "coordinates are not on the earth"),
        (circle(91.0, 6.48, 1), "coordinates are not on the earth"),
        (polygon((-80.0, -170.0), (-80.0, 170.0), (80.0, 170.0), (80.0, -170.0), (-80.0, -170.0)), "larger than the limit"),
    ],
)  # fmt: skip
def test_nonsense_is_held_with_its_reason(boundaries, area, reason):
    found = match([area], boundaries)
    assert found.held
    assert found.affected == ()
    assert found.unmatched[0].reason == reason


def test_a_ring_squeezed_flat_by_rounding_is_a_small_place(boundaries):
    found = match([polygon((50.8, 6.48), (50.8, 6.481), (50.8, 6.482), (50.8, 6.48))], boundaries)
    assert names(found) == {"Düren"}
    assert "ring without area" in found.notes[0]
    far = match([polygon((10.0, 6.48), (10.0, 6.481), (10.0, 6.482), (10.0, 6.48))], boundaries)
    assert far.held


def test_a_bow_tie_keeps_both_lobes(boundaries):
    found = match([polygon((50.7, 6.4), (50.8, 6.6), (50.8, 6.4), (50.7, 6.6), (50.7, 6.4))], boundaries)
    assert {"Düren", "Kreuzau", "Nideggen"} & names(found)
    assert "self-crossing" in found.notes[0]


def test_direction_and_start_of_a_ring_do_not_matter(boundaries):
    ring = drawn(district(boundaries, DUEREN)).polygons[0].lat_lon
    turned = ring[40:-1] + ring[:41]
    for other in (ring[::-1], turned):
        assert match([polygon(*other)], boundaries).affected == match([polygon(*ring)], boundaries).affected


def test_a_hundred_thousand_vertices_take_bounded_time(boundaries):
    angle = np.linspace(0, 2 * np.pi, 100_000)
    wave = 1 + 0.05 * np.sin(900 * angle)
    ring = zip(
        (50.8 + 0.1 * wave * np.sin(angle)).tolist(),
        (6.48 + 0.15 * wave * np.cos(angle)).tolist(),
        strict=True,
    )
    started = time.process_time()
    assert "Düren" in names(match([polygon(*ring)], boundaries))
    assert time.process_time() - started < 20


@pytest.mark.parametrize(
    ("corners", "reason"),
    [
        (40_000, "crosses itself too often to say what is meant"),
        (100_000, "has more detail than any map can show"),
    ],
)
def test_scribble_is_refused_before_it_is_repaired(boundaries, corners, reason):
    random = np.random.default_rng(1)
    ring = zip(
        random.uniform(50.5, 51, corners).tolist(), random.uniform(6, 7, corners).tolist(), strict=True
    )
    started = time.process_time()
    found = match([polygon(*ring)], boundaries)
    assert found.held
    assert unmatched(found) == [("polygon", reason)]
    assert time.process_time() - started < 20


def test_vertices_are_counted_over_the_whole_alert(boundaries):
    found = match(
        [circle(50.8, 6.48, 1), circle(50.9, 6.4, 1)], boundaries, rule=MatchingRule(max_vertices=200)
    )
    assert ("circle", "more vertices than the limit") in unmatched(found)
    assert found.held


def test_a_ring_across_the_antimeridian_is_not_the_rest_of_the_world(boundaries):
    fiji = polygon((-16.0, 179.5), (-16.0, -179.5), (-17.0, -179.5), (-17.0, 179.5), (-16.0, 179.5))
    assert unmatched(match([fiji], boundaries)) == [("polygon", "outside the boundary data")]


def test_longitudes_a_turn_away_are_the_same_place(boundaries):
    lat_lon = [(50.75, 6.45), (50.75, 6.5), (50.82, 6.5), (50.82, 6.45), (50.75, 6.45)]
    moved = [(lat, lon - 360) for lat, lon in lat_lon]
    assert (
        match([polygon(*moved)], boundaries, rule=MatchingRule()).affected
        == match([polygon(*lat_lon)], boundaries).affected
    )


def test_a_ring_around_the_pole_holds_the_pole(boundaries):
    arctic = [(49.0, float(lon)) for lon in range(-180, 181, 10)]
    rule = MatchingRule(max_area_km2=1e9)
    found = match([polygon(*arctic)], boundaries, rule=rule)
    assert len(found.affected) == len(boundaries.municipalities)
    assert any("closed over the pole" in note for note in found.notes)
    antarctic = [(-60.0, float(lon)) for lon in range(-180, 181, 10)]
    assert match([polygon(*antarctic)], boundaries, rule=rule).affected == ()


def test_a_very_large_polygon_is_cut_to_the_data(boundaries):
    found = match([polygon((45.0, 0.0), (45.0, 12.0), (55.0, 12.0), (55.0, 0.0), (45.0, 0.0))], boundaries)
    assert len(found.affected) == len(boundaries.municipalities)
    assert any("reaches beyond the surroundings" in note for note in found.notes)


def test_the_severity_turns_the_knob(boundaries):
    """A circle that reaches 90 m into a neighbour."""
    rule = MatchingRule()
    assert rule.for_severity(Severity.SEVERE) is rule
    ring = shapely.boundary(boundaries.border[boundaries.index_by_ags["05358008"]])
    place = shapely.line_interpolate_point(shapely.get_parts(ring)[0], 0.2, normalized=True)
    lon, lat = shapely.get_coordinates(_degrees(place))[0]
    counts = [
        len(match([circle(lat, lon, 1.0)], boundaries, rule=rule.for_severity(severity)).affected)
        for severity in (Severity.EXTREME, Severity.SEVERE, Severity.MINOR)
    ]
    assert counts == sorted(counts, reverse=True)


def test_another_inset_than_the_bundles_is_computed(boundaries):
    near = match([circle(50.8, 6.48, 4)], boundaries, rule=MatchingRule(inset_m=2000, hazard_area_m2=1e12))
    usual = match([circle(50.8, 6.48, 4)], boundaries)
    assert names(near) <= names(usual)


def alert(*infos):
    return Alert("s", "i", None, Status.ACTUAL, MsgType.ALERT, Scope.PUBLIC, infos=infos)


def test_the_districts_of_mowas_stand_in_where_there_is_no_geometry(boundaries):
    listed = NamedValue("warnVerwaltungsbereiche", "053580000000,053700000000")
    bare = alert(Info(parameters=(listed,), areas=(coded(("AreaId", "0")),)))
    found = match(areas_of(bare), boundaries)
    assert len(found.affected) == 15 + len(boundaries.by_prefix("05370"))
    drawn_too = alert(Info(parameters=(listed,), areas=(circle(50.8, 6.48, 0.5),)))
    assert names(match(areas_of(drawn_too), boundaries)) == {"Düren"}


def test_a_match_names_the_data_it_was_made_with(boundaries):
    assert match([circle(50.8, 6.48, 1)], boundaries).boundaries_sha256 == boundaries.sha256


def corpus(path):
    file = CORPUS / path
    if not file.exists():
        if os.environ.get("CI"):
            pytest.fail(f"the corpus is missing: {file}")
        pytest.skip("the corpus is not here")
    return file


def test_messages_from_all_over_the_world_match_without_an_error(boundaries):
    count = 0
    for file in sorted(corpus("INDEX.tsv").parent.rglob("*")):
        if file.suffix not in {".cap", ".xml", ".atom", ".json", ".zip", ".rss"}:
            continue
        try:
            document = cap.parse(file.read_bytes())
        except cap.CapError:
            continue
        for message in document.alerts:
            found = match(areas_of(message), boundaries)
            assert json.dumps([dataclasses.asdict(a) for a in found.affected])
            count += 1
    assert count > 20


def test_a_real_state_alert_reaches_the_municipalities_at_its_edge():
    """The pilot data does not reach Hessen: every polygon of the drill is held by name."""
    features = json.loads(corpus("nina/mow.DE-HE-KS-SE106-20250313-106-001.geojson").read_text())["features"]
    rings = (feature["geometry"]["coordinates"][0] for feature in features)
    area = Area("Land Hessen", tuple(Polygon(tuple((lat, lon) for lon, lat in ring)) for ring in rings))
    found = match([area], Boundaries.default())
    assert found.held
    assert len(found.unmatched) == 25


def test_a_circle_is_geodesic():
    from dispatcher.targeting import shapes

    boundaries = Boundaries.default()
    shape = shapes.of(
        Circle(50.8, 6.48, 10.0), shapes.around(boundaries.window), boundaries.crs, MatchingRule()
    )
    assert shape.geometry.area == pytest.approx(math.pi * 1e8, rel=1e-3)


def test_a_municipality_below_one_areas_height_is_kept_by_another_area(boundaries):
    flat = with_heights(boundaries, {"05358008": 190.0})
    snow = dataclasses.replace(circle(50.8, 6.48, 12), altitude_ft=3000.0)
    flood = dataclasses.replace(circle(50.8, 6.48, 12), area_desc="Rur")
    assert "Düren" in names(match([snow, flood], flat))
    assert "Düren" in names(match([flood, snow], flat))


def test_many_shapes_on_top_of_one_another_are_looked_at_together(boundaries):
    areas = [circle(50.8 + i * 1e-5, 6.48, 5) for i in range(60)]
    assert names(match(areas, boundaries)) >= names(match(areas[:1], boundaries))


def test_a_finely_drawn_country_is_put_on_a_grid(boundaries):
    angle = np.linspace(0, 2 * np.pi, 60_000)
    ring = zip((50.8 + 0.01 * np.sin(angle)).tolist(), (6.48 + 0.01 * np.cos(angle)).tolist(), strict=True)
    found = match([polygon(*ring)], boundaries)
    assert "Düren" in names(found)
    assert any("put on a grid" in note for note in found.notes)


def test_an_endless_zigzag_within_the_data_is_refused(boundaries):
    """Valid, and 2,000 degrees long: every municipality is cut by it a thousand times."""
    comb = [(50.3 + 0.8 * (((i + 1) // 2) % 2), 5.9 + i / 40_000) for i in range(40_000)]
    found = match([polygon(*comb, (50.2, 6.9), (50.2, 5.9), comb[0])], boundaries)
    assert unmatched(found) == [("polygon", "has more detail than any map can show")]


def test_a_line_is_no_area_however_its_corners_are_rounded(boundaries):
    found = match([polygon((50.8, 6.4), (50.85, 6.5), (50.9, 6.6), (50.8, 6.4))], boundaries)
    assert found.affected == ()
    assert found.held
    assert unmatched(found) == [("polygon", "encloses no area")]


def test_a_strip_of_a_metre_is_an_area(boundaries):
    strip = polygon((50.8, 6.4), (50.8, 6.6), (50.80001, 6.6), (50.80001, 6.4), (50.8, 6.4))
    assert "Düren" in names(match([strip], boundaries))


def test_an_exclusion_that_cannot_be_read_is_said(boundaries):
    area = coded(("EXCLUDE_POLYGON", "50.8,6.4 nonsense"), ("AGS", "05358008"))
    found = match([area], boundaries)
    assert names(found) == {"Düren"}
    assert "an excluded polygon could not be used" in found.notes[0]
