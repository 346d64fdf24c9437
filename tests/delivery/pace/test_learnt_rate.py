"""What is learnt of gateways that take 1 to 1,000 a second and refuse in every usual way: by a clock of its own."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.delivery.pace.learnt_rate import LearntRate, RecentAcceptances
from dispatcher.delivery.pace.pace import Pace
from dispatcher.model.rates.found_rate import FoundRate
from tests.delivery.pace.gateway_policies import (
    ANSWER_S,
    JITTER_S,
    FixedWindow,
    SlidingWindow,
    TokenBucket,
    send,
)

RATES = (1, 3, 10, 30, 100, 300, 1000)
KINDS: dict[str, Any] = {
    "fixed window": FixedWindow,
    "fixed window that begins soon": lambda rate: FixedWindow(rate, 0.95),
    "sliding window": SlidingWindow,
    "bucket of a second": lambda rate: TokenBucket(rate, rate),
    "bucket of a tenth": lambda rate: TokenBucket(rate, rate / 10),
}


def sent(kind: str, rate: float, seconds: float, **more: Any) -> Any:
    messages = int(rate * seconds)
    result = send(KINDS[kind](rate), messages, max(20, int(rate) // 5), Pace(), **more)
    return result.seconds / seconds, result.refused / messages


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rate", [1, 3, 10, 30, 100])
def test_a_minutes_send_takes_little_more_than_a_minute(kind: str, rate: float) -> None:
    took, refused = sent(kind, rate, 60)
    assert took <= 1.2
    assert refused * rate * 60 <= 60 + 1.5 * rate, (
        "one a second at most, and what the first burst has too many"
    )
    most = 1.35 if rate >= 10 else 1.75
    assert sent(kind, rate, 60, says_when=True)[0] <= most, "each refusal costs the second that it asks for"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rate", RATES)
def test_the_first_seconds_are_learnt_in_while_messages_go_through(kind: str, rate: float) -> None:
    """Of a bucket that holds little, the first burst shows less than it takes."""
    most = 2.0 if kind == "bucket of a tenth" else 1.15
    assert sent(kind, rate, 6)[0] <= most


@settings(max_examples=40, deadline=None)
@given(st.floats(1, 1000), st.sampled_from(sorted(KINDS)), st.integers(20, 500), st.booleans())
def test_whatever_it_takes_and_however_it_counts_it_is_used(
    rate: float, kind: str, in_flight: int, says_when: bool
) -> None:
    pace, messages = Pace(), int(rate * 10) + 1
    result = send(KINDS[kind](rate), messages, in_flight, pace, says_when=says_when)
    answered_s = messages * (ANSWER_S + JITTER_S) / in_flight
    assert result.seconds <= 2.3 * max(10, answered_s), "so many at a time take so long in any case"


def test_what_was_learnt_holds_for_the_next_warning() -> None:
    pace = Pace()
    send(FixedWindow(10), 60, 20, pace)
    learnt = pace.rate
    assert learnt is not None
    pace.leave(1, 3600.0)
    assert pace.rate == learnt


def test_a_gateway_that_was_never_refused_by_has_no_rate() -> None:
    pace = Pace()
    assert send(TokenBucket(1000, 5000), 3000, 500, pace).refused == 0
    assert pace.rate is None


def test_a_contract_is_not_exceeded_and_a_gateway_that_takes_less_than_it_says_is_followed() -> None:
    assert Pace(50).rate == 49
    pace = Pace(50)
    result = send(SlidingWindow(50), 500, 20, pace)
    assert (result.refused, pace.learnt) == (0, None)
    assert 10 <= result.seconds <= 10.5
    pace = Pace(50)
    result = send(SlidingWindow(10), 100, 20, pace)
    assert result.seconds <= 12
    assert pace.learnt == pace.rate


def test_one_incident_is_learnt_from_once() -> None:
    learnt = LearntRate()
    for at in range(100):
        learnt.accepted(1, at / 100)
    waits = [learnt.refused(0.5, 1.0 + answered / 100) for answered in range(20)]
    assert [wait for wait in waits if wait] == [waits[0]]
    assert learnt.rate == 100


def test_a_gateway_that_takes_nothing_is_asked_ever_less_often_and_its_rate_is_kept() -> None:
    learnt = LearntRate()
    learnt.accepted(80, 0.0)
    waits, now = [], 0.0
    for _ in range(9):
        now += 0.001
        waits.append(learnt.refused(now, now))
        now += waits[-1]
    assert waits[1:] == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert learnt.rate == 80
    learnt.accepted(1, now)
    assert learnt.refused(now, now) == pytest.approx(0.05)


def test_where_the_first_that_is_heard_is_a_refusal_it_is_begun_slowly_and_doubled() -> None:
    assert sent("fixed window", 100, 6)[0] < 1.2
    learnt, now = LearntRate(), 0.0
    learnt.refused(0.0, 0.0)
    assert learnt.rate == 1
    while learnt.rate < 64:
        now += 1 / learnt.rate
        learnt.left(now)
        learnt.accepted(1, now)
    assert now < 9


def test_where_each_message_counts_for_several_units_one_a_second_is_begun_with_all_the_same() -> None:
    learnt = LearntRate()
    learnt.refused(0.0, 0.0, unit=3.0)
    assert learnt.rate == 3.0
    for at in range(1, 9):
        learnt.refused(float(at), float(at), unit=3.0)
        learnt.accepted(0.0, float(at))
    assert learnt.rate == 1.5, "and half of one is the least"


def test_what_is_accepted_after_the_first_refusal_shows_what_the_gateway_takes() -> None:
    """A refusal takes less time than an acceptance: of a burst it is heard first."""
    learnt = LearntRate()
    learnt.refused(0.0, 0.01)
    for at in range(5):
        learnt.accepted(1, 0.03 + at / 100)
    assert learnt.rate == 5
    learnt.left(1.0)
    for at in range(9):
        learnt.accepted(1, 1.1 + at / 100)
    assert learnt.rate == 5, "what leaves since then goes by that"


class TestShared:
    def test_of_two_rates_the_later_holds_and_of_the_same_its_use_is_counted_elsewhere(self) -> None:
        learnt = LearntRate()
        learnt.adopt(FoundRate(4, 10.0, used_s=2.0), 0.0)
        assert learnt.rate == 20, "a first guess doubles after a second"
        learnt.adopt(FoundRate(3, 99.0), 1.0)
        learnt.adopt(FoundRate(4, 10.0, used_s=3.0), 1.0)
        assert learnt.rate == 40
        learnt.left(1.1, counted=False)
        learnt.left(1.2, counted=False)
        assert learnt.rate == 40

    def test_two_that_were_refused_at_once_agree_on_the_one_that_was_heard_first(self) -> None:
        first, second = LearntRate(), LearntRate()
        for learnt, units in ((first, 3), (second, 2)):
            learnt.accepted(units, 0.0)
            learnt.refused(0.0, 0.1)
        assert first.found is not None
        second.adopt(first.found, 0.2)
        assert second.found == first.found

    def test_of_two_first_guesses_at_once_the_higher_holds_for_each_saw_a_part(self) -> None:
        first, second = LearntRate(), LearntRate()
        for learnt, units in ((first, 1), (second, 5)):
            learnt.accepted(units, 0.0)
            learnt.refused(0.0, 0.1)
        assert first.found is not None
        second.adopt(first.found, 0.2)
        assert second.found is not None
        assert (second.rate, second.found.version) == (5, first.found.version + 1)
        first.adopt(second.found, 0.3)
        assert first.rate == 5

    def test_one_incident_is_learnt_from_once_by_all(self) -> None:
        learnt = LearntRate()
        learnt.adopt(FoundRate(4, 10.0), 1.0)
        assert learnt.refused(0.9, 1.1) == 0
        assert learnt.rate == 10
        assert learnt.refused(1.0, 1.2) > 0
        assert learnt.found is not None
        assert (learnt.found.version, learnt.found.fruitless) == (5, 1)

    def test_what_the_gateway_takes_from_others_ends_the_doubt_and_counts_for_what_it_takes(self) -> None:
        learnt = LearntRate()
        learnt.adopt(FoundRate(4, 10.0, spaced=True, calm_s=5.0, used_s=9.0, fruitless=3), 1.0)
        learnt.accepted(4, 1.0)
        learnt.accepted(5, 0.4)
        assert learnt.found is not None
        assert learnt.found.fruitless == 0
        learnt.refused(1.5, 1.6)
        assert learnt.rate == pytest.approx(0.9 * FoundRate(4, 10.0, True, 5.0, 9.0).rate_now), "9 at least"


class TestAcceptances:
    def test_what_is_heard_later_stands_in_its_place(self) -> None:
        accepted = RecentAcceptances()
        for at in (0.0, 1.2, 0.9, 0.305, 0.3):
            accepted.add(1, at)
        assert accepted.lately(1.2) == [(0.0, 1), (0.3, 1), (0.305, 1), (0.9, 1), (1.2, 1)]
        assert accepted.best(1.2) == 4

    @given(st.lists(st.tuples(st.floats(0.001, 0.7), st.integers(1, 9)), max_size=40))
    def test_the_best_second_is_what_counting_each_shows(self, notes: list[tuple[float, int]]) -> None:
        accepted, now, told = RecentAcceptances(), 0.0, []
        for pause, units in notes:
            now += 0.01 + pause
            accepted.add(units, now)
            told.append((now, units))
        recent = [(at, units) for at, units in told if at > now - 3]
        best = max((sum(u for t, u in recent if at - 1 < t <= at) for at, _ in recent), default=0)
        assert accepted.best(now) == best

    def test_it_is_known_when_few_enough_are_a_second_old(self) -> None:
        accepted = RecentAcceptances()
        for at in (0.0, 0.4, 0.8):
            accepted.add(2, at)
        assert accepted.below(7, 0.9) == 0
        assert accepted.below(6, 0.9) == pytest.approx(0.1)
        assert accepted.below(3, 0.9) == pytest.approx(0.5)
        assert accepted.below(1, 0.9) == pytest.approx(0.9)
        assert RecentAcceptances().below(1, 0.0) == 0
