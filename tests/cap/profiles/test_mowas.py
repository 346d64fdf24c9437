"""The German federal and state warning system in common terms."""

from typing import Any

import cap
from cap.profiles import facts, normalise
from tests.cap.profiles.alerts import alert, codes, named

RING = cap.Polygon(((50.8, 6.4), (50.9, 6.4), (50.9, 6.5), (50.8, 6.4)))


PARAMETERS = named(
    ("warnVerwaltungsbereiche", "053580008008,050000000000, kaputt,053580008008"),
    ("sender_langname", "Leitstelle Düren"),
    ("instructionText", "Fenster schließen."),
    ("instructionCode", "BBK-ISC-009 shortCode:BBK-ISC-011"),
)
REGIONS = named(("ARS", "053580008008"), ("ARS", "050000000000"))


def message(*areas: cap.Area, **info: Any) -> cap.Alert:
    infos = (cap.Info(language="DE", description="Rauch", parameters=PARAMETERS, areas=areas, **info),)
    return alert("mow.DE-NW-DN-SE070-20261122-70-000", infos=infos)


def normalised(*areas: cap.Area) -> tuple[cap.Area, ...]:
    return normalise(message(*areas)).infos[0].areas


def test_parameters_go_where_cap_has_a_place_for_them() -> None:
    info = normalise(message()).infos[0]
    assert info.sender_name == "Leitstelle Düren"
    assert info.instruction == "Fenster schließen."
    assert info.areas == (cap.Area("", geocodes=REGIONS),)


def test_what_the_message_says_itself_wins() -> None:
    info = normalise(message(sender_name="Land", instruction="Radio an.")).infos[0]
    assert (info.sender_name, info.instruction) == ("Land", "Radio an.")


def test_an_area_without_a_place_gets_the_regions() -> None:
    number = named(("AreaId", "0"))
    assert normalised(cap.Area("Düren", geocodes=number)) == (cap.Area("Düren", geocodes=REGIONS),)


def test_shapes_stand_for_themselves_unless_one_is_unreadable() -> None:
    number = named(("AreaId", "0"))
    assert normalised(cap.Area("a", polygons=(RING,), geocodes=number)) == (cap.Area("a", polygons=(RING,)),)
    (area,) = normalised(cap.Area("a", polygons=(RING,), geocodes=number, unreadable=1))
    assert (area.geocodes, area.polygons) == (REGIONS, (RING,))


def test_no_rule_of_the_profile_is_published() -> None:
    assert codes(message()) == []


def test_own_codes_stay() -> None:
    area = cap.Area("a", geocodes=named(("SHN", "053580000000"), ("AreaId", "0")))
    assert normalised(area)[0].geocodes == named(("SHN", "053580000000"))


def test_without_regions_nothing_is_taken_away() -> None:
    number = named(("AreaId", "0"))
    message = alert("mow.x", infos=(cap.Info(areas=(cap.Area("a", geocodes=number),)), cap.Info()))
    assert normalise(message).infos[0].areas[0].geocodes == number
    assert normalise(message).infos[1].areas == ()
    shaped = alert("mow.x", infos=(cap.Info(areas=(cap.Area("a", polygons=(RING,), geocodes=number),)),))
    assert normalise(shaped).infos[0].areas[0].geocodes == ()


def test_normalising_twice_changes_nothing_more() -> None:
    once = normalise(message(cap.Area("a", geocodes=named(("AreaId", "0")))))
    assert normalise(once) == once


def test_facts() -> None:
    event = named(("profile:DE-BBK-EVENTCODE:01.00R", "BBK-EVC-078"))
    german = cap.Info(language="DE", description="Rauch", event_codes=event, parameters=PARAMETERS)
    english = cap.Info(language="EN", description="Rauch", event_codes=event)
    turkish = cap.Info(language="TR", description="Duman")
    found = facts(alert("x", codes=("Materna:noPush",), infos=(german, english, turkish)))
    assert found.profiles == ("mowas",)
    assert found.hazards == named(("BBK", "BBK-EVC-078"))
    assert found.instructions == ("BBK-ISC-009", "BBK-ISC-011")
    assert found.quiet
    assert found.untranslated == ("EN",)
    assert found.attribution == ("Quelle: BBK / MoWaS",)


def test_regions_are_given_to_as_many_areas_as_are_affordable() -> None:
    """All areas of an info share its regions: 80,000 of them in 10,000 areas fit into 2 MB."""
    regions = named(("warnVerwaltungsbereiche", ",".join(f"{n:012}" for n in range(30_000))))
    areas = tuple(cap.Area(str(n)) for n in range(5))
    found = normalise(
        alert("mow.x", infos=(cap.Info(description="x", parameters=regions, areas=areas),))
    ).infos[0]
    assert [len(area.geocodes) for area in found.areas] == [30_000, 30_000, 30_000, 0, 0]
