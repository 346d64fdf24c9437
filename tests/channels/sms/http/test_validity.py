"""Until when a message is good, in each provider's units."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from channels.sms.http.validity import IN_SECONDS, Validity, ValidityUnit

NOW = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "left_s", "told"),
    [
        ({}, 90, 90),
        ({}, 0, 1),
        ({"unit": "ms"}, 90, 90_000),
        ({"unit": "ms", "at_least_s": 20}, 5, 20_000),
        ({"unit": "min"}, 119, 1),
        ({"unit": "min"}, 59, 1),
        ({"unit": "min"}, 7200, 120),
        ({"unit": "h"}, 7199, 1),
        ({"unit": "s", "at_most_s": 36_000}, 172_800, 36_000),
        ({"unit": "unix"}, 60, 1774699260),
        ({"unit": "date"}, 60, "2026-03-28T12:01:00Z"),
        (
            {"unit": "date", "format": "%d.%m.%Y %H:%M", "zone": ZoneInfo("Europe/Berlin")},
            86_400,
            "29.03.2026 14:00",
        ),
        ({"unit": "date", "format": "%y%m%d%H%M%S"}, 60, "260328120100"),
        ({"unit": "date", "format": "100%% %Y"}, 60, "100% 2026"),
    ],
)
def test_units(given: dict[str, Any], left_s: int, told: Any) -> None:
    unit = ValidityUnit(given.pop("unit", "s"))
    assert Validity(unit, **given).told(left_s, NOW) == told


def test_without_settings_it_is_seconds() -> None:
    assert IN_SECONDS.told(7, NOW) == 7


@pytest.mark.parametrize("form", ["%A", "%c", "%s", "tomorrow", "100%%", "%", "%-d"])
def test_a_form_that_a_machine_would_write_otherwise_or_that_holds_no_time(form: str) -> None:
    with pytest.raises(ValueError, match="format"):
        Validity(ValidityUnit.DATE, format=form)


def test_bounds_that_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="at_most_s is less"):
        Validity(at_least_s=60, at_most_s=59)
