"""Two persons, one decision: in the record, whichever process they asked."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dispatcher.access.principals import of_source
from dispatcher.audience.reach import AudienceLimit, Excess, excessive_audience
from dispatcher.intake.approval import NotApprovedError
from dispatcher.intake.four_eyes.deciding import UNNEEDED, DecisionRefused
from dispatcher.intake.four_eyes.states import DecisionRefusal, state_of
from dispatcher.model.approval.policy import PolicyRule, Timers
from dispatcher.model.approval.request import most_recipients
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.vocabulary import ApprovalState, Environment, Reason
from dispatcher.store.delivery.plans import BASELINE_MIN_DISPATCHES, Plans
from tests.support.approval_world import GRAVE, LEITSTELLE, ApprovalWorld, decider, grave_with
from tests.support.histories import ledger_of, plan, subscribe
from tests.support.messages import DUEREN, HEIMBACH, JUELICH, SENDER, InfoPart, Message
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


ENDS = [("Cancel", {"infos": ()}), ("Update", {"infos": (InfoPart(response="AllClear"),)})]


@pytest.mark.parametrize(("msg_type", "more"), ENDS)
async def test_an_end_withdraws_what_has_reached_nobody(
    world: ApprovalWorld, msg_type: str, more: Any
) -> None:
    await world.policy(GRAVE)
    one = warning()
    held = (await world.submit(one, "m.keller")).alert.id
    end = one.later("ende", msg_type, **more)
    accepted = await world.submit(end, "j.ott")
    assert ([one.id for one in accepted.withdrawn], accepted.alert.reason) == ([held], Reason.NOTHING_TO_END)
    stored = await world.alerts.get(held)
    assert stored is not None
    assert (stored.state, stored.reason, stored.stopped_by) == (
        "recorded",
        Reason.SUPERSEDED,
        accepted.alert.id,
    )
    assert await world.approvals.waiting() == []
    actor = of_source(LEITSTELLE, Environment.LIVE, "j.ott").actor
    assert await world.trail("held.withdraw") == [(actor, msg_type)]
    shown = await world.here.shown(held)
    assert shown is not None
    assert (shown.request.decision, shown.request.decided_by, shown.request.why) == (None, actor, msg_type)
    assert shown.request.decided_at == stored.stopped_at, "pages say when"
    assert await plan(ledger_of(world.pool), Plans(world.pool, 10), accepted.alert.id) == []


@pytest.mark.parametrize(
    ("msg_type", "more", "reason"),
    [
        ("Cancel", {"infos": ()}, Reason.NOTHING_TO_END),
        ("Update", {"infos": (InfoPart(headline="Keller räumen"),)}, Reason.DRILL_UPDATE),
    ],
)
async def test_an_exercise_for_too_many_is_withdrawn_and_changed_while_it_waits(
    world: ApprovalWorld, msg_type: str, more: Any, reason: Reason
) -> None:
    one = warning(status="Exercise")
    held = await held_for_its_audience(world, one)
    accepted = await world.submit(one.later("später", msg_type, **more), "j.ott")
    assert ([one.id for one in accepted.withdrawn], accepted.alert.reason) == ([held], reason)
    stored = await world.alerts.get(held)
    assert stored is not None
    assert (stored.state, stored.stopped_by) == ("recorded", accepted.alert.id)
    async with world.alerts.snapshot() as reading:
        assert [one.id for one in await reading.chains([accepted.alert.chain_id])] == [
            held,
            accepted.alert.id,
        ]


async def test_an_exercise_ends_with_its_change_that_waits_for_its_audience(world: ApprovalWorld) -> None:
    one = warning(status="Exercise")
    first = (await world.submit(one)).alert.id
    held = await held_for_its_audience(world, one.later("neu"))
    accepted = await world.submit(one.later("ende", "Cancel", infos=()))
    assert ([one.id for one in accepted.withdrawn], accepted.alert.reason) == ([held], Reason.DRILL_END)
    stored = await world.alerts.get(first)
    assert stored is not None
    assert stored.stopped_by == accepted.alert.id


async def held_for_its_audience(world: ApprovalWorld, exercise: Message) -> str:
    """The id of this exercise, which alarms more than its control centre usually does."""
    await subscribe(world.pool, world.subscriptions, "a", "b")
    await world.pool.execute("UPDATE subscription SET drills = true")
    held = (await world.submit(exercise)).alert.id
    await plan(ledger_of(world.pool), Plans(world.pool, 10, lambda *_: "zu viele"), held)
    stored = await world.alerts.get(held)
    assert stored is not None
    assert stored.state == "held"
    return held


async def test_an_update_replaces_what_waits_and_waits_itself(world: ApprovalWorld) -> None:
    await world.policy(GRAVE)
    one = warning()
    held = (await world.submit(one, "m.keller")).alert.id
    later = one.later("neu", infos=(InfoPart(headline="Keller räumen"),))
    accepted = await world.submit(later, "m.keller")
    assert ([one.id for one in accepted.withdrawn], accepted.alert.state) == ([held], "held")
    assert [one.alert_id for one in await world.approvals.waiting()] == [accepted.alert.id]
    assert await refused(world.here.approve(held, LANG, await world.binding(held))) is DecisionRefusal.VOID
    own = world.here.approve(accepted.alert.id, KELLER, await world.binding(accepted.alert.id))
    assert await refused(own) is DecisionRefusal.OWN
    seen = await world.binding(accepted.alert.id)
    assert (await world.there.approve(accepted.alert.id, LANG, seen)).reason is Reason.UPDATE


async def test_a_change_of_what_waits_takes_the_place_of_what_people_know(world: ApprovalWorld) -> None:
    """It names only what nobody has read; else both would be in force side by side."""
    one = warning()
    first = (await world.submit(one)).alert.id
    await world.policy(GRAVE)
    waits = one.later("zwei")
    await world.submit(waits, "m.keller")
    last = (await world.submit(waits.later("drei"), "m.keller")).alert.id
    assert [one.alert_id for one in await world.approvals.waiting()] == [last]
    await world.here.approve(last, LANG, await world.binding(last))
    stored = await world.alerts.get(first)
    assert stored is not None
    assert stored.stopped_by == last


@pytest.mark.parametrize("named", ["first", "waits"])
@pytest.mark.parametrize("changes", [1, 2])
async def test_a_warning_ends_with_its_waiting_change_whichever_is_named(
    world: ApprovalWorld, named: str, changes: int
) -> None:
    one = warning()
    first = (await world.submit(one)).alert.id
    await world.policy(GRAVE)
    waits = one
    for number in range(changes):
        waits = waits.later(f"neu-{number}")
        held = (await world.submit(waits, "m.keller")).alert.id
    of = one if named == "first" else waits
    accepted = await world.submit(of.later("stop", "Cancel", minutes=9, infos=()), "m.keller")
    assert ([one.id for one in accepted.withdrawn], accepted.alert.reason) == ([held], Reason.CANCEL)
    stored = await world.alerts.get(first)
    assert stored is not None
    assert stored.stopped_by == accepted.alert.id
    assert await world.approvals.waiting() == []
    assert await refused(world.here.approve(held, LANG, await world.binding(held))) is DecisionRefusal.VOID


async def test_what_waits_for_another_part_goes_on_waiting(world: ApprovalWorld) -> None:
    """An Update of the whole for one place is no part of what is ended in the other."""
    one = warning(DUEREN, JUELICH)
    await world.submit(one)
    await world.policy(GRAVE)
    here = one.later("hier", infos=(InfoPart(areas=(DUEREN,), severity="Minor"),))
    assert (await world.submit(here, "m.keller")).alert.reason is Reason.UPDATE
    there = (await world.submit(one.later("dort", infos=(InfoPart(areas=(JUELICH,)),)), "m.keller")).alert.id
    await world.submit(here.later("stop", "Cancel", minutes=9, infos=()), "m.keller")
    assert [one.alert_id for one in await world.approvals.waiting()] == [there]


async def test_nobody_withdraws_what_waits_beyond_the_own_reach(world: ApprovalWorld) -> None:
    await world.policy(GRAVE)
    one = warning(DUEREN, JUELICH)
    held = (await world.submit(one, "m.keller")).alert.id
    bounded = replace(of_source(LEITSTELLE, Environment.LIVE, "j.ott"), is_bounded=True)
    bounded = replace(bounded, source=replace(LEITSTELLE, territory=(DUEREN,)))
    end = one.later("stop", "Cancel", infos=())
    with pytest.raises(RequestRefused) as error:
        await world.intake.accept(bounded, end.xml())
    assert error.value.type is ProblemType.OUTSIDE_TERRITORY
    assert [one.alert_id for one in await world.approvals.waiting()] == [held]


async def test_an_equal_warning_was_sent_while_it_waited(world: ApprovalWorld, held: str) -> None:
    """Then it has nothing to say, and whoever approves is told so; it goes on waiting."""
    await world.approvals.drop_rule(GRAVE.source, GRAVE.severity, GRAVE.people, KELLER.actor)
    await world.submit(warning(identifier="gleich"))
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


async def test_an_update_is_asked_about_wherever_what_it_replaces_was_told(world: ApprovalWorld) -> None:
    """Nobody was told of what waited, and its wait is over since the Update came."""
    one = warning(HEIMBACH)
    await world.submit(one)
    await world.policy(GRAVE)
    second = one.later("zwei", infos=warning(JUELICH).infos)
    await world.submit(second, "m.keller")
    third = second.later("drei", infos=warning(DUEREN).infos)
    held = (await world.submit(third, "m.keller")).alert.id
    concerned: set[str] = set()
    here = replace(LANG, require=lambda places: concerned.update(place.ags for place in places))
    await world.here.reject(held, here, "nein")
    assert concerned == {DUEREN, HEIMBACH}


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


async def small_so_far(world: ApprovalWorld) -> Plans:
    """What plans the control centre's next dispatch, after some that went to one person each."""
    await subscribe(world.pool, world.subscriptions, "one", places=(JUELICH,))

    def guard(recipients: int, baseline: int | None, approved: int | None) -> str:
        limit = AudienceLimit(10.0, floor=1)
        found = excessive_audience(recipients, baseline=baseline, approved=approved, limit=limit)
        return found.excess.value if found else ""

    plans = Plans(world.pool, 1_000, guard)
    for number in range(BASELINE_MIN_DISPATCHES):
        one = (await world.submit(warning(JUELICH, headline=f"Nummer {number}"))).alert
        await plan(ledger_of(world.pool), plans, one.id)
    return plans


@pytest.mark.parametrize("is_counted", [True, False])
async def test_what_the_policy_lets_go_out_nobody_has_approved_so_that_it_must_not_be_unusual(
    world: ApprovalWorld, is_counted: bool
) -> None:
    plans = await small_so_far(world)
    await subscribe(world.pool, world.subscriptions, *(f"many-{number}" for number in range(20)))
    if is_counted:
        await world.policy(grave_with(Timers(release=timedelta(minutes=10))))
        held = (await world.submit(warning())).alert.id
        world.ahead = timedelta(minutes=11)
        await world.here.release_by_policy(held)
    else:
        await world.policy(PolicyRule("*", "Severe", 100, is_needed=True))
        held = await world.submit_uncounted(warning())
        await world.here.count(held, 20)
    assert await state(world, held) is ApprovalState.RELEASED
    await plan(ledger_of(world.pool), plans, held)
    stored, request = await world.alerts.get(held), await world.approvals.get(held)
    assert stored is not None
    assert request is not None
    assert (stored.state, stored.held_for) == ("held", f"audience: {Excess.BASELINE}")
    assert (request.people, request.release_at) == (20, None)


async def test_what_a_person_approved_is_compared_with_nothing_else(world: ApprovalWorld) -> None:
    plans = await small_so_far(world)
    await subscribe(world.pool, world.subscriptions, *(f"many-{number}" for number in range(20)))
    await world.policy(GRAVE)
    held = (await world.submit(warning())).alert.id
    await world.here.approve(held, LANG, await world.binding(held))
    await plan(ledger_of(world.pool), plans, held)
    assert await state(world, held) is ApprovalState.APPROVED


TWO_OR_MORE = PolicyRule("*", "Severe", 2, is_needed=True)


@pytest.fixture
async def uncounted(world: ApprovalWorld) -> str:
    """The id of a message of m.keller's that waits before anybody was counted, under a rule for two and more."""
    await world.policy(TWO_OR_MORE)
    return await world.submit_uncounted(warning(identifier="warnung"), "m.keller")


async def test_a_second_person_may_send_what_nobody_has_counted(world: ApprovalWorld, uncounted: str) -> None:
    shown = await world.here.shown(uncounted)
    assert shown is not None
    assert shown.request.people is None
    assert await refused(world.here.approve(uncounted, KELLER, shown.binding)) is DecisionRefusal.OWN
    sent = await world.there.approve(uncounted, LANG, shown.binding)
    assert sent.reason is Reason.FIRST_NOTICE
    assert await world.pool.fetchval("SELECT approved FROM alert WHERE id = $1", uncounted) is None
    assert await world.here.count(uncounted, 7) is None
    assert await world.trail("approval.count") == []


async def test_whoever_saw_no_number_has_not_seen_the_one_that_came_meanwhile(
    world: ApprovalWorld, uncounted: str
) -> None:
    seen = await world.binding(uncounted)
    asked = await world.there.count(uncounted, 2)
    assert asked is not None
    assert (asked.people, asked.is_needed) == (2, True)
    assert await refused(world.here.approve(uncounted, LANG, seen)) is DecisionRefusal.NOT_SEEN
    assert await state(world, uncounted) is ApprovalState.WAITING
    await world.here.approve(uncounted, LANG, await world.binding(uncounted))
    approved = await world.pool.fetchval("SELECT approved FROM alert WHERE id = $1", uncounted)
    assert approved == most_recipients(2)


async def test_what_the_policy_asks_nobody_about_goes_out_when_it_is_counted(
    world: ApprovalWorld, uncounted: str
) -> None:
    """Nobody may be at the desk at night: what waits for the number alone must not wait in vain."""
    asked = await world.here.count(uncounted, 1)
    assert asked is not None
    assert not asked.is_needed
    assert await state(world, uncounted) is ApprovalState.RELEASED
    sent = await world.alerts.get(uncounted)
    assert sent is not None
    assert sent.reason is Reason.FIRST_NOTICE
    assert await world.trail("alert.conclude") == [("worker", UNNEEDED)]
    approved = await world.pool.fetchval("SELECT approved FROM alert WHERE id = $1", uncounted)
    assert approved == most_recipients(1)
    assert await world.here.count(uncounted, 1) is None, "it is sent once"


async def test_the_policy_of_when_it_came_decides(world: ApprovalWorld, uncounted: str) -> None:
    """What waits because of a rule goes on waiting, and what came before a rule does not wait for it."""
    await world.approvals.drop_rule("*", "Severe", 2, LANG.actor)
    assert await world.here.count(uncounted, 2) is not None
    assert await state(world, uncounted) is ApprovalState.WAITING
    other = await held_uncounted_before(world, GRAVE)
    assert await world.here.count(other, 1) is not None
    assert await state(world, other) is ApprovalState.RELEASED


async def held_uncounted_before(world: ApprovalWorld, later: PolicyRule) -> str:
    await world.policy(TWO_OR_MORE)
    held = await world.submit_uncounted(warning(headline="Anderes"))
    await world.policy(later)
    return held


async def test_what_is_not_what_was_held_is_not_sent_by_its_number(
    world: ApprovalWorld, uncounted: str
) -> None:
    await world.pool.execute("UPDATE affected SET reason = 'both' WHERE alert_id = $1", uncounted)
    asked = await world.here.count(uncounted, 1)
    assert asked is not None
    assert (asked.people, asked.is_needed) == (1, True)
    assert await state(world, uncounted) is ApprovalState.WAITING
    assert await world.trail("approval.refuse") == [("worker", "changed")]
    assert await world.approvals.uncounted() == []


async def test_of_two_equal_ones_that_are_counted_late_one_stands_for_the_other(
    world: ApprovalWorld,
) -> None:
    """As if it had come only now: it is sent once the first one is in force no longer."""
    await world.policy(TWO_OR_MORE)
    first = warning(identifier="warnung")
    uncounted = await world.submit_uncounted(first)
    equal = await world.submit_uncounted(warning(identifier="gleich"))
    assert await world.here.count(uncounted, 1) is not None
    asked = await world.here.count(equal, 1)
    assert asked is not None
    assert not asked.is_needed
    stored = await world.alerts.get(equal)
    assert stored is not None
    assert (stored.state, stored.reason, stored.merged_into) == ("recorded", Reason.MERGED, uncounted)
    assert await world.approvals.waiting() == []
    assert await world.trail("approval.refuse") == []
    assert await world.trail("alert.conclude") == [("worker", UNNEEDED), ("worker", UNNEEDED)]
    await world.submit(first.later("ende", "Cancel", infos=()))
    stored = await world.alerts.get(equal)
    assert stored is not None
    assert (stored.state, stored.reason) == ("accepted", Reason.FIRST_NOTICE)


async def test_what_has_nothing_to_say_when_it_is_counted_is_still_reminded_of(world: ApprovalWorld) -> None:
    times = Timers(timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
    await world.policy(PolicyRule("*", "Severe", 2, is_needed=True, timers=times))
    held = await world.submit_uncounted(warning())
    before = await world.approvals.get(held)
    assert before is not None
    await world.pool.execute("UPDATE affected SET reason = 'both' WHERE alert_id = $1", held)
    await world.here.count(held, 1)
    (request,) = await world.approvals.waiting()
    assert request.remind_at == before.remind_at == request.requested_at + times.remind
    assert request.escalate_at == before.escalate_at == request.requested_at + times.escalate
    assert request.release_at is None


async def test_what_was_withdrawn_before_it_was_counted_is_not_sent(
    world: ApprovalWorld, uncounted: str
) -> None:
    await world.submit(warning(identifier="warnung").later("ende", "Cancel", infos=()))
    assert await world.here.count(uncounted, 1) is None
    assert await state(world, uncounted) is ApprovalState.VOID


async def test_of_two_that_counted_one_sends(world: ApprovalWorld, uncounted: str) -> None:
    found = await asyncio.gather(world.here.count(uncounted, 1), world.there.count(uncounted, 1))
    assert sorted(one is None for one in found) == [False, True]
    assert await world.trail("alert.conclude") == [("worker", UNNEEDED)]


async def test_the_policys_time_does_not_wait_for_the_number(world: ApprovalWorld) -> None:
    await world.policy(grave_with(Timers(release=timedelta(minutes=5))))
    held = await world.submit_uncounted(warning())
    world.ahead = timedelta(minutes=5)
    assert (await world.here.release_by_policy(held)).reason is Reason.FIRST_NOTICE
    assert await world.approvals.uncounted() == []
