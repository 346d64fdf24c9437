"""Retries that fail are bounded by first attempts; retries that succeed cost nothing."""

import random

import pytest

from dispatcher.delivery.retry_budget import RetryBudget
from dispatcher.model.retry_policy import RetryBudgetPolicy

POLICY = RetryBudgetPolicy()


def test_small_sends_never_notice_it() -> None:
    budget = RetryBudget(POLICY)
    for number in range(int(POLICY.reserve)):
        assert budget.allowed(0.0) > 0, number
        budget.note(retry=True, failed=True, now=0.0)
    assert budget.allowed(0.0) == 0
    assert budget.wait_s(0.0) == 1 / POLICY.trickle_per_s
    assert budget.allowed(1 / POLICY.trickle_per_s) == 1


def test_a_gateway_that_is_well_again_gets_everything_at_once() -> None:
    budget = RetryBudget(POLICY)
    for _ in range(100_000):
        assert budget.allowed(0.0) == POLICY.reserve
        budget.note(retry=True, failed=False, now=0.0)


def test_idle_time_fills_it_to_the_reserve_and_no_further() -> None:
    budget = RetryBudget(POLICY)
    for _ in range(50):
        budget.note(retry=True, failed=True, now=0.0)
    assert budget.allowed(1e6) == POLICY.reserve
    assert budget.allowed(0.0) == POLICY.reserve, "a clock that goes back takes nothing away"


@pytest.mark.parametrize("retry", [False, True])
def test_alike_answers_at_once_count_like_one_after_another(retry: bool) -> None:
    together, apart = RetryBudget(POLICY), RetryBudget(POLICY)
    for budget in (together, apart):
        for _ in range(60):
            budget.note(retry=True, failed=True, now=0.0)
    together.note(retry=retry, failed=True, now=0.0, answers=20)
    for _ in range(20):
        apart.note(retry=retry, failed=True, now=0.0)
    assert together.allowed(0.0) == apart.allowed(0.0)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.9, 1.0])
def test_failed_retries_stay_below_a_tenth_the_reserve_and_the_trickle(share: float) -> None:
    """A gateway that fails a share of everything, and a sender that retries whatever it may."""
    budget, chance = RetryBudget(POLICY), random.Random(share)
    first = failed_retries = waiting = 0
    seconds = 100.0
    for step in range(10_000):
        now = step * seconds / 10_000
        first += 1
        failed = chance.random() < share
        waiting += failed
        budget.note(retry=False, failed=failed, now=now)
        for _ in range(min(waiting, budget.allowed(now), 5)):
            failed = chance.random() < share
            failed_retries += failed
            waiting -= not failed
            budget.note(retry=True, failed=failed, now=now)
    assert failed_retries <= POLICY.earned * first + POLICY.reserve + POLICY.trickle_per_s * seconds + 5
