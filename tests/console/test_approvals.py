"""How what waits is arranged, as values."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

import cap
from dispatcher.console.approvals import (
    ShownText,
    WaitingMessage,
    away,
    is_count,
    number,
    ordered,
    reasons,
    severity_of,
    state_now,
    texts_shown,
    timers,
)
from dispatcher.console.words import WORDS
from dispatcher.intake.four_eyes.deciding import ShownMessage
from dispatcher.intake.four_eyes.texts import HeldTexts
from dispatcher.model.alerts import AffectedMunicipality
from dispatcher.model.desk_time import DEFAULT_ZONE
from dispatcher.model.vocabulary import ApprovalState
from tests.api.approvals.test_bodies import REQUEST
from tests.support.messages import DUEREN, HOUR, NOW, message, stored

MINUTE = timedelta(minutes=1)


def waiting(severity: str, minutes: int) -> WaitingMessage:
    request = replace(REQUEST, requested_at=NOW + minutes * MINUTE)
    return WaitingMessage(request, stored(severity=severity), 1, True)


def test_the_gravest_comes_first_then_what_has_waited_for_longest() -> None:
    given = [waiting("Minor", 0), waiting("Extreme", 2), waiting("Extreme", 1), waiting("Severe", 0)]
    found = [(one.severity, one.request.requested_at - NOW) for one in ordered(given)]
    assert found == [
        ("Extreme", MINUTE),
        ("Extreme", 2 * MINUTE),
        ("Severe", 0 * MINUTE),
        ("Minor", 0 * MINUTE),
    ]
    assert severity_of(stored(severity="Grave")) == "Unknown"


@pytest.mark.parametrize(
    ("delay", "said"),
    [
        (timedelta(), "in weniger als einer Minute"),
        (timedelta(seconds=59), "in weniger als einer Minute"),
        (timedelta(seconds=60), "in 1 min"),
        (timedelta(minutes=5, seconds=1), "in 5 min"),
        (timedelta(minutes=125), "in 2 h 5 min"),
        (timedelta(seconds=-1), "vor weniger als einer Minute"),
        (timedelta(seconds=-119), "vor 1 min"),
        (timedelta(minutes=-3), "vor 3 min"),
        (timedelta(hours=-2), "vor 2 h 0 min"),
    ],
)
def test_how_far_away_an_instant_is(delay: timedelta, said: str) -> None:
    name, hours, minutes = away(delay)
    assert WORDS[name].de.format(hours=hours, minutes=minutes) == said


def test_timers_are_in_the_order_in_which_they_run() -> None:
    request = replace(REQUEST, release_at=NOW + 9 * MINUTE, remind_at=NOW + 2 * MINUTE)
    assert [name for name, _ in timers(request)] == ["timer_remind", "timer_release", "timer_expires"]
    assert all(name in WORDS for name, _ in timers(request))


def test_it_is_said_why_it_waits() -> None:
    held = replace(REQUEST, held_for="audience: 9 recipients are more than was approved (5), twice")
    assert reasons(held, "de") == ["sie ginge an ungewöhnlich oder unerlaubt viele"]
    assert reasons(REQUEST, "en") == [
        "this severity does not go out by itself",
        "it needs the approval of a second person",
    ]


def test_numbers_are_written_as_people_read_them() -> None:
    assert (number(12_000, "de"), number(12_000, "en"), number(0, "de")) == ("12.000", "12,000", "0")


@pytest.mark.parametrize(
    ("typed", "is_it"),
    [("12000", True), (" 12.000 ", True), ("12 000", True), ("12,000", True), ("12\u202f000", True)]
    + [(wrong, False) for wrong in ("", "12", "120000", "-12000", "1e4", "١٢٠٠٠", "12000x", "9" * 5_000)],
)
def test_a_number_is_taken_as_people_type_it(typed: str, *, is_it: bool) -> None:
    assert is_count(typed, 12_000) is is_it


def shown(parts_max: int, **changes: str) -> list[ShownText]:
    raw, places = message(DUEREN, **changes).xml(), [AffectedMunicipality(DUEREN, "Düren", "geocode", 1.0)]
    alert, held = cap.parse(raw).alerts[0], HeldTexts(ZoneInfo(DEFAULT_ZONE))
    texts, sms = held.of(alert, stored(), places, NOW), held.sms(alert, stored(), places, NOW)
    return texts_shown(ShownMessage(REQUEST, places, texts, "9f" * 32, True, NOW, sms), parts_max)


def test_texts_are_shown_as_they_are_sent_each_once_and_german_first() -> None:
    german, *others = shown(6)
    assert (german.languages, german.parts) == ("de, de-DE", 1)
    assert german.sms.startswith("WARNUNG: Hochwasser an der Rur\nMeiden Sie das Ufer.")
    assert german.push_title == "WARNUNG: Hochwasser an der Rur"
    assert dict(german.document)["areas"] == "Düren"
    assert {one.language: one.direction for one in others}["ar"] == "rtl"
    assert all(f"language_{one.language}" in WORDS for one in (german, *others))


def test_an_sms_is_shown_cut_to_the_parts_that_it_may_have() -> None:
    long = "Hochwasser an der Rur bei Düren und allen anderen Orten zwischen Heimbach und Linnich " * 4
    one, several = (shown(parts, headline=long)[0] for parts in (1, 6))
    assert one.parts == 1 < several.parts
    assert one.sms != several.sms


def test_the_state_is_as_of_when_it_was_read() -> None:
    late = ShownMessage(REQUEST, [], {}, "", True, NOW + 2 * HOUR)
    assert state_now(late) is ApprovalState.EXPIRED
