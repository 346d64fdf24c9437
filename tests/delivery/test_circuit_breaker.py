"""When a gateway is left alone, and for how long."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dispatcher.delivery.circuit_breaker import Breaker
from dispatcher.model.retry_policy import BreakerPolicy

POLICY = BreakerPolicy()


def failing(breaker: Any, count: Any, now: float = 0.0) -> list[Any]:
    return [breaker.note(failed=True, now=now) for _ in range(count)]


def test_it_opens_when_more_than_half_of_enough_answers_are_failures() -> None:
    breaker = Breaker(POLICY)
    assert failing(breaker, POLICY.answers_min - 1) == [0.0] * (POLICY.answers_min - 1)
    assert breaker.note(failed=True, now=0.0) == POLICY.pause_base_s
    assert breaker.probing


def test_half_of_the_answers_is_not_more_than_half() -> None:
    breaker = Breaker(POLICY)
    pauses = [breaker.note(failed=bool(n % 2), now=0.0) for n in range(10 * POLICY.answers_min)]
    assert not any(pauses)
    assert not breaker.probing


def test_answers_older_than_the_window_are_forgotten() -> None:
    breaker = Breaker(POLICY)
    failing(breaker, POLICY.answers_min - 1)
    assert breaker.note(failed=True, now=POLICY.window_s + 1) == 0.0


def test_answers_within_the_window_are_not_forgotten() -> None:
    breaker = Breaker(POLICY)
    failing(breaker, POLICY.answers_min - 1)
    assert breaker.note(failed=True, now=POLICY.window_s) == POLICY.pause_base_s


def test_an_unreachable_gateway_opens_it_at_once_and_for_longer_each_time() -> None:
    breaker, now, pauses = Breaker(POLICY), 0.0, []
    for _ in range(12):
        pauses.append(breaker.fail(now))
        now += pauses[-1]
    assert pauses == [1, 2, 4, 8, 16, *[POLICY.pause_cap_s] * 7]


def test_a_probe_that_fails_opens_it_for_longer() -> None:
    breaker = Breaker(POLICY)
    breaker.fail(0.0)
    assert breaker.note(failed=True, now=POLICY.pause_base_s) == 2 * POLICY.pause_base_s
    assert breaker.probing


def test_a_probe_that_succeeds_closes_it_and_forgets_how_often_it_had_opened() -> None:
    breaker = Breaker(POLICY)
    breaker.fail(0.0)
    breaker.fail(1.0)
    assert breaker.note(failed=False, now=3.0) == 0.0
    assert not breaker.probing
    assert failing(breaker, POLICY.answers_min, now=4.0)[-1] == POLICY.pause_base_s


@pytest.mark.parametrize("failed", [True, False])
def test_answers_that_were_under_way_when_it_opened_neither_close_it_nor_keep_it_open_longer(
    failed: bool,
) -> None:
    """A slice of a hundred is in flight: its other eighty answers belong to the same incident."""
    breaker = Breaker(POLICY)
    failing(breaker, POLICY.answers_min, now=10.0)
    late = [breaker.note(failed=failed, now=10.25) for _ in range(80)]
    assert late == [POLICY.pause_base_s - 0.25] * 80, (
        "everybody else who asks learns how long the pause still is"
    )
    assert breaker.probing
    assert breaker.note(failed=True, now=10.0 + POLICY.pause_base_s) == 2 * POLICY.pause_base_s


def test_two_batches_that_find_the_gateway_unreachable_at_once_are_one_incident() -> None:
    breaker = Breaker(POLICY)
    assert breaker.fail(10.0) == POLICY.pause_base_s
    assert breaker.fail(10.25) == POLICY.pause_base_s - 0.25
    assert breaker.fail(10.0 + POLICY.pause_base_s) == 2 * POLICY.pause_base_s


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 5), st.integers(1, 40)), max_size=60))
@example([(False, 0.0, 1), (True, 0.0, 11), (False, 0.0, 8)])
def test_alike_answers_at_once_count_like_one_after_another(answers: Any) -> None:
    """Until it opens. A success never opens it."""
    together, apart, now = Breaker(POLICY), Breaker(POLICY), 0.0
    for failed, later, count in answers:
        now += later
        pause = together.note(failed=failed, now=now, answers=count)
        pauses = [apart.note(failed=failed, now=now) for _ in range(count)]
        assert bool(pause) == (failed and any(pauses))
        if any(pauses):
            return
        assert together.probing == apart.probing


def test_of_many_answers_at_once_the_first_is_the_probe() -> None:
    breaker = Breaker(POLICY)
    breaker.fail(0.0)
    assert breaker.note(failed=False, now=POLICY.pause_base_s, answers=POLICY.answers_min) == 0.0
    assert not breaker.probing
    assert not any(failing(breaker, POLICY.answers_min - 1, now=POLICY.pause_base_s)), (
        "the others count among the answers"
    )


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 5)), max_size=200))
def test_no_pause_exceeds_the_cap_and_a_working_gateway_is_never_shut_out(answers: Any) -> None:
    breaker, now = Breaker(POLICY), 0.0
    for failed, later in answers:
        now += later
        assert 0 <= breaker.note(failed=failed, now=now) <= POLICY.pause_cap_s
    for _ in range(3 * POLICY.answers_min):
        now += POLICY.pause_cap_s
        breaker.note(failed=False, now=now)
    assert not breaker.probing
