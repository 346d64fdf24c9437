"""In which state an approval is, and which decision takes effect."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dispatcher.intake.four_eyes.states import (
    DecisionRefusal,
    counted,
    is_uncounted,
    kept_for_a_person,
    may_go_when_counted,
    refused_approval,
    refused_person,
    refused_rejection,
    refused_release,
    release_time,
    state_of,
    waits_for_nobody,
)
from dispatcher.model.approval.policy import PolicyRule, Timers
from dispatcher.model.approval.request import ApprovalDecision, ApprovalRequest
from dispatcher.model.vocabulary import AlertState, ApprovalState, Reason
from tests.support.messages import HOUR, NOW

WAITING = ApprovalRequest(
    alert_id="A",
    is_needed=True,
    content_sha256=b"c",
    people=12,
    shown_at=NOW,
    requested_at=NOW,
    authors=("m.keller",),
    alert_state=AlertState.HELD,
    reason=Reason.HELD,
    held_for="approval",
    expires=NOW + 6 * HOUR,
)
SENT = replace(WAITING, alert_state=AlertState.PLANNED, reason=Reason.FIRST_NOTICE)


def decided(decision: ApprovalDecision, alert: ApprovalRequest = SENT) -> ApprovalRequest:
    return replace(alert, decision=decision, decided_at=NOW, decided_by="person:b.lang")


ENDED = {
    ApprovalState.APPROVED: decided(ApprovalDecision.APPROVE),
    ApprovalState.REJECTED: decided(
        ApprovalDecision.REJECT, replace(WAITING, alert_state=AlertState.RECORDED, reason=Reason.DISCARDED)
    ),
    ApprovalState.RELEASED: decided(ApprovalDecision.RELEASE),
    ApprovalState.VOID: replace(WAITING, alert_state=AlertState.RECORDED, reason=Reason.SUPERSEDED),
    ApprovalState.EXPIRED: replace(WAITING, alert_state=AlertState.RECORDED, reason=Reason.EXPIRED),
}


def approval(
    request: ApprovalRequest | None, person: str = "b.lang", **changes: Any
) -> DecisionRefusal | None:
    return refused_approval(
        request, person, **{"seen": "aa", "bound": "aa", "held": "aa", "now": NOW} | changes
    )


@pytest.mark.parametrize("state", ENDED)
def test_the_state_follows_from_the_alert_and_what_was_decided(state: ApprovalState) -> None:
    assert state_of(ENDED[state], NOW) is state
    assert state_of(WAITING, NOW) is ApprovalState.WAITING


def test_what_runs_out_is_expired_before_anybody_swept_it() -> None:
    assert state_of(WAITING, WAITING.expires - timedelta(microseconds=1)) is ApprovalState.WAITING
    assert state_of(WAITING, WAITING.expires) is ApprovalState.EXPIRED


def test_what_is_held_again_waits_again() -> None:
    """The plan found more people than were approved: the record takes the decision back with the same statement."""
    assert (
        state_of(replace(decided(ApprovalDecision.APPROVE, WAITING), decision=None), NOW)
        is ApprovalState.WAITING
    )


@pytest.mark.parametrize("state", ENDED)
def test_nothing_is_decided_twice_and_whoever_is_late_is_told_what_was(state: ApprovalState) -> None:
    expected = DecisionRefusal(str(state))
    assert approval(ENDED[state]) is expected
    assert refused_rejection(ENDED[state], NOW) is expected
    assert refused_release(ENDED[state], bound="aa", held="aa", now=NOW) is expected


def test_a_second_person_approves_what_was_shown() -> None:
    assert approval(WAITING) is None


@pytest.mark.parametrize("person", ["m.keller", ""])
def test_nobody_approves_what_was_their_own_or_without_a_name(person: str) -> None:
    assert approval(WAITING, person) is DecisionRefusal.OWN


def test_what_changed_or_was_not_seen_is_not_approved() -> None:
    assert approval(WAITING, bound="bb") is DecisionRefusal.CHANGED
    assert approval(WAITING, bound="bb", seen="bb") is DecisionRefusal.CHANGED
    assert approval(WAITING, seen="bb") is DecisionRefusal.NOT_SEEN
    assert approval(WAITING, seen="") is DecisionRefusal.NOT_SEEN
    assert approval(None) is DecisionRefusal.NO_REQUEST


def test_who_approves_nothing_here_is_told_before_anything_is_compared() -> None:
    assert refused_person(None, "b.lang", NOW) is DecisionRefusal.NO_REQUEST
    assert refused_person(ENDED[ApprovalState.VOID], "b.lang", NOW) is DecisionRefusal.VOID
    assert refused_person(WAITING, "m.keller", NOW) is DecisionRefusal.OWN
    assert refused_person(WAITING, "b.lang", NOW) is None


def test_whoever_submitted_it_may_take_it_back() -> None:
    assert refused_rejection(WAITING, NOW) is None
    assert refused_rejection(None, NOW) is DecisionRefusal.NO_REQUEST


def test_what_is_here_for_timers_alone_no_approver_decides() -> None:
    """It is held for a doubt that operators settle, such as who wrote it."""
    timed = replace(WAITING, is_needed=False, held_for="signature")
    assert approval(timed) is DecisionRefusal.NO_REQUEST
    assert refused_rejection(timed, NOW) is DecisionRefusal.NO_REQUEST
    assert release(replace(timed, held_for="severity", release_at=NOW)) is None


def release(request: ApprovalRequest | None, **changes: Any) -> DecisionRefusal | None:
    return refused_release(request, **{"bound": "aa", "held": "aa", "now": NOW} | changes)


def test_the_policy_releases_only_where_it_says_so_and_when() -> None:
    due = replace(WAITING, release_at=NOW)
    assert release(due) is None
    assert release(None) is DecisionRefusal.NO_REQUEST
    assert release(WAITING) is DecisionRefusal.NOT_DUE
    assert release(due, now=NOW - timedelta(seconds=1)) is DecisionRefusal.NOT_DUE
    assert release(due, bound="bb") is DecisionRefusal.CHANGED


@pytest.mark.parametrize("held_for", ["severity", "severity, approval", "status"])
def test_the_policy_releases_what_a_rule_held(held_for: str) -> None:
    assert release(replace(WAITING, release_at=NOW, held_for=held_for)) is None


@pytest.mark.parametrize(
    "held_for", ["signature", "sender, approval", "clock", "area", "target_changed", "audience: 9 recipients"]
)
def test_what_only_a_person_can_settle_no_time_releases(held_for: str) -> None:
    assert release(replace(WAITING, release_at=NOW, held_for=held_for)) is DecisionRefusal.IN_DOUBT
    assert release_time(NOW, held_for, NOW + HOUR) is None


def test_nobody_is_told_a_time_of_release_that_does_not_come() -> None:
    assert release_time(NOW, "severity, approval", NOW + HOUR) == NOW
    assert release_time(NOW, "approval", NOW) is None, "it has expired by then"
    assert release_time(None, "approval", NOW) is None


MINUTE = timedelta(minutes=1)
MANY = PolicyRule("*", "Severe", 1_000, is_needed=True, timers=Timers(MINUTE, 2 * MINUTE, 3 * MINUTE))
EXEMPT = PolicyRule("*", "Severe", 10, is_needed=False, timers=Timers(5 * MINUTE))
UNCOUNTED = replace(WAITING, people=None, open_rules=(MANY, EXEMPT), remind_at=NOW + MINUTE)


def test_only_what_waits_without_a_number_is_to_be_counted() -> None:
    assert is_uncounted(UNCOUNTED, NOW)
    assert not is_uncounted(WAITING, NOW)
    assert not is_uncounted(UNCOUNTED, UNCOUNTED.expires)
    assert not is_uncounted(replace(decided(ApprovalDecision.APPROVE), people=None), NOW)
    assert not is_uncounted(None, NOW)


def test_the_rule_for_the_number_says_who_is_needed_and_when_something_happens() -> None:
    many = counted(UNCOUNTED, 1_000)
    assert (many.people, many.is_needed, many.open_rules) == (1_000, True, ())
    times = (many.remind_at, many.escalate_at, many.release_at)
    assert times == (NOW + MINUTE, NOW + 2 * MINUTE, NOW + 3 * MINUTE)
    assert not waits_for_nobody(many)
    some, few = counted(UNCOUNTED, 999), counted(UNCOUNTED, 9)
    assert (some.is_needed, some.remind_at) == (False, NOW + 5 * MINUTE)
    assert (few.is_needed, few.remind_at, few.escalate_at, few.release_at) == (False, None, None, None)
    assert waits_for_nobody(some)
    assert waits_for_nobody(few)


def test_what_no_number_sends_keeps_its_times_and_never_goes_out_by_itself() -> None:
    before = replace(UNCOUNTED, escalate_at=NOW + 2 * MINUTE, release_at=NOW + 3 * MINUTE)
    kept = kept_for_a_person(before, counted(before, 9))
    assert (kept.people, kept.is_needed) == (9, True)
    assert (kept.remind_at, kept.escalate_at, kept.release_at) == (NOW + MINUTE, NOW + 2 * MINUTE, None)


def test_only_what_waits_for_that_alone_may_go_out_as_soon_as_it_is_counted() -> None:
    assert may_go_when_counted(UNCOUNTED)
    assert not may_go_when_counted(replace(UNCOUNTED, people=0))
    assert not may_go_when_counted(replace(UNCOUNTED, held_for="severity, approval"))
    assert not may_go_when_counted(replace(UNCOUNTED, is_needed=False))


def test_what_is_in_another_doubt_waits_on_whatever_the_number() -> None:
    few = counted(replace(UNCOUNTED, held_for="severity, approval"), 9)
    assert (few.is_needed, waits_for_nobody(few), few.held_for) == (False, False, "severity")
    many = counted(replace(UNCOUNTED, held_for="severity, approval"), 1_000)
    assert (many.is_needed, many.held_for) == (True, "severity, approval")


def test_what_was_asked_about_again_is_not_released_by_itself_when_it_is_counted() -> None:
    again = replace(UNCOUNTED, requested_at=NOW + MINUTE)
    assert counted(again, 1_000).release_at is None
    assert counted(again, 1_000).remind_at == NOW + 2 * MINUTE
