"""What led to no municipality is explained, with what to give instead; nothing is targeted by it."""

from typing import Any

import pytest

import cap
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.targeting.explanation import area_number, german, german_label, in_both, is_postcode, named_in
from dispatcher.targeting.geocodes import Unresolved
from dispatcher.targeting.german import REASONS
from dispatcher.targeting.match import match
from dispatcher.targeting.measure import BORDER_ONLY
from dispatcher.targeting.reading import NO_TARGET, UNREADABLE, below
from dispatcher.targeting.shapes import Repair, ShapeProblem


def area(*codes: tuple[str, str], name: str = "Ort", **parts: Any) -> cap.Area:
    return cap.Area(name, geocodes=tuple(cap.NamedValue(*code) for code in codes), **parts)


def explained(boundaries: Boundaries, one: cap.Area) -> Any:
    (lost,) = match([one], boundaries).unmatched
    return lost.said


@pytest.mark.parametrize(
    ("name", "code", "de", "en"),
    [
        (
            "AGS",
            "09162000",
            "außerhalb der Gebietsdaten dieses Dienstes",
            "outside this service's boundary data",
        ),
        ("ARS", "091620000000", "umfassen 89 Gemeinden in den Kreisen 05111, ", "cover 89 municipalities"),
        (
            "AGS",
            "05358999",
            "Im Kreis 05358 gibt es keine Gemeinde",
            "The district 05358 has no municipality",
        ),
        ("AGS", "99358004", "Kein Land hat den Schlüssel 99", "No Land has the key 99"),
        ("AGS", "0535", "Das ist kein AGS", "This is no AGS"),
        ("ARS", "05358xyz", "Das ist kein ARS", "This is no ARS"),
        ("NUTS", "?", "Verzeichnisses NUTS", "scheme NUTS"),
        ("NUTS", "DEB99", "hier nicht bekannt", "not known here"),
        ("FIPS", "abc", "bekannt sind AGS, ARS, NUTS", "known are AGS, ARS, NUTS"),
    ],
)
def test_a_key_of_elsewhere_an_unknown_one_and_an_ill_formed_one_are_told_apart(
    boundaries: Boundaries, name: str, code: str, de: str, en: str
) -> None:
    sentence = explained(boundaries, area((name, code)))
    assert de in sentence.de
    assert en in sentence.en


@pytest.mark.parametrize(("code", "scheme"), [("053580008008", "ARS"), ("05358008", "AGS")])
def test_a_key_that_is_called_a_postcode_is_told_by_its_own_name(
    boundaries: Boundaries, code: str, scheme: str
) -> None:
    said = explained(boundaries, area(("PLZ", code), name="Düren"))
    assert (
        said.de
        == f"{code} ist als PLZ bezeichnet, ist aber ein {scheme}. Bitte als valueName {scheme} angeben."
    )
    assert said.en.startswith(f"{code} is called PLZ, but is an {scheme}.")


@pytest.mark.parametrize("name", ["PLZ", "plz", "Postleitzahl", "ZIP", "AGS", "ARS", "geocode"])
def test_a_postcode_is_recognised_only_to_say_which_keys_to_use(boundaries: Boundaries, name: str) -> None:
    found = match([area((name, "52349"), name="Innenstadt von Düren")], boundaries)
    assert found.affected == (), "nobody is targeted by a postcode"
    (lost,) = found.unmatched
    assert "52349 ist eine Postleitzahl" in lost.said.de
    assert "Düren (ARS 053580008008, AGS 05358008)" in lost.said.de
    assert "is a postcode" in lost.said.en


def test_a_postcode_for_which_no_name_is_known_asks_for_the_keys(boundaries: Boundaries) -> None:
    assert "ARS, 12 Ziffern" in explained(boundaries, area(("PLZ", "80331"), name="Innenstadt")).de


@pytest.mark.parametrize(
    ("scheme", "code", "is_one"),
    [("AGS", "05358", False), ("AGS", "52349", True), ("NUTS", "52349", False), ("X", "5234", False)],
)
def test_the_key_of_a_district_is_no_postcode(scheme: str, code: str, *, is_one: bool) -> None:
    assert is_postcode(scheme, code) is is_one


def test_only_whole_names_are_found_and_not_too_many(boundaries: Boundaries) -> None:
    assert named_in([area(name="Dürener Straße")], boundaries) == []
    everything = ", ".join(one.name for one in boundaries.municipalities)
    assert len(named_in([area(name=everything)], boundaries)) == 5


def test_every_sentence_about_an_area_has_its_german() -> None:
    sentences = {*Unresolved, *ShapeProblem, *Repair, BORDER_ONLY, NO_TARGET, UNREADABLE}
    assert sentences <= set(REASONS)
    assert in_both(NO_TARGET).de == "Hat weder Polygon noch Kreis noch Schlüssel."
    label = 'polygon 2 of area 1 "Rur: oben"'
    for repair in Repair:
        assert german(f"{label}: {repair}") == f'Polygon 2 von Gebiet 1 "Rur: oben": {REASONS[repair]}'
    for note in (
        below(label, 3, 600.0),
        f"{label}: 12% of it lies outside the boundary data",
        'area 1 "x" has polygons or circles that cannot be read; its codes stand for it',
        "codes name 2 municipalities, the geometry reaches 3: 50% in common",
    ):
        assert german(note) != note
    assert german(below("area 1", 1, 600.0)) == (
        "Gebiet 1: 1 Gemeinde liegt ganz unter 600 m und bleibt außen vor"
    )
    assert "nennen 1 Gemeinde, die" in german(
        "codes name 1 municipality, the geometry reaches 2: 50% in common"
    )
    assert german("of nobody's making") == "of nobody's making"


def test_a_label_is_counted_and_translated() -> None:
    assert german_label('circle 1 of area 3 "a"') == 'Kreis 1 von Gebiet 3 "a"'
    assert (german_label('area 2 "b"'), german_label("AGS=1")) == ('Gebiet 2 "b"', "AGS=1")
    assert (area_number('circle 1 of area 3 "a"'), area_number("AGS=1")) == (3, None)


def test_an_area_without_anything_is_explained_in_both_languages(boundaries: Boundaries) -> None:
    assert explained(boundaries, area()).de == "Hat weder Polygon noch Kreis noch Schlüssel."
