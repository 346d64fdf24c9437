"""Which lane an alert travels in, and who stands aside for whom."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

import cap
from dispatcher.delivery.lanes import LaneGate
from dispatcher.intake.lane import lane_of
from dispatcher.model.vocabulary import Lane
from tests.support.messages import InfoPart, Message

GRAVE = InfoPart(severity="Extreme", urgency="Immediate", certainty="Observed")
MILD = InfoPart(severity="Minor", urgency="Immediate", certainty="Observed")


def lane(*infos: Any, **changes: Any) -> Any:
    return lane_of(cap.parse(replace(Message(infos=infos), **changes).xml()).alerts[0])


@pytest.mark.parametrize("severity", ["Extreme", "Severe"])
@pytest.mark.parametrize("certainty", ["Observed", "Likely"])
def test_grave_immediate_and_certain_is_flash(severity: str, certainty: str) -> None:
    assert lane(replace(GRAVE, severity=severity, certainty=certainty)) is Lane.FLASH


@pytest.mark.parametrize(
    "info",
    [
        replace(GRAVE, urgency="Expected"),
        replace(GRAVE, certainty="Possible"),
        replace(GRAVE, certainty="Unknown"),
    ],
)
def test_grave_alone_is_priority(info: Any) -> None:
    assert lane(info) is Lane.PRIORITY


@pytest.mark.parametrize("severity", ["Moderate", "Minor", "Unknown"])
def test_the_rest_is_routine(severity: str) -> None:
    assert lane(replace(GRAVE, severity=severity)) is Lane.ROUTINE


def test_the_gravest_info_decides() -> None:
    assert lane(MILD, GRAVE) is Lane.FLASH
    assert lane(MILD, replace(GRAVE, urgency="Future")) is Lane.PRIORITY


def test_the_end_of_a_warning_never_travels_below_priority() -> None:
    first = Message()
    assert lane(MILD, msg_type="Cancel", references=(first,)) is Lane.PRIORITY
    assert lane(msg_type="Cancel", references=(first,)) is Lane.PRIORITY
    assert lane(GRAVE, msg_type="Cancel", references=(first,)) is Lane.FLASH


@pytest.mark.parametrize("status", ["Exercise", "Test", "System", "Draft"])
def test_what_is_not_actual_travels_behind_everything(status: str) -> None:
    assert lane(GRAVE, status=status) is Lane.EXERCISE


@pytest.mark.parametrize(
    ("busy", "mine", "waits"),
    [
        (Lane.FLASH, Lane.ROUTINE, True),
        (Lane.PRIORITY, Lane.EXERCISE, True),
        (Lane.ROUTINE, Lane.ROUTINE, False),
        (Lane.ROUTINE, Lane.FLASH, False),
    ],
)
async def test_only_a_higher_lane_makes_a_lower_one_wait(busy: Any, mine: Any, waits: bool) -> None:
    gate = LaneGate()
    with gate.work(busy):
        assert gate.must_wait(mine) is waits
    assert not gate.must_wait(mine)


async def test_nobody_waits_where_nothing_is_above() -> None:
    gate = LaneGate()
    await asyncio.wait_for(gate.stand_aside(Lane.EXERCISE), 1)


async def test_a_lower_lane_goes_on_as_soon_as_the_higher_one_is_done() -> None:
    gate, order = LaneGate(), []
    entered = asyncio.Event()

    async def routine() -> None:
        entered.set()
        await gate.stand_aside(Lane.ROUTINE)
        order.append("routine")

    with gate.work(Lane.FLASH):
        waiting = asyncio.create_task(routine())
        await entered.wait()
        order.append("flash")
    await waiting
    assert order == ["flash", "routine"]


async def test_a_lower_lane_is_not_starved_by_a_higher_one_that_never_ends() -> None:
    gate = LaneGate()
    with gate.work(Lane.FLASH):
        await asyncio.wait_for(gate.stand_aside(Lane.ROUTINE), 20)


async def test_a_batch_that_fails_leaves_the_gate_open() -> None:
    gate = LaneGate()
    with pytest.raises(LookupError), gate.work(Lane.FLASH):
        raise LookupError
    assert not gate.must_wait(Lane.ROUTINE)


async def test_a_lower_lane_stands_aside_for_work_in_another_process_until_it_is_done() -> None:
    asked = []

    async def elsewhere(lane: Any) -> bool:
        asked.append(lane)
        return len(asked) < 3

    await asyncio.wait_for(LaneGate(elsewhere).stand_aside(Lane.ROUTINE), 20)
    assert asked == [Lane.ROUTINE] * 3


async def test_what_other_processes_do_is_not_asked_for_every_slice() -> None:
    asked = []

    async def elsewhere(lane: Any) -> bool:
        asked.append(lane)
        return False

    gate = LaneGate(elsewhere)
    for _ in range(100):
        await gate.stand_aside(Lane.ROUTINE)
    await gate.stand_aside(Lane.EXERCISE)
    assert asked.count(Lane.EXERCISE) == 1
    assert asked.count(Lane.ROUTINE) < 100
