"""What is open at the end of a shift, and what the trail says of shifts."""

from dataclasses import replace

import pytest

from dispatcher.console.desk.overview import DeskList, DeskReading
from dispatcher.console.desk.readiness import FeedCondition, ServiceCondition
from dispatcher.console.desk.shift import (
    NAMED_MAX,
    NOTE_MAX,
    BegunShift,
    begun_shift,
    is_note,
    open_matters,
)
from dispatcher.model.status import Owed, RecipientProgress
from dispatcher.store.audit import AuditLine
from dispatcher.store.on_duty.shifts import TAKEN_OVER
from tests.support.messages import HOUR, NOW, stored

HELD, FAILING, WELL = (replace(stored(), id=name) for name in "ABC")
FAILED = RecipientProgress(5, failed=(Owed("sms", "eins", "rejected", "", 2),))
READING = DeskReading(
    NOW,
    (DeskList("held", [HELD]), DeskList("in_force", [FAILING, WELL]), DeskList("sent", [WELL])),
    counts={"B": FAILED, "C": RecipientProgress(5)},
)
CONDITION = ServiceCondition(
    NOW, feeds=(FeedCondition("dwd", NOW, None, "", 1), FeedCondition("mowas", NOW, NOW, "", 1))
)


def test_what_waits_fails_or_is_silent_is_open() -> None:
    found = open_matters(READING, CONDITION)
    assert (found.held, found.failing, found.in_force) == ((HELD,), (FAILING,), (WELL,))
    assert (found.silent_feeds, found.count) == (("mowas",), 4)
    assert found.as_detail() == {
        "held": ["A"],
        "failing": ["B"],
        "in_force": ["C"],
        "silent_feeds": ["mowas"],
        "open": 4,
    }


def test_what_a_desk_does_not_list_is_counted_all_the_same() -> None:
    lists = (DeskList("held", [HELD], left_out=3), DeskList("in_force", [], left_out=2))
    found = open_matters(replace(READING, lists=lists), CONDITION)
    assert (found.left_out, found.count, found.as_detail()["open"]) == (5, 7, 7)


def test_a_line_of_the_trail_names_so_many_and_counts_all() -> None:
    many = open_matters(
        replace(READING, lists=(DeskList("held", [HELD] * 90), DeskList("in_force", []))), CONDITION
    )
    assert (len(many.as_detail()["held"]), many.as_detail()["open"]) == (NAMED_MAX, 91)


def test_a_line_of_the_trail_says_who_took_over_with_which_note() -> None:
    line = AuditLine(NOW - HOUR, "person:b.lang", TAKEN_OVER, None, {"note": "Pegel steigt", "open": 1})
    assert begun_shift(line) == BegunShift("b.lang", NOW - HOUR, "Pegel steigt", 1)


@pytest.mark.parametrize(
    ("text", "is_good"),
    [("", True), ("ä" * NOTE_MAX, True), ("ä" * (NOTE_MAX + 1), False), ("zwei\nZeilen", False)],
)
def test_a_note_is_one_line(text: str, is_good: bool) -> None:
    assert is_note(text) is is_good
