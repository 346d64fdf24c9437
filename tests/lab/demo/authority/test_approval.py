"""What the ledgers say of a warning that waited for a second person, and what they must never say."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ops.lab.demo.authority import approval
from ops.lab.demo.authority.approval import ApprovalRecord
from ops.lab.world.records import GatewayRecord

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
WAITED = timedelta(seconds=2)
RECORD = ApprovalRecord("A", AT - WAITED, held=True, own=409, people=2, approved_at=AT)
OWED = frozenset({"one", "other"})


def record(recipient: str, after_s: float = 0.5, message: str = "A") -> GatewayRecord:
    return GatewayRecord(message, recipient, "sms", True, AT + timedelta(seconds=after_s), "")


RIGHT = (record("one"), record("other", 0.75))


def faults(*records: GatewayRecord, claimed: Mapping[str, int] | None = None, **otherwise: Any) -> list[str]:
    known = msgspec.structs.replace(RECORD, **otherwise)
    return list(approval.faults(approval.count(known, OWED, records, claimed or {"A": 2})))


def test_held_refused_to_its_author_approved_and_told_once_is_no_fault() -> None:
    assert faults(*RIGHT, record("stranger", -1, "B")) == []
    said = list(approval.lines(approval.count(RECORD, OWED, RIGHT, {"A": 2})))
    assert "held for 2.0 s, told meanwhile 0; the author's own approval refused (409)" in said[1]
    assert said[2].endswith("the first 0.50 s after the approval, the last 0.75 s")


def test_somebody_told_before_the_approval_is_a_leak() -> None:
    assert faults(record("one", -0.1), RIGHT[1]) == ["the approved warning: told before its approval=1"]


def test_whatever_else_the_ledgers_say_is_found() -> None:
    assert faults(RIGHT[0], claimed={"A": 1}) == ["the approved warning: missed=1"]
    assert faults(*RIGHT, RIGHT[0]) == ["the approved warning: doubled=1"]
    assert faults(*RIGHT, record("stranger"), claimed={"A": 3}) == ["the approved warning: astray=1"]
    assert faults(*RIGHT, claimed={"A": 1}) == [
        "the approved warning: the service claims 1, the gateways have 2"
    ]


@pytest.mark.parametrize(
    ("otherwise", "fault"),
    [
        ({"held": False}, "the approved warning was not held"),
        ({"own": 200}, "the approved warning: its author's own approval was answered with 200"),
        ({"people": 3}, "the approved warning: shown for 3 people, owed to 2"),
    ],
)
def test_what_the_run_saw_is_held_against_it(otherwise: dict[str, Any], fault: str) -> None:
    assert faults(*RIGHT, **otherwise) == [fault]


def test_a_run_without_an_approval_proves_nothing() -> None:
    assert list(approval.faults(approval.count(None, OWED, RIGHT, {}))) == [
        "nothing was approved by a second person"
    ]
    assert list(approval.lines(None)) == []
