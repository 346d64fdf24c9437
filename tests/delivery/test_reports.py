"""What a delivery report means, as values."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms.delivery_reports import DeliveryReport, ReportState
from dispatcher.delivery.reports import RECORDED, REPORTS_ACCEPTED_FOR, ReportVerdict, assess, assess_all
from dispatcher.model.reports import ReportedDelivery
from dispatcher.model.vocabulary import UNCERTAIN, Lane, State

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
REF = ("01ARZ3NDEKTSV4RRFFQ69G5FAV", 7)
FINAL = (ReportState.DELIVERED, ReportState.FAILED)


def report(state: Any = ReportState.DELIVERED, ref: Any = REF) -> DeliveryReport:
    return DeliveryReport(ref, state)


def delivery(
    outcome: Any = State.ACCEPTED, reported: Any = None, position: int = 0, **more: Any
) -> ReportedDelivery:
    values = {"lane": Lane.PRIORITY, "wanted": "", "received_at": NOW, "deadline": NOW, "now": NOW} | more
    return ReportedDelivery(1, position, outcome, reported=reported, **values)


@pytest.mark.parametrize("state", FINAL)
@pytest.mark.parametrize("outcome", [outcome for outcome in State if outcome != State.PENDING])
def test_the_first_final_report_of_a_delivery_is_recorded_whether_the_accept_is_or_not(
    state: Any, outcome: Any
) -> None:
    assert assess(report(state), delivery(outcome)) == ReportVerdict(state)
    assert assess(report(state), delivery(outcome | UNCERTAIN)) == ReportVerdict(state)


def test_what_was_never_handed_over_cannot_have_arrived() -> None:
    assert assess(report(), delivery(State.PENDING)) is ReportVerdict.UNSENT
    assert assess(report(), delivery(State.PENDING | UNCERTAIN)) is ReportVerdict.DELIVERED


@pytest.mark.parametrize(("first", "later"), list(product(FINAL, FINAL)))
def test_a_later_final_report_changes_nothing(first: Any, later: Any) -> None:
    expected = ReportVerdict.DUPLICATE if first is later else ReportVerdict.CONTRADICTION
    assert assess(report(later), delivery(reported=first.value)) is expected


@pytest.mark.parametrize("reported", [None, "delivered", "failed"])
def test_pending_says_nothing_whenever_it_comes(reported: str | None) -> None:
    assert assess(report(ReportState.PENDING), delivery(reported=reported)) is ReportVerdict.PENDING


def test_a_report_about_nothing_of_ours_is_unknown_and_one_without_sense_unreadable() -> None:
    assert assess(report(), None) is ReportVerdict.UNKNOWN
    assert assess(report(ReportState.PENDING), None) is ReportVerdict.UNKNOWN
    assert assess(report(ref=None), None) is ReportVerdict.UNREADABLE
    assert assess(report(state=None), delivery()) is ReportVerdict.UNREADABLE


def test_reports_are_taken_for_a_week_after_the_warning() -> None:
    assert assess(report(), delivery(now=NOW + REPORTS_ACCEPTED_FOR)) is ReportVerdict.DELIVERED
    late = NOW + REPORTS_ACCEPTED_FOR + timedelta(seconds=1)
    assert assess(report(), delivery(now=late)) is ReportVerdict.LATE
    assert assess(report(), delivery(now=late, reported="delivered")) is ReportVerdict.DUPLICATE


def test_reports_of_one_list_are_judged_one_after_the_other() -> None:
    other = delivery(position=1)
    reports = [report(state) for state in (ReportState.PENDING, *FINAL, ReportState.DELIVERED)]
    judged = assess_all([*reports, report(ReportState.FAILED)], [delivery()] * 4 + [other])
    assert [one.verdict for one in judged] == [
        ReportVerdict.PENDING,
        ReportVerdict.DELIVERED,
        ReportVerdict.CONTRADICTION,
        ReportVerdict.DUPLICATE,
        ReportVerdict.FAILED,
    ]


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from([*ReportState, None])), max_size=20))
def test_in_any_order_the_first_final_state_stays(history: Any) -> None:
    """Each delivery is recorded once, with what came first."""
    judged = assess_all(
        [report(state) for _, state in history], [delivery(position=position) for position, _ in history]
    )
    for position in range(3):
        finals = [state for place, state in history if place == position and state in FINAL]
        recorded = [
            one.verdict for one in judged if one.delivery.position == position and one.verdict in RECORDED
        ]
        assert recorded == [ReportVerdict(state) for state in finals[:1]]
