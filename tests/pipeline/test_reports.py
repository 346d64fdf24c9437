"""What a delivery report means, as values."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms_report import Report, ReportState
from dispatcher.model import UNCERTAIN, Lane, State
from dispatcher.pipeline.reports import RECORDED, TAKEN_FOR, Verdict, judge, judge_all
from dispatcher.store.reports import Standing

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
REF = ("01ARZ3NDEKTSV4RRFFQ69G5FAV", 7)
FINAL = (ReportState.DELIVERED, ReportState.FAILED)


def report(state=ReportState.DELIVERED, ref=REF):
    return Report(ref, state)


def standing(outcome=State.ACCEPTED, reported=None, position=0, **more):
    values = {"lane": Lane.PRIORITY, "wanted": "", "received_at": NOW, "deadline": NOW, "now": NOW} | more
    return Standing(1, position, outcome, reported=reported, **values)


@pytest.mark.parametrize("state", FINAL)
@pytest.mark.parametrize("outcome", [outcome for outcome in State if outcome != State.PENDING])
def test_the_first_final_report_of_a_delivery_is_recorded_whether_the_accept_is_or_not(state, outcome):
    assert judge(report(state), standing(outcome)) == Verdict(state)
    assert judge(report(state), standing(outcome | UNCERTAIN)) == Verdict(state)


def test_what_was_never_handed_over_cannot_have_arrived():
    assert judge(report(), standing(State.PENDING)) is Verdict.UNSENT
    assert judge(report(), standing(State.PENDING | UNCERTAIN)) is Verdict.DELIVERED


@pytest.mark.parametrize(("first", "later"), list(product(FINAL, FINAL)))
def test_a_later_final_report_changes_nothing(first, later):
    expected = Verdict.DUPLICATE if first is later else Verdict.CONTRADICTION
    assert judge(report(later), standing(reported=first.value)) is expected


@pytest.mark.parametrize("reported", [None, "delivered", "failed"])
def test_pending_says_nothing_whenever_it_comes(reported):
    assert judge(report(ReportState.PENDING), standing(reported=reported)) is Verdict.PENDING


def test_a_report_about_nothing_of_ours_is_unknown_and_one_without_sense_unreadable():
    assert judge(report(), None) is Verdict.UNKNOWN
    assert judge(report(ReportState.PENDING), None) is Verdict.UNKNOWN
    assert judge(report(ref=None), None) is Verdict.UNREADABLE
    assert judge(report(state=None), standing()) is Verdict.UNREADABLE


def test_reports_are_taken_for_a_week_after_the_warning():
    assert judge(report(), standing(now=NOW + TAKEN_FOR)) is Verdict.DELIVERED
    late = NOW + TAKEN_FOR + timedelta(seconds=1)
    assert judge(report(), standing(now=late)) is Verdict.LATE
    assert judge(report(), standing(now=late, reported="delivered")) is Verdict.DUPLICATE


def test_reports_of_one_list_are_judged_one_after_the_other():
    other = standing(position=1)
    reports = [report(state) for state in (ReportState.PENDING, *FINAL, ReportState.DELIVERED)]
    judged = judge_all([*reports, report(ReportState.FAILED)], [standing()] * 4 + [other])
    assert [one.verdict for one in judged] == [
        Verdict.PENDING,
        Verdict.DELIVERED,
        Verdict.CONTRADICTION,
        Verdict.DUPLICATE,
        Verdict.FAILED,
    ]


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from([*ReportState, None])), max_size=20))
def test_in_any_order_the_first_final_state_stays(history):
    """Each delivery is recorded once, with what came first."""
    judged = judge_all(
        [report(state) for _, state in history], [standing(position=position) for position, _ in history]
    )
    for position in range(3):
        finals = [state for place, state in history if place == position and state in FINAL]
        recorded = [
            one.verdict for one in judged if one.standing.position == position and one.verdict in RECORDED
        ]
        assert recorded == [Verdict(state) for state in finals[:1]]
