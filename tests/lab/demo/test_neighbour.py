"""Who must be told of the neighbour's warning, and what the ledgers say of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import cap
from cap.rules.validation import check_container
from ops.lab.demo import counting, neighbour
from ops.lab.demo.counting import ToldCounts
from ops.lab.demo.neighbour import TakenInMessage
from ops.lab.world.people import HABITS, STOLBERG, make
from ops.lab.world.population import Recipient
from ops.lab.world.records import GatewayRecord, Kind

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
TAKEN_IN = (TakenInMessage(Kind.ALERT, "A", AT), TakenInMessage(Kind.CANCEL, "C", AT))


def record(message: str, recipient: str, *, accepted: bool = True, after_s: float = 2.0) -> GatewayRecord:
    return GatewayRecord(message, recipient, "sms", accepted, AT + timedelta(seconds=after_s), "")


def recipient(ref: str, *places: str) -> Any:
    return Recipient(ref=ref, places=places, channel="sms", address="+4900", instance="05358008")


def counted(*records: GatewayRecord) -> list[ToldCounts]:
    return neighbour.count(TAKEN_IN, {"one", "other"}, records)


RIGHT = [record(message, ref) for message in "AC" for ref in ("one", "other")]


def test_both_messages_are_valid_and_the_end_names_the_warning() -> None:
    warning, end = neighbour.messages("x", AT)
    for message in (warning, end):
        document = cap.parse(cap.render(message))
        assert cap.is_valid(check_container(document))
        assert cap.is_valid(cap.check(document.alerts[0]))
    assert [one.identifier for one in end.references] == [warning.identifier]


def test_owed_are_those_who_follow_the_city_each_at_one_endpoint_that_lives() -> None:
    people = [person for person, _ in make(1, 1)]
    found = counting.concerned(
        [recipient("in", STOLBERG), recipient("out", "05358008")], people, neighbour.CONCERNED
    )
    own = {person.habit: [one.ref for one in person.endpoints if one.ref in found] for person in people}
    assert "in" in found
    assert "out" not in found
    assert {habit for habit, refs in own.items() if refs} == {
        "the neighbour's app",
        "the neighbour's app, for the neighbour alone",
        "three apps on one device",
        "one endpoint in two apps",
    } & {habit.title for habit in HABITS}
    assert all(len(refs) <= 1 for refs in own.values())


def test_everybody_told_once_is_no_fault() -> None:
    found = counted(*RIGHT, record("A", "one", accepted=False), record("B", "stranger"))
    assert list(neighbour.faults(found)) == []
    assert [(one.owed, one.once, one.last_s) for one in found] == [(2, 2, 2.0)] * 2
    said = list(neighbour.lines(found))
    assert len(said) == 3
    assert "told once 2" in said[1]


def test_whatever_else_the_ledgers_say_is_found() -> None:
    for records, fault in (
        (RIGHT[1:], "the neighbour's alert: missed=1"),
        ([*RIGHT, record("C", "one")], "the neighbour's cancel: doubled=1"),
        ([*RIGHT, record("A", "stranger")], "the neighbour's alert: astray=1"),
    ):
        assert list(neighbour.faults(counted(*records))) == [fault]
    assert list(neighbour.faults(neighbour.count(TAKEN_IN[:1], {"one"}, [record("A", "one")])))
    assert "owed to nobody" in next(neighbour.faults(neighbour.count(TAKEN_IN, (), ())))
