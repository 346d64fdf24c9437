"""What failures say of a gateway, and what only of those whom they befell."""

import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.delivery.health.evidence import GatewayEvidence, GatewayVerdict, Sign, SliceTally
from dispatcher.delivery.leased_batch import evenly

LEAST = 20
SLICE = 20


WELL, SUSPECT, SICK = GatewayVerdict


def tally(
    failures: int,
    sign: Sign = Sign.FAULT,
    *,
    accepted: int = 0,
    started: float = 0.0,
    batch: int = 1,
) -> SliceTally:
    one = SliceTally(started, batch, accepted)
    for _ in range(failures):
        one.note(sign, "503", first=True)
    return one


@pytest.mark.parametrize("sign", list(Sign))
def test_many_in_a_row_make_the_gateway_suspect_and_of_another_batch_sick(sign: Sign) -> None:
    evidence = GatewayEvidence()
    assert not evidence.in_doubt
    assert [evidence.take(tally(12, sign), sign, LEAST) for _ in range(3)] == [WELL, SUSPECT, SUSPECT]
    assert evidence.take(tally(1, sign, batch=2), sign, LEAST) is SICK
    evidence.forget(sign)
    assert not evidence.in_doubt
    assert evidence.take(tally(12, sign), sign, LEAST) is WELL


def test_one_slice_alone_convinces_nobody() -> None:
    evidence = GatewayEvidence()
    assert evidence.take(tally(1000), Sign.FAULT, LEAST) is WELL
    assert evidence.in_doubt
    assert evidence.take(tally(1), Sign.FAULT, LEAST) is SUSPECT


def test_an_acceptance_in_the_slice_or_since_its_requests_began_clears_the_gateway() -> None:
    evidence = GatewayEvidence()
    assert evidence.take(tally(99, accepted=1), Sign.FAULT, LEAST) is WELL
    evidence.take(tally(19, started=1.0), Sign.FAULT, LEAST)
    evidence.accept(2.0)
    assert not evidence.in_doubt
    hanging = [evidence.take(tally(99, started=1.0), Sign.FAULT, LEAST) for _ in range(5)]
    assert hanging == [WELL] * 5, "they had been silent since before others were accepted"
    assert evidence.take(tally(99, started=3.0), Sign.FAULT, LEAST) is WELL
    assert evidence.take(tally(99, started=3.0), Sign.FAULT, LEAST) is SUSPECT
    assert evidence.accepted_at == 2.0


def test_retries_judge_nobody() -> None:
    evidence, retried = GatewayEvidence(), SliceTally(0.0)
    for _ in range(500):
        retried.note(Sign.FAULT, "507", first=False)
    assert {evidence.take(retried, Sign.FAULT, LEAST) for _ in range(9)} == {WELL}
    assert (retried.faults_in_all, retried.of(Sign.FAULT), evidence.in_doubt) == (500, 0, False)


def test_answers_that_are_final_for_one_show_that_the_gateway_works_but_not_that_it_takes_our_key() -> None:
    evidence = GatewayEvidence()
    mixed = tally(50)
    mixed.refused, mixed.well = 50, 1
    assert {evidence.take(mixed, Sign.FAULT, LEAST) for _ in range(3)} == {WELL}
    assert [evidence.take(mixed, Sign.REFUSED, LEAST) for _ in range(2)] == [WELL, SUSPECT]


def test_the_longest_wait_that_was_asked_for_counts() -> None:
    one = SliceTally(0.0)
    for seconds in (3.0, 30.0, 7.0):
        one.note(Sign.THROTTLED, "429", first=True, asked_s=seconds)
    assert (one.asked_s, one.code, one.throttled) == (30.0, "429", 3)


def judged(sick: list[bool], order: Sequence[int]) -> int:
    """Send to all in slices, in this order; how often the gateway was suspected."""
    evidence, suspected = GatewayEvidence(), 0
    for now in range(0, len(sick), SLICE):
        chosen = order[now : now + SLICE]
        failures = sum(sick[one] for one in chosen)
        if accepted := len(chosen) - failures:
            evidence.accept(now + 0.5)
        one = tally(failures, accepted=accepted, started=now)
        suspected += evidence.take(one, Sign.FAULT, LEAST) is not WELL
    return suspected


@given(st.integers(0, 2**32), st.integers(20, 1000), st.integers(0, 40), st.floats(0, 1, exclude_max=True))
def test_sick_recipients_wherever_they_lie_never_stop_the_others(
    seed: int, count: int, percent: int, begin: float
) -> None:
    dead, first = count * percent // 100, int(begin * count)
    together = [(n - first) % count < dead for n in range(count)]
    assert judged(together, evenly(count)) == 0
    mixed = together[:]
    random.Random(seed).shuffle(mixed)
    assert judged(mixed, evenly(count)) == 0


def test_in_the_order_of_the_batch_they_would() -> None:
    assert judged([n < 120 for n in range(300)], range(300)) > 0


@given(st.integers(1, 100))
def test_a_gateway_that_is_down_is_suspected_after_two_slices_or_as_many_recipients_as_it_takes(
    size: Any,
) -> None:
    evidence, sent = GatewayEvidence(), size
    while evidence.take(tally(size), Sign.FAULT, LEAST) is WELL:
        sent += size
    assert sent <= max(LEAST + size - 1, 2 * size)
