"""Even spacing: never more in any second than the rate and a burst, and no less than it if there is enough to send."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.delivery.pace.spacing import HELD_MAX_S, Departures, Spacing


def leaving(rate: float, seconds: float, units: float = 1.0, step_s: float = 0.0005) -> list[float]:
    """When messages leave, if there are always some and somebody looks at every step."""
    spacing, now, left = Spacing(rate, 0.0), 0.0, []
    while now < seconds:
        while spacing.ready(now):
            spacing.spend(units, now)
            left.append(now)
        now += max(step_s, spacing.wait_s(now))
    return left


def most_in_a_second(left: list[float]) -> int:
    return max(sum(first <= at < first + 1 for at in left) for first in left)


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


def test_what_was_held_up_leaves_evenly_all_the_same() -> None:
    departures = Departures()
    waits = [departures.wait_s(1, 50, 3.0) for _ in range(5)]
    assert waits == pytest.approx([number / 50.5 for number in range(5)])
    assert departures.wait_s(1, 50, 3.2) == 0, "and what comes at the rate does not wait"


def test_what_is_claimed_leaves_soon_even_if_the_rate_falls() -> None:
    departures = Departures()
    waits = [departures.wait_s(1, rate, 3.0) for rate in [100.0] * 50 + [0.5] * 3]
    assert max(waits[:50]) == pytest.approx(HELD_MAX_S)
    assert max(waits) <= 2, "one message's time at half a message a second"


def test_a_process_that_looks_late_each_time_loses_nothing_and_bursts_no_more_than_it_was_late() -> None:
    spacing, now, left = Spacing(50, 0.0, 0.1), 0.0, 0
    while now < 10:
        while spacing.ready(now):
            spacing.spend(1, now)
            left += 1
        now += spacing.wait_s(now) + 0.03
    assert left == pytest.approx(500, abs=8)
    assert spacing.ready(now + 3600) == 6, "an hour without use is none of it"
