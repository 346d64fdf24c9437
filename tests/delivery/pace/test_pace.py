"""The pace of one gateway: configured, learnt, shared, or none."""

from math import inf
from typing import Any

import pytest

from dispatcher.delivery.pace.learnt_rate import LearntRate
from dispatcher.delivery.pace.pace import KEPT_BELOW, Pace
from dispatcher.model.rates.found_rate import FoundRate


class Part:
    """A part of an account, as a test says."""

    grants, not_before = True, -inf

    def __init__(self) -> None:
        self.parts, self.units = 1, 0.0
        self.asked: list[Any] = []
        self.told: list[Any] = []
        self.accepts: list[Any] = []

    def share(self, learnt: LearntRate) -> None:
        self.learnt = learnt

    def accepted(self, *arguments: Any) -> None:
        self.accepts.append(arguments)

    def refused(self, *arguments: Any) -> None:
        self.told.append(arguments)

    def left(self, _now: float) -> float:
        return self.units

    def wait_s(self, _now: float) -> float:
        return 0.0 if self.units else inf

    def spend(self, units: float) -> None:
        self.units -= units

    def ask(self, *arguments: Any) -> None:
        self.asked.append(arguments)


def test_without_a_rate_nothing_waits() -> None:
    pace = Pace()
    pace.leave(10_000, 0.0)
    assert (pace.rate, pace.ready(0.0), pace.wait_s(0.0), pace.learnt) == (None, inf, 0.0, None)


def test_a_little_less_than_the_configured_rate_leaves() -> None:
    pace = Pace(200)
    assert pace.rate == KEPT_BELOW * 200
    pace.leave(pace.ready(0.0), 0.0)
    assert pace.ready(0.0) == 0
    pace.leave(0, 9.0)
    assert pace.ready(9.0) == pytest.approx(1.96 + 19.6), "what could have left in the last tenth of a second"
    pace.leave(pace.ready(9.0), 9.0)
    assert pace.wait_s(9.0) == pytest.approx(1 / pace.rate)
    assert pace.ready(9.0 + 1 / pace.rate) >= 1


def test_after_a_refusal_it_is_left_alone_as_long_as_it_asks() -> None:
    pace = Pace()
    pace.accepted(10, 0.0)
    pace.refused(0.0, 0.1, 30.0)
    assert pace.ready(30.0) == 0
    assert pace.wait_s(30.0) == pytest.approx(0.1)
    assert pace.ready(30.2) >= 1
    pace.refused(31.0, 31.0)
    pace.refused(30.0, 31.0, 9.0)
    assert pace.wait_s(31.0) == 9, "also what left earlier may learn of a longer wait"


def test_of_a_shared_account_only_this_processs_part_leaves() -> None:
    part: Any = Part()
    pace = Pace(100, part)
    assert (pace.ready(0.0), pace.wait_s(0.0)) == (0.0, inf)
    pace.ask(7, 1, 0, print)
    assert part.asked == [(7, 1, 0, print)]
    part.units = 5.0
    assert 1 <= pace.ready(0.0) <= 5
    pace.leave(2, 0.0)
    assert part.units == 3
    part.parts = 4
    assert pace.rate == KEPT_BELOW * 25, "each process for itself while the bucket is away"


def test_a_rate_that_was_found_too_low_grows_also_where_a_message_is_of_several_parts() -> None:
    pace, now = Pace(), 0.0
    pace.refused(0.0, 0.0)
    for _ in range(12):
        now += pace.wait_s(now)
        pace.leave(3, now)
        pace.accepted(3, now)
    assert pace.learnt is not None
    assert pace.learnt > 4


def test_of_refusals_those_are_told_to_others_from_which_something_was_learnt() -> None:
    part: Any = Part()
    pace = Pace(None, part)
    pace.accepted(4, 0.0)
    pace.tell(0.0, print)
    assert (part.told, part.accepts) == ([], [(4, 0.0)])
    pace.refused(0.0, 0.1)
    pace.refused(0.0, 0.1)
    pace.tell(0.1, print)
    pace.tell(0.1, print)
    [(rests_s, then)] = part.told
    assert rests_s == pace.rests_s(0.1) > 0
    assert then is print
    pace.refused(0.0, 0.2, 30.0)
    pace.tell(0.2, print)
    assert part.told[1:] == [(30.0, print)], "an old message may learn of a longer wait"
    pace.accepted(1, 31.0)
    pace.tell(31.0, print)
    assert len(part.told) == 3, "that it takes something again ends everybody's doubt"


def test_what_others_found_and_were_asked_to_wait_holds_here() -> None:
    part: Any = Part()
    pace = Pace(None, part)
    part.learnt.adopt(FoundRate(3, 5.0), 1.0)
    assert (pace.rate, pace.learnt) == (5.0, 5.0)
    part.not_before = 9.0
    assert (pace.ready(1.0), pace.rests_s(1.0)) == (0.0, 8.0)
    part.parts = 2
    assert pace.rate == 2.5, "each process for itself while the bucket is away"
    pace.refused(0.5, 1.5)
    assert part.learnt.found.version == 3, "what left before this was known teaches nothing"
