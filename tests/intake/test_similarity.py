"""Whether two warnings are one to whoever reads them."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

import cap
from dispatcher.intake.similarity import (
    WINDOW_TOLERANCE,
    alike,
    beginning,
    duplicate_lock_key,
    goes_on_standing,
    same_window,
    tolerance_window,
    words_digest,
)
from dispatcher.model.alerts import StoredAlert
from tests.support.feed_messages import DUEREN, HOUR, JUELICH, NOW, warning
from tests.support.messages import stored as untyped_stored

BIT = timedelta(microseconds=1)
ENDS = NOW + 6 * HOUR


def on_record(**changes: Any) -> StoredAlert:
    values = {"event": "STARKREGEN", "severity": "Severe", "begins": NOW, "expires": ENDS}
    made: StoredAlert = untyped_stored(**values | changes)
    return made


@pytest.mark.parametrize(
    ("alert", "begins"),
    [
        (warning(onset=NOW + HOUR, effective=NOW - HOUR), NOW + HOUR),
        (warning(onset=None, effective=NOW - HOUR), NOW - HOUR),
        (warning(onset=None, effective=None), NOW),
        (warning(infos=()), NOW),
        (replace(warning(infos=()), sent=None), None),
    ],
    ids=["onset", "effective", "sent", "sent without info", "unknown"],
)
def test_a_warning_begins_with_its_onset_or_else_when_it_takes_effect_or_was_sent(
    alert: cap.Alert, begins: datetime | None
) -> None:
    assert beginning(alert) == begins


def test_another_account_begins_within_half_an_hour_either_way() -> None:
    assert tolerance_window(NOW) == (NOW - timedelta(minutes=30), NOW + timedelta(minutes=30))


@pytest.mark.parametrize(
    ("begins", "expires", "changes", "same"),
    [
        (NOW, ENDS, {}, True),
        (NOW + WINDOW_TOLERANCE, ENDS - WINDOW_TOLERANCE, {}, True),
        (NOW - WINDOW_TOLERANCE - BIT, ENDS, {}, False),
        (NOW + WINDOW_TOLERANCE + BIT, ENDS, {}, False),
        (NOW, ENDS + WINDOW_TOLERANCE + BIT, {}, False),
        (NOW, ENDS - WINDOW_TOLERANCE - BIT, {}, False),
        (None, ENDS, {}, False),
        (NOW, ENDS, {"begins": None}, False),
    ],
)
def test_one_time_is_a_beginning_and_an_end_within_the_tolerance(
    begins: datetime | None, expires: datetime, changes: dict[str, Any], same: bool
) -> None:
    assert same_window(begins, expires, on_record(**changes)) is same


@pytest.mark.parametrize(
    ("alert", "places", "stored", "its_places", "expected"),
    [
        (warning(), [DUEREN], {}, [DUEREN], True),
        (warning(), [DUEREN, JUELICH], {}, [JUELICH, DUEREN], True),
        (warning(), [DUEREN], {}, [DUEREN, JUELICH], False),
        (warning(), [DUEREN, JUELICH], {}, [DUEREN], False),
        (warning(event="starkregen"), [DUEREN], {}, [DUEREN], True),
        (warning(event="Sturm"), [DUEREN], {}, [DUEREN], False),
        (warning(), [DUEREN], {"severity": "Extreme"}, [DUEREN], True),
        (warning(), [DUEREN], {"severity": "Moderate"}, [DUEREN], False),
        (warning(), [DUEREN], {"expires": ENDS + HOUR}, [DUEREN], False),
        (warning(onset=NOW + HOUR), [DUEREN], {}, [DUEREN], False),
        (warning(infos=()), [DUEREN], {}, [DUEREN], False),
    ],
)
def test_alike_are_warnings_of_equal_places_event_and_window_unless_the_new_one_is_graver(
    alert: cap.Alert, places: list[str], stored: dict[str, Any], its_places: list[str], expected: bool
) -> None:
    assert alike(alert, places, ENDS, on_record(**stored), its_places) is expected


@pytest.mark.parametrize("severity", cap.Severity)
def test_the_gravest_info_is_compared(severity: cap.Severity) -> None:
    """Else a second, graver account of the same alert would be swallowed by the milder first."""
    one = warning().infos[0]
    both = replace(
        warning(), infos=(replace(one, severity=cap.Severity.MINOR), replace(one, severity=severity))
    )
    graver = severity in {cap.Severity.EXTREME, cap.Severity.SEVERE}
    assert alike(both, [DUEREN], ENDS, on_record(severity="Moderate"), [DUEREN]) is not graver


def same_words(first: Any, second: Any) -> bool:
    return words_digest(first) == words_digest(second)


WORDS: dict[str, Any] = {
    "language": "en-GB",
    "event": "Sturm",
    "headline": "Anders",
    "description": "Anders",
    "instruction": "Gehen Sie in ein Gebäude.",
    "response_types": (cap.ResponseType.SHELTER,),
    "urgency": cap.Urgency.EXPECTED,
    "certainty": cap.Certainty.OBSERVED,
}


@pytest.mark.parametrize("name", WORDS)
def test_a_word_that_differs_may_be_the_one_that_matters(name: str) -> None:
    assert not same_words(warning(), warning(**{name: WORDS[name]}))


@pytest.mark.parametrize(
    "changes",
    [
        {"headline": "  Amtliche WARNUNG\nvor STARKREGEN \t1 "},
        {"language": "DE-de"},
        {"sender_name": "Jemand anders"},
        {"severity": cap.Severity.MINOR},
        {"instruction": ""},
    ],
)
def test_white_space_case_of_the_language_and_what_nobody_reads_do_not_matter(
    changes: dict[str, Any],
) -> None:
    assert same_words(warning(), warning(**changes))


@pytest.mark.parametrize(
    "changes",
    [{"contact": "112"}, {"web": "https://dwd.example/"}, {"areas": (cap.Area("Ein anderer Ort"),)}],
)
def test_another_link_contact_or_name_of_the_area_is_another_word(changes: dict[str, Any]) -> None:
    assert not same_words(warning(), warning(**changes))


def test_the_order_of_languages_and_response_types_does_not_matter() -> None:
    german = warning().infos[0]
    english = replace(german, language="en")
    one, other = (replace(warning(), infos=infos) for infos in ((german, english), (english, german)))
    assert same_words(one, other)
    assert same_words(other, one)
    assert not same_words(one, replace(warning(), infos=(german,)))
    types = (cap.ResponseType.SHELTER, cap.ResponseType.MONITOR)
    assert same_words(warning(response_types=types), warning(response_types=types[::-1]))


def test_warnings_that_could_be_one_take_turns() -> None:
    key = duplicate_lock_key(warning(), [DUEREN, JUELICH])
    assert key == duplicate_lock_key(warning(2, event="Starkregen"), [JUELICH, DUEREN])
    assert key != duplicate_lock_key(warning(), [DUEREN])
    assert key != duplicate_lock_key(warning(event="Sturm"), [DUEREN, JUELICH])
    assert len({key, duplicate_lock_key(warning(infos=()), []), b""}) == 3


MERGED = on_record(words=words_digest(warning()))


@pytest.mark.parametrize(
    ("changes", "its", "covers"),
    [
        ({}, {}, True),
        ({"severity": cap.Severity.EXTREME}, {}, True),
        ({"severity": cap.Severity.MODERATE}, {}, False),
        ({"headline": "Anders"}, {}, False),
        ({"headline": "Anders", "severity": cap.Severity.EXTREME}, {}, True),
        ({"event": "STURM", "severity": cap.Severity.EXTREME}, {}, False),
        ({}, {"words": None}, False),
        ({}, {"expires": ENDS + WINDOW_TOLERANCE}, True),
        ({}, {"expires": ENDS + WINDOW_TOLERANCE + BIT}, False),
        ({"onset": NOW + 2 * HOUR}, {"begins": NOW + 2 * HOUR}, True),
        ({"onset": NOW + 2 * HOUR + BIT}, {"begins": NOW + 2 * HOUR}, False),
        ({"onset": NOW + HOUR}, {"begins": NOW}, True),  # both have begun
        ({"onset": NOW + 2 * HOUR}, {"begins": None}, False),
    ],
)
def test_a_merged_warning_stays_so_where_the_update_says_all_that_it_does(
    changes: dict[str, Any], its: dict[str, Any], covers: bool
) -> None:
    update = warning(**changes)
    stored = on_record(words=words_digest(update), begins=beginning(update))
    merged = replace(MERGED, source_id="neighbour", **its)
    assert goes_on_standing(update, stored, merged, NOW + HOUR) is covers
    own = replace(merged, source_id=stored.source_id)
    assert goes_on_standing(update, stored, own, NOW + HOUR), "of one source the newest word holds"
