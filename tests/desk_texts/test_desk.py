"""In whose words and by whose clock the desk is spoken to."""

from datetime import UTC, datetime
from typing import Any

import pytest

from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.desk import UnknownTimeZoneError, desk


@pytest.mark.parametrize(
    ("zone", "said"),
    [("", "07:25 MEZ"), (" ", "07:25 MEZ"), ("Europe/London", "06:25 GMT")],
)
def test_a_time_is_told_in_the_zone_of_the_desk(env: Any, zone: str, said: str) -> None:
    env.setenv("TZ", "Asia/Tokyo")
    env.setenv("WARN_TIME_ZONE", zone)
    assert desk(DeskLanguage.GERMAN).time(datetime(2026, 11, 28, 6, 25, tzinfo=UTC)).endswith(said)


@pytest.mark.parametrize("zone", ["Mars", "Nowhere/Else", "../x", "Europe"])
def test_no_other_zone_stands_in_for_one_that_there_is_none_of(env: Any, zone: str) -> None:
    env.setenv("WARN_TIME_ZONE", zone)
    with pytest.raises(UnknownTimeZoneError, match=zone):
        desk(DeskLanguage.GERMAN)


def test_a_sentence_is_in_the_readers_language() -> None:
    assert desk(DeskLanguage.GERMAN).line("until", until="x") == "gültig bis x"
    assert desk(DeskLanguage.ENGLISH).line("until", until="x") == "valid until x"
