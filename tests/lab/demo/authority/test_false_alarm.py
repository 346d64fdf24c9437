"""What the ledgers say of a false alarm that was taken back, and what they must never say."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ops.lab.demo.authority import false_alarm
from ops.lab.demo.authority.false_alarm import CorrectionRecord, understanding
from ops.lab.demo.authority.texts import KeptText
from ops.lab.world.records import GatewayRecord

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
RECORD = CorrectionRecord(
    "A",
    "C",
    AT - timedelta(minutes=1),
    decided_at=AT,
    answered_at=AT + timedelta(seconds=0.25),
    first_within_s=2.0,
)
OWED = frozenset({"one", "other"})
LANGUAGES = {"one": "de", "other": "en"}


def record(message: str, recipient: str, after_s: float = 0.5) -> GatewayRecord:
    return GatewayRecord(message, recipient, "webpush", True, AT + timedelta(seconds=after_s), "")


ALARM = (record("A", "one", -50), record("A", "other", -50))
CORRECTION = (record("C", "one"), record("C", "other", 0.75))
TEXTS = (
    KeptText("C", "one", {"title": "ENTWARNUNG", "headline": "Fehlalarm: Brandgase"}),
    KeptText("C", "other", {"text": "ALL-CLEAR: False alarm: Brandgase"}),
    KeptText("A", "third", {"text": "Fehlalarm"}),
)


def faults(
    *records: GatewayRecord,
    claimed: Mapping[str, int] | None = None,
    understood: int | None = None,
    **otherwise: Any,
) -> list[str]:
    known = msgspec.structs.replace(RECORD, **otherwise)
    reached = len({one.recipient for one in records if one.message == "C"})
    claims = claimed or {"A": 2, "C": reached}
    seen = reached if understood is None else understood
    return list(false_alarm.faults(false_alarm.count(known, OWED, records, claims, seen)))


def test_a_correction_to_those_alarmed_at_once_is_no_fault() -> None:
    assert faults(*ALARM, *CORRECTION) == []
    found = false_alarm.count(RECORD, OWED, (*ALARM, *CORRECTION), {"A": 2, "C": 2}, 2)
    *_, last = false_alarm.lines(found)
    assert (
        "to the first accept 0.50 s (at most 2 s), to the last 0.75 s; the operator's step took 0.25 s"
        in last
    )


def test_a_correction_that_leaves_late_is_a_fault() -> None:
    late = (record("C", "one", 2.1), record("C", "other", 2.2))
    fault = "the correction: first accepted after 2.10 s, not within 2 s of the decision"
    assert faults(*ALARM, *late) == [fault]
    assert faults(*ALARM, *late, first_within_s=60.0) == []


def test_somebody_else_who_is_told_is_a_leak() -> None:
    assert faults(*ALARM, *CORRECTION, record("C", "stranger")) == ["the false alarm's correction: astray=1"]


def test_who_was_alarmed_against_what_is_owed_is_corrected_all_the_same() -> None:
    stray = (record("A", "stranger"), record("C", "stranger"))
    assert faults(*ALARM, *CORRECTION, *stray, claimed={"A": 3, "C": 3}) == [
        "the false alarm's alarm: astray=1"
    ]


@pytest.mark.parametrize(
    ("records", "wrong"),
    [
        ((*ALARM, CORRECTION[0]), ["the false alarm's correction: missed=1"]),
        ((*ALARM, *CORRECTION, CORRECTION[0]), ["the false alarm's correction: doubled=1"]),
    ],
)
def test_whatever_else_the_ledgers_say_is_found(records: tuple[GatewayRecord, ...], wrong: list[str]) -> None:
    assert faults(*records) == wrong


def test_the_service_must_claim_what_the_gateways_have() -> None:
    assert faults(*ALARM, *CORRECTION, claimed={"A": 2, "C": 1}) == [
        "the false alarm's correction: the service claims 1, the gateways have 2"
    ]


def test_everybody_must_be_told_in_the_own_language() -> None:
    assert understanding(TEXTS, "C", LANGUAGES) == 2
    assert understanding(TEXTS, "C", {**LANGUAGES, "one": "uk"}) == 1
    assert understanding(TEXTS[1:], "C", LANGUAGES) == 1
    assert faults(*ALARM, *CORRECTION, understood=1) == ["the correction: in their own language to 1 of 2"]


def test_a_run_without_a_correction_proves_nothing() -> None:
    nothing = false_alarm.count(None, OWED, ALARM, {}, 0)
    assert list(false_alarm.faults(nothing)) == ["no false alarm was corrected"]
    assert list(false_alarm.lines(nothing)) == []
    assert len(faults(*ALARM)) == 2  # missed, and never
