"""The profile of the United States in common terms."""

from datetime import UTC, datetime

import cap
from cap.profiles import facts
from tests.cap.profiles.alerts import alert, codes, named

AREA = cap.Area("a", geocodes=named(("SAME", "006109")))
INFO = cap.Info(event_codes=named(("SAME", "SVR")), expires=datetime(2026, 11, 23, tzinfo=UTC), areas=(AREA,))


def test_a_message_that_keeps_the_profile() -> None:
    assert codes(alert(codes=("IPAWSv1.0",), infos=(INFO,))) == []


def test_what_is_missing_is_reported() -> None:
    message = alert(codes=("IPAWSv1.0",), infos=(INFO, cap.Info(areas=(cap.Area("b"),)), cap.Info()))
    assert codes(message) == [
        "profile-infos-differ",
        *("profile-element", "profile-event-code", "profile-geocode"),
        *("profile-element", "profile-event-code", "profile-element"),
    ]


def test_facts_of_the_weather_service() -> None:
    pairs = named(
        ("eventEndingTime", "2026-11-23T10:00:00-06:00"),
        ("eventEndingTime", "soon"),
        ("expiredReferences", "w@noaa.example,id-1,2026-11-22T10:00:00-06:00 broken"),
        ("CMAMtext", "short"),
        ("CMAMlongtext", "long"),
    )
    message = alert(infos=(cap.Info(event_codes=named(("SAME", "SVR")), parameters=pairs),))
    found = facts(message)
    assert found.event_end == datetime(2026, 11, 23, 16, tzinfo=UTC)
    assert (found.short_text, found.replaced) == ("long", ("id-1",))
    assert found.hazards == named(("SAME", "SVR"))
    assert codes(message) == []


def test_the_latest_of_several_ends_counts() -> None:
    pairs = named(
        ("eventEndingTime", "2026-11-23T10:00:00-06:00"),
        ("eventEndingTime", "2026-11-24T10:00:00-06:00"),
        ("eventEndingTime", "2026-11-22T10:00:00-06:00"),
    )
    found = facts(alert(infos=(cap.Info(parameters=pairs),)))
    assert found.event_end == datetime(2026, 11, 24, 16, tzinfo=UTC)


def test_a_short_text_is_the_long_one_if_there_is_one() -> None:
    for pairs, text in ((named(("CMAMtext", "short")), "short"), ((), None)):
        assert facts(alert(codes=("IPAWSv1.0",), infos=(cap.Info(parameters=pairs),))).short_text == text
