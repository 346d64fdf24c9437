"""Which info is told, and how long."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import cap
from dispatcher.model.vocabulary import Kind
from dispatcher.texts.choice import Chosen, choose, current_infos, gravest, preferred
from tests.support.messages import HOUR, NOW, Message

GERMAN = cap.Info(
    language="de-DE", event="Hochwasser", urgency=cap.Urgency.IMMEDIATE, severity=cap.Severity.SEVERE
)
ENGLISH = replace(GERMAN, language="en-GB")
FRENCH, DUTCH = replace(GERMAN, language="fr"), replace(GERMAN, language="nl")
END = NOW + 6 * HOUR


def chosen(*infos: Any, kind: Any = Kind.ALERT, language: str = "de", now: Any = NOW) -> Any:
    alert = replace(cap.parse(Message().xml()).alerts[0], infos=infos)
    return choose(alert, kind, language, now, END)


@pytest.mark.parametrize(
    ("wanted", "infos", "found"),
    [
        ("en", (GERMAN, ENGLISH), ENGLISH),
        ("de", (ENGLISH, GERMAN), GERMAN),
        ("tr", (ENGLISH, GERMAN), GERMAN),
        ("tr", (FRENCH, ENGLISH), ENGLISH),
        ("tr", (FRENCH, DUTCH), FRENCH),
        ("de", (ENGLISH, replace(GERMAN, language=None)), replace(GERMAN, language=None)),
        ("de", (replace(GERMAN, language="DE"),), replace(GERMAN, language="DE")),
        ("de", (), None),
    ],
)
def test_the_language_is_the_wanted_one_else_german_else_english_else_any(
    wanted: str, infos: Any, found: Any
) -> None:
    assert preferred(infos, wanted) == found


def test_of_several_of_one_language_the_gravest_then_the_most_urgent_is_told() -> None:
    minor = replace(GERMAN, severity=cap.Severity.MINOR)
    later = replace(GERMAN, urgency=cap.Urgency.FUTURE)
    assert preferred((minor, later, GERMAN), "de") == GERMAN
    assert gravest((minor, later)) == later
    assert gravest(()) is None


def ends(hours: float | None, **changes: Any) -> cap.Info:
    return replace(GERMAN, expires=None if hours is None else NOW + hours * HOUR, **changes)


GRAVE, LONG = ends(1, severity=cap.Severity.EXTREME), ends(5, severity=cap.Severity.MINOR)
ABROAD = ends(2, language="en")


@pytest.mark.parametrize(
    ("infos", "hours", "expected"),
    [
        ((GRAVE, LONG), 0, Chosen(GRAVE, NOW + HOUR)),
        ((LONG, GRAVE), 0.99, Chosen(GRAVE, NOW + HOUR)),
        ((GRAVE, LONG), 1, Chosen(LONG, NOW + 5 * HOUR)),
        ((GRAVE, LONG), 5, None),
        ((GRAVE, ABROAD), 1, Chosen(ABROAD, NOW + 2 * HOUR, foreign=True)),
        ((ends(None),), 1, Chosen(ends(None), END)),
        ((ends(None),), 6, None),
        ((ends(9),), 1, Chosen(ends(9), END)),
        ((), 1, Chosen(None, END)),
        ((), 6, None),
    ],
)
def test_a_warning_is_told_until_the_end_of_its_own_info(infos: Any, hours: float, expected: Any) -> None:
    assert chosen(*infos, now=NOW + hours * HOUR) == expected
    assert chosen(*infos, kind=Kind.UPDATE, now=NOW + hours * HOUR) == expected


@pytest.mark.parametrize("kind", [Kind.CANCEL, Kind.NO_LONGER_AFFECTED, Kind.DELISTED])
def test_an_ending_is_told_until_the_messages_end(kind: Any) -> None:
    assert chosen(GRAVE, LONG, kind=kind) == Chosen(GRAVE, END)
    assert chosen(GRAVE, LONG, kind=kind, now=NOW + 2 * HOUR) == Chosen(LONG, END)
    assert chosen(GRAVE, LONG, kind=kind, now=NOW + 5.5 * HOUR) == Chosen(GRAVE, END)
    assert chosen(kind=kind) == Chosen(None, END)
    assert chosen(GRAVE, LONG, kind=kind, now=END) is None


def test_an_info_is_over_at_its_end_and_not_before() -> None:
    assert current_infos((GRAVE,), NOW + HOUR - timedelta(microseconds=1)) == [GRAVE]
    assert current_infos((GRAVE,), NOW + HOUR) == []
