"""What must be known of a source to match its messages."""

import pytest

from dispatcher.targeting.outcome import (
    COUNTRY_BOXES,
    Beyond,
    Codes,
    CountryBox,
    HeightUnit,
    MatchProfile,
    home_of,
)

BOX = CountryBox(south_lat=47.0, west_lon=6.0, north_lat=55.0, east_lon=15.0)


@pytest.mark.parametrize(
    ("lat", "lon", "inside"),
    [
        (50.0, 10.0, True),
        (47.0, 6.0, True),
        (55.0, 15.0, True),
        (46.9, 10.0, False),
        (55.1, 10.0, False),
        (50.0, 5.9, False),
        (50.0, 15.1, False),
        (10.0, 50.0, False),
    ],
)
def test_a_country_is_a_box_with_its_edges(lat: float, lon: float, inside: bool) -> None:
    assert BOX.holds(lat, lon) is inside


@pytest.mark.parametrize("country", sorted(COUNTRY_BOXES))
def test_no_place_of_a_country_lies_in_it_with_its_coordinates_exchanged(country: str) -> None:
    """Else exchanged coordinates could not be noticed."""
    box = COUNTRY_BOXES[country]
    corners = [(lat, lon) for lat in (box.south_lat, box.north_lat) for lon in (box.west_lon, box.east_lon)]
    assert all(box.holds(lat, lon) and not box.holds(lon, lat) for lat, lon in corners)


def test_of_a_source_that_nobody_described_the_standard_is_assumed_and_nothing_is_let_pass() -> None:
    unknown = MatchProfile()
    assert (unknown.codes, unknown.height_unit) == (Codes.UNION, HeightUnit.FEET)
    assert (unknown.beyond, unknown.nationwide, unknown.home) == (Beyond.HOLD, False, None)


@pytest.mark.parametrize(
    ("territory", "country", "known"),
    [(["05358"], "DE", True), (["05358", "05362"], "DE", True), ([], "DE", False), (["05358"], "", False)],
)
def test_a_control_centre_is_of_the_country_whose_keys_are_its_territory(
    territory: list[str], country: str, known: bool
) -> None:
    assert home_of(territory, country) == (COUNTRY_BOXES["DE"] if known else None)
