"""What waits for a decision, and who was told of it, in the record."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

import dispatcher.store.on_duty.matters as module
from dispatcher.access.principals import UNNAMED_OPERATOR, WORKER
from dispatcher.access.roles import Role, RoleGrant
from dispatcher.model.approval.request import ApprovalDecision
from dispatcher.model.vocabulary import Reason
from dispatcher.on_duty.matters import DutyLevel, Matter, MatterEnding, Occasion, ending
from dispatcher.on_duty.messages import DutyResult, Following
from dispatcher.on_duty.roster import LeftOut, OnDuty, Roster
from dispatcher.store.alerts.approvals import ask_again, note_decision
from dispatcher.store.on_duty.matters import DutyMatters
from dispatcher.store.on_duty.messages import DutyMessages
from tests.store.alerts.test_approvals import asked
from tests.support.histories import submit
from tests.support.messages import DUEREN, HOUR, NOW
from tests.support.on_duty import on_duty

COVERED = Roster((OnDuty("m.duty", DutyLevel.ON_DUTY),), {})
DUE = {("m.duty", Occasion.DUE)}
TOOK = timedelta()


@pytest.fixture
def matters(pool: Any) -> DutyMatters:
    return DutyMatters(pool)


@pytest.fixture
async def matter(pool: Any, alerts: Any, matters: DutyMatters) -> Matter:
    """A warning that waits for a second person."""
    await on_duty(pool, "m.duty", RoleGrant(Role.APPROVER))
    await asked(pool, alerts, "A")
    (found,) = await matters.open(NOW)
    return found


async def tell(matters: DutyMatters, matter: Matter, found: Roster = COVERED, wanted: Any = DUE) -> bool:
    return await matters.tell(matter, NOW, found, wanted, WORKER)


async def occasions(pool: Any) -> list[str]:
    rows = await pool.fetch("SELECT occasion FROM duty_message WHERE alert_id = 'A' ORDER BY id")
    return [row["occasion"] for row in rows]


async def accepted(messages: DutyMessages) -> None:
    for due in await messages.claim(9):
        await messages.answered(due, "accepted", Following(DutyResult.ACCEPTED), TOOK)


async def decide(pool: Any, by: Any = UNNAMED_OPERATOR) -> None:
    async with pool.acquire() as connection:
        await note_decision(connection, "A", ApprovalDecision.REJECT, by, "")
    await pool.execute("UPDATE alert SET state = 'recorded', reason = 'discarded' WHERE id = 'A'")


async def test_what_needs_a_second_person_is_read_with_all_that_is_said_of_it(matter: Matter) -> None:
    assert (matter.alert_id, matter.asked, matter.asked_at) == ("A", Role.APPROVER, NOW)
    assert (matter.people, matter.authors, matter.places) == (12, ("m.keller",), (DUEREN,))
    assert matter.expires == NOW + 6 * HOUR


async def test_held_else_are_those_that_are_extreme_or_that_a_policy_reminds_of(
    pool: Any, alerts: Any, matters: DutyMatters
) -> None:
    held = {"reason": Reason.HELD, "held_for": "severity", "expires": NOW + HOUR}
    await submit(alerts, "A", **held, severity="Severe")
    await submit(alerts, "B", **held, severity="Extreme")
    await asked(pool, alerts, "C", is_needed=False)
    assert [one.alert_id for one in await matters.open(NOW)] == ["B"]
    await pool.execute("UPDATE approval SET reminded_at = $1", NOW)
    found = await matters.open(NOW)
    assert [(one.alert_id, one.asked) for one in found] == [("B", Role.OPERATOR), ("C", Role.OPERATOR)]
    assert await matters.open(NOW + HOUR) == found[1:], "what has expired asks nobody"


async def test_however_much_waits_everything_gets_its_turn(
    pool: Any, alerts: Any, matters: DutyMatters, matter: Matter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 1)
    await submit(alerts, "B", reason=Reason.HELD, held_for="severity", severity="Extreme")
    await asked(pool, alerts, "C")
    assert [one.alert_id for one in await matters.open(NOW)] == ["A", "B"]
    await tell(matters, matter)
    assert [one.alert_id for one in await matters.open(NOW)] == ["C", "B"], "nobody was told of that one"


async def test_each_is_told_once_whichever_process_writes_it(
    pool: Any, matters: DutyMatters, matter: Matter
) -> None:
    others = [DutyMatters(pool) for _ in range(4)]
    assert not any(await asyncio.gather(*(tell(one, matter) for one in (matters, *others))))
    assert await occasions(pool) == ["due"]
    case = (await matters.so_far())["A", NOW]
    assert case.is_covered
    assert set(case.told) == DUE
    (line,) = await pool.fetch("SELECT detail FROM audit WHERE action = 'duty.tell'")
    assert line["detail"] == {"persons": {"due": ["m.duty"]}, "messages": 1}


async def test_the_trail_names_whoever_is_told_anew(pool: Any, matters: DutyMatters, matter: Matter) -> None:
    await tell(matters, matter)
    await on_duty(pool, "n.next", RoleGrant(Role.APPROVER), at="+491700000002")
    await tell(matters, matter, wanted={*DUE, ("n.next", Occasion.DUE)})
    lines = await pool.fetch("SELECT detail FROM audit WHERE action = 'duty.tell' ORDER BY id")
    assert [line["detail"]["persons"] for line in lines] == [{"due": ["m.duty"]}, {"due": ["n.next"]}]


async def test_that_nobody_on_duty_can_be_told_is_written_down_once_and_when_it_changes(
    pool: Any, matters: DutyMatters, matter: Matter
) -> None:
    nobody = Roster((OnDuty("n.next", DutyLevel.OFF_CALL),), {"m.duty": LeftOut.NO_ENDPOINT})
    assert [await tell(matters, matter, nobody, ()) for _ in range(2)] == [True, False]
    found = await matters.untold()
    assert (found.since, found.uncovered) == (NOW, 1)
    (line,) = await pool.fetch("SELECT detail FROM audit WHERE action = 'duty.uncovered'")
    assert line["detail"] == {"left_out": {"m.duty": "no_endpoint", "n.next": "off_call"}}
    assert not await tell(matters, matter)
    assert (await matters.untold()).uncovered == 0


async def test_it_is_untold_until_a_gateway_has_accepted_a_message(
    matters: DutyMatters, matter: Matter, messages: DutyMessages
) -> None:
    await tell(matters, matter)
    (due,) = await messages.claim(9)
    await messages.answered(due, "550", Following(DutyResult.REFUSED), TOOK)
    assert (await matters.untold()).since == NOW
    await messages.answered(due, "accepted", Following(DutyResult.ACCEPTED), TOOK)
    assert (await matters.untold()).since is None


async def test_of_a_decision_hear_those_who_were_told_and_not_whoever_decided(
    pool: Any, matters: DutyMatters, matter: Matter, messages: DutyMessages
) -> None:
    await on_duty(pool, "n.other", RoleGrant(Role.APPROVER), at="+491700000002")
    await tell(matters, matter, wanted={*DUE, ("n.other", Occasion.DUE)})
    await accepted(messages)
    assert await matters.close(NOW, WORKER) == []
    await decide(pool, "person:n.other")
    (closed,) = await matters.close(NOW, WORKER)
    assert (closed.told, closed.needless) == (1, ())
    assert await matters.close(NOW, WORKER) == []
    assert await occasions(pool) == ["due", "due", "done"]
    (known,) = (await matters.of(["A"])).values()
    assert ending(known[1], NOW) is MatterEnding.REJECTED
    assert (await matters.untold()).since is None


async def test_whoever_was_not_told_yet_hears_of_neither(
    pool: Any, matters: DutyMatters, matter: Matter, messages: DutyMessages
) -> None:
    await tell(matters, matter)
    await decide(pool)
    (closed,) = await matters.close(NOW, WORKER)
    assert (closed.told, closed.needless) == (0, ("sms",))
    assert await messages.claim(9) == []


async def test_whoever_is_just_being_told_hears_of_the_end_too(
    pool: Any, matters: DutyMatters, matter: Matter, messages: DutyMessages
) -> None:
    await tell(matters, matter)
    (due,) = await messages.claim(9)
    await decide(pool)
    (closed,) = await matters.close(NOW, WORKER)
    assert (closed.told, closed.needless) == (1, ())
    await messages.answered(due, "503", Following(DutyResult.AGAIN, TOOK), TOOK)
    (done,) = await messages.claim(9)
    assert [one.occasion for one in done.messages] == [Occasion.DONE]


async def test_what_operators_let_go_and_is_held_again_is_told_anew(
    pool: Any, alerts: Any, matters: DutyMatters
) -> None:
    await on_duty(pool, "m.duty", RoleGrant(Role.OPERATOR))
    now = await matters.now()
    await submit(alerts, "A", reason=Reason.HELD, held_for="audience", severity="Extreme", expires=now + HOUR)
    (first,) = await matters.open(now)
    await tell(matters, first)
    await pool.execute("UPDATE alert SET state = 'accepted', reason = 'first_notice'")
    assert len(await matters.close(now, WORKER)) == 1
    await pool.execute("UPDATE alert SET state = 'held', reason = 'held'")
    (again,) = await matters.open(now)
    assert again.asked_at > first.asked_at
    await tell(matters, again)
    assert await matters.close(now, WORKER) == []
    assert await occasions(pool) == ["due", "due"]
    assert await matters.open(now) == [again]


async def test_of_what_nobody_has_counted_yet_no_number_is_told(
    pool: Any, matters: DutyMatters, matter: Matter
) -> None:
    assert matter.people == 12
    assert not matter.may_go_when_counted
    await pool.execute("UPDATE approval SET people = 0, open_rules = '[]'")
    for held_for, may_go in (("approval", True), ("severity, approval", False)):
        await pool.execute("UPDATE alert SET held_for = $1", held_for)
        uncounted, _ = (await matters.of(["A"]))["A"]
        assert (uncounted.people, uncounted.may_go_when_counted) == (None, may_go), held_for
    await pool.execute("UPDATE approval SET people = 12")
    counted, _ = (await matters.of(["A"]))["A"]
    assert (counted.people, counted.may_go_when_counted) == (12, False), (
        "by the version before, which leaves the rules"
    )


async def test_what_is_held_again_is_another_matter(pool: Any, matters: DutyMatters, matter: Matter) -> None:
    await tell(matters, matter)
    async with pool.acquire() as connection:
        await ask_again(connection, "A", 500)
    now: datetime = await matters.now()
    await pool.execute("UPDATE alert SET expires = $1", now + HOUR)
    (again,) = await matters.open(now)
    assert (again.people, again.asked_at > matter.asked_at) == (500, True)
    await tell(matters, again)
    (closed,) = await matters.close(now, WORKER)
    assert closed.told == 0, "it is not done"
    assert await occasions(pool) == ["due", "due"]
    assert replace(again, asked_at=matter.asked_at, expires=matter.expires, people=12) == matter
