"""What one receipt means for one recipient."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.base import (
    Absent,
    Consequence,
    DeliveryError,
    Expired,
    Gone,
    Permanent,
    RateLimited,
    Transient,
    Uncertain,
)
from dispatcher.delivery.outcome import RecipientState, backoff_s, may_repeat, settle
from dispatcher.model.retry_policy import (
    DEFAULT_POLICY,
    BackoffPolicy,
    DeliveryPolicy,
    PausePolicy,
    ResendUncertain,
)
from dispatcher.model.vocabulary import UNCERTAIN, State
from tests.support.messages import HOUR, NOW

ERRORS = (Absent, DeliveryError, Expired, Gone, Permanent, RateLimited, Transient, Uncertain)


BACKOFF, PAUSES = DEFAULT_POLICY.backoff, DEFAULT_POLICY.pauses


def settled(
    error: Any,
    *,
    outcome: Any = State.CLAIMED,
    attempts: int = 0,
    deadline: Any = NOW + HOUR,
    random: Any = lambda: 0.5,
    policy: Any = DEFAULT_POLICY,
    eased_s: float = 0.0,
) -> Any:
    before = RecipientState(outcome, attempts, eased_s)
    return settle(error, before, policy, now=NOW, deadline=deadline, random=random)


@pytest.mark.parametrize(
    ("error", "state", "remove", "attempts"),
    [
        (None, State.ACCEPTED, False, 1),
        (Gone("410"), State.GONE, True, 1),
        (Permanent("400"), State.REJECTED, False, 1),
        (DeliveryError("x"), State.REJECTED, False, 1),
        (Expired("late"), State.EXPIRED, False, 0),
        (Transient("503"), State.RETRY, False, 1),
        (Absent("507"), State.RETRY, False, 1),
        (Uncertain("timeout"), State.RETRY | UNCERTAIN, False, 1),
        (RateLimited("429"), State.RETRY, False, 0),
    ],
)
def test_the_policy_table(
    error: DeliveryError | Expired | Gone | Permanent | RateLimited | Transient | Uncertain | None,
    state: Any,
    remove: bool,
    attempts: int,
) -> None:
    result = settled(error)
    assert (result.outcome, result.remove, result.attempts) == (state, remove, attempts)
    assert (result.due is not None) == (result.outcome & ~UNCERTAIN == State.RETRY)
    if error:
        assert (result.label, result.code) == (error.label, error.code)


@pytest.mark.parametrize("consequence", Consequence)
def test_every_consequence_is_settled(consequence: Consequence) -> None:
    """By the answer of the type, whatever the type is called."""

    class Strange(DeliveryError):
        label = "strange"

    Strange.consequence = consequence
    result = settled(Strange("x"))
    again = consequence in {Consequence.RETRY, Consequence.RETRY_UNCERTAIN, Consequence.POSTPONE}
    assert (result.due is not None) is again
    assert State(result.outcome & ~UNCERTAIN).terminal is not again
    assert bool(result.outcome & UNCERTAIN) is (consequence is Consequence.RETRY_UNCERTAIN)
    assert result.remove is (consequence is Consequence.REMOVE)
    assert result.attempts == consequence.is_attempt


@pytest.mark.parametrize("kind", ERRORS)
def test_a_settlement_says_what_its_error_does(kind: type[DeliveryError]) -> None:
    result = settled(kind("x"))
    assert (result.label, result.gateway_fault, result.log_level) == (
        kind.label,
        kind.gateway_fault,
        kind.log_level,
    )


def test_a_transient_failure_is_tried_again_after_a_jittered_wait() -> None:
    assert settled(Transient("503"), attempts=3, random=lambda: 0.5).due == NOW + timedelta(seconds=4)


def test_retry_after_is_a_lower_bound_and_leaves_the_gateway_alone() -> None:
    result = settled(Transient("503", retry_after=30))
    assert result.due == NOW + timedelta(seconds=30)
    assert result.pause_s == 30


@pytest.mark.parametrize(("eased_s", "pause_s"), [(0.0, 0.0), (0.1, 0.0), (2.0, 0.0), (4.0, 4.0)])
def test_after_a_rate_limit_without_a_time_the_gateways_pace_decides(eased_s: float, pause_s: float) -> None:
    """A gateway that takes nothing for long is paused, and the batch put down."""
    result = settled(RateLimited("429"), eased_s=eased_s)
    assert result.due == NOW + timedelta(seconds=eased_s)
    assert result.pause_s == pause_s


@pytest.mark.parametrize("error", [RateLimited("429", retry_after=1e9), Transient("503", retry_after=1e9)])
def test_a_gateway_that_asks_for_ever_is_asked_again_after_five_minutes(
    error: RateLimited | Transient,
) -> None:
    assert settled(error).due == NOW + timedelta(seconds=PAUSES.retry_after_max_s)


@pytest.mark.parametrize("error", [Transient("503", retry_after=60), RateLimited("429", retry_after=60)])
def test_what_could_only_be_tried_past_the_deadline_is_expired_now(error: RateLimited | Transient) -> None:
    result = settled(error, deadline=NOW + timedelta(seconds=60))
    assert (result.outcome, result.due) == (State.EXPIRED, None)


def test_what_was_sent_without_an_answer_stays_uncertain_when_it_expires() -> None:
    result = settled(Uncertain("timeout", retry_after=60), deadline=NOW + timedelta(seconds=60))
    assert result.outcome == State.EXPIRED | UNCERTAIN


@given(
    kind=st.sampled_from(ERRORS),
    retry_after=st.none() | st.floats(0, 1e12),
    outcome=st.sampled_from(
        [state | flag for state in State if not state.terminal for flag in (0, UNCERTAIN)]
    ),
    attempts=st.integers(0, 10**6),
    left_s=st.integers(1, 10**6),
    jitter=st.floats(0, 1, exclude_max=True),
)
def test_no_receipt_loses_an_uncertainty_or_waits_past_the_deadline(
    kind: Any, retry_after: Any, outcome: Any, attempts: Any, left_s: Any, jitter: Any
) -> None:
    deadline = NOW + timedelta(seconds=left_s)
    result = settled(
        kind("code", retry_after=retry_after),
        outcome=outcome,
        attempts=attempts,
        deadline=deadline,
        random=lambda: jitter,
    )
    settled_state = State(result.outcome & ~UNCERTAIN)
    assert result.outcome & UNCERTAIN >= outcome & UNCERTAIN
    assert settled_state.terminal or (result.due is not None and NOW <= result.due < deadline)
    assert result.attempts - attempts in (0, 1)
    assert 0 <= result.pause_s <= PAUSES.retry_after_max_s


@given(st.integers(0, 10**9), st.floats(0, 1, exclude_max=True))
def test_backoff_is_jittered_over_the_whole_range_and_capped(attempts: Any, jitter: Any) -> None:
    wait = backoff_s(BACKOFF, attempts, lambda: jitter)
    assert 0 <= wait <= BACKOFF.cap_s
    assert wait == jitter * backoff_s(BACKOFF, attempts, lambda: 1.0)


def test_backoff_doubles() -> None:
    assert [backoff_s(BACKOFF, n, lambda: 1.0) for n in (0, 1, 2, 6, 7)] == [0.5, 1, 2, 32, 60]


def test_a_device_that_is_not_there_is_tried_every_few_minutes() -> None:
    waits = [settled(Absent("507"), attempts=n, random=lambda: 0.999).due - NOW for n in (2, 8, 99)]
    assert [round(wait.total_seconds()) for wait in waits] == [4, 240, 240]
    assert settled(Transient("503"), attempts=99, random=lambda: 0.999).due - NOW <= timedelta(seconds=60)


def test_a_gateway_that_asks_for_longer_than_the_warning_lives_is_left_alone_all_the_same() -> None:
    result = settled(RateLimited("429", retry_after=1e9), deadline=NOW + timedelta(minutes=1))
    assert (result.outcome, result.due, result.pause_s) == (State.EXPIRED, None, PAUSES.retry_after_max_s)


@pytest.mark.parametrize(
    ("error", "due_s", "pause_s"),
    [
        (Transient("503"), 2.0, 0.0),
        (Transient("503", retry_after=60), 7.0, 7.0),
        (RateLimited("429", retry_after=60), 7.0, 7.0),
    ],
)
def test_another_policy_decides_otherwise(
    error: RateLimited | Transient, due_s: float, pause_s: float
) -> None:
    policy = DeliveryPolicy(
        backoff=BackoffPolicy(base_s=1.0, cap_s=4.0),
        pauses=PausePolicy(retry_after_max_s=7.0),
    )
    result = settled(error, attempts=9, policy=policy)
    assert (result.due - NOW, result.pause_s) == (timedelta(seconds=due_s), pause_s)


@pytest.mark.parametrize(
    ("resend", "extreme", "outcome", "expected"),
    [
        (ResendUncertain.NEVER, True, State.CLAIMED, False),
        (ResendUncertain.EXTREME, True, State.CLAIMED, True),
        (ResendUncertain.EXTREME, True, State.CLAIMED | UNCERTAIN, False),
        (ResendUncertain.EXTREME, False, State.CLAIMED, False),
        (ResendUncertain.ALWAYS, False, State.CLAIMED | UNCERTAIN, True),
    ],
)
def test_whether_a_text_that_may_have_arrived_is_sent_again(
    resend: ResendUncertain, outcome: int, *, extreme: bool, expected: bool
) -> None:
    assert may_repeat(DeliveryPolicy(resend_uncertain=resend), outcome, extreme=extreme) is expected
    assert DEFAULT_POLICY.resend_uncertain is ResendUncertain.EXTREME


@pytest.mark.parametrize("before", [State.CLAIMED, State.CLAIMED | UNCERTAIN])
def test_what_may_not_be_sent_again_is_a_dead_letter_that_is_uncertain(before: int) -> None:
    result = settle(
        Uncertain("timeout", "part 2 of 3"),
        RecipientState(before, 1, may_repeat=False),
        DEFAULT_POLICY,
        now=NOW,
        deadline=NOW + HOUR,
        random=lambda: 0.5,
    )
    assert (result.outcome, result.due, result.attempts) == (State.DEAD | UNCERTAIN, None, 2)
    assert (result.label, result.code, result.detail) == ("uncertain", "timeout", "part 2 of 3")


@pytest.mark.parametrize(
    ("error", "state"),
    [(Transient("503"), State.RETRY), (RateLimited("429"), State.RETRY), (None, State.ACCEPTED)],
)
def test_what_certainly_did_not_arrive_is_sent_again_all_the_same(error: Any, state: State) -> None:
    before = RecipientState(State.CLAIMED, 0, may_repeat=False)
    result = settle(error, before, DEFAULT_POLICY, now=NOW, deadline=NOW + HOUR, random=lambda: 0.5)
    assert result.outcome == state


@pytest.mark.parametrize("error", [Transient("503"), Absent("507"), Uncertain("timeout")])
def test_nobody_is_given_up_by_a_long_draw_before_the_deadline(error: DeliveryError) -> None:
    left = timedelta(seconds=BACKOFF.base_s + 1)
    result = settled(error, attempts=30, deadline=NOW + left, random=lambda: 0.99)
    assert result.due == NOW + left * 0.99
    at_last = settled(
        error, attempts=30, deadline=NOW + timedelta(seconds=BACKOFF.base_s), random=lambda: 0.5
    )
    assert at_last.outcome & ~UNCERTAIN == State.EXPIRED, "it would be tried ever faster"
