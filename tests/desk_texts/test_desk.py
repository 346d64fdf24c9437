"""In whose words and by whose clock the desk is spoken to."""

from datetime import UTC, datetime
from typing import Any

import pytest

from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.desk import desk


@pytest.mark.parametrize(
    ("zone", "said"),
    [("", "07:25 MEZ"), ("Europe/London", "06:25 GMT"), ("Nowhere/Else", "06:25 UTC"), ("../x", "06:25 UTC")],
)
def test_a_time_is_told_in_the_zone_of_the_desk(env: Any, zone: str, said: str) -> None:
    env.setenv("TZ", "Asia/Tokyo")
    env.setenv("WARN_TIME_ZONE", zone)
    assert desk(DeskLanguage.GERMAN).time(datetime(2026, 11, 28, 6, 25, tzinfo=UTC)).endswith(said)


def test_a_sentence_is_in_the_readers_language() -> None:
    assert desk(DeskLanguage.GERMAN).line("until", until="x") == "gültig bis x"
    assert desk(DeskLanguage.ENGLISH).line("until", until="x") == "valid until x"
