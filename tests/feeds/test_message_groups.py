"""Which messages of one list belong together."""

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import cap
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.feeds.message_groups import arranged, other_languages, related_groups
from dispatcher.intake.prepare import Incoming, IntakeRules, Message, feed_rules, prepare
from tests.support.feed_messages import DUEREN, JUELICH, NOW, cancel, dwd_id, update, warning

MINUTE = timedelta(minutes=1)
ANYBODY = feed_rules("x")


def read(*alerts: cap.Alert, rules: IntakeRules = ANYBODY) -> list[Message]:
    boundaries = Boundaries.default()
    return [prepare(Incoming(alert, b""), rules, boundaries, NOW) for alert in alerts]


def test_nothing_is_in_no_group() -> None:
    assert related_groups([], {}) == []


def test_messages_that_name_one_warning_are_a_group_and_others_are_alone() -> None:
    first = warning(1)
    parts = update(2, first, sent=NOW + MINUTE), update(3, first, sent=NOW + 2 * MINUTE)
    messages = read(parts[0], warning(9, sent=NOW + 90 * timedelta(seconds=1)), parts[1])
    assert related_groups(messages, {}) == [[2, 0], [1]]


def test_a_chain_of_names_is_one_group_in_every_order() -> None:
    first = warning(1)
    second = update(2, first, sent=NOW + MINUTE)
    third = cancel(3, second, sent=NOW + 2 * MINUTE)
    alerts = [first, second, third, warning(9, sent=NOW - MINUTE)]
    for seed in range(24):
        shuffled = random.Random(seed).sample(alerts, len(alerts))
        found = related_groups(read(*shuffled), {})
        assert [[shuffled[index] for index in group] for group in found] == [
            [third, second, first],
            [alerts[3]],
        ]


def test_one_that_names_two_makes_them_one_group() -> None:
    one, two = warning(1), warning(2)
    both = replace(update(3, one), references=(*update(3, one).references, *update(3, two).references))
    assert related_groups(read(one, two, both), {}) == [[2, 0, 1]]


def test_a_name_in_another_language_is_the_same() -> None:
    german = warning(1, identifier=dwd_id(1, "DEU"))
    ending = cancel(2, warning(1))
    assert related_groups(read(german, ending), {}) == [[1, 0]]


def edition(language: str, **changes: Any) -> cap.Alert:
    values = {"identifier": f"aviso-{language}", "headline": f"Aviso {language}", "language": language}
    return warning(1, **values | changes)


def test_of_one_message_in_several_languages_the_preferred_one_goes_before() -> None:
    messages = read(edition("es-CL"), edition("en"), edition("de-DE"))
    languages = other_languages(messages, "de-DE")
    assert languages == {0: 2, 1: 2}
    assert related_groups(messages, languages) == [[2, 0, 1]]
    assert arranged(messages, "de-DE") == ([[2, 0, 1]], languages)
    assert other_languages(messages, "fr") == {1: 0, 2: 0}


def test_names_of_areas_and_events_differ_by_language() -> None:
    spanish = edition("es", event="LLUVIA")
    named = cap.Area("Duren", geocodes=spanish.infos[0].areas[0].geocodes)
    spanish = replace(spanish, infos=(replace(spanish.infos[0], areas=(named,)),))
    assert other_languages(read(edition("de"), spanish), "de") == {1: 0}


@pytest.mark.parametrize(
    "changes",
    [
        {"sent": NOW + timedelta(seconds=1)},
        {"sender": "other@x.example"},
        {"severity": cap.Severity.MINOR},
        {"places": (JUELICH,)},
        {"places": (DUEREN, JUELICH)},
        {"lasts": timedelta(hours=7)},
        {"event_codes": (cap.NamedValue("II", "51"),)},
        {"event_codes": ()},
        {"response_types": (cap.ResponseType.ALL_CLEAR,)},
        {"msg_type": cap.MsgType.UPDATE},
        {"status": cap.Status.EXERCISE},
        {"language": "de-AT"},
        {"infos": ()},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_differs_in_more_than_its_language_is_a_message_of_its_own(changes: dict[str, Any]) -> None:
    assert other_languages(read(edition("de-DE"), edition("en")), "de") == {1: 0}
    assert other_languages(read(edition("de-DE"), edition(**{"language": "en"} | changes)), "de") == {}


def test_two_in_one_language_that_no_code_tells_apart_are_two() -> None:
    bare = [edition(language, event_codes=()) for language in ("de", "en")]
    assert other_languages(read(*bare), "de") == {}
    assert other_languages(read(*(replace(one, incidents=("7",)) for one in bare)), "de") == {1: 0}


def test_a_doubtful_one_never_speaks_for_a_proved_one() -> None:
    doubtful, proved = (
        read(edition("de"), rules=feed_rules("x", senders=frozenset({"a"}))),
        read(edition("en")),
    )
    assert other_languages([*doubtful, *proved], "de") == {}
