"""A batch in hand: nobody is forgotten, nobody is asked twice without need, poison is found."""

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.base import (
    Absent,
    DeliveryError,
    Gone,
    NotMade,
    OwnKeyRefused,
    Permanent,
    RateLimited,
    Receipt,
    Transient,
    Unauthorized,
    Uncertain,
)
from dispatcher.delivery.leased_batch import ACCEPTED, LeasedBatch
from dispatcher.model.batches import Lease, RecipientProblem
from dispatcher.model.retry_policy import DEFAULT_POLICY, DeliveryPolicy, ResendUncertain, SuspicionPolicy
from dispatcher.model.vocabulary import UNCERTAIN, Kind, Lane, State
from tests.support.messages import HOUR, NOW

SECOND = timedelta(seconds=1)
CRASHES_MAX, GONE_SUSPECT_MIN = DEFAULT_POLICY.suspicion.crashes_max, DEFAULT_POLICY.suspicion.gone_min


def lease(outcomes: Any, problems: Any = (), now: Any = NOW, deadline: Any = NOW + HOUR) -> Lease:
    """Recipients are numbered from 100, so that nobody takes a position for a recipient."""
    return Lease(
        batch_id=1,
        token=1,
        alert_id="A",
        chain_id="A",
        source_id="centre",
        kind=Kind.ALERT,
        channel="webpush",
        gateway="https://push.example",
        language="de",
        lane=Lane.PRIORITY,
        deadline=deadline,
        received_at=NOW,
        now=now,
        recipients=tuple(range(100, 100 + len(outcomes))),
        outcomes=bytes(outcomes),
        problems={problem.position: problem for problem in problems},
    )


def in_flight(*outcomes: Any, problems: Any = (), now: Any = NOW) -> LeasedBatch:
    return LeasedBatch(lease(outcomes, problems, now), DEFAULT_POLICY, lambda: 0.5)


def problem(position: Any, *, crashes: int = 0, due: Any = NOW, label: str = "transient") -> RecipientProblem:
    return RecipientProblem(position, 100 + position, 1, crashes, label, "503", "", due)


def answer(batch: Any, positions: Any, error: Any = None) -> list[Any]:
    batch.claim(positions)
    return [batch.settle(Receipt(100 + n, error), NOW) for n in positions]


def states(batch: Any) -> list[Any]:
    return [byte & ~UNCERTAIN for byte in batch.progress().outcomes]


def test_those_never_tried_come_first() -> None:
    batch = in_flight(State.RETRY, State.PENDING, State.ACCEPTED, State.PENDING, problems=[problem(0)])
    assert batch.next_slice(NOW, 10) == [1, 3]
    assert batch.next_slice(NOW, 1) == [1]


def test_the_first_attempt_at_another_gateway_is_one() -> None:
    """Whom an SMS gateway hands over keeps no error of it; what the second one answers says something of that one."""
    batch = in_flight(State.RETRY, State.RETRY, State.PENDING, problems=[problem(0), problem(1, label="")])
    found = answer(batch, [0, 1, 2], Transient("503"))
    assert [one.first for one in found] == [False, True, True]
    again = answer(batch, [1], Transient("503"))
    assert not again[0].first


def test_a_retry_waits_until_it_is_due() -> None:
    batch = in_flight(State.RETRY, problems=[problem(0, due=NOW + SECOND)])
    assert batch.next_slice(NOW, 10) == []
    assert batch.next_due() == NOW + SECOND
    assert batch.next_slice(NOW + SECOND, 10) == [0]


def test_a_retry_without_a_time_is_due_at_once() -> None:
    batch = in_flight(State.RETRY, problems=[problem(0, due=None)])
    assert batch.next_slice(NOW, 10) == [0]


def test_nothing_is_due_when_everybody_has_a_terminal_state() -> None:
    batch = in_flight(State.ACCEPTED, State.DEAD | UNCERTAIN)
    assert batch.next_slice(NOW, 10) == []
    assert batch.next_due() is None
    assert batch.open_recipients() == []


def test_whoever_was_never_tried_is_due_now() -> None:
    assert in_flight(State.PENDING, State.RETRY, problems=[problem(1, due=NOW + HOUR)]).next_due() == NOW


def test_who_was_in_hand_when_a_process_died_may_have_been_reached() -> None:
    batch = in_flight(State.CLAIMED, State.PENDING)
    progress = batch.progress()
    assert progress.outcomes == bytes([State.RETRY | UNCERTAIN, State.PENDING])
    [noted] = progress.problems
    assert (noted.position, noted.recipient, noted.crashes, noted.label) == (0, 100, 1, "crash")


@pytest.mark.parametrize(
    ("resend", "expected"),
    [
        (ResendUncertain.NEVER, State.DEAD | UNCERTAIN),
        (ResendUncertain.EXTREME, State.RETRY | UNCERTAIN),
        (ResendUncertain.ALWAYS, State.RETRY | UNCERTAIN),
    ],
)
def test_texts_that_were_in_flight_when_a_process_died_are_given_up_only_where_none_may_come_twice(
    resend: ResendUncertain, expected: int
) -> None:
    policy = DeliveryPolicy(resend_uncertain=resend)
    batch = LeasedBatch(lease([State.CLAIMED, State.PENDING]), policy, lambda: 0.5, collapses=False)
    progress = batch.progress()
    assert progress.outcomes == bytes([expected, State.PENDING])
    assert (progress.problems[0].due is None) is (expected & ~UNCERTAIN == State.DEAD)


def test_a_text_of_a_severe_warning_is_not_sent_again_though_it_travels_in_the_lane_flash() -> None:
    found = replace(lease([State.PENDING]), lane=Lane.FLASH)
    batch = LeasedBatch(found, DEFAULT_POLICY, lambda: 0.5, collapses=False)
    answer(batch, [0], Uncertain("timeout"))
    assert batch.progress().outcomes == bytes([State.DEAD | UNCERTAIN])


def test_a_text_without_an_answer_is_sent_again_once_of_an_extreme_warning() -> None:
    found = replace(lease([State.PENDING, State.PENDING]), extreme=True)
    batch = LeasedBatch(found, DEFAULT_POLICY, lambda: 0.5, collapses=False)
    answer(batch, [0, 1], Uncertain("timeout"))
    assert states(batch) == [State.RETRY, State.RETRY]
    answer(batch, [0], Uncertain("timeout"))
    answer(batch, [1])
    assert batch.progress().outcomes == bytes([State.DEAD | UNCERTAIN, State.ACCEPTED | UNCERTAIN]), (
        "the ledger says who may have it twice"
    )


def test_suspects_come_last_and_in_ever_smaller_company() -> None:
    batch = in_flight(*[State.CLAIMED] * 30, State.PENDING)
    assert batch.next_slice(NOW, 100) == [30]
    answer(batch, [30])
    assert batch.next_slice(NOW, 100) == list(range(10))
    assert batch.next_slice(NOW, 3) == [0], "a tenth, and at least one"
    twice = in_flight(State.CLAIMED, State.RETRY, problems=[problem(0, crashes=1), problem(1, crashes=1)])
    assert twice.next_slice(NOW, 100) == [0], "one that was there twice goes alone"


def test_a_calm_retry_goes_before_a_suspect() -> None:
    batch = in_flight(State.RETRY, State.RETRY, problems=[problem(0, crashes=1), problem(1)])
    assert batch.next_slice(NOW, 10) == [1]


def test_a_recipient_that_was_in_hand_at_three_deaths_is_given_up() -> None:
    batch = in_flight(State.CLAIMED, problems=[problem(0, crashes=CRASHES_MAX - 1)])
    progress = batch.progress()
    assert progress.outcomes == bytes([State.DEAD | UNCERTAIN])
    assert progress.problems[0].due is None


def test_subscriptions_that_ended_are_gone_and_are_not_removed_again() -> None:
    batch = in_flight(State.PENDING, State.PENDING, State.ACCEPTED)
    batch.drop_missing({101: "there"})
    progress = batch.progress(final=True)
    assert progress.outcomes == bytes([State.GONE, State.PENDING, State.ACCEPTED])
    assert [(one.recipient, one.code) for one in progress.problems] == [(100, "unsubscribed")]
    assert progress.remove == ()


def test_past_the_deadline_everybody_left_is_expired_and_uncertain_stays_uncertain() -> None:
    batch = in_flight(
        State.PENDING, State.RETRY | UNCERTAIN, State.ACCEPTED, problems=[problem(1, crashes=1)]
    )
    batch.expire()
    progress = batch.progress()
    assert progress.outcomes == bytes([State.EXPIRED, State.EXPIRED | UNCERTAIN, State.ACCEPTED])
    assert {one.position: one.crashes for one in progress.problems} == {0: 0, 1: 1}


def test_what_was_claimed_and_not_sent_goes_back_to_where_it_was() -> None:
    batch = in_flight(State.PENDING, State.RETRY, State.PENDING, State.PENDING, problems=[problem(1)])
    claim = batch.claim([0, 1, 2])
    batch.settle(Receipt(102), NOW)
    batch.unclaim(claim)
    assert batch.progress().outcomes == bytes([State.PENDING, State.RETRY, State.ACCEPTED, State.PENDING])


def test_what_was_uncertain_stays_uncertain_when_it_is_claimed_and_not_sent() -> None:
    batch = in_flight(State.PENDING | UNCERTAIN)
    batch.unclaim(batch.claim([0]))
    assert batch.progress().outcomes == bytes([State.PENDING | UNCERTAIN])
    assert batch.next_slice(NOW, 1) == [0]


def test_who_is_in_flight_again_stays_so_when_the_slice_of_the_first_attempt_ends() -> None:
    """Slices of a batch are under way beside each other: a retry may leave before the slice has ended in which the
    first attempt failed.
    """
    batch = LeasedBatch(lease([State.PENDING] * 3), DEFAULT_POLICY, lambda: 0.0)
    first = batch.claim([0, 1, 2])
    batch.settle(Receipt(100, Transient("503")), NOW)
    batch.settle(Receipt(101), NOW)
    assert batch.next_slice(NOW, 9) == [0]
    again = batch.claim([0])
    batch.unclaim(first)
    assert states(batch) == [State.CLAIMED, State.ACCEPTED, State.PENDING]
    assert batch.next_slice(NOW, 9) == [2], "nobody twice at the same time"
    batch.unclaim(again)
    assert states(batch) == [State.RETRY, State.ACCEPTED, State.PENDING]


def test_plain_success_leaves_no_trace_but_the_byte() -> None:
    batch = in_flight(State.PENDING)
    answer(batch, [0])
    progress = batch.progress()
    assert (progress.outcomes, progress.problems) == (bytes([State.ACCEPTED]), ())
    assert progress.accepted_first == progress.accepted_last == NOW


def test_a_success_after_a_failure_is_noted_with_its_attempts() -> None:
    batch = in_flight(State.RETRY, problems=[problem(0)])
    answer(batch, [0])
    [noted] = batch.progress().problems
    assert (noted.label, noted.attempts, noted.due) == ("accepted", 2, None)


@given(st.data())
def test_receipts_taken_together_are_as_taken_one_by_one(data: Any) -> None:
    outcomes = [State.PENDING, State.RETRY, State.CLAIMED, State.PENDING | UNCERTAIN, State.PENDING]
    together = in_flight(*outcomes, problems=[problem(1)])
    apart = in_flight(*outcomes, problems=[problem(1)])
    errors = data.draw(st.lists(ERRORS, min_size=5, max_size=5))
    receipts = [Receipt(100 + n, error) for n, error in enumerate(errors)]
    for batch in (together, apart):
        batch.claim(range(5))
    plain, others = together.apply_receipts(receipts, NOW)
    one_by_one = [apart.settle(receipt, NOW) for receipt in receipts]
    assert plain + len(others) == 5
    assert others == [result for result in one_by_one if result is not ACCEPTED]
    assert together.progress(final=True) == apart.progress(final=True)


def test_progress_is_told_once() -> None:
    batch = in_flight(State.PENDING, State.PENDING)
    answer(batch, [0], Permanent("400"))
    answer(batch, [1])
    assert batch.progress().problems
    again = batch.progress()
    assert (again.problems, again.accepted_first, again.accepted_last) == ((), None, None)


def test_the_first_and_the_last_acceptance_are_kept() -> None:
    batch = in_flight(State.PENDING, State.PENDING)
    batch.claim([0, 1])
    batch.settle(Receipt(101), NOW + SECOND)
    batch.settle(Receipt(100), NOW)
    progress = batch.progress()
    assert (progress.accepted_first, progress.accepted_last) == (NOW, NOW + SECOND)


def test_whose_device_is_not_there_is_never_given_up_and_is_told_until_it_is_too_late() -> None:
    """Others are accepted all the while: one who fails otherwise is given up long before."""
    batch = in_flight(State.PENDING, State.PENDING)
    for minute in range(50):
        for recipient, error in ((100, Absent("507")), (101, Transient("507"))):
            if recipient in batch.open_recipients():
                batch.settle(Receipt(recipient, error), NOW + minute * 60 * SECOND, accepted_s=1.0)
    assert states(batch) == [State.RETRY, State.REJECTED]
    assert (batch.absent, batch.lasting) == ({}, {101: "507"})
    batch.settle(Receipt(100, Absent("507")), NOW + HOUR - SECOND, accepted_s=1.0)
    assert states(batch) == [State.RETRY, State.REJECTED]
    batch.settle(Receipt(100, Absent("507")), NOW + HOUR - SECOND / 2, accepted_s=1.0)
    assert states(batch) == [State.EXPIRED, State.REJECTED]
    assert batch.absent == {100: "507"}


@pytest.mark.parametrize("error", [OwnKeyRefused("401"), NotMade("illegible"), Unauthorized("401")], ids=repr)
def test_nobody_fails_for_good_by_a_fault_of_ours(error: DeliveryError) -> None:
    """It is given up for this warning; that it failed counts against its subscription only where it may be to blame."""
    batch = in_flight(State.PENDING)
    for minute in range(10):
        if batch.open_recipients():
            batch.settle(Receipt(100, error), NOW + minute * 60 * SECOND, accepted_s=1.0)
    assert states(batch) == [State.REJECTED]
    assert batch.lasting == ({} if error.is_ours else {100: "401"})


def test_the_gone_are_removed_when_the_batch_is_put_down_and_not_before() -> None:
    """Only then is it known whether too many are."""
    batch = in_flight(State.PENDING, State.PENDING)
    answer(batch, [0], Gone("410"))
    answer(batch, [1])
    assert batch.progress().remove == ()
    assert batch.progress(final=True).remove == (100,)
    assert batch.progress(final=True).remove == ()


def test_since_when_they_are_gone_goes_with_them_where_the_gateway_says_so() -> None:
    batch = in_flight(State.PENDING, State.PENDING)
    answer(batch, [0], Gone("410", since=NOW))
    answer(batch, [1], Gone("410"))
    progress = batch.progress(final=True)
    assert (progress.remove, progress.gone_since) == ((100, 101), (NOW, None))


def test_when_too_many_are_called_gone_nobody_is_removed_from_the_first_slice_on() -> None:
    batch = in_flight(*[State.PENDING] * 1000)
    removed = []
    for start in range(0, 1000, 100):
        answer(batch, list(range(start, start + 100)), Gone("410"))
        removed += batch.progress().remove
    assert batch.gone_suspect()
    assert batch.progress(final=True).remove == ()
    assert removed == []


def test_the_share_is_of_those_who_were_answered() -> None:
    """A batch put down after its first slice: all hundred of a thousand gone is no less suspect."""
    batch = in_flight(*[State.PENDING] * 1000)
    answer(batch, list(range(100)), Gone("410"))
    assert batch.gone_suspect()
    assert batch.progress(final=True).remove == ()


@pytest.mark.parametrize(
    ("gone", "served", "suspect"),
    [
        (GONE_SUSPECT_MIN - 1, 0, False),
        (GONE_SUSPECT_MIN, 0, True),
        (GONE_SUSPECT_MIN, GONE_SUSPECT_MIN, False),
        (GONE_SUSPECT_MIN + 1, GONE_SUSPECT_MIN, True),
    ],
)
def test_more_than_half_of_at_least_twenty_are_not_believed(gone: Any, served: Any, suspect: bool) -> None:
    batch = in_flight(*[State.PENDING] * (gone + served))
    answer(batch, list(range(served)))
    answer(batch, list(range(served, served + gone)), Gone("410"))
    assert batch.gone_suspect() is suspect
    assert len(batch.progress(final=True).remove) == (0 if suspect else gone)


def test_those_who_unsubscribed_say_nothing_about_the_gateway() -> None:
    batch = in_flight(*[State.PENDING] * 100)
    batch.drop_missing(range(190, 200))
    answer(batch, [90], Gone("410"))
    answer(batch, list(range(91, 100)))
    assert not batch.gone_suspect()
    assert batch.progress(final=True).remove == (190,)


ERRORS = st.sampled_from(
    [
        None,
        None,
        None,
        Gone("410"),
        Permanent("400"),
        Transient("503"),
        Uncertain("timeout"),
        RateLimited("429"),
    ]
)
EVENTS = st.sampled_from(["send", "send", "send", "send", "die", "down", "put_down", "stop"])


class Story:
    """A batch going from hand to hand until everybody is served, with what gateways saw on the side."""

    def __init__(self, size: Any, slice_size: Any, draw: Any) -> None:
        self.slice_size, self.draw = slice_size, draw
        self.now, self.outcomes, self.problems = NOW, bytes(size), {}
        self.reached = set()
        self.deadline = NOW + timedelta(minutes=30)

    def take_up(self) -> None:
        problems = tuple(self.problems.values())
        self.batch = LeasedBatch(
            lease(self.outcomes, problems, self.now, self.deadline),
            DEFAULT_POLICY,
            lambda: self.draw(st.floats(0, 0.99)),
        )

    def write(self, *, final: bool = False) -> None:
        progress = self.batch.progress(final=final)
        self.outcomes = progress.outcomes
        self.problems |= {one.position: one for one in progress.problems}

    def send(self, event: Any) -> None:
        positions = self.batch.next_slice(self.now, self.slice_size)
        assert not [n for n in positions if State(self.outcomes[n] & ~UNCERTAIN).terminal]
        assert len(set(positions)) == len(positions) <= self.slice_size
        claim = self.batch.claim(positions)
        self.write()
        answered = self.draw(st.integers(0, len(positions))) if event in {"die", "down"} else len(positions)
        for n in positions[:answered]:
            error = self.draw(ERRORS)
            if error is None or isinstance(error, Uncertain):
                self.reached.add(n)
            if event != "die" or self.draw(st.booleans()):
                self.batch.settle(Receipt(100 + n, error), self.now)
        if event != "die":
            self.batch.unclaim(claim)

    def step(self, event: Any) -> None:
        self.take_up()
        for _ in range(3):
            if self.now >= self.deadline:
                self.batch.expire()
                break
            self.send(event)
            if event == "die":
                return
        self.write(final=True)
        self.now = max(self.now, self.batch.next_due() or self.now)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(1, 40), st.integers(1, 15))
def test_whatever_happens_everybody_ends_in_one_terminal_state_and_nobody_who_was_reached_is_forgotten(
    data: Any, size: Any, slice_size: Any
) -> None:
    story = Story(size, slice_size, data.draw)
    for _ in range(data.draw(st.integers(0, 12))):
        story.step(data.draw(EVENTS))
        assert len(story.outcomes) == size
    story.now = story.deadline
    story.step("send")
    told = {n for n, byte in enumerate(story.outcomes) if byte >= UNCERTAIN or byte == State.ACCEPTED}
    assert all(State(byte & ~UNCERTAIN).terminal for byte in story.outcomes)
    assert story.reached <= told


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 400), st.integers(1, 100), st.data(), st.sampled_from([3, 3, 2, 5]))
def test_one_that_kills_its_worker_is_given_up_at_its_last_death_and_everybody_else_is_served(
    size: Any, slice_size: Any, data: Any, crashes_max: Any
) -> None:
    """By default the third; where the policy says two, whoever was beside it at the first goes alone at once."""
    policy = DeliveryPolicy(suspicion=SuspicionPolicy(crashes_max=crashes_max))
    poison = data.draw(st.integers(0, size - 1))
    outcomes, problems, deaths = bytes(size), {}, 0
    for _ in itertools.count():
        batch = LeasedBatch(lease(outcomes, problems.values()), policy, lambda: 0.0)
        alive = True
        while alive and (positions := batch.next_slice(NOW, slice_size)):
            batch.claim(positions)
            progress = batch.progress()
            problems |= {one.position: one for one in progress.problems}
            outcomes = progress.outcomes
            alive = poison not in positions
            if alive:
                for n in positions:
                    batch.settle(Receipt(100 + n), NOW)
        if alive:
            break
        deaths += 1
    assert deaths == crashes_max
    final = batch.progress(final=True).outcomes
    assert final[poison] == State.DEAD | UNCERTAIN
    assert final.count(State.ACCEPTED) == size - 1


def test_uncertainty_survives_every_step_but_an_acceptance() -> None:
    start = lease([State.RETRY | UNCERTAIN], [problem(0)])
    for error in (Gone("410"), Permanent("400"), Transient("503"), RateLimited("429")):
        batch = LeasedBatch(replace(start), DEFAULT_POLICY, lambda: 0.5)
        [settlement] = answer(batch, [0], error)
        assert settlement.outcome & UNCERTAIN


def test_parts_are_counted_in_a_total_that_may_be_written_twice() -> None:
    batch = LeasedBatch(
        replace(lease([State.PENDING] * 4), text_parts=1, parts_sent=5), DEFAULT_POLICY, lambda: 0.5
    )
    assert (batch.progress().text_parts, batch.progress().parts_sent) == (1, 5)
    batch.claim([0, 1, 2])
    batch.apply_receipts([Receipt(100, parts=2), Receipt(101, Transient("503")), Receipt(102, parts=2)], NOW)
    assert (batch.progress().text_parts, batch.progress().parts_sent) == (2, 9)
    assert batch.progress(final=True).parts_sent == 9
