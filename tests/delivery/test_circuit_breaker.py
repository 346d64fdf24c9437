"""When a gateway is left alone, and for how long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.delivery.circuit_breaker import MINIMUM, PAUSE_BASE_S, PAUSE_CAP_S, WINDOW_S, Breaker


def failing(breaker, count, now=0.0):
    return [breaker.note(failed=True, now=now) for _ in range(count)]


def test_it_opens_when_more_than_half_of_enough_answers_are_failures():
    breaker = Breaker()
    assert failing(breaker, MINIMUM - 1) == [0.0] * (MINIMUM - 1)
    assert breaker.note(failed=True, now=0.0) == PAUSE_BASE_S
    assert breaker.probing


def test_half_of_the_answers_is_not_more_than_half():
    breaker = Breaker()
    pauses = [breaker.note(failed=bool(n % 2), now=0.0) for n in range(10 * MINIMUM)]
    assert not any(pauses)
    assert not breaker.probing


def test_answers_older_than_the_window_are_forgotten():
    breaker = Breaker()
    failing(breaker, MINIMUM - 1)
    assert breaker.note(failed=True, now=WINDOW_S + 1) == 0.0


def test_answers_within_the_window_are_not_forgotten():
    breaker = Breaker()
    failing(breaker, MINIMUM - 1)
    assert breaker.note(failed=True, now=WINDOW_S) == PAUSE_BASE_S


def test_an_unreachable_gateway_opens_it_at_once_and_for_longer_each_time():
    breaker, now, pauses = Breaker(), 0.0, []
    for _ in range(12):
        pauses.append(breaker.fail(now))
        now += pauses[-1]
    assert pauses == [1, 2, 4, 8, 16, *[PAUSE_CAP_S] * 7]


def test_a_probe_that_fails_opens_it_for_longer():
    breaker = Breaker()
    breaker.fail(0.0)
    assert breaker.note(failed=True, now=PAUSE_BASE_S) == 2 * PAUSE_BASE_S
    assert breaker.probing


def test_a_probe_that_succeeds_closes_it_and_forgets_how_often_it_had_opened():
    breaker = Breaker()
    breaker.fail(0.0)
    breaker.fail(1.0)
    assert breaker.note(failed=False, now=3.0) == 0.0
    assert not breaker.probing
    assert failing(breaker, MINIMUM, now=4.0)[-1] == PAUSE_BASE_S


@pytest.mark.parametrize("failed", [True, False])
def test_answers_that_were_under_way_when_it_opened_neither_close_it_nor_keep_it_open_longer(failed):
    """A slice of a hundred is in flight: its other eighty answers belong to the same incident."""
    breaker = Breaker()
    failing(breaker, MINIMUM, now=10.0)
    late = [breaker.note(failed=failed, now=10.25) for _ in range(80)]
    assert late == [PAUSE_BASE_S - 0.25] * 80, "everybody else who asks learns how long the pause still is"
    assert breaker.probing
    assert breaker.note(failed=True, now=10.0 + PAUSE_BASE_S) == 2 * PAUSE_BASE_S


def test_two_batches_that_find_the_gateway_unreachable_at_once_are_one_incident():
    breaker = Breaker()
    assert breaker.fail(10.0) == PAUSE_BASE_S
    assert breaker.fail(10.25) == PAUSE_BASE_S - 0.25
    assert breaker.fail(10.0 + PAUSE_BASE_S) == 2 * PAUSE_BASE_S


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 5), st.integers(1, 40)), max_size=60))
def test_alike_answers_at_once_count_like_one_after_another(answers):
    """Until it opens. Successes at one instant never open it: one by one, the first of them might."""
    together, apart, now = Breaker(), Breaker(), 0.0
    for failed, later, count in answers:
        now += later
        pause = together.note(failed=failed, now=now, answers=count)
        pauses = [apart.note(failed=failed, now=now) for _ in range(count)]
        assert bool(pause) == (failed and any(pauses))
        if any(pauses):
            return
        assert together.probing == apart.probing


def test_of_many_answers_at_once_the_first_is_the_probe():
    breaker = Breaker()
    breaker.fail(0.0)
    assert breaker.note(failed=False, now=PAUSE_BASE_S, answers=MINIMUM) == 0.0
    assert not breaker.probing
    assert not any(failing(breaker, MINIMUM - 1, now=PAUSE_BASE_S)), "the others count among the answers"


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 5)), max_size=200))
def test_no_pause_exceeds_the_cap_and_a_working_gateway_is_never_shut_out(answers):
    breaker, now = Breaker(), 0.0
    for failed, later in answers:
        now += later
        assert 0 <= breaker.note(failed=failed, now=now) <= PAUSE_CAP_S
    for _ in range(3 * MINIMUM):
        now += PAUSE_CAP_S
        breaker.note(failed=False, now=now)
    assert not breaker.probing
