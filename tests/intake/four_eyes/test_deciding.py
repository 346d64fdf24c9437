"""Two persons, one decision: in the record, whichever process they asked."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dispatcher.intake.approval import NotApprovedError
from dispatcher.intake.four_eyes.deciding import DecisionRefused
from dispatcher.intake.four_eyes.states import DecisionRefusal, state_of
from dispatcher.model.approval.policy import Timers
from dispatcher.model.approval.request import most_recipients
from dispatcher.model.vocabulary import ApprovalState, Reason
from dispatcher.store.delivery.plans import Plans
from tests.support.approval_world import GRAVE, ApprovalWorld, decider, grave_with
from tests.support.histories import ledger_of, plan, subscribe
from tests.support.messages import DUEREN, HEIMBACH, JUELICH, SENDER
from tests.support.submissions import warning

KELLER, LANG, OTT = decider("m.keller"), decider("b.lang"), decider("j.ott")


@pytest.fixture
async def held(world: ApprovalWorld) -> str:
    """The id of a message that m.keller submitted and that waits."""
    await world.policy(GRAVE)
    await subscribe(world.pool, world.subscriptions, "a", "b")
    return (await world.submit(warning(identifier="warnung"), "m.keller")).alert.id


async def refused(deciding: Any) -> DecisionRefusal:
    with pytest.raises(DecisionRefused) as error:
        await deciding
    return error.value.refusal


async def state(world: ApprovalWorld, alert_id: str) -> ApprovalState:
    shown = await world.here.shown(alert_id)
    assert shown is not None
    return state_of(shown.request, shown.now)


async def test_a_second_person_sees_what_is_bound_and_sends_it(world: ApprovalWorld, held: str) -> None:
    shown = await world.here.shown(held)
    assert shown is not None
    assert (shown.request.people, [place.ags for place in shown.places]) == (2, [DUEREN])
    assert "Hochwasser an der Rur" in str(shown.texts["text/de"])
    assert shown.is_as_held
    sent = await world.there.approve(held, LANG, shown.binding)
    assert (sent.state, sent.reason) == ("accepted", Reason.FIRST_NOTICE)
    assert await state(world, held) is ApprovalState.APPROVED
    assert await world.trail("alert.conclude") == [("person:b.lang", "")]
    approved = await world.pool.fetchval("SELECT approved FROM alert WHERE id = $1", held)
    assert approved == most_recipients(2)


async def test_nobody_approves_alone(world: ApprovalWorld, held: str) -> None:
    seen = await world.binding(held)
    assert await refused(world.here.approve(held, KELLER, seen)) is DecisionRefusal.OWN
    assert await state(world, held) is ApprovalState.WAITING
    assert await world.trail("approval.refuse") == [("person:m.keller", "own")]


async def test_the_operator_at_the_machine_can_discard_it_and_not_send_it(
    world: ApprovalWorld, held: str
) -> None:
    with pytest.raises(NotApprovedError, match="zweiten Person"):
        await world.release.release(held, LANG.actor, "eilt")
    await world.release.discard(held, LANG.actor, "Irrläufer")
    assert await state(world, held) is ApprovalState.REJECTED
    assert await refused(world.here.approve(held, OTT, "")) is DecisionRefusal.REJECTED


async def test_a_rejection_has_a_reason_and_holds(world: ApprovalWorld, held: str) -> None:
    seen = await world.binding(held)
    await world.here.reject(held, LANG, "falscher Ort")
    assert await refused(world.there.approve(held, OTT, seen)) is DecisionRefusal.REJECTED
    assert await refused(world.there.reject(held, OTT, "auch")) is DecisionRefusal.REJECTED
    assert await world.trail("alert.conclude") == [("person:b.lang", "falscher Ort")]
    assert [one.alert_id for one in await world.approvals.waiting()] == []


async def test_of_two_at_the_same_second_one_decides_and_the_other_is_told(
    world: ApprovalWorld, held: str
) -> None:
    seen = await world.binding(held)
    results = await asyncio.gather(
        world.here.approve(held, LANG, seen),
        world.there.approve(held, OTT, seen),
        world.there.reject(held, decider("k.adler"), "nein"),
        return_exceptions=True,
    )
    late = [one.refusal for one in results if isinstance(one, DecisionRefused)]
    assert len(late) == 2
    assert set(late) <= {DecisionRefusal.APPROVED, DecisionRefusal.REJECTED}
    assert len(await world.trail("alert.conclude")) == 1
    assert len(await world.trail("approval.refuse")) == 2


async def test_what_was_not_seen_or_has_changed_is_not_approved(world: ApprovalWorld, held: str) -> None:
    seen = await world.binding(held)
    assert await refused(world.here.approve(held, LANG, "0" * 64)) is DecisionRefusal.NOT_SEEN
    await world.pool.execute(
        "INSERT INTO affected VALUES ($1, $2, 'Heimbach', 'geocode', 1.0)", held, HEIMBACH
    )
    assert await refused(world.here.approve(held, LANG, seen)) is DecisionRefusal.CHANGED
    shown = await world.here.shown(held)
    assert shown is not None
    assert not shown.is_as_held


async def test_after_its_end_nobody_approves(world: ApprovalWorld, held: str) -> None:
    seen = await world.binding(held)
    world.ahead = timedelta(hours=7)
    assert await refused(world.here.approve(held, LANG, seen)) is DecisionRefusal.EXPIRED


async def test_after_a_cancel_nobody_approves(world: ApprovalWorld) -> None:
    await world.policy(GRAVE)
    one = warning()
    held = (await world.submit(one, "m.keller")).alert.id
    seen = await world.binding(held)
    await world.submit(one.later("stop", "Cancel", infos=()), "m.keller")
    assert await refused(world.here.approve(held, LANG, seen)) is DecisionRefusal.VOID
    assert await state(world, held) is ApprovalState.VOID


async def test_what_it_updates_has_ended_meanwhile(world: ApprovalWorld) -> None:
    """Then it has nothing to say, and whoever approves is told so; it goes on waiting."""
    one = warning()
    await world.submit(one)
    await world.policy(GRAVE)
    held = (await world.submit(one.later("update"), "m.keller")).alert.id
    await world.submit(one.later("stop", "Cancel", minutes=2, infos=()), "m.keller")
    seen = await world.binding(held)
    with pytest.raises(DecisionRefused) as error:
        await world.here.approve(held, LANG, seen)
    assert error.value.refusal is DecisionRefusal.NOT_SENDABLE
    assert error.value.detail
    assert await state(world, held) is ApprovalState.WAITING


async def test_under_an_unknown_id_nothing_waits(world: ApprovalWorld) -> None:
    assert await world.here.shown("0" * 26) is None
    assert await refused(world.here.approve("0" * 26, LANG, "")) is DecisionRefusal.NO_REQUEST
    assert await world.trail("approval.refuse") == [], "anybody could fill it"
    sent = (await world.submit(warning())).alert.id
    assert await world.here.shown(sent) is None
    assert await refused(world.here.reject(sent, LANG, "nein")) is DecisionRefusal.NO_REQUEST


async def test_an_update_is_asked_about_wherever_what_it_replaces_was_told_or_waits(
    world: ApprovalWorld,
) -> None:
    one = warning(HEIMBACH)
    await world.submit(one)
    await world.policy(GRAVE)
    second = one.later("zwei", infos=warning(JUELICH).infos)
    await world.submit(second, "m.keller")
    third = one.later("drei", minutes=2, infos=warning(DUEREN).infos)
    third = replace(third, references=(*third.references, *second.later("x").references))
    held = (await world.submit(third, "m.keller")).alert.id
    concerned: set[str] = set()
    here = replace(LANG, require=lambda places: concerned.update(place.ags for place in places))
    await world.here.reject(held, here, "nein")
    assert concerned == {DUEREN, HEIMBACH, JUELICH}


async def test_reading_what_waits_does_not_wait_for_its_sender(world: ApprovalWorld, held: str) -> None:
    async with world.alerts.submission(SENDER):
        shown = await asyncio.wait_for(world.there.shown(held), 20)
    assert shown is not None


async def test_no_texts_are_written_for_whoever_may_not_decide(
    world: ApprovalWorld, held: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = await world.binding(held)
    monkeypatch.setattr(type(world.texts), "of", None)
    assert await refused(world.here.approve(held, KELLER, seen)) is DecisionRefusal.OWN
    await world.here.reject(held, LANG, "falscher Ort")
    assert await refused(world.here.approve(held, OTT, seen)) is DecisionRefusal.REJECTED


async def test_the_policy_releases_what_nobody_decided_in_time(world: ApprovalWorld) -> None:
    await world.policy(grave_with(Timers(release=timedelta(minutes=10))))
    held = (await world.submit(warning(), "m.keller")).alert.id
    assert await refused(world.here.release_by_policy(held)) is DecisionRefusal.NOT_DUE
    world.ahead = timedelta(minutes=11)
    assert (await world.here.release_by_policy(held)).reason is Reason.FIRST_NOTICE
    assert await state(world, held) is ApprovalState.RELEASED
    assert await refused(world.there.approve(held, LANG, "")) is DecisionRefusal.RELEASED


async def test_where_more_are_reached_than_were_shown_it_waits_again_with_their_number(
    world: ApprovalWorld, held: str
) -> None:
    seen = await world.binding(held)
    await world.here.approve(held, LANG, seen)
    many = most_recipients(2) + 1 - 2
    await subscribe(world.pool, world.subscriptions, *(f"late-{number}" for number in range(many)))
    await plan(ledger_of(world.pool), Plans(world.pool, 1_000), held)
    shown = await world.here.shown(held)
    assert shown is not None
    assert state_of(shown.request, shown.now) is ApprovalState.WAITING
    assert shown.request.people == most_recipients(2) + 1
    assert await refused(world.there.approve(held, LANG, seen)) is DecisionRefusal.NOT_SEEN
    with pytest.raises(NotApprovedError, match="zweiten Person"):
        await world.release.release(held, LANG.actor, "passt schon")
    sent = await world.there.approve(held, OTT, shown.binding)
    await plan(ledger_of(world.pool), Plans(world.pool, 1_000), held)
    assert await state(world, held) is ApprovalState.APPROVED
    assert sent.reason is Reason.FIRST_NOTICE


async def test_a_few_who_subscribe_meanwhile_send_nothing_back(world: ApprovalWorld, held: str) -> None:
    await world.here.approve(held, LANG, await world.binding(held))
    await subscribe(world.pool, world.subscriptions, "late")
    await plan(ledger_of(world.pool), Plans(world.pool, 1_000), held)
    assert await state(world, held) is ApprovalState.APPROVED
