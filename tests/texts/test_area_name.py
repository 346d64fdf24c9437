"""The sender's own name of the area is read where it is shorter and of the same target; else the list."""

from dataclasses import replace
from typing import Any

import pytest

import cap
from dispatcher.texts.area_name import NAME_CHARACTERS, Because, area_name
from tests.support.messages import Message, stored

PLACES = ("Aldenhoven", "Düren", "Heimbach", "Jülich")
KNOWN = frozenset({"aachen", *(place.casefold() for place in PLACES)})
CODES = ("05358004", "05358008", "05358016", "05358024")
RING = cap.Polygon(((50.0, 6.0), (50.0, 7.0), (51.0, 7.0), (50.0, 6.0)))


def area(name: str = "Kreis Düren", *codes: str, scheme: str = "ARS", **changes: Any) -> cap.Area:
    values = codes or ("053580000000",)
    found = cap.Area(name, geocodes=tuple(cap.NamedValue(scheme, code) for code in values))
    return replace(found, **changes)


def decided(
    *areas: cap.Area, others: Any = (), places: Any = PLACES, codes: Any = CODES, **record: Any
) -> Any:
    info = cap.Info(event="Hochwasser", areas=areas)
    alert = replace(cap.parse(Message().xml()).alerts[0], infos=(info, *others))
    values = {"territory": ("05358",)} | record
    return area_name(alert, info, stored(**values), places, codes, KNOWN)


def test_a_centres_name_of_its_district_is_what_people_read() -> None:
    assert decided(area()) == ("Kreis Düren", Because.SHORTER)
    assert decided(area(polygons=(RING,), geocodes=())).name == "Kreis Düren"
    assert decided(area("Jülich und Umland", "05358024"), area("Heimbach", "05358016")).name == (
        "Jülich und Umland, Heimbach"
    )
    assert decided(area("Kreis\u202e Düren\n")).name == "Kreis Düren", "without what controls a device"


@pytest.mark.parametrize(
    ("one", "because"),
    [
        (area(""), Because.NO_NAME),
        (area("Gebiet"), Because.NO_NAME),
        (area("7"), Because.NO_NAME),
        (area("x" * (NAME_CHARACTERS + 1)), Because.UNFIT),
        (area("mehr: https://a.b"), Because.UNFIT),
        (area("Tel. 0242155555"), Because.UNFIT),
        (area("Düren 0242 1-55"), Because.UNFIT),
        (area("Düren ０２４２１"), Because.UNFIT),
        (area("hilfe-dueren.example"), Because.UNFIT),
        (area("Kreis Düren: Entwarnung"), Because.UNFIT),
        (area("Kreis Düren, keine Gefahr"), Because.UNFIT),
        (area("Kreis Düren (aufgehoben)"), Because.UNFIT),
        (area("all clear in Düren"), Because.UNFIT),
        (area("Düren - False Alarm"), Because.UNFIT),
        *(
            (area(f"Düren {words}"), Because.UNFIT)
            for words in ("tehlike geçti", "небезпека минула", "زال الخطر")
        ),
        (area("\u3164\u2800\u3164"), Because.NO_NAME),
        (area("Aachen"), Because.SAYS_LESS),
        (area("Kreis Düren und Stadt Aachen"), Because.SAYS_LESS),
        (area("nur Düren"), Because.SAYS_LESS),
        (area("Stadt DÜREN"), Because.SAYS_LESS),
        (area("Gemeinde Aldenhoven/Düren"), Because.SAYS_LESS),
        (area("Kreis Düren in Nordrhein-Westfalen, alle"), Because.NOT_SHORTER),
        (area("Düren"), Because.SAYS_LESS),
        (area("Düren und Jülich"), Because.SAYS_LESS),
        (area("Kreis Düren", "053580000000", "091620000000"), Because.CHANGED),
        (area("Kreis Düren", "050000000000"), Because.CHANGED),
        (area("Kreis Düren", "05358999"), Because.CHANGED),
        (area("Kreis Düren", "52349", scheme="PLZ"), Because.CHANGED),
        (area(unreadable=1), Because.CHANGED),
        (area(altitude_ft=1000.0), Because.CHANGED),
        (area(excluded=(RING,)), Because.CHANGED),
    ],
    ids=lambda value: value.area_desc[:20] if isinstance(value, cap.Area) else str(value),
)
def test_in_any_doubt_the_list_is_read(one: cap.Area, because: Because) -> None:
    assert decided(one) == ("", because)


def test_a_feeds_shape_may_have_been_clipped_and_its_codes_can_be_compared() -> None:
    assert decided(area(), source_id="feed-mowas").name == "Kreis Düren"
    assert decided(area(polygons=(RING,)), source_id="feed-mowas").because is Because.CHANGED


def test_what_a_person_had_to_decide_about_is_listed() -> None:
    assert decided(area(), held_for="area").because is Because.CHANGED


def test_areas_of_another_info_belong_to_the_target_too() -> None:
    english = cap.Info(language="en", areas=(area("District of Düren"),))
    assert decided(area(), others=(english,)).name == "Kreis Düren", "the same in another language"
    more = cap.Info(language="en", areas=(area("Aachen", "05334002"),))
    assert decided(area(), others=(more,)).because is Because.OTHER_AREAS


def test_an_all_clear_without_an_info_has_no_name() -> None:
    alert = cap.parse(Message().xml()).alerts[0]
    assert area_name(alert, None, stored(), PLACES, CODES) == ("", Because.NO_NAME)


def test_without_a_territory_every_code_counts() -> None:
    assert decided(area(), territory=()).name == "Kreis Düren"
    assert decided(area("Stadt Köln", "053150000000"), territory=()).because is Because.CHANGED
    assert decided(area("Stadt", "05315000", scheme="AGS"), territory=(), codes=("05315000",)).name == "Stadt"
