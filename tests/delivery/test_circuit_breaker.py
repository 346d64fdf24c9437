"""When a gateway is left alone, and for how long."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.delivery.circuit_breaker import Breaker
from dispatcher.model.retry_policy import BreakerPolicy

POLICY = BreakerPolicy()


def test_a_gateway_that_fails_is_left_alone_for_longer_each_time() -> None:
    breaker, now, pauses = Breaker(POLICY), 0.0, []
    for _ in range(12):
        pauses.append(breaker.fail(now))
        assert breaker.probing
        now += pauses[-1]
    assert pauses == [1, 2, 4, 8, 16, *[POLICY.pause_cap_s] * 7]


def test_a_probe_that_is_accepted_closes_it_and_forgets_how_often_it_had_opened() -> None:
    breaker = Breaker(POLICY)
    breaker.fail(0.0)
    breaker.fail(1.0)
    breaker.accept(3.0)
    assert not breaker.probing
    assert breaker.rest_s(3.0) == 0.0
    assert breaker.fail(4.0) == POLICY.pause_base_s


def test_what_was_under_way_when_it_opened_neither_closes_it_nor_keeps_it_open_longer() -> None:
    """A slice of a hundred is in flight: its other eighty answers belong to the same incident, as do those of other
    batches.
    """
    breaker = Breaker(POLICY)
    assert breaker.fail(10.0) == POLICY.pause_base_s
    breaker.accept(10.25)
    assert breaker.fail(10.25) == breaker.rest_s(10.25) == POLICY.pause_base_s - 0.25
    assert breaker.probing
    assert breaker.fail(10.0 + POLICY.pause_base_s) == 2 * POLICY.pause_base_s


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 5)), max_size=200))
def test_no_pause_exceeds_the_cap_and_a_working_gateway_is_never_shut_out(answers: Any) -> None:
    breaker, now = Breaker(POLICY), 0.0
    for failed, later in answers:
        now += later
        if failed:
            assert 0 < breaker.fail(now) <= POLICY.pause_cap_s
        else:
            breaker.accept(now)
        assert 0 <= breaker.rest_s(now) <= POLICY.pause_cap_s
    breaker.accept(now + POLICY.pause_cap_s)
    assert not breaker.probing
