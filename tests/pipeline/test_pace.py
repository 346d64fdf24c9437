"""Slices for a gateway at its limit shrink until its answers come together; those for others do not."""

import pytest

from dispatcher.pipeline.pace import LEAST, SPREAD_S, Pace


def test_a_gateway_that_answers_together_keeps_its_full_slices():
    pace = Pace()
    for _ in range(10):
        assert pace.size(100) == 100
        pace.note(100, SPREAD_S / 2)


@pytest.mark.parametrize("per_s", [100, 400, 3000])
def test_slices_shrink_to_what_is_answered_in_time(per_s):
    pace = Pace()
    for _ in range(20):
        size = pace.size(100)
        pace.note(size, size / per_s)
    assert pace.size(100) <= max(LEAST, 2 * per_s * SPREAD_S)
    assert pace.size(100) >= min(LEAST, per_s * SPREAD_S)


def test_they_grow_again_and_never_beyond_what_is_allowed():
    pace = Pace()
    pace.note(100, 10.0)
    assert pace.size(100) == LEAST
    for _ in range(10):
        pace.note(pace.size(100), 0.0)
    assert pace.size(100) == 100
    assert pace.size(1) == 1


def test_a_few_answers_say_nothing():
    pace = Pace()
    pace.note(1, 10.0)
    assert pace.size(100) == 100
