"""A policy holds what it names, and nothing that ends a warning."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dispatcher.access.principals import of_source
from dispatcher.intake.four_eyes import asking
from dispatcher.intake.four_eyes.deciding import DecisionRefused
from dispatcher.intake.four_eyes.states import DecisionRefusal
from dispatcher.model.approval.policy import PolicyRule, Timers
from dispatcher.model.problems import RequestRefused
from dispatcher.model.vocabulary import Environment, Reason, State
from dispatcher.store.delivery.plans import Plans
from tests.support.approval_world import GRAVE, LEITSTELLE, ApprovalWorld, decider, grave_with
from tests.support.histories import finish, ledger_of, plan, subscribe
from tests.support.messages import DUEREN, JUELICH
from tests.support.submissions import warning


async def test_without_a_policy_nothing_waits(world: ApprovalWorld) -> None:
    accepted = await world.submit(warning())
    assert accepted.alert.reason is Reason.FIRST_NOTICE
    assert await world.approvals.waiting() == []


async def test_what_the_policy_names_is_accepted_and_held(world: ApprovalWorld) -> None:
    await world.policy(GRAVE)
    await subscribe(world.pool, world.subscriptions, "a", "b")
    one = warning()
    accepted = await world.submit(one, "m.keller")
    assert (accepted.alert.state, accepted.alert.held_for) == ("held", "approval")
    assert not accepted.sent_to_people
    (request,) = await world.approvals.waiting()
    assert (request.alert_id, request.people, request.authors) == (accepted.alert.id, 2, ("m.keller",))
    again = await world.submit(one, "m.keller")
    assert (again.repeated, again.alert.id) == (True, accepted.alert.id)
    assert len(await world.approvals.waiting()) == 1


async def test_what_is_less_grave_or_for_fewer_goes_out(world: ApprovalWorld) -> None:
    await world.policy(PolicyRule("*", "Severe", 3, is_needed=True))
    await subscribe(world.pool, world.subscriptions, "a", "b")
    assert (await world.submit(warning())).alert.reason is Reason.FIRST_NOTICE
    await subscribe(world.pool, world.subscriptions, "c")
    assert (await world.submit(warning(headline="Anderes"))).alert.reason is Reason.HELD
    assert (
        await world.submit(warning(severity="Minor", headline="Drittes"))
    ).alert.reason is Reason.FIRST_NOTICE


async def test_an_exception_for_a_source_leaves_it_alone(world: ApprovalWorld) -> None:
    await world.policy(GRAVE, grave_with(source="leitstelle", is_needed=False))
    assert (await world.submit(warning())).alert.reason is Reason.FIRST_NOTICE
    assert await world.approvals.waiting() == []


async def test_stopping_needs_one_person(world: ApprovalWorld) -> None:
    first = warning()
    await world.submit(first)
    await world.policy(GRAVE)
    assert (await world.submit(first.later("stop-1", "Cancel", infos=()))).alert.reason is Reason.CANCEL


async def test_an_update_is_held_and_counts_whom_it_leaves(world: ApprovalWorld) -> None:
    """They are told that they are no longer concerned, so they are among its recipients."""
    await subscribe(world.pool, world.subscriptions, "a", places=(DUEREN,))
    await subscribe(world.pool, world.subscriptions, "b", "c", places=(JUELICH,))
    first = warning(DUEREN, JUELICH)
    told = await world.submit(first)
    ledger = ledger_of(world.pool)
    for batch in await plan(ledger, Plans(world.pool, 10), told.alert.id):
        await finish(ledger, batch.batch_id, State.ACCEPTED)
    await world.policy(GRAVE)
    update = first.later("update-1", infos=(replace(first.infos[0], areas=(DUEREN,)),))
    held = await world.submit(update)
    assert held.alert.reason is Reason.HELD
    (request,) = await world.approvals.waiting()
    assert request.people == 3
    stored = await world.alerts.get(held.alert.id)
    assert stored is not None
    assert stored.stopped_by is None


async def test_an_exercise_needs_nobody(world: ApprovalWorld) -> None:
    await world.policy(GRAVE)
    assert (
        await world.submit(warning(status="Exercise", more="<note>Übung</note>"))
    ).alert.reason is Reason.DRILL


async def test_a_message_that_can_be_mended_is_refused_as_ever(world: ApprovalWorld) -> None:
    await world.policy(GRAVE)
    one = warning()
    await world.submit(one)
    with pytest.raises(RequestRefused) as refused:
        await world.submit(replace(one, infos=(replace(one.infos[0], headline="Anders"),)))
    assert refused.value.type == "identity-reused"


async def test_a_key_of_nobody_may_have_been_anybodys_whom_the_sources_keys_name(
    world: ApprovalWorld,
) -> None:
    await world.policy(GRAVE)
    for number, person in enumerate(("m.keller", "b.lang")):
        await world.pool.execute(
            "INSERT INTO api_key (id, source_id, digest, person) VALUES ($1, 'leitstelle', $2, $3)",
            f"key{number}",
            b"x",
            person,
        )
    await world.submit(warning())
    (request,) = await world.approvals.waiting()
    assert request.authors == ("b.lang", "m.keller")


async def test_who_writes_for_the_source_without_a_key_of_their_own_may_have_used_its_own(
    world: ApprovalWorld,
) -> None:
    await world.policy(GRAVE)
    await world.pool.execute(
        "INSERT INTO person (id, environment, source_id) VALUES ('b.lang', 'live', 'leitstelle'), ('n.ott', 'live', NULL)"
    )
    held = (await world.submit(warning())).alert.id
    seen = await world.binding(held)
    with pytest.raises(DecisionRefused) as refused:
        await world.here.approve(held, decider("b.lang"), seen)
    assert refused.value.refusal is DecisionRefusal.OWN
    assert (await world.here.approve(held, decider("n.ott"), seen)).reason is Reason.FIRST_NOTICE


async def test_nobody_of_the_exercise_may_have_written_what_is_real(world: ApprovalWorld) -> None:
    """Whoever approves was told that `b.lang-uebung` wrote it, where that was the only person of the source."""
    await world.policy(GRAVE)
    await world.pool.execute(
        "INSERT INTO person (id, environment, source_id) VALUES ('b.lang-uebung', 'exercise', 'leitstelle')"
    )
    await world.pool.execute(
        "INSERT INTO person (id, environment) VALUES ('m.ott-uebung', 'exercise'), ('n.ott', 'live')"
    )
    for number, person in enumerate(("m.ott-uebung", "n.ott")):
        await world.pool.execute(
            "INSERT INTO api_key (id, source_id, digest, person) VALUES ($1, 'leitstelle', $2, $3)",
            f"key{number}",
            b"x",
            person,
        )
    await world.submit(warning())
    (request,) = await world.approvals.waiting()
    assert request.authors == ("n.ott",)


async def test_the_policys_timers_begin_when_it_is_held(world: ApprovalWorld) -> None:
    minutes = [timedelta(minutes=number) for number in (5, 10, 30)]
    await world.policy(grave_with(Timers(*minutes)))
    await world.submit(warning())
    (request,) = await world.approvals.waiting()
    times = (request.remind_at, request.escalate_at, request.release_at)
    assert times == tuple(request.requested_at + after for after in minutes)


async def test_what_stands_behind_an_equal_warning_waits_when_that_has_ended(world: ApprovalWorld) -> None:
    first = warning(identifier="gleich-1")
    await world.submit(first)
    second = timedelta(seconds=1)
    await world.policy(grave_with(Timers(remind=second, release=second)))
    merged = await world.submit(replace(first, identifier="gleich-2"))
    assert merged.alert.reason is Reason.MERGED
    assert await world.approvals.waiting() == []
    await world.submit(first.later("ende-1", "Cancel", infos=()))
    (request,) = await world.approvals.waiting()
    assert (request.alert_id, request.release_at) == (merged.alert.id, None)
    assert request.remind_at == request.requested_at + second


@pytest.fixture
def uncountable(monkeypatch: pytest.MonkeyPatch) -> None:
    """No count is done in time."""
    monkeypatch.setattr(asking, "COUNTED_S", 0.0)


@pytest.mark.usefixtures("uncountable")
async def test_what_nobody_could_count_is_accepted_and_held_where_a_second_person_might_be_needed(
    world: ApprovalWorld,
) -> None:
    """So far it was refused with 503: of a warning to millions nobody heard until somebody sent it again."""
    many = PolicyRule("*", "Severe", 10**6, is_needed=True, timers=Timers(remind=timedelta(minutes=5)))
    await world.policy(many)
    await subscribe(world.pool, world.subscriptions, "a")
    one = warning()
    preview = await world.intake.preview(of_source(LEITSTELLE, Environment.LIVE, ""), one.xml())
    assert preview.approval is not None
    accepted = await world.submit(one, "m.keller")
    assert (accepted.alert.state, accepted.alert.held_for) == ("held", "approval")
    (request,) = await world.approvals.waiting()
    assert (request.people, request.is_needed, request.open_rules) == (None, True, (many,))
    assert request.remind_at == request.requested_at + timedelta(minutes=5)
    assert (await world.submit(one)).repeated
    assert (await world.submit(warning(severity="Minor"))).alert.reason is Reason.FIRST_NOTICE


@pytest.mark.usefixtures("uncountable")
async def test_what_no_second_person_might_have_to_see_goes_out_uncounted(world: ApprovalWorld) -> None:
    await world.policy(PolicyRule("*", "Severe", 10**6, is_needed=False))
    assert (await world.submit(warning())).alert.reason is Reason.FIRST_NOTICE
    await world.policy(GRAVE, PolicyRule("leitstelle", "Severe", 0, is_needed=False))
    assert (await world.submit(warning(headline="Anderes"))).alert.reason is Reason.FIRST_NOTICE
    assert await world.approvals.waiting() == []


async def test_what_can_be_counted_is_held_with_its_number(world: ApprovalWorld) -> None:
    await world.policy(GRAVE)
    await world.submit(warning())
    (request,) = await world.approvals.waiting()
    assert (request.people, request.open_rules) == (0, ())
    assert await world.approvals.uncounted() == []
