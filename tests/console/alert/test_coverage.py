"""Where an alert reaches nobody, and which channels are weak."""

from typing import Any

import pytest

from dispatcher.console.alert.coverage import CoverageGap, GapReason, channel_gaps, gap_word, place_gaps
from dispatcher.console.words import WORDS
from dispatcher.model.alerts import AffectedMunicipality
from dispatcher.model.ledger import ChannelSummary
from dispatcher.model.vocabulary import Environment

PLACES = [
    AffectedMunicipality(f"0{n}", name, "geocode", 1.0)
    for n, name in enumerate(("Linnich", "Düren", "Aldenhoven"))
]


def weak(states: dict[str, int], **changes: Any) -> list[tuple[GapReason, int]]:
    summary = ChannelSummary("sms", "alert", states, None, None, **changes)
    return [(one.gap, one.percent) for one in channel_gaps([summary], ["sms"], [])]


def test_a_municipality_without_recipients_is_another_than_one_that_nobody_was_reached_in() -> None:
    assert place_gaps(PLACES, {"01": {"accepted": 1, "dead": 9}}) == [
        CoverageGap(GapReason.NOBODY_SUBSCRIBED, (PLACES[2], PLACES[0]))
    ]
    assert place_gaps(PLACES, {"00": {"pending": 1}, "01": {"dead": 1}, "02": {"accepted": 1}}) == [
        CoverageGap(GapReason.NOBODY_REACHED, (PLACES[1], PLACES[0]))
    ]
    assert place_gaps([], {}) == []


def test_a_channel_that_tells_nobody_is_named_with_the_reason() -> None:
    found = channel_gaps(
        [ChannelSummary("app", "alert", {"accepted": 1}, None, None)], ["app", "sms", "webpush"], ["sms"]
    )
    assert [(one.channel, one.gap) for one in found] == [
        ("sms", GapReason.NO_GATEWAY),
        ("webpush", GapReason.NO_RECIPIENTS),
    ]


@pytest.mark.parametrize(
    ("states", "receipts", "found"),
    [
        ({"accepted": 95, "rejected": 5}, {"delivered": 95}, []),
        ({"accepted": 94, "rejected": 6}, {"delivered": 94}, [(GapReason.MANY_FAILED, 6)]),
        ({"accepted": 100}, {"delivered": 50}, []),
        ({"accepted": 100}, {"delivered": 49}, [(GapReason.MANY_UNHEARD, 51)]),
        ({"accepted": 20, "gone": 900, "quiet_past_end": 900}, {"delivered": 20}, []),
        ({"accepted": 9, "rejected": 10}, {}, []),
        ({"pending": 100}, {}, []),
        ({}, {}, []),
    ],
)
def test_a_channel_is_weak_above_a_stated_share(states: Any, receipts: Any, found: Any) -> None:
    assert weak(states, receipts=receipts) == found


def test_what_a_gateway_could_not_deliver_makes_it_weak() -> None:
    assert weak({"accepted": 100}, receipts={"delivered": 90}, reports={"failed": 7}) == [
        (GapReason.MANY_FAILED, 7)
    ]


def test_every_gap_has_words() -> None:
    assert {gap_word(one, environment) for one in GapReason for environment in Environment} <= set(WORDS)


def test_of_an_exercise_nobody_may_take_part() -> None:
    exercise, gap = Environment.EXERCISE, GapReason.NOBODY_SUBSCRIBED
    assert "Niemand nimmt dort an Übungen teil" in WORDS[gap_word(gap, exercise)].de
    assert "Niemand angemeldet" in WORDS[gap_word(gap, Environment.LIVE)].de
    assert gap_word(GapReason.NO_GATEWAY, exercise) == "gap_no_gateway"
