"""What a delivery report means, as values."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms.delivery_reports import (
    WHOLE,
    DeliveryReport,
    Proves,
    ReportFields,
    ReportState,
    client_ref,
    read_reports,
)
from dispatcher.delivery.reports import (
    LOGGED,
    REPORTS_ACCEPTED_FOR,
    SAYS_MORE,
    ReportVerdict,
    assess,
    assess_all,
    changes,
    evidence_of,
)
from dispatcher.model.reports import (
    NO_EVIDENCE,
    PARTS_MAX,
    Evidence,
    Reported,
    ReportedDelivery,
    code_reference,
    trial_reference,
)
from dispatcher.model.vocabulary import UNCERTAIN, Lane, State

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
REF = ("01ARZ3NDEKTSV4RRFFQ69G5FAV", 7)
FINAL = (ReportState.DELIVERED, ReportState.FAILED)


def report(state: Any = ReportState.DELIVERED, ref: Any = REF, part: str = WHOLE) -> DeliveryReport:
    return DeliveryReport(ref, state, part=part)


def delivery(
    outcome: Any = State.ACCEPTED, position: int = 0, parts: int = 1, *, known: Any = (), **more: Any
) -> ReportedDelivery:
    """`known` are the reports before."""
    evidence = reduce(Evidence.merged, map(evidence_of, known), NO_EVIDENCE)
    values = {
        "lane": Lane.PRIORITY,
        "gateways": ("a",),
        "received_at": NOW,
        "deadline": NOW,
        "now": NOW,
    } | more
    return ReportedDelivery(1, position, 7, outcome, parts=parts, evidence=evidence, **values)


@pytest.mark.parametrize("state", FINAL)
@pytest.mark.parametrize("outcome", [outcome for outcome in State if outcome != State.PENDING])
def test_the_first_final_report_of_a_delivery_is_recorded_whether_the_accept_is_or_not(
    state: Any, outcome: Any
) -> None:
    assert assess(report(state), delivery(outcome)) == ReportVerdict(state)
    assert assess(report(state), delivery(outcome | UNCERTAIN)) == ReportVerdict(state)


@pytest.mark.parametrize("state", [*FINAL, ReportState.PENDING])
@pytest.mark.parametrize(
    ("reference", "verdict"),
    [(code_reference(b"\xab" * 32), ReportVerdict.CODE), (trial_reference(NOW), ReportVerdict.TRIAL)],
)
def test_what_is_no_alert_s_is_neither_lost_nor_foreign(
    reference: str, verdict: ReportVerdict, state: Any
) -> None:
    """A provider brings the reference back, as it stood in the request."""
    fields = ReportFields(
        delivered=frozenset({"delivered"}), failed=frozenset({"failed"}), pending=frozenset({"pending"})
    )
    body = json.dumps({"client_ref": client_ref(reference, 17), "status": state}).encode()
    [told] = read_reports(fields, "application/json", body, b"")
    assert assess(told, None) is verdict
    assert verdict not in LOGGED | SAYS_MORE
    assert assess(replace(told, state=None), None) is ReportVerdict.UNREADABLE
    assert assess(replace(told, ref=(REF[0], 17)), None) is ReportVerdict.UNKNOWN


def test_what_was_never_handed_over_cannot_have_arrived() -> None:
    assert assess(report(), delivery(State.PENDING)) is ReportVerdict.UNSENT
    assert assess(report(), delivery(State.PENDING | UNCERTAIN)) is ReportVerdict.DELIVERED


def test_a_failure_is_believed_whenever_it_comes_and_what_is_said_twice_is_known() -> None:
    delivered, failed = map(report, FINAL)
    assert assess(delivered, delivery(known=[delivered])) is ReportVerdict.DUPLICATE
    assert assess(failed, delivery(known=[failed])) is ReportVerdict.DUPLICATE
    assert assess(failed, delivery(known=[delivered])) is ReportVerdict.FAILED
    assert assess(delivered, delivery(known=[failed])) is ReportVerdict.CONTRADICTION
    assert assess(delivered, delivery(known=[failed, delivered])) is ReportVerdict.DUPLICATE


@pytest.mark.parametrize("known", [[], [report()], [report(ReportState.FAILED)]])
def test_pending_says_nothing_whenever_it_comes(known: Any) -> None:
    assert assess(report(ReportState.PENDING), delivery(known=known)) is ReportVerdict.PENDING


def test_a_text_is_delivered_with_its_last_part_and_not_where_one_failed() -> None:
    first, second = (report(part=part) for part in "12")
    failed = report(ReportState.FAILED, part="2")
    assert assess(first, delivery(parts=2)) is ReportVerdict.PART
    assert assess(second, delivery(parts=2, known=[first])) is ReportVerdict.DELIVERED
    assert assess(failed, delivery(parts=2, known=[first])) is ReportVerdict.FAILED
    assert assess(first, delivery(parts=2, known=[failed])) is ReportVerdict.PART
    assert assess(second, delivery(parts=2, known=[failed])) is ReportVerdict.CONTRADICTION
    assert assess(report(), delivery(parts=2)) is ReportVerdict.DELIVERED


def test_kannel_s_sequence_is_a_failure_in_every_order() -> None:
    """Of a text of two parts: submitted, the second refused, the first delivered (8, 16, 1)."""
    fields = ReportFields(
        delivered=frozenset({"1"}),
        failed=frozenset({"16"}),
        pending=frozenset({"8"}),
        proves=Proves.FIRST_PART,
    )
    told = [
        one
        for status in ("8", "16", "1")
        for one in read_reports(
            fields, "application/json", json.dumps({"client_ref": "A-7", "status": status}).encode(), b""
        )
    ]
    for order in permutations(told):
        assert state_after(order, parts=2) == Reported.FAILED
    assert state_after([told[0], told[2]], parts=2) == Reported.PARTIAL
    assert state_after([told[0], told[2]], parts=1) == Reported.DELIVERED


def state_after(reports: Any, parts: int) -> str | None:
    one = delivery(parts=parts)
    [*changed] = changes("a", assess_all(reports, [one] * len(reports)), [one] * len(reports))
    return changed[0].state if changed else None


REPORTS = st.lists(
    st.builds(report, st.sampled_from(list(ReportState)), part=st.sampled_from([WHOLE, "1", "2", "3"])),
    max_size=8,
)


@given(REPORTS, st.integers(1, 3), st.randoms())
def test_in_any_order_reports_come_to_the_same_state(reports: Any, parts: int, chance: Any) -> None:
    """Repeats and what says nothing final change nothing either; nor whether they come in one request or several."""
    again = [*reports, *reports[: len(reports) // 2]]
    chance.shuffle(again)
    expected = state_after(reports, parts)
    assert state_after(again, parts) == expected
    one = delivery(parts=parts)
    for report_ in again:
        for change in changes("a", assess_all([report_], [one]), [one]):
            one = replace(one, evidence=change.after)
    assert one.evidence.state(parts, WHOLE) == expected
    finals = [one for one in reports if one.state in FINAL]
    assert (expected is None) == (not finals)
    assert (expected == Reported.FAILED) == any(one.state is ReportState.FAILED for one in finals)


def test_a_gateway_that_makes_up_parts_fills_no_record() -> None:
    many = [report(part=str(n)) for n in range(1000)]
    [change] = changes("a", assess_all(many, [delivery(parts=0)] * 1000), [delivery(parts=0)] * 1000)
    assert len(change.after.delivered) == PARTS_MAX


def test_a_report_about_nothing_of_ours_is_unknown_and_one_without_sense_unreadable() -> None:
    assert assess(report(), None) is ReportVerdict.UNKNOWN
    assert assess(report(ReportState.PENDING), None) is ReportVerdict.UNKNOWN
    assert assess(report(ref=None), None) is ReportVerdict.UNREADABLE
    assert assess(report(state=None), delivery()) is ReportVerdict.UNREADABLE


def test_reports_are_taken_for_a_week_after_the_warning() -> None:
    assert assess(report(), delivery(now=NOW + REPORTS_ACCEPTED_FOR)) is ReportVerdict.DELIVERED
    late = NOW + REPORTS_ACCEPTED_FOR + timedelta(seconds=1)
    assert assess(report(), delivery(now=late)) is ReportVerdict.LATE
    assert assess(report(), delivery(now=late, known=[report()])) is ReportVerdict.DUPLICATE


def test_reports_of_one_list_are_judged_one_after_the_other() -> None:
    other = delivery(position=1)
    states = (ReportState.PENDING, *FINAL, ReportState.DELIVERED)
    judged = assess_all([*map(report, states), report(ReportState.FAILED)], [delivery()] * 4 + [other])
    assert [(one.verdict, one.contradicts) for one in judged] == [
        (ReportVerdict.PENDING, False),
        (ReportVerdict.DELIVERED, False),
        (ReportVerdict.FAILED, True),
        (ReportVerdict.DUPLICATE, False),
        (ReportVerdict.FAILED, False),
    ]


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from([*ReportState, None])), max_size=20))
def test_each_delivery_has_one_change_whatever_is_reported_of_others(history: Any) -> None:
    deliveries = [delivery(position=position) for position, _ in history]
    found = changes("a", assess_all([report(state) for _, state in history], deliveries), deliveries)
    finals = {
        position: {state for at, state in history if at == position} & set(FINAL) for position in range(3)
    }
    assert {change.position: change.state == Reported.FAILED for change in found} == {
        position: ReportState.FAILED in states for position, states in finals.items() if states
    }
