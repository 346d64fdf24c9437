"""What is counted afterwards is what the intake would have counted."""

import asyncio
from dataclasses import replace

from dispatcher.intake.similarity import duplicate_lock_key
from dispatcher.model.vocabulary import State
from dispatcher.store.alerts.related_alerts import RelatedAlerts
from dispatcher.store.delivery.plans import Plans
from tests.support.approval_world import GRAVE, ApprovalWorld
from tests.support.histories import finish, ledger_of, plan, subscribe
from tests.support.messages import DUEREN, JUELICH
from tests.support.submissions import warning


async def number(world: ApprovalWorld, alert_id: str) -> int | None:
    """The number that the intake has counted, which is another one where the message was held."""
    request = await world.approvals.get(alert_id)
    assert request is not None
    return request.people


async def test_a_warning_is_counted_where_it_is_for(world: ApprovalWorld) -> None:
    await world.policy(GRAVE)
    await subscribe(world.pool, world.subscriptions, "a", "b", places=(DUEREN,))
    await subscribe(world.pool, world.subscriptions, "c", places=(JUELICH,))
    held = await world.submit_uncounted(warning(DUEREN))
    assert await world.held_count.of(held) == 2
    counted = (await world.submit(warning(DUEREN, headline="Anderes"))).alert.id
    assert await world.held_count.of(counted) == await number(world, counted) == 2
    assert await world.held_count.of("nothing") is None


async def test_an_update_is_counted_with_whom_it_leaves(world: ApprovalWorld) -> None:
    await subscribe(world.pool, world.subscriptions, "a", places=(DUEREN,))
    await subscribe(world.pool, world.subscriptions, "b", "c", places=(JUELICH,))
    first = warning(DUEREN, JUELICH)
    told = await world.submit(first)
    ledger = ledger_of(world.pool)
    for batch in await plan(ledger, Plans(world.pool, 10), told.alert.id):
        await finish(ledger, batch.batch_id, State.ACCEPTED)
    await world.policy(GRAVE)
    update = first.later("update-1", infos=(replace(first.infos[0], areas=(DUEREN,)),))
    held = await world.submit_uncounted(update)
    assert await world.held_count.of(held) == 3
    counted = (await world.submit(replace(update, identifier="update-2"))).alert.id
    assert await world.held_count.of(counted) == await number(world, counted) == 3


async def test_a_count_waits_for_nobody_who_decides_upon_an_equal_warning(world: ApprovalWorld) -> None:
    await world.policy(GRAVE)
    await subscribe(world.pool, world.subscriptions, "a")
    held = await world.submit_uncounted(warning(DUEREN))
    message = await world.alerts.message(held)
    assert message is not None
    async with world.alerts.submission("another@sender.example") as deciding:
        await RelatedAlerts(deciding).lock_duplicates(duplicate_lock_key(message, [DUEREN]))
        assert await asyncio.wait_for(world.held_count.of(held), 20) == 1
