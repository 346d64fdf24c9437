"""Codes of alerts, each to exactly what it names."""

import dataclasses
from typing import Any

import pytest

from dispatcher.boundaries.bundle import Alias
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.boundaries.registry import NO_REGISTRY, Registry
from dispatcher.targeting.geocodes import MAX_CODES, Unresolved, resolve, scheme_of
from tests.boundaries.rows import built, row

DUEREN = 15
EUSKIRCHEN = "05366"


def ags(boundaries: Any, found: Any) -> list[Any]:
    return [boundaries.units.ags[index] for index in found.indices]


@pytest.mark.parametrize(
    ("name", "value", "count"),
    [
        ("ARS", "053580008008", 1),
        ("RS", "053580000000", DUEREN),
        ("DE-ARS", "05358", DUEREN),
        ("ars", "053580008", 1),
        ("SHN", "053580000000", DUEREN),
        ("warnVerwaltungsbereiche", "053580000000", DUEREN),
        ("Regionalschlüssel", "053580008008", 1),
        ("AGS", "05358008", 1),
        ("AGS", "05358000", DUEREN),
        ("AGS", "05358", DUEREN),
        ("ARS", "05358008", 1),
        ("WARNCELLID", "805358008", 1),
        ("WARNCELLID", "105358000", DUEREN),
        ("NUTS3", "DEA26", DUEREN),
    ],
)
def test_a_code_names_its_municipalities(boundaries: Boundaries, name: str, value: str, count: Any) -> None:
    found = resolve(name, value, boundaries)
    assert found.unresolved == ()
    assert len(found.indices) == count
    assert all(key.startswith("05358") for key in ags(boundaries, found))


@pytest.mark.parametrize(
    ("name", "value"), [("ARS", "050000000000"), ("ARS", "05"), ("AGS", "05"), ("ARS", "053")]
)
def test_levels_above_the_district(boundaries: Boundaries, name: str, value: str) -> None:
    found = resolve(name, value, boundaries)
    assert ags(boundaries, found) == [
        m.ags for m in boundaries.by_prefix(value.rstrip("0") if len(value) > 3 else value)
    ]


def test_a_former_municipality_leads_to_what_it_has_become() -> None:
    merged = built(row("05001001", 4e6, 3e6, 4.01e6, 3.01e6)).bundle
    units = dataclasses.replace(merged.units, aliases={"AGS:05001002": Alias("05001001", "2020-01-01")})
    later = Boundaries.of(dataclasses.replace(merged, units=units))
    for name, value in (("AGS", "05001002"), ("WARNCELLID", "805001002")):
        assert ags(later, resolve(name, value, later)) == ["05001001"], name
    assert resolve("WARNCELLID", "805001003", later).unresolved == (("805001003", Unresolved.CODE),)


def test_zeros_are_cut_at_the_joints_only(boundaries: Boundaries) -> None:
    """Kreis Heinsberg is 05370: its last zero belongs to it."""
    found = resolve("ARS", "053700000000", boundaries)
    assert {key[:5] for key in ags(boundaries, found)} == {"05370"}
    assert len(found.indices) == len(boundaries.by_prefix("05370"))


def test_a_city_that_is_its_own_district(boundaries: Boundaries) -> None:
    for name, value in (("ARS", "053150000000"), ("AGS", "05315000"), ("WARNCELLID", "105315000")):
        assert ags(boundaries, resolve(name, value, boundaries)) == ["05315000"]


def test_an_ars_whose_association_changed_still_names_its_municipality(boundaries: Boundaries) -> None:
    assert ags(boundaries, resolve("ARS", "053589999008", boundaries)) == ["05358008"]


def test_a_former_code_leads_to_its_successor(boundaries: Boundaries) -> None:
    aliases = {
        "AGS:05358999": Alias("05358008", "2010-01-01"),
        "ARS:053580099099": Alias("05358012", "2010-01-01"),
    }
    known = dataclasses.replace(boundaries, units=dataclasses.replace(boundaries.units, aliases=aliases))
    assert ags(known, resolve("AGS", "05358999", known)) == ["05358008"]
    assert ags(known, resolve("ARS", "053580099099", known)) == ["05358012"]


def test_a_list_in_one_value(boundaries: Boundaries) -> None:
    found = resolve("SHN", "053580008008, 053580024024;000000000001", boundaries)
    assert ags(boundaries, found) == ["05358008", "05358024"]
    assert found.unresolved == (("000000000001", Unresolved.CODE),)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("FIPS6", "012345", Unresolved.SCHEME),
        ("", "05358008", Unresolved.SCHEME),
        ("ARS", "5358", Unresolved.FORM),
        ("ARS", "05358000000x", Unresolved.FORM),
        ("ARS", "٠٥٣٥٨", Unresolved.FORM),
        ("AGS", "5358008", Unresolved.FORM),
        ("AGS", "' OR 1=1 --", Unresolved.FORM),
        ("AGS", "", Unresolved.FORM),
        ("AGS", " , ", Unresolved.FORM),
        ("WARNCELLID", "80535800", Unresolved.FORM),
        ("NUTS", "dea26", Unresolved.FORM),
        ("ARS", "090000000000", Unresolved.CODE),
        ("AGS", "05358999", Unresolved.CODE),
        ("WARNCELLID", "899999999", Unresolved.CODE),
        ("WARNCELLID", "105999000", Unresolved.CODE),
        ("WARNCELLID", "905358001", Unresolved.CODE),
        ("NUTS", "FR101", Unresolved.CODE),
        ("ARS", "000000000000", Unresolved.COUNTRY),
        ("AGS", "00000000", Unresolved.COUNTRY),
        ("AGS", "00", Unresolved.COUNTRY),
        ("NUTS", "DE", Unresolved.COUNTRY),
        ("AGS", "05358008 " * (MAX_CODES + 1), Unresolved.TOO_MANY),
    ],
)
def test_anything_else_names_nothing_and_says_why(
    boundaries: Boundaries, name: str, value: Any, why: Any
) -> None:
    found = resolve(name, value, boundaries)
    assert found.indices == ()
    assert {reason for _, reason in found.unresolved} == {why}


def test_a_registry_resolves_before_arithmetic_and_knows_its_gaps(boundaries: Boundaries) -> None:
    registry = Registry({"WARNCELLID": {"705358001": ("05358008",)}, "UGC": {"XXC001": ("99999999",)}})
    assert ags(boundaries, resolve("WARNCELLID", "705358001", boundaries, registry)) == ["05358008"]
    assert ags(boundaries, resolve("WARNCELLID", "805358012", boundaries, registry)) == ["05358012"]
    assert resolve("UGC", "XXC001", boundaries, registry).unresolved == (("XXC001", Unresolved.CODE),)
    assert resolve("UGC", "XXC002", boundaries, registry).unresolved == (("XXC002", Unresolved.CODE),)
    assert NO_REGISTRY.keys("UGC", "XXC001") == ()


def test_names_of_schemes_are_read_loosely() -> None:
    assert scheme_of("de-ars") == scheme_of("Amtlicher Regionalschlüssel") == scheme_of("RS") == "ARS"
    assert scheme_of("EMMA_ID") == "EMMA_ID"


def test_lookups(boundaries: Boundaries) -> None:
    assert boundaries.by_ags("05358008").name == "Düren"
    assert boundaries.by_ags("05358008").ars == "053580008008"
    assert boundaries.by_ags("00000000") is None
    assert boundaries.by_prefix("") == ()
    assert boundaries.indices_of_ars("") == ()
    assert len(boundaries.by_prefix("05358")) == DUEREN
    assert Boundaries.default() is boundaries
