"""What reports say together, and the delivery that they are about."""

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.model.reports import (
    NO_EVIDENCE,
    BesideAlerts,
    Evidence,
    ReceiptMasks,
    ReceiptState,
    ReportChange,
    Reported,
    ReportedDelivery,
    beside_alerts,
    code_reference,
    no_receipts,
    trial_reference,
)
from dispatcher.model.vocabulary import Lane
from tests.support.messages import NOW

PARTS = st.frozensets(st.sampled_from(["*", "1", "2"]))
EVIDENCE = st.builds(Evidence, PARTS, PARTS, st.sampled_from(["", "0", "27"]))


def test_what_stands_for_an_alert_in_a_reference_is_taken_for_no_alert() -> None:
    assert beside_alerts(code_reference(b"\x01" * 32)) is BesideAlerts.CODE
    assert beside_alerts(trial_reference(NOW)) is BesideAlerts.TRIAL
    assert len(code_reference(b"\x01" * 32)) <= 26, "no longer than an alert's, which providers take"


@given(st.from_regex("[0-7][0-9A-HJKMNP-TV-Z]{25}", fullmatch=True))
def test_no_alert_is_taken_for_anything_else(alert_id: str) -> None:
    assert beside_alerts(alert_id) is None


def test_a_report_has_the_key_of_its_delivery() -> None:
    delivery = ReportedDelivery(
        7, 3, 11, 16, Lane.FLASH, ("haupt",), 1, NOW, NOW + timedelta(hours=1), NOW, NO_EVIDENCE
    )
    change = ReportChange(
        7, 3, 11, "haupt", NO_EVIDENCE, Evidence(delivered=frozenset("*")), Reported.DELIVERED
    )
    assert delivery.key == change.key == (7, 3)


@given(EVIDENCE, EVIDENCE, EVIDENCE)
def test_the_order_of_reports_does_not_matter_nor_do_repeats(a: Any, b: Any, c: Any) -> None:
    assert a.merged(b) == b.merged(a)
    assert a.merged(b).merged(c) == a.merged(b.merged(c))
    assert a.merged(a) == a
    assert a.contradicts(b, "*") == b.contradicts(a, "*")


def test_a_message_is_delivered_with_all_of_its_parts() -> None:
    first, second = (Evidence(delivered=frozenset(part)) for part in "12")
    assert NO_EVIDENCE.state(2, "*") is None
    assert first.state(1, "*") is Reported.DELIVERED
    assert first.state(0, "*") is Reported.DELIVERED, "of a text whose parts nobody counted"
    assert first.state(2, "*") is Reported.PARTIAL
    assert first.merged(second).state(2, "*") is Reported.DELIVERED
    assert Evidence(delivered=frozenset("*")).state(2, "*") is Reported.DELIVERED
    assert first.merged(second).merged(Evidence(failed=frozenset("1"))).state(2, "*") is Reported.FAILED


def test_the_contrary_is_of_the_same_part_or_of_the_whole() -> None:
    def failed(part: str) -> Evidence:
        return Evidence(failed=frozenset(part))

    first, whole = (Evidence(delivered=frozenset(part)) for part in "1*")
    assert first.contradicts(failed("1"), "*")
    assert first.contradicts(failed("*"), "*")
    assert whole.contradicts(failed("1"), "*")
    assert not first.contradicts(failed("2"), "*")
    assert not first.contradicts(NO_EVIDENCE, "*")


def test_the_code_is_that_of_the_failure() -> None:
    delivered, failed = Evidence(frozenset("1"), code="000"), Evidence(failed=frozenset("2"), code="27")
    assert delivered.merged(failed).code == "27"
    assert delivered.merged(Evidence(failed=frozenset("2"))).code == ""


def test_states_are_in_the_order_in_which_a_message_comes_near() -> None:
    assert [state.rank for state in ReceiptState] == [0, 1, 2]
    assert tuple(ReceiptState) == ReceiptMasks._fields == tuple(no_receipts())
