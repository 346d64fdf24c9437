"""A false alarm is withdrawn by one person in one step: to exactly those alarmed, and to each once."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from dispatcher.access.principals import Actor, of_source
from dispatcher.intake.correction.correcting import CorrectingParty, Corrections
from dispatcher.intake.correction.prepared import Falsehood
from dispatcher.intake.submission import Accepted
from dispatcher.model.alerts import AffectedMunicipality
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.model.vocabulary import Lane, Reason, State
from dispatcher.store.delivery.plans import Plans
from tests.support.approval_world import GRAVE, LEITSTELLE, ZONE, ApprovalWorld
from tests.support.histories import finish, ledger_of, plan, planned, subscribe
from tests.support.messages import DUEREN, JUELICH
from tests.support.submissions import warning

OFFICER = CorrectingParty(Actor("person:m.keller"))


async def told(world: ApprovalWorld, alert_id: str) -> set[Any]:
    """Everybody whom the message concerns is told of it. Returns (kind, recipient) of each."""
    ledger = ledger_of(world.pool)
    for batch in await plan(ledger, Plans(world.pool, 10), alert_id):
        await finish(ledger, batch.batch_id, State.ACCEPTED)
    return await planned(world.pool, alert_id)


async def correct(
    world: ApprovalWorld,
    alert_id: str,
    what: Falsehood = Falsehood.FALSE_ALARM,
    by: CorrectingParty = OFFICER,
) -> Accepted:
    alert = await world.alerts.get(alert_id)
    assert alert is not None
    corrections = Corrections(world.alerts, world.intake, ZONE)
    return await corrections.correct(of_source(LEITSTELLE, alert.environment), alert, what, by)


async def test_it_goes_to_those_alarmed_ahead_of_everything_and_is_on_the_trail(world: ApprovalWorld) -> None:
    alarmed = await subscribe(world.pool, world.subscriptions, "a", "b")
    first = (await world.submit(warning(DUEREN))).alert
    await told(world, first.id)
    await subscribe(world.pool, world.subscriptions, "later", places=(DUEREN,))
    corrected = (await correct(world, first.id)).alert
    assert (first.lane, corrected.lane) == (Lane.PRIORITY, Lane.FLASH)
    assert (corrected.reason, corrected.severity) == (Reason.CANCEL, first.severity)
    assert corrected.headline == "Fehlalarm: Hochwasser an der Rur"
    assert await told(world, corrected.id) == {("cancel", one) for one in alarmed}
    row = await world.pool.fetchrow("SELECT actor, alert_id FROM audit WHERE action = 'alert.correct'")
    assert tuple(row) == (OFFICER.actor, corrected.id)


async def test_an_exercise_is_taken_back_among_those_who_take_part(world: ApprovalWorld) -> None:
    takes_part, _ = await subscribe(world.pool, world.subscriptions, "a", "b")
    await world.pool.execute("UPDATE subscription SET drills = true WHERE id = $1", takes_part)
    warned = (await world.submit(warning(DUEREN))).alert
    await told(world, warned.id)
    first = (await world.submit(warning(DUEREN, status="Exercise"))).alert
    await told(world, first.id)
    corrected = (await correct(world, first.id)).alert
    assert (corrected.status, corrected.reason, corrected.lane) == (
        "Exercise",
        Reason.DRILL_END,
        Lane.EXERCISE,
    )
    assert await told(world, corrected.id) == {("cancel", takes_part)}
    stored = await world.alerts.get(warned.id)
    assert stored is not None
    assert stored.is_in_force(stored.received_at)


async def test_it_waits_for_no_second_person(world: ApprovalWorld) -> None:
    first = (await world.submit(warning())).alert
    await world.policy(GRAVE)
    assert (await correct(world, first.id)).alert.reason is Reason.CANCEL


async def test_a_routine_warning_is_taken_back_without_waking_anybody(world: ApprovalWorld) -> None:
    first = (await world.submit(warning(severity="Minor"))).alert
    assert first.lane is Lane.ROUTINE
    assert (await correct(world, first.id)).alert.lane is Lane.PRIORITY


async def test_a_second_correction_tells_nobody_again(world: ApprovalWorld) -> None:
    await subscribe(world.pool, world.subscriptions, "a")
    first = (await world.submit(warning())).alert
    await told(world, first.id)
    await told(world, (await correct(world, first.id)).alert.id)
    again = (await correct(world, first.id, Falsehood.EXERCISE)).alert
    assert again.reason is Reason.ALREADY_ENDED
    assert await told(world, again.id) == set()


async def test_what_took_its_place_is_taken_back(world: ApprovalWorld) -> None:
    """Whoever corrects knows the first one's number."""
    one = warning()
    first = (await world.submit(one)).alert
    update = (await world.submit(one.later("neu", infos=(replace(one.infos[0], headline="Keller"),)))).alert
    corrected = (await correct(world, first.id, Falsehood.WRONG_AREA)).alert
    assert corrected.headline == "Falsches Gebiet: Keller"
    stored = await world.alerts.get(update.id)
    assert stored is not None
    assert stored.stopped_by == corrected.id


@pytest.mark.parametrize("wider", ["an update", "an equal warning"])
async def test_nothing_is_taken_back_where_a_part_of_it_lies_beyond(world: ApprovalWorld, wider: str) -> None:
    """Whoever corrects names the first one, which is within."""
    one = warning(DUEREN)
    first = (await world.submit(one)).alert
    if wider == "an update":
        beyond = (await world.submit(one.later("neu", infos=warning(DUEREN, JUELICH).infos))).alert
    else:
        beyond = (await world.submit(replace(one, identifier="gleich"))).alert
        assert beyond.reason is Reason.MERGED
        await world.pool.execute(
            "INSERT INTO affected VALUES ($1, $2, 'Jülich', 'geocode', 1.0)", beyond.id, JUELICH
        )
    asked: list[str] = []

    def within(places: Sequence[AffectedMunicipality]) -> None:
        asked.extend(place.ags for place in places)
        if JUELICH in asked:
            raise RequestRefused(ProblemType.OUTSIDE_TERRITORY, said(Phrase.APPROVAL_OUTSIDE_TERRITORY))

    with pytest.raises(RequestRefused) as refused:
        await correct(world, first.id, by=CorrectingParty(OFFICER.actor, within))
    assert refused.value.type == "outside-territory"
    after = await world.alerts.get(beyond.id)
    assert after is not None
    assert after.stopped_by is None
    assert await world.trail("alert.correct") == []


async def test_an_equal_warning_does_not_take_its_place(world: ApprovalWorld) -> None:
    """Nobody was told of it, as the other said the same: it would be sent when that has ended."""
    one = warning(DUEREN, JUELICH)
    first = (await world.submit(one)).alert
    equal = (await world.submit(replace(one, identifier="gleich"))).alert
    assert equal.reason is Reason.MERGED
    await correct(world, first.id)
    stored = await world.alerts.get(equal.id)
    assert stored is not None
    assert stored.reason is not Reason.FIRST_NOTICE
    assert not stored.is_in_force(stored.received_at)


async def test_what_waits_for_approval_is_stopped(world: ApprovalWorld) -> None:
    await world.policy(GRAVE)
    held = (await world.submit(warning(), "m.keller")).alert
    corrected = await correct(world, held.id)
    assert (corrected.alert.reason, [one.id for one in corrected.withdrawn]) == (
        Reason.NOTHING_TO_END,
        [held.id],
    )
    assert await world.approvals.waiting() == []
    assert await world.trail("held.withdraw") == [(OFFICER.actor, "false-alarm")]


@pytest.mark.parametrize("named", ["the warning", "its waiting change"])
async def test_a_warning_is_taken_back_with_its_waiting_change_in_the_words_that_people_know(
    world: ApprovalWorld, named: str
) -> None:
    one = warning()
    first = (await world.submit(one)).alert
    await world.policy(GRAVE)
    change = one.later("neu", infos=(replace(one.infos[0], headline="Keller räumen"),))
    held = (await world.submit(change, "m.keller")).alert
    corrected = await correct(world, first.id if named == "the warning" else held.id)
    assert corrected.alert.headline == "Fehlalarm: Hochwasser an der Rur"
    assert (corrected.alert.reason, [one.id for one in corrected.withdrawn]) == (Reason.CANCEL, [held.id])
    assert await world.approvals.waiting() == []


async def test_after_twenty_looks_it_is_given_up(
    world: ApprovalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dispatcher.intake.correction import standing

    first = (await world.submit(warning())).alert
    monkeypatch.setattr(standing, "TRIES_MAX", 0)
    with pytest.raises(RequestRefused) as refused:
        await correct(world, first.id)
    assert refused.value.type == "conflict"


async def test_what_is_prepared_is_what_is_sent_and_sends_nothing(world: ApprovalWorld) -> None:
    first = (await world.submit(warning())).alert
    prepared = await Corrections(world.alerts, world.intake, ZONE).prepared(first)
    assert await world.pool.fetchval("SELECT count(*) FROM alert") == 1
    sent = await world.alerts.message((await correct(world, first.id, Falsehood.WRONG_AREA)).alert.id)
    assert sent is not None
    said = [(one.language, one.headline, one.description, one.instruction) for one in sent.infos]
    wanted = prepared[Falsehood.WRONG_AREA].infos
    assert said == [(one.language, one.headline, one.description, one.instruction) for one in wanted]
    assert set(prepared) == set(Falsehood)
