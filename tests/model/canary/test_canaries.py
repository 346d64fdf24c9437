"""When a canary is late, and which lanes are tested."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dispatcher.model.canary.canaries import (
    SLACK,
    Canary,
    CanaryStage,
    LaneProof,
    lanes_of,
    place_of,
    silent_lanes,
)
from dispatcher.model.vocabulary import CANARY_PREFIX, CANARY_SOURCE, Lane
from tests.support.messages import NOW

MINUTE = timedelta(minutes=1)
LATEST = 2 * MINUTE + SLACK
A_MOMENT = timedelta(seconds=1)


def canary(*proven: Any, created: Any = timedelta(days=1), in_turn: bool = False) -> Canary:
    """One whose lanes were proven so long ago; None: never."""
    ages = proven or (None,) * len(Lane)
    lanes = tuple(
        LaneProof(lane, NOW, None if age is None else NOW - age) for lane, age in zip(Lane, ages, strict=True)
    )
    every, stage = MINUTE, CanaryStage.DELIVERED
    return Canary("own", "webpush", "https://w", every, stage, in_turn, NOW - created, None, lanes)


def test_a_canary_is_late_after_two_intervals_and_a_minute() -> None:
    found = canary(LATEST, LATEST + A_MOMENT, A_MOMENT, None)
    assert found.late_lanes(NOW) == [Lane.PRIORITY, Lane.EXERCISE]


def test_a_new_one_has_as_much_time() -> None:
    assert canary(created=LATEST).late_lanes(NOW) == []
    assert canary(created=LATEST + A_MOMENT).late_lanes(NOW) == list(Lane)
    assert canary(*[timedelta(hours=1)] * 4, created=A_MOMENT).late_lanes(NOW) == [], "added again"


def test_where_lanes_take_turns_each_has_as_much_longer() -> None:
    assert canary(*[5 * MINUTE] * 4, in_turn=True).late_lanes(NOW) == []
    assert [lanes_of(turn, in_turn=True)[0] for turn in range(5)] == [*Lane, Lane.FLASH]
    assert lanes_of(3, in_turn=False) == tuple(Lane)


def test_a_lane_is_silent_where_no_canary_hears_anything() -> None:
    one, other = canary(*[LATEST + A_MOMENT] * 4), canary(A_MOMENT, 5 * MINUTE, A_MOMENT, A_MOMENT)
    assert silent_lanes([one, other], NOW) == {Lane.PRIORITY: NOW - LATEST - A_MOMENT}
    assert silent_lanes([], NOW) == {}
    assert silent_lanes([replace(one, lanes=())], NOW) == {}


def test_a_slow_canary_does_not_speak_for_the_last_minutes() -> None:
    one = canary(*[10 * MINUTE] * 4)
    slow = replace(canary(*[20 * MINUTE] * 4), every=60 * MINUTE)
    assert silent_lanes([one, slow], NOW) == dict.fromkeys(Lane, NOW - 10 * MINUTE)
    assert silent_lanes([slow], NOW) == {}
    assert silent_lanes([one, replace(slow, lanes=canary(*[A_MOMENT] * 4).lanes)], NOW) == {}, "it does hear"


def test_all_lanes_are_proven_as_of_the_one_that_was_so_longest_ago() -> None:
    assert canary(A_MOMENT, MINUTE, A_MOMENT, A_MOMENT).all_proven_at == NOW - MINUTE
    assert canary(A_MOMENT, None, A_MOMENT, A_MOMENT).all_proven_at is None


@pytest.mark.parametrize("name", [CANARY_PREFIX, CANARY_SOURCE, place_of("own")])
def test_no_name_of_a_canary_is_a_municipalitys_or_a_partys(name: str) -> None:
    assert not name.isdigit()
    assert replace(canary(), name=name).name == name
