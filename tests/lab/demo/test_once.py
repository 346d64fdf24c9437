"""The count of people, by ledgers as they should be, and as they must never be."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops.lab.demo import once
from ops.lab.demo.once import Sent
from ops.lab.world import people
from ops.lab.world.people import GONE_PREFIX, HABITS, Person
from ops.lab.world.records import GatewayRecord, Kind, ServiceRecord

AT = datetime(2026, 3, 1, tzinfo=UTC)
MESSAGES = {Kind.ALERT: Sent("A", AT), Kind.UPDATE: Sent("U", AT), Kind.CANCEL: Sent("C", AT)}


@pytest.fixture(scope="module")
def persons() -> list[Person]:
    return [person for person, _ in people.make(1, 1)]


def taken(message: str, ref: str, *, accepted: bool = True, after_s: int = 1) -> GatewayRecord:
    at = AT + timedelta(seconds=after_s)
    return GatewayRecord(message, ref, "webpush", accepted, at, "", collapse="chain")


@pytest.fixture
def ledger(persons: list[Person]) -> list[GatewayRecord]:
    """Everybody told once, those of others beside them."""
    owed = people.owed(persons)
    told = [taken(MESSAGES[kind].id, ref) for kind in Kind if kind in owed for ref in owed[kind].values()]
    return [*told, taken("A", "imported"), taken("A", f"{GONE_PREFIX}none", accepted=False)]


def counted(persons: Sequence[Person], ledger: list[GatewayRecord], more_claims: int = 0) -> list[Any]:
    own = {one.ref for person in persons for one in person.endpoints}
    claims = [
        ServiceRecord(one.message, "", "webpush", "accepted")
        for one in {one.key: one for one in ledger if one.accepted and one.recipient in own}.values()
    ]
    claims += [ServiceRecord("A", "", "webpush", "accepted")] * more_claims
    return once.count(persons, MESSAGES, ledger, claims)


def test_everybody_told_once_is_no_fault(persons: list[Person], ledger: list[GatewayRecord]) -> None:
    counts = counted(persons, ledger)
    assert list(once.faults(counts, 0)) == []
    # Of one of each habit: the neighbour's own place is never concerned, and one has nothing that lives for the Alert.
    assert [(one.kind, one.owed, one.once) for one in counts] == [
        (Kind.ALERT, 7, 7),
        (Kind.UPDATE, 9, 9),
        (Kind.CANCEL, 9, 9),
    ]
    first, *rest = once.lines(persons, counts)
    assert first == (
        "13 people subscribed in 4 apps, 4 of them in several, with 21 endpoints, of which 4 were gone:"
    )
    assert rest[0] == "  alert: owed to 7, told once 7, on two endpoints 0, missed 0, astray 0"


def of(persons: list[Person], title: str) -> Person:
    return next(one for one in persons if one.habit == title)


def test_a_doubled_line_is_a_fault_beyond_what_a_killed_process_explains(
    persons: list[Person], ledger: list[GatewayRecord]
) -> None:
    counts = counted(persons, [*ledger, ledger[0]])
    assert list(once.faults(counts, 0)) == ["people: doubled=1>0"]
    assert list(once.faults(counts, 1)) == []
    assert counts[0].once == counts[0].owed - 1
    assert "1 sends repeated" in list(once.lines(persons, counts))[1]


def test_a_missing_line_is_a_fault(persons: list[Person], ledger: list[GatewayRecord]) -> None:
    counts = counted(persons, ledger[1:])
    assert list(once.faults(counts, 99)) == ["people in the alert: missed=1"]
    refused = [replace(ledger[0], accepted=False), *ledger[1:]]
    assert list(once.faults(counted(persons, refused), 99)) == ["people in the alert: missed=1"]


def test_a_second_endpoint_is_a_fault_whatever_was_killed(
    persons: list[Person], ledger: list[GatewayRecord]
) -> None:
    tablet = of(persons, "a phone and a tablet").endpoints[1]
    counts = counted(persons, [*ledger, taken("U", tablet.ref, after_s=59)])
    assert list(once.faults(counts, 99)) == ["people in the update: elsewhere=1"]


def test_one_that_was_called_up_after_a_minute_is_said_and_told_what_follows(
    persons: list[Person], ledger: list[GatewayRecord]
) -> None:
    tablet = of(persons, "a phone and a tablet").endpoints[1]
    late = [taken("U", tablet.ref, after_s=60), taken("C", tablet.ref)]
    counts = counted(persons, [*ledger, *late])
    assert list(once.faults(counts, 0)) == []
    assert [(one.called_up, one.once) for one in counts] == [(0, 7), (1, 8), (1, 8)]
    assert "called up after a minute" in list(once.lines(persons, counts))[2]


def test_whom_it_does_not_concern_is_astray(persons: list[Person], ledger: list[GatewayRecord]) -> None:
    outsider = of(persons, "the neighbour's app, for the neighbour alone").endpoints[0]
    counts = counted(persons, [*ledger, taken("A", outsider.ref)])
    assert list(once.faults(counts, 99)) == ["people in the alert: astray=1"]


def test_the_service_must_claim_what_the_gateways_have(
    persons: list[Person], ledger: list[GatewayRecord]
) -> None:
    (fault,) = once.faults(counted(persons, ledger, more_claims=1), 0)
    assert fault == "people in the alert: the service claims 8, the gateways have 7"


def test_a_run_without_people_proves_nothing() -> None:
    counts = once.count([], MESSAGES, [], [])
    assert len(list(once.faults(counts, 0))) == len(MESSAGES)


def test_each_habit_has_its_own_people(persons: list[Person]) -> None:
    assert [one.habit for one in persons] == [habit.title for habit in HABITS]
