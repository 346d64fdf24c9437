"""What an alert's areas come to."""

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import pytest
import shapely

import cap
from cap.model import Alert, Area, Info, NamedValue, Polygon
from cap.vocabulary import MsgType, Scope, Severity, Status
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.targeting.match import MatchingRule, Registry, areas_of, match
from dispatcher.targeting.outcome import Beyond, MatchProfile, MatchReason
from tests.targeting.drawing import circle, coded, degrees, district, drawn, names, unmatched

ROOT = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("CAP_CORPUS", ROOT / "../shared/corpus"))
DUEREN = "05358"
NEIGHBOURS = {
    "Alsdorf", "Baesweiler", "Bedburg", "Elsdorf", "Erftstadt", "Erkelenz", "Eschweiler", "Geilenkirchen",
    "Hückelhoven", "Jüchen", "Kerpen", "Mechernich", "Schleiden", "Simmerath", "Stolberg (Rhld.)", "Zülpich",
}  # fmt: skip


@pytest.mark.parametrize("decimals", [None, 5, 4, 3])
def test_the_district_reaches_its_15_municipalities_and_none_of_the_16_neighbours(
    boundaries: Boundaries, decimals: int | None
) -> None:
    found = match([drawn(district(boundaries, DUEREN), decimals)], boundaries)
    assert [affected.ags for affected in found.affected] == [m.ags for m in boundaries.by_prefix(DUEREN)]
    assert len(found.affected) == 15
    assert not names(found) & NEIGHBOURS
    assert not found.held


def test_every_municipality_of_the_data_reaches_itself_alone(boundaries: Boundaries) -> None:
    for index, unit in enumerate(boundaries.municipalities):
        found = match([drawn(boundaries.border[index], 4)], boundaries)
        assert [affected.ags for affected in found.affected] == [unit.ags]


def test_a_small_circle_reaches_the_municipality_it_lies_in(boundaries: Boundaries) -> None:
    found = match([circle(50.8, 6.48, 0.564)], boundaries)
    assert names(found) == {"Düren"}
    assert found.affected[0].share == pytest.approx(0.0118, abs=0.0005)
    assert found.affected[0].reason is MatchReason.GEOMETRY


def test_a_circle_without_radius_is_a_place(boundaries: Boundaries) -> None:
    found = match([circle(50.8, 6.48, 0)], boundaries)
    assert names(found) == {"Düren"}
    assert "point widened" in found.notes[0]


def test_a_circle_on_a_border_reaches_both_sides(boundaries: Boundaries) -> None:
    both = boundaries.border[[boundaries.index_by_ags[ags] for ags in ("05358008", "05358028")]]
    line = shapely.intersection(*shapely.boundary(both))
    x, y = shapely.get_coordinates(
        shapely.line_interpolate_point(shapely.get_parts(line)[0], 0.5, normalized=True)
    )[0]
    lon, lat = shapely.get_coordinates(degrees(shapely.Point(x, y)))[0]
    found = match([circle(lat, lon, 0.3)], boundaries)
    assert {affected.ags for affected in found.affected} >= {"05358008", "05358028"}


def test_a_flooded_border_river_warns_both_banks(boundaries: Boundaries) -> None:
    """A corridor of 100 m along a border is 50 m deep on either side: no share and no depth would see it."""
    left, right = (boundaries.border[boundaries.index_by_ags[ags]] for ags in ("05358008", "05358028"))
    river = shapely.line_merge(shapely.intersection(shapely.boundary(left), shapely.boundary(right)))
    found = match([drawn(shapely.buffer(river, 50))], boundaries)
    assert {"05358008", "05358028"} <= {affected.ags for affected in found.affected}


def test_codes_and_geometry_are_joined_and_say_so(boundaries: Boundaries) -> None:
    found = match([circle(50.8, 6.48, 0.5), coded(("AGS", "05358008"), ("ARS", "053580024024"))], boundaries)
    assert [(a.name, a.reason) for a in found.affected] == [
        ("Düren", MatchReason.BOTH),
        ("Jülich", MatchReason.GEOCODE),
    ]
    assert found.affected[1].share == 1.0
    assert "50% in common" in found.notes[-1]


def test_codes_and_geometry_that_agree_need_no_note(boundaries: Boundaries) -> None:
    found = match([circle(50.8, 6.48, 0.5), coded(("AGS", "05358008"))], boundaries)
    assert found.notes == ()


def test_geometry_outside_the_data_is_held_and_named(boundaries: Boundaries) -> None:
    found = match([circle(48.1, 11.5, 5)], boundaries)
    assert found.affected == ()
    assert found.held
    assert unmatched(found) == [("circle", "outside the boundary data")]


def test_geometry_near_the_data_but_not_in_it_is_held_as_well(boundaries: Boundaries) -> None:
    found = match([circle(51.6, 6.5, 1)], boundaries)
    assert found.held
    assert unmatched(found) == [("circle", "outside the boundary data")]


def test_a_lost_polygon_is_held_although_another_one_is_found(boundaries: Boundaries) -> None:
    found = match([circle(50.8, 6.48, 0.5), circle(48.1, 11.5, 5)], boundaries)
    assert names(found) == {"Düren"}
    assert found.held


def test_a_national_feed_may_warn_elsewhere(boundaries: Boundaries) -> None:
    found = match([circle(48.1, 11.5, 5)], boundaries, profile=MatchProfile(beyond=Beyond.NOTE))
    assert not found.held
    assert found.unmatched


def test_no_area_at_all_is_held(boundaries: Boundaries) -> None:
    found = match([], boundaries)
    assert found.held
    assert not found.affected
    assert unmatched(found) == [("area", "the alert has no area")]


def test_an_area_of_words_only_is_held(boundaries: Boundaries) -> None:
    found = match([Area("Rureifel")], boundaries)
    assert found.held
    assert unmatched(found) == [("area", "has neither polygon, circle nor code")]


def test_an_unknown_code_beside_a_target_is_counted_but_holds_nothing(boundaries: Boundaries) -> None:
    area = dataclasses.replace(circle(50.8, 6.48, 0.5), geocodes=(NamedValue("EMMA_ID", "DE001"),))
    found = match([area], boundaries)
    assert not found.held
    assert unmatched(found) == [("geocode", "unknown code scheme")]


def test_a_code_outside_the_data_beside_others_of_its_scheme_is_a_place_of_its_own(
    boundaries: Boundaries,
) -> None:
    area = coded(("ARS", "053580008008"), ("ARS", "091620000000"))
    found = match([area], boundaries)
    assert found.held
    assert names(found) == {"Düren"}
    assert not match([area], boundaries, profile=MatchProfile(beyond=Beyond.NOTE)).held
    other_schemes = coded(("ARS", "053580008008"), ("WARNCELLID", "705358999"))
    assert not match([other_schemes], boundaries).held
    drawn_too = dataclasses.replace(circle(50.8, 6.48, 0.5), geocodes=area.geocodes)
    assert not match([drawn_too], boundaries).held


ELSEWHERE = (("WARNCELLID", "809162000"), ("AGS", "09162000"), ("ARS", "091620000000"), ("NUTS", "DE212"))


@pytest.mark.parametrize("code", ELSEWHERE)
@pytest.mark.parametrize("unknown", [("EMMA_ID", "DE001"), ("AreaId", "0"), ("UGC", "CAZ006")])
def test_a_code_of_elsewhere_with_one_of_an_unknown_scheme_is_elsewhere(
    boundaries: Boundaries, code: tuple[str, str], unknown: tuple[str, str]
) -> None:
    profile = MatchProfile(beyond=Beyond.NOTE)
    for pairs in ((code, unknown), (unknown, code)):
        found = match([coded(*pairs)], boundaries, profile=profile)
        assert (found.affected, found.held) == ((), False)
        assert len(found.unmatched) == len(pairs)
    assert match([coded(unknown)], boundaries, profile=profile).held
    assert match([coded(code), coded(unknown)], boundaries, profile=profile).held
    assert match([coded(code, unknown)], boundaries).held


@pytest.mark.parametrize(
    "beside",
    [coded(("AGS", "5358008")), Area("x", unreadable=1), circle(0, 0, 1)],
    ids=["not a code of its scheme", "unreadable", "no position"],
)
def test_what_may_mean_here_is_held_beside_a_code_of_elsewhere(boundaries: Boundaries, beside: Area) -> None:
    elsewhere = NamedValue("AGS", "09162000")
    area = dataclasses.replace(beside, geocodes=(*beside.geocodes, elsewhere))
    assert match([area], boundaries, profile=MatchProfile(beyond=Beyond.NOTE)).held


def test_an_area_of_unknown_codes_only_is_held(boundaries: Boundaries) -> None:
    assert match([coded(("EMMA_ID", "DE001"))], boundaries).held


def test_the_whole_country_is_never_meant_by_a_code_unless_the_source_may(boundaries: Boundaries) -> None:
    area = coded(("ARS", "000000000000"))
    assert match([area], boundaries).affected == ()
    assert match([area], boundaries).held
    allowed = match([area], boundaries, profile=MatchProfile(nationwide=True))
    assert len(allowed.affected) == len(boundaries.municipalities)


def test_a_registry_gives_further_schemes(boundaries: Boundaries) -> None:
    registry = Registry({"EMMA_ID": {"DE001": ("05358008",)}})
    assert names(match([coded(("EMMA_ID", "DE001"))], boundaries, registry=registry)) == {"Düren"}


def test_the_severity_turns_the_knob(boundaries: Boundaries) -> None:
    """A circle that reaches 90 m into a neighbour."""
    rule = MatchingRule()
    assert rule.for_severity(Severity.SEVERE) is rule
    ring = shapely.boundary(boundaries.border[boundaries.index_by_ags["05358008"]])
    place = shapely.line_interpolate_point(shapely.get_parts(ring)[0], 0.2, normalized=True)
    lon, lat = shapely.get_coordinates(degrees(place))[0]
    counts = [
        len(match([circle(lat, lon, 1.0)], boundaries, rule=rule.for_severity(severity)).affected)
        for severity in (Severity.EXTREME, Severity.SEVERE, Severity.MINOR)
    ]
    assert counts == sorted(counts, reverse=True)


def test_another_inset_than_the_bundles_is_computed(boundaries: Boundaries) -> None:
    near = match([circle(50.8, 6.48, 4)], boundaries, rule=MatchingRule(inset_m=2000, hazard_area_m2=1e12))
    usual = match([circle(50.8, 6.48, 4)], boundaries)
    assert names(near) <= names(usual)


def alert(*infos: Any) -> Alert:
    return Alert("s", "i", None, Status.ACTUAL, MsgType.ALERT, Scope.PUBLIC, infos=infos)


def test_the_districts_of_mowas_stand_in_where_there_is_no_geometry(boundaries: Boundaries) -> None:
    listed = NamedValue("warnVerwaltungsbereiche", "053580000000,053700000000")
    bare = alert(Info(parameters=(listed,), areas=(coded(("AreaId", "0")),)))
    found = match(areas_of(bare), boundaries)
    assert len(found.affected) == 15 + len(boundaries.by_prefix("05370"))
    drawn_too = alert(Info(parameters=(listed,), areas=(circle(50.8, 6.48, 0.5),)))
    assert names(match(areas_of(drawn_too), boundaries)) == {"Düren"}


def test_a_match_names_the_data_it_was_made_with(boundaries: Boundaries) -> None:
    assert match([circle(50.8, 6.48, 1)], boundaries).boundaries_sha256 == boundaries.sha256


def corpus(path: Any) -> Any:
    file = CORPUS / path
    if not file.exists():
        if os.environ.get("CI"):
            pytest.fail(f"the corpus is missing: {file}")
        pytest.skip("the corpus is not here")
    return file


def test_messages_from_all_over_the_world_match_without_an_error(boundaries: Boundaries) -> None:
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


def test_a_real_state_alert_reaches_the_municipalities_at_its_edge() -> None:
    """The pilot data does not reach Hessen: every polygon of the drill is held by name."""
    features = json.loads(corpus("nina/mow.DE-HE-KS-SE106-20250313-106-001.geojson").read_text())["features"]
    rings = (feature["geometry"]["coordinates"][0] for feature in features)
    area = Area("Land Hessen", tuple(Polygon(tuple((lat, lon) for lon, lat in ring)) for ring in rings))
    found = match([area], Boundaries.default())
    assert found.held
    assert len(found.unmatched) == 25
