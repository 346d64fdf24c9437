"""As of when a data set stands."""

from datetime import date
from typing import Any

import pytest

from dispatcher.boundaries.vintage import bkg_attribution, stated_vintage

TODAY = date(2026, 5, 4)


@pytest.mark.parametrize(
    ("names", "newest", "stated"),
    [
        (["vg250_01-01.utm32s.gpkg.ebenen.zip"], date(2026, 1, 1), date(2026, 1, 1)),
        (["vg250_01-01.utm32s.gpkg.ebenen.zip"], date(2025, 7, 1), date(2026, 1, 1)),
        (["vg250-ew_12-31.utm32s.shape.ebenen.zip"], date(2025, 1, 1), date(2025, 12, 31)),
        (["vg250-ew_12-31.utm32s.shape.ebenen.zip"], date(2025, 12, 31), date(2025, 12, 31)),
        (["x.zip", "a/vg250_ebenen_1231/DE_VG250.gpkg"], date(2024, 7, 1), date(2024, 12, 31)),
        (["DE_VG250.gpkg"], date(2025, 11, 1), date(2025, 11, 1)),
        (["vg250_20101015.gpkg"], date(2025, 11, 1), date(2025, 11, 1)),
        # The day that agrees with the name has not come: whoever renamed it knows.
        (["vg250_12-31.zip"], date(2026, 1, 1), date(2026, 1, 1)),
    ],
)
def test_the_earliest_day_is_said_that_agrees_with_name_and_changes(
    names: Any, newest: date, stated: date
) -> None:
    assert stated_vintage(names, newest, TODAY) == stated


def test_what_does_not_say_it_or_is_of_the_future_has_to_be_told() -> None:
    assert stated_vintage(["vg250_01-01.zip"], None, TODAY) is None
    assert stated_vintage(["vg250_01-01.zip"], date(2026, 7, 1), TODAY) is None


def test_the_attribution_names_the_year_of_the_data() -> None:
    assert bkg_attribution(date(2025, 12, 31)) == "© GeoBasis-DE / BKG 2025 (Daten verändert)"
