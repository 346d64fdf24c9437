"""What is to happen about a matter by now."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dispatcher.access.roles import Role
from dispatcher.model.approval.request import ApprovalDecision
from dispatcher.model.vocabulary import AlertState, Environment, Reason
from dispatcher.on_duty.matters import DutyLevel, Matter, MatterEnding, MatterOutcome, ending, progress

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
N = timedelta(minutes=5)
APPROVAL = Matter(
    "01A", NOW, Environment.LIVE, Role.APPROVER, "leitstelle", "Hochwasser", "Severe", NOW + 12 * N
)
HELD = replace(APPROVAL, asked=Role.OPERATOR, severity="Extreme", source_id="feed-dwd")


def found(matter: Matter, after: timedelta) -> Any:
    one = progress(matter, NOW + after, N)
    return one.is_due, one.level, one.is_reminded


def test_what_needs_a_second_person_is_due_at_once_and_goes_on_as_the_policy_says() -> None:
    assert found(APPROVAL, timedelta()) == (True, DutyLevel.ON_DUTY, False)
    assert found(APPROVAL, 11 * N) == (True, DutyLevel.ON_DUTY, False), "a policy without times"
    timed = replace(APPROVAL, remind_at=NOW + N, escalate_at=NOW + 2 * N)
    assert found(timed, 2 * N) == (True, DutyLevel.ON_DUTY, False), "what is due is noted by the timers"
    timed = replace(timed, reminded_at=NOW + N, escalated_at=NOW + 2 * N)
    assert found(timed, N) == (True, DutyLevel.ON_DUTY, True)
    assert found(timed, 2 * N) == (True, DutyLevel.OFF_CALL, True)
    assert found(timed, 4 * N) == (True, DutyLevel.ADMIN, True)


def test_an_extreme_that_is_held_is_due_after_some_time_and_goes_on_by_itself() -> None:
    assert found(HELD, N - timedelta(seconds=1)) == (False, DutyLevel.ON_DUTY, False)
    assert found(HELD, N) == (True, DutyLevel.ON_DUTY, False)
    assert found(HELD, 2 * N) == (True, DutyLevel.OFF_CALL, True)
    assert found(HELD, 3 * N) == (True, DutyLevel.ADMIN, True)
    by_policy = replace(HELD, remind_at=NOW + 3 * N, escalate_at=NOW + 4 * N)
    assert found(by_policy, 3 * N) == (True, DutyLevel.ON_DUTY, False)


def test_what_is_held_and_less_grave_waits_for_the_reminder_of_a_policy() -> None:
    held = replace(HELD, severity="Severe")
    assert progress(held, NOW + 11 * N, N).due_at is None
    reminded = replace(held, remind_at=NOW + N, reminded_at=NOW + N)
    assert found(reminded, N) == (True, DutyLevel.ON_DUTY, False), (
        "told once, and not reminded of at the same time"
    )


def test_without_a_time_an_extreme_is_due_at_once_and_still_leaves_time_to_take_up_the_phone() -> None:
    one = progress(HELD, NOW, timedelta())
    assert (one.is_due, one.level) == (True, DutyLevel.ON_DUTY)


@pytest.mark.parametrize(
    ("state", "reason", "decision", "became"),
    [
        (AlertState.HELD, Reason.HELD, None, None),
        (AlertState.ACCEPTED, Reason.FIRST_NOTICE, ApprovalDecision.APPROVE, MatterEnding.APPROVED),
        (AlertState.SETTLED, Reason.FIRST_NOTICE, ApprovalDecision.RELEASE, MatterEnding.RELEASED),
        (AlertState.RECORDED, Reason.DISCARDED, ApprovalDecision.REJECT, MatterEnding.REJECTED),
        (AlertState.RECORDED, Reason.DISCARDED, None, MatterEnding.REJECTED),
        (AlertState.PLANNED, Reason.FIRST_NOTICE, None, MatterEnding.APPROVED),
        (AlertState.RECORDED, Reason.EXPIRED, None, MatterEnding.EXPIRED),
        (AlertState.RECORDED, Reason.SUPERSEDED, None, MatterEnding.VOID),
    ],
)
def test_what_became_of_it_is_what_the_record_says(
    state: AlertState, reason: Reason, decision: ApprovalDecision | None, became: MatterEnding | None
) -> None:
    assert ending(MatterOutcome(state, reason, decision, NOW + N), NOW) is became


def test_what_nobody_decided_in_time_has_expired_before_anybody_writes_it_down() -> None:
    assert ending(MatterOutcome(AlertState.HELD, Reason.HELD, None, NOW), NOW) is MatterEnding.EXPIRED
