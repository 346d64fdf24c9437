"""The pace of one gateway: configured, learnt, shared, or none."""

from math import inf
from typing import Any

import pytest

from dispatcher.delivery.pace.pace import KEPT_BELOW, Pace


class Part:
    """A part of an account, as a test says."""

    def __init__(self) -> None:
        self.parts, self.units, self.asked = 1, 0.0, []

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
