"""Even spacing: never more in any second than the rate and a burst, and no less than it if there is enough to send."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.delivery.pace.spacing import Departures, Spacing
from tests.support.busiest_second import most_in_a_second


def leaving(rate: float, seconds: float, units: float = 1.0, step_s: float = 0.0005) -> list[float]:
    """When messages leave, if there are always some and somebody looks at every step."""
    spacing, now, left = Spacing(rate, 0.0), 0.0, []
    while now < seconds:
        while spacing.ready(now):
            spacing.spend(units, now)
            left.append(now)
        now += max(step_s, spacing.wait_s(now))
    return left


@pytest.mark.parametrize("rate", [0.5, 1, 7, 50, 196, 1000])
def test_messages_leave_evenly_and_none_is_missing(rate: float) -> None:
    left = leaving(rate, 4.0)
    burst = max(1, rate / 100)
    assert most_in_a_second(left) <= rate + burst
    assert len(left) >= 4 * rate * 0.97 - 1
    gaps = [later - earlier for earlier, later in pairwise(left)]
    assert max(gaps, default=0) <= 1 / rate + 0.001 + burst / rate, "no pause, either"


def test_a_message_of_several_units_leaves_as_a_whole_and_what_it_owes_is_waited_for() -> None:
    left = leaving(30, 4.0, units=6)
    assert left[1] - left[0] == pytest.approx(0.2, abs=0.002)
    assert len(left) == pytest.approx(20, abs=1)


def test_what_was_not_used_is_not_saved_up() -> None:
    spacing = Spacing(50, 0.0)
    assert spacing.ready(3600.0) == 1


def test_a_new_rate_holds_at_once() -> None:
    spacing = Spacing(1000, 0.0)
    spacing.change(2, 0.0)
    assert spacing.ready(0.0) == 1
    spacing.spend(1, 0.0)
    assert spacing.wait_s(0.0) == 0.5


@given(st.floats(0.5, 1000), st.lists(st.floats(0, 2), max_size=30))
def test_whoever_waits_as_long_as_told_may_go(rate: float, pauses: list[float]) -> None:
    spacing, now = Spacing(rate, 0.0), 0.0
    for pause in pauses:
        now += pause + spacing.wait_s(now + pause)
        assert spacing.ready(now) >= 0.999
        spacing.spend(3, now)
        assert spacing.ready(now - 1) == spacing.ready(now), "a clock that goes back gives nothing"


def departed(ready: list[float], rate: float, standstill: tuple[float, float] = (0, 0)) -> list[float]:
    """When messages leave that are ready then, from a process that stands still from one moment to the other."""
    departures, left = Departures(), [0.0]
    for at in ready:
        now = at + departures.wait_s(1, rate, at)
        if standstill[0] <= now < standstill[1]:
            now = standstill[1]
        now = max(now, left[-1])
        now += departures.crowded_s(1, rate, now)
        departures.leave(1, now)
        left.append(now)
    return left[1:]


def test_what_was_held_up_leaves_evenly_all_the_same() -> None:
    left = departed([3.0] * 5 + [3.2], 50)
    assert left == pytest.approx([3 + number / 50.5 for number in range(5)] + [3.2])


@pytest.mark.parametrize("seconds", [0.05, 0.3, 1.0, 2.5])
@pytest.mark.parametrize("rate", [1, 3, 49, 196, 980])
def test_after_a_standstill_no_second_sees_more_than_the_rate(rate: float, seconds: float) -> None:
    left = departed([number / rate for number in range(int(rate * 6))], rate, (2.0, 2.0 + seconds))
    assert most_in_a_second([round(at, 6) for at in left]) <= math.ceil(1.01 * rate)
    assert left[-1] <= 6 + seconds, "and nothing else is lost"


def test_a_message_of_several_units_exceeds_a_second_by_what_it_is_larger_than_one() -> None:
    departures, now, left = Departures(), 0.0, []
    while now < 5:
        now += departures.crowded_s(1, 10, now)
        departures.leave(3, now)
        left.append(now)
    assert 3 * most_in_a_second([round(at, 6) for at in left]) == 12
    assert departures.crowded_s(99, 10, now) == 1.0, "those that leave together and are more leave alone"


def test_a_process_that_looks_late_each_time_loses_nothing_and_bursts_no_more_than_it_was_late() -> None:
    spacing, now, left = Spacing(50, 0.0, 0.1), 0.0, 0
    while now < 10:
        while spacing.ready(now):
            spacing.spend(1, now)
            left += 1
        now += spacing.wait_s(now) + 0.03
    assert left == pytest.approx(500, abs=8)
    assert spacing.ready(now + 3600) == 6, "an hour without use is none of it"
