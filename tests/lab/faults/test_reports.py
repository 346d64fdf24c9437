"""The checker of delivery reports finds each thing that must not be."""

from typing import Any

import pytest

from ops.lab.faults.cases.reports import Line, broken
from ops.lab.gateways.reports import (
    FINAL,
    REPORT_SEQUENCES,
    AnsweredReport,
    Reporter,
    ReportSequence,
    Step,
    parse,
)


def heard(
    status: Any,
    verdict: Any = None,
    ref: str = "A-1",
    at: int = 0,
    *,
    known: bool = True,
    honest: bool = True,
    early: bool = True,
    answer: int = 200,
) -> AnsweredReport:
    step = Step(status, known, honest)
    verdict = status if verdict is None else verdict
    return AnsweredReport(ref, "way", step, early, answer, verdict, at * 10, at * 10 + 5)


def found(reports: Any, **lines: Any) -> set[Any]:
    named = {ref.replace("_", "-"): line for ref, line in lines.items()}
    return {name for name, count in broken(reports, named).items() if count}


FIRST = [heard("failed"), heard("delivered", "contradiction", at=1), heard("failed", "duplicate", at=2)]
LAST = [heard("delivered"), heard("failed", at=1)]
FAILED, DELIVERED, NONE = Line("accepted", "failed"), Line("accepted", "delivered"), Line("accepted", None)


@pytest.mark.parametrize("reports", [FIRST, LAST])
def test_a_failure_is_believed_whenever_it_comes(reports: list[Any]) -> None:
    assert found(reports, A_1=FAILED, A_2=NONE) == set()
    assert found(reports, A_1=DELIVERED) == {"failure_not_believed", "said_otherwise"}


def test_what_no_report_says_is_not_believed() -> None:
    assert found([heard("delivered")], A_1=FAILED) == {"failure_not_believed"}


@pytest.mark.parametrize(
    ("reports", "line", "criterion"),
    [
        ([heard("failed")], NONE, "reports_lost"),
        ([heard("failed"), heard("failed", at=1)], FAILED, "recorded_twice"),
        ([heard("failed", answer=503)], FAILED, "invented"),
        ([heard("failed", honest=False, answer=200)], FAILED, "answered_wrongly"),
        ([heard("failed", "", known=False, answer=404)], NONE, "answered_wrongly"),
        ([heard("enroute", "duplicate")], NONE, "answered_wrongly"),
        ([heard("failed")], Line("retry", "failed"), "states_turned"),
        ([heard("failed", early=False)], FAILED, "never_overtook"),
    ],
)
def test_whatever_must_not_be_is_found(reports: list[Any], line: Any, criterion: str) -> None:
    assert criterion in found(reports, A_1=line)


def test_every_way_to_report_is_taken_by_some_message() -> None:
    reporter = Reporter(parse(b'{"url": "http://127.0.0.1:9", "secret": "x", "seed": 3}'))
    assert {reporter.way(f"A-{number}") for number in range(200)} == set(ReportSequence)
    assert REPORT_SEQUENCES.keys() == set(ReportSequence)
    states = {step.status for groups in REPORT_SEQUENCES.values() for group in groups for step in group}
    assert states > FINAL
