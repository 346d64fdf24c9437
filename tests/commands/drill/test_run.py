"""Drills over the real API, record and plans; workers work while a drill waits."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import cap
from dispatcher.commands.desk.service import Service, ServiceRefused, Unanswered
from dispatcher.commands.drill.plan import DrillPlan, read_plan
from dispatcher.commands.drill.run import (
    DrillRun,
    NobodyTakesPart,
    NotAnExercise,
    NotCounted,
    QuotaReached,
    Surroundings,
    how_far,
)
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.drills import DRILL_TEXTS
from tests.api.conftest import EXERCISE_KEY, KEY
from tests.cases.test_exercise_isolation import Place, Told, placed
from tests.commands.drill.test_plan import PLAN, written
from tests.support.messages import SENDER


@pytest.fixture
def plan(tmp_path: Path) -> DrillPlan:
    return read_plan(written(tmp_path, PLAN.replace("leitstelle@dueren.example", SENDER)))


@pytest.fixture
async def place(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Place]:
    async with placed(database_url, redis_url, tmp_path) as place:
        yield place


class World:
    """What surrounds a run: time passes when it sleeps, and then workers work. `interrupt_at` is the sleep in which
    somebody presses Ctrl-C.
    """

    def __init__(self, work: Any, interrupt_at: int = 0) -> None:
        self.work, self.interrupt_at = work, interrupt_at
        self.passed, self.slept = 0.0, 0
        self.told: list[str] = []

    def sleep(self, seconds: float) -> None:
        self.passed += max(seconds, 60.0)
        self.slept += 1
        self.work()
        if self.slept == self.interrupt_at:
            raise KeyboardInterrupt

    def around(self) -> Surroundings:
        return Surroundings(
            lambda name, _values: self.told.append(name),
            lambda: datetime.now(UTC),
            lambda: self.passed,
            self.sleep,
        )


async def run(place: Place, plan: DrillPlan, interrupt_at: int = 0) -> tuple[dict[str, Any], Told, World]:
    loop, told = asyncio.get_running_loop(), Told()

    def work() -> None:
        asyncio.run_coroutine_threadsafe(place._out(told), loop).result(60)

    world = World(work, interrupt_at)
    service = Service(place.service.url, EXERCISE_KEY)
    drill = DrillRun(plan, "drill-20261129-140000-0a1b", service, world.around())
    result = await asyncio.to_thread(drill.run)
    assert drill.unsent == b""
    return result, told, world


async def open_exercises(place: Place) -> int:
    count: int = await place.pool.fetchval(
        "SELECT count(*) FROM alert WHERE reason IN ('drill', 'drill_update') AND stopped_at IS NULL"
    )
    return count


async def test_alarm_correction_and_all_clear_reach_who_takes_part_and_are_measured(
    place: Place, plan: DrillPlan
) -> None:
    result, told, _ = await run(place, plan)
    assert [(one["step"], one["reason"]) for one in result["steps"]] == [
        ("alarm", "drill"),
        ("correction", "drill_update"),
        ("all_clear", "drill_end"),
    ]
    assert (result["interrupted"], result["left_open"], await open_exercises(place)) == ("", False, 0)
    for step in result["steps"]:
        assert step["people"]["accepted"] == len(place.takes_part)
        push = step["channels"]["webpush"]
        assert (push["accepted"], push["twice"], push["perhaps_twice"]) == (len(place.takes_part), 0, 0)
        assert push["p50_s"] is not None
        assert push["curve"][-1][1] == len(place.takes_part)
        assert {one["ags"] for one in step["municipalities"]} == set(plan.municipalities)
    assert frozenset().union(*(one.people for one in told.sent)) == place.takes_part
    assert {one.status for one in told.sent} == {"Exercise"}


@pytest.mark.parametrize("interrupt_at", [1, 3, 5])
async def test_whatever_interrupts_it_no_exercise_is_left_open(
    place: Place, plan: DrillPlan, interrupt_at: int
) -> None:
    result, _, world = await run(place, plan, interrupt_at)
    assert (result["interrupted"], result["left_open"]) == ("by hand", False)
    assert result["steps"][-1]["reason"] == "drill_end"
    assert await open_exercises(place) == 0
    assert "interrupted" in world.told


async def test_where_they_cannot_be_counted_in_time_nothing_is_sent(place: Place, plan: DrillPlan) -> None:
    service = Service(place.service.url, EXERCISE_KEY)
    drill = DrillRun(plan, "drill-20261129-140000-0a1b", service, World(lambda: None).around())
    async with place.pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE followed_municipality IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(NotCounted):
            await asyncio.to_thread(drill.preview)
    assert await place.pool.fetchval("SELECT count(*) FROM alert") == 0


async def test_where_nobody_takes_part_nothing_is_sent(place: Place, plan: DrillPlan) -> None:
    service = Service(place.service.url, EXERCISE_KEY)
    drill = DrillRun(plan, "drill-20261129-140000-0a1b", service, World(lambda: None).around())
    assert await asyncio.to_thread(drill.preview) == {"webpush": len(place.takes_part)}
    await place.pool.execute("UPDATE subscription SET drills = false")
    with pytest.raises(NobodyTakesPart):
        await asyncio.to_thread(drill.preview)
    live = DrillRun(plan, "drill-2", Service(place.service.url, KEY), World(lambda: None).around())
    with pytest.raises(ServiceRefused) as refused:
        await asyncio.to_thread(live.preview)
    assert refused.value.type == "wrong-environment"
    assert await place.pool.fetchval("SELECT count(*) FROM alert") == 0


class Answers:
    """A service whose answers a test decides: `refused` and `lost` say which posts it refuses, or answers never."""

    api = "/exercise/v1"

    def __init__(self, refused: frozenset[int] = frozenset(), lost: frozenset[int] = frozenset()) -> None:
        self.refused, self.lost = refused, lost
        self.posted: list[cap.Alert] = []
        self.reason, self.quota_reached = "drill", False

    def post(self, path: str, body: bytes, _member: str) -> dict[str, Any]:
        (message,) = cap.parse(body).alerts
        self.posted.append(message)
        if len(self.posted) in self.refused:
            raise ServiceRefused(
                422,
                {"type": "urn:cap-dispatcher:problem:unknown-reference"},
                text="",
                url=path,
                retry_after="",
            )
        if len(self.posted) in self.lost:
            raise Unanswered("timeout")
        return {
            "alert": {"id": f"A{len(self.posted)}", "reason": self.reason},
            "reason": self.reason,
            "quota_reached": self.quota_reached,
            "reach": {"webpush": 1},
        }

    def get(self, _path: str, _member: str) -> dict[str, Any]:
        raise Unanswered("away")

    def bytes_at(self, _path: str) -> bytes:
        raise Unanswered("away")


def driven(plan: DrillPlan, service: Answers) -> tuple[DrillRun, dict[str, Any]]:
    drill = DrillRun(plan, "drill-1", service, World(lambda: None).around())
    return drill, drill.run()


def test_an_answer_that_is_lost_is_asked_for_with_the_same_message(plan: DrillPlan) -> None:
    service = Answers(lost=frozenset({1, 2}))
    _, result = driven(plan, service)
    assert [one.identifier for one in service.posted] == [
        *["drill-1-alarm"] * 3,
        "drill-1-correction",
        "drill-1-all-clear",
    ]
    assert result["left_open"] is False


def test_a_step_that_is_refused_ends_the_exercise(plan: DrillPlan) -> None:
    service = Answers(refused=frozenset({2}))
    drill, result = driven(plan, service)
    end = service.posted[-1]
    assert [one.identifier for one in end.references] == ["drill-1-alarm", "drill-1-correction"]
    assert (drill.unsent, result["left_open"]) == (b"", False)
    assert result["interrupted"] == "refused: unknown-reference"


def test_an_alarm_that_never_arrived_leaves_nothing_open(plan: DrillPlan) -> None:
    service = Answers(refused=frozenset({1, 2}))
    _, result = driven(plan, service)
    assert (len(service.posted), result["left_open"]) == (2, False)


def test_an_end_that_cannot_be_sent_is_kept_for_whoever_can(plan: DrillPlan) -> None:
    service = Answers(lost=frozenset(range(2, 999)))
    drill, result = driven(plan, service)
    assert (result["left_open"], result["interrupted"]) == (True, "unanswered")
    (end,) = cap.parse(drill.unsent).alerts
    assert end.infos[0].response_types == (cap.ResponseType.ALL_CLEAR,)


def test_what_the_service_would_not_send_is_no_drill(plan: DrillPlan) -> None:
    service = Answers()
    service.reason = "not_actual"
    with pytest.raises(NotAnExercise):
        DrillRun(plan, "drill-1", service, World(lambda: None).around()).preview()
    assert plan.lasts > timedelta()


def test_where_the_quota_is_reached_nothing_is_sent(plan: DrillPlan) -> None:
    service = Answers()
    service.quota_reached = True
    with pytest.raises(QuotaReached):
        DrillRun(plan, "drill-1", service, World(lambda: None).around()).preview()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_exercise_and_a_second_one_does_not_interrupt_its_end(
    plan: DrillPlan, number: signal.Signals
) -> None:
    before = signal.signal(number, lambda *_: pytest.fail("the drill left it to others"))
    try:
        service = Answers(lost=frozenset({2}))  # the end waits for an answer when the second one comes
        drill = DrillRun(plan, "drill-1", service, World(lambda: os.kill(os.getpid(), number)).around())
        result = drill.run()
        assert signal.getsignal(number) is not signal.SIG_IGN
    finally:
        signal.signal(number, before)
    assert [one.identifier for one in service.posted] == ["drill-1-alarm", *["drill-1-all-clear"] * 2]
    assert (result["interrupted"], result["left_open"], drill.unsent) == ("by hand", False, b"")


def test_a_signal_that_is_ignored_stays_so(plan: DrillPlan) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        service = Answers()
        DrillRun(plan, "drill-1", service, World(lambda: os.kill(os.getpid(), signal.SIGHUP)).around()).run()
    finally:
        signal.signal(signal.SIGHUP, before)
    assert [one.identifier for one in service.posted][1] == "drill-1-correction"


def test_an_error_that_nobody_expected_ends_the_exercise_and_is_not_hidden(plan: DrillPlan) -> None:
    class Spoilt(Answers):
        def get(self, _path: str, _member: str) -> dict[str, Any]:
            return {}

    service = Spoilt()
    drill, result = driven(plan, service)
    assert [one.identifier for one in service.posted] == ["drill-1-alarm", "drill-1-all-clear"]
    assert (result["interrupted"], result["left_open"]) == ("unexpected: KeyError", False)
    assert isinstance(drill.unexpected, KeyError)


def test_an_error_that_nobody_expected_at_the_end_leaves_the_end_to_others(plan: DrillPlan) -> None:
    class Spoilt(Answers):
        def post(self, path: str, body: bytes, member: str) -> dict[str, Any]:
            answer = super().post(path, body, member)
            return answer if len(self.posted) == 1 else {}

    drill, result = driven(plan, Spoilt())
    assert (result["left_open"], bool(drill.unsent)) == (True, True)


def test_a_terminal_that_was_closed_ends_nothing(plan: DrillPlan) -> None:
    def closed(_name: str, _values: dict[str, object]) -> None:
        raise BrokenPipeError

    world, service = World(lambda: None, interrupt_at=1), Answers()
    around = Surroundings(closed, monotonic=lambda: world.passed, sleep=world.sleep)
    result = DrillRun(plan, "drill-1", service, around).run()
    assert [one.identifier for one in service.posted] == ["drill-1-alarm", "drill-1-all-clear"]
    assert (result["interrupted"], result["left_open"]) == ("by hand", False)


@pytest.mark.parametrize(
    ("recipients", "planned_at", "said"),
    [
        (0, None, "Alarm: Der Dienst stellt fest, wer sie erhält."),
        (0, "2026-11-29T14:00:00Z", "Alarm: Niemand erhält sie."),
        (5, "2026-11-29T14:00:00Z", "Alarm: 3 von 5 übergeben"),
    ],
)
def test_no_numbers_are_told_before_it_is_known_who_gets_it(
    recipients: int, planned_at: str | None, said: str
) -> None:
    status = {"alert": {"planned_at": planned_at}, "progress": {"recipients": recipients, "accepted": 3}}
    name, values = how_far("alarm", status)
    assert DRILL_TEXTS[DeskLanguage.GERMAN][name].format(**{**values, "step": "Alarm"}) == said
