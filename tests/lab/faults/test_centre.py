"""The checkers of the SMS centre's faults find each thing that must not be."""

from typing import Any

import pytest

from ops.lab.faults.cases.centre import broken, given_up, owed_report
from ops.lab.gateways.smpp.outbox import SentReceipt
from ops.lab.world.records import ServiceRecord


@pytest.mark.parametrize(
    ("state", "uncertain", "times", "excused"),
    [
        ("dead", True, 0, True),
        ("dead", True, 1, False),
        ("dead", False, 0, False),
        ("accepted", True, 0, False),
    ],
)
def test_only_dead_letters_that_say_so_are_no_loss(
    state: str, uncertain: bool, times: int, excused: bool
) -> None:
    assert given_up({"r": times}, [ServiceRecord("A", "r", "sms", state, uncertain)]) == (
        {"r"} if excused else set()
    )


def receipt(state: str, *, known: bool = True, status: int | None = 0, part: int = 1) -> SentReceipt:
    return SentReceipt("r", "1", part, 2, state, early=False, known=known, tries=1, status=status)


def found(receipts: list[SentReceipt], report: Any) -> set[str]:
    return {name for name, count in broken(receipts, {"r": report}).items() if count}


@pytest.mark.parametrize(
    ("receipts", "report", "criteria"),
    [
        ([receipt("DELIVRD")] * 2, "delivered", set()),
        ([receipt("UNDELIV"), receipt("DELIVRD")], "failed", set()),
        ([receipt("DELIVRD"), receipt("UNDELIV", part=2)], "failed", set()),
        ([receipt("ENROUTE")], None, set()),
        ([receipt("UNDELIV", known=False), receipt("DELIVRD")], "delivered", set()),
        ([receipt("UNDELIV"), receipt("DELIVRD")], "delivered", {"failure_not_believed"}),
        ([receipt("DELIVRD")], None, {"reports_lost"}),
        ([receipt("DELIVRD")], "failed", {"invented"}),
        ([receipt("ENROUTE")], "delivered", {"invented"}),
        ([receipt("UNDELIV", known=False)], "failed", {"invented"}),
        ([receipt("DELIVRD", status=None)], "delivered", {"not_acknowledged"}),
    ],
)
def test_what_a_report_may_not_say_is_found(
    receipts: list[SentReceipt], report: str | None, criteria: set[str]
) -> None:
    assert found(receipts, report) == criteria


def test_nothing_is_owed_where_nothing_was_said() -> None:
    assert (owed_report(set()), owed_report({"delivered"}), owed_report({"delivered", "failed"})) == (
        None,
        "delivered",
        "failed",
    )
