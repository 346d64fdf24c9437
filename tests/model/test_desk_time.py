"""Test how a person at a desk reads an instant."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from dispatcher.model.desk_time import desk_day, desk_time

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("moment", "zone", "language", "written"),
    [
        (datetime(2026, 11, 28, 5, 25, 12, tzinfo=UTC), BERLIN, "de", "28.11.2026 06:25 MEZ"),
        (datetime(2026, 7, 14, 22, 30, tzinfo=UTC), BERLIN, "de", "15.07.2026 00:30 MESZ"),
        (datetime(2026, 11, 28, 5, 25, tzinfo=UTC), BERLIN, "en", "2026-11-28 06:25 CET"),
        (datetime(2026, 11, 28, 5, 25, tzinfo=UTC), UTC, "de", "28.11.2026 05:25 UTC"),
        (
            datetime(2026, 11, 28, 5, 25, tzinfo=UTC),
            ZoneInfo("Asia/Dubai"),
            "en",
            "2026-11-28 09:25 UTC+0400",
        ),
    ],
)
def test_a_desk_reads_date_time_and_zone(
    moment: datetime, zone: ZoneInfo, language: str, written: str
) -> None:
    assert desk_time(moment, zone, language) == written


def test_the_last_day_there_is_has_no_other_zone() -> None:
    """Some write so that a warning holds for ever."""
    assert desk_time(datetime.max.replace(tzinfo=UTC), BERLIN) == "31.12.9999 23:59 UTC"


def test_the_hour_that_comes_twice_is_told_apart_by_its_zone() -> None:
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    assert desk_time(first, BERLIN) == "25.10.2026 02:30 MESZ"
    assert desk_time(second, BERLIN) == "25.10.2026 02:30 MEZ"


def test_a_day_is_written_as_the_times_have_it() -> None:
    assert (desk_day(date(2026, 11, 29)), desk_day(date(2026, 11, 29), "en")) == ("29.11.2026", "2026-11-29")


def test_seconds_are_written_where_they_tell_apart() -> None:
    moment = datetime(2026, 11, 28, 5, 25, 12, tzinfo=UTC)
    assert desk_time(moment, BERLIN, seconds=True) == "28.11.2026 06:25:12 MEZ"
    assert desk_time(moment, BERLIN, "en", seconds=True) == "2026-11-28 06:25:12 CET"
