"""The clock on the wall, without a doubt which time is meant."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dispatcher.texts.times import Present, clock_time, in_utc
from dispatcher.texts.words.catalogues import words_for
from dispatcher.texts.words.english import ENGLISH
from dispatcher.texts.words.german import GERMAN

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def said(moment: str, now: str = "2026-10-24T12:00", words: Any = GERMAN, zone: Any = BERLIN) -> str:
    return clock_time(at(moment), Present(at(now), zone), words)


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2026-10-24T16:00", "24.10. 18:00 Uhr"),
        ("2026-10-25T00:30", "25.10. 02:30 Uhr (MESZ)"),
        ("2026-10-25T01:30", "25.10. 02:30 Uhr (MEZ)"),
        ("2026-10-24T23:59", "25.10. 01:59 Uhr"),
        ("2026-10-25T02:00", "25.10. 03:00 Uhr"),
        ("2026-03-29T01:30", "29.03. 03:30 Uhr"),
        ("2026-12-31T22:59", "31.12. 23:59 Uhr"),
        ("2026-12-31T23:00", "01.01.2027 00:00 Uhr"),
        ("2025-12-31T22:59", "31.12.2025 23:59 Uhr"),
    ],
)
def test_a_time_is_local_and_says_what_it_must(moment: str, words: str) -> None:
    assert said(moment) == words


def test_the_year_is_told_by_the_local_calendar() -> None:
    assert said("2027-01-01T05:00", now="2026-12-31T23:30") == "01.01. 06:00 Uhr"


@pytest.mark.parametrize(
    ("moment", "words"),
    [("2026-10-25T00:30", "2026-10-25 02:30 (CEST)"), ("2027-01-01T00:00", "2027-01-01 01:00")],
)
def test_english_names_the_year_always(moment: str, words: str) -> None:
    assert said(moment, words=ENGLISH) == words


@pytest.mark.parametrize(
    ("language", "summer", "winter", "next_year"),
    [
        ("tr", "25.10. 02:30 (yaz saati)", "25.10. 02:30 (kış saati)", "01.01.2027 01:00"),
        ("uk", "25.10, 02:30 (літній час)", "25.10, 02:30 (зимовий час)", "01.01.2027, 01:00"),
        (
            "ar",
            "25.10 الساعة 02:30 (توقيت صيفي)",
            "25.10 الساعة 02:30 (توقيت شتوي)",
            "01.01.2027 الساعة 01:00",
        ),
    ],
)
def test_each_language_tells_the_hours_apart_that_have_one_name(
    language: str, summer: str, winter: str, next_year: str
) -> None:
    moments = ("2026-10-25T00:30", "2026-10-25T01:30", "2027-01-01T00:00")
    assert [said(one, words=words_for(language)) for one in moments] == [summer, winter, next_year]


def test_a_zone_without_a_name_of_the_languages_own_keeps_its_own() -> None:
    assert said("2026-11-01T05:30", zone=NEW_YORK) == "01.11. 01:30 Uhr (EDT)"
    assert said("2026-11-01T06:30", zone=NEW_YORK) == "01.11. 01:30 Uhr (EST)"


def test_an_instant_that_no_zone_can_say_is_none() -> None:
    west = timezone(-timedelta(hours=12))
    for moment in (None, datetime.max.replace(tzinfo=west), datetime.min.replace(tzinfo=UTC)):
        assert in_utc(moment) is None
    assert in_utc(datetime(9998, 12, 31, 23, tzinfo=west)) is not None
    assert in_utc(datetime(2026, 1, 1, 12, tzinfo=west)) == datetime(2026, 1, 2, tzinfo=UTC)
