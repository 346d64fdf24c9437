"""What the ledgers say of an exercise, and what they must never say."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dispatcher.commands.drill.plan import read_plan
from ops.lab.demo.authority import exercise
from ops.lab.demo.authority.exercise import (
    PLAN,
    STEPS,
    ExerciseRecord,
    ExerciseStep,
    ReadTexts,
    is_marked,
    read_texts,
)
from ops.lab.demo.authority.texts import KeptText
from ops.lab.world.people import make
from ops.lab.world.records import GatewayRecord

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
OWED = frozenset({"one", "other"})
OTHERS = OWED | {"outsider"}
READ = ReadTexts(6, 0)
MARK = "ÜBUNG/TEST"


def record(message: str, recipient: str) -> GatewayRecord:
    return GatewayRecord(message, recipient, "webpush", True, AT + timedelta(seconds=0.5), "")


RIGHT = tuple(record(step, recipient) for step in STEPS for recipient in sorted(OWED))
STEPPED = ExerciseRecord(tuple(ExerciseStep(step, step, AT) for step in STEPS), "drills/drill.html")


def faults(
    *records: GatewayRecord,
    claimed: Mapping[str, int] | None = None,
    read: ReadTexts = READ,
    known: ExerciseRecord = STEPPED,
    others: frozenset[str] = OTHERS,
) -> list[str]:
    claims = claimed or {step: len({one for one in records if one.message == step}) for step in STEPS}
    return list(exercise.faults(exercise.count(known, OWED, others, records, claims, read)))


def test_an_exercise_to_those_who_take_part_is_no_fault() -> None:
    assert faults(*RIGHT, record("another", "outsider")) == []
    found = exercise.count(STEPPED, OWED, OTHERS, RIGHT, dict.fromkeys(STEPS, 2), READ)
    said = list(exercise.lines(found))
    assert len(said) == 5
    assert "of 1 others there 0 were told; of 6 texts 0 lack a mark at an end" in said[-1]


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_reaches_an_outsider_is_a_leak(step: str) -> None:
    assert faults(*RIGHT, record(step, "outsider"))[0] == f"the exercise's {step}: astray=1"


@pytest.mark.parametrize(
    ("records", "fault"),
    [(RIGHT[1:], "the exercise's alarm: missed=1"), ((*RIGHT, RIGHT[0]), "the exercise's alarm: doubled=1")],
)
def test_whatever_else_the_ledgers_say_is_found(records: tuple[GatewayRecord, ...], fault: str) -> None:
    assert faults(*records) == [fault]


def test_the_service_must_claim_what_the_gateways_have() -> None:
    assert faults(*RIGHT, claimed=dict.fromkeys(STEPS, 2) | {"correction": 3}) == [
        "the exercise's correction: the service claims 3, the gateways have 2"
    ]


def test_texts_must_be_there_and_marked() -> None:
    assert faults(*RIGHT, read=ReadTexts(6, 1)) == ["the exercise: unmarked=1"]
    assert faults(*RIGHT, read=ReadTexts(5, 0)) == [
        "the exercise: the texts of 1 sends are not in the ledgers"
    ]


@pytest.mark.parametrize(
    ("parts", "marked"),
    [
        ({"title": f"{MARK}: WARNUNG – {MARK}", "notification": f"{MARK}: WARNUNG\nTitz\n{MARK}"}, True),
        ({"text": f"{MARK}: WARNUNG"}, False),
        ({"text": f"WARNUNG – {MARK}"}, False),
        ({"title": f"{MARK}: WARNUNG – {MARK}", "headline": "Brandgase"}, False),
        ({"text": "EXERCISE/TEST: WARNING – EXERCISE/TEST"}, False),
        ({}, False),
    ],
)
def test_each_part_has_the_mark_at_both_ends_in_its_language(parts: dict[str, str], marked: bool) -> None:
    text = KeptText("alarm", "one", parts)
    assert is_marked(text, "de") is marked
    assert read_texts(STEPPED, [text, KeptText("else", "one", {})], {}) == ReadTexts(1, not marked)


def test_what_proves_nothing_is_said(tmp_path: Path) -> None:
    assert list(exercise.faults(None)) == ["there was no exercise"]
    assert list(exercise.lines(None)) == []
    assert exercise.count(None, OWED, OTHERS, RIGHT, {}, read_texts(None, (), {})) is None
    assert faults(*RIGHT, others=OWED) == ["everybody there takes part in exercises"]
    shorter = ExerciseRecord(STEPPED.steps[:2], STEPPED.report)
    assert faults(*RIGHT, known=shorter) == ["the exercise had the steps alarm, correction"]
    assert list(exercise.unreported(STEPPED, tmp_path)) == ["the exercise left no report"]


def test_the_report_is_looked_for_where_the_run_lies(tmp_path: Path) -> None:
    page = tmp_path / STEPPED.report
    page.parent.mkdir()
    page.write_text("<!doctype html>")
    assert list(exercise.unreported(STEPPED, tmp_path)) == []


def test_those_who_opted_in_take_part_and_the_plan_is_one(tmp_path: Path) -> None:
    people = [person for person, _ in make(1, 1)]
    taking = {person.habit for person in people if person.endpoints[0].ref in exercise.taking_part(people)}
    assert taking == {"exercises too", "exercises too, in English"}
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN.format(sender="a@b.example", places='"05358056"'), "utf-8")
    assert read_plan(plan).correction is not None
