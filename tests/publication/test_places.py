"""Which place a key means."""

import pytest

from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.publication.places import PlaceKind, PublicPlace, PublicPlaces, within
from tests.support.messages import DUEREN

ARS = "053580008008"


@pytest.fixture(scope="module")
def places(boundaries: Boundaries) -> PublicPlaces:
    return PublicPlaces(boundaries)


def test_a_municipality_has_two_keys(places: PublicPlaces) -> None:
    by_ags, by_ars = places.municipality(DUEREN), places.municipality(ARS)
    assert by_ags == by_ars == PublicPlace(PlaceKind.MUNICIPALITY, DUEREN, ARS, "Düren", (DUEREN,))


def test_a_district_has_two_keys_and_all_its_municipalities(places: PublicPlaces) -> None:
    by_five, by_ars = places.district("05358"), places.district("053580000000")
    assert by_five == by_ars
    assert by_five is not None
    assert (by_five.key, by_five.ars, by_five.name, len(by_five.municipalities)) == (
        "05358",
        "053580000000",
        "",
        15,
    )
    assert all(ags.startswith("05358") for ags in by_five.municipalities)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "05358",
        "0535800",
        "5358008",
        "053580080",
        "05358999",
        "053580008999",
        "٠٥٣٥٨٠٠٨",
        "0535800a",
        f"{DUEREN}\n",
    ],
)
def test_what_is_no_municipality_is_none(places: PublicPlaces, key: str) -> None:
    assert places.municipality(key) is None


@pytest.mark.parametrize("key", ["", "05", "0535", DUEREN, ARS, "053580008000", "99999", "05358\n", "٠٥٣٥٨"])
def test_what_is_no_district_is_none(places: PublicPlaces, key: str) -> None:
    assert places.district(key) is None


def test_a_key_of_before_a_reform_leads_to_the_municipality_of_now(boundaries: Boundaries) -> None:
    places = PublicPlaces(boundaries)
    former = [code.partition(":") for code in boundaries.units.aliases]
    for scheme, _, key in former:
        found = places.municipality(key)
        assert found is not None or scheme not in {"AGS", "ARS"}, key


@pytest.mark.parametrize(
    ("lat", "lon", "key"),
    [
        (50.8044, 6.4822, DUEREN),
        (50.9224, 6.3583, "05358024"),
        (48.137, 11.575, None),
        (90.0, 0.0, None),
        (-90.0, 180.0, None),
    ],
)
def test_a_position_lies_in_one_municipality_or_beyond_the_data(
    places: PublicPlaces, lat: float, lon: float, key: str | None
) -> None:
    found = places.at(lat, lon)
    assert (found.key if found else None) == key


def test_all_of_a_place_has_to_lie_within(places: PublicPlaces) -> None:
    everywhere, district = places.everywhere(), places.district("05358")
    assert district is not None
    assert within(("05358",), district)
    assert not within(("05358008",), district)
    assert not within((), district)
    assert within(("",), everywhere)
    assert not within(("05358",), everywhere)
