"""What was accepted before anybody could count it is counted by a worker, however long that takes and whatever dies."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import asyncpg
import pytest

from dispatcher.intake.four_eyes import asking
from dispatcher.model.approval.policy import PolicyRule, Timers
from dispatcher.model.vocabulary import Reason
from dispatcher.worker.approvals.counts import TASK, ApprovalCounts
from tests.metrics.test_registry import samples
from tests.support.approval_world import GRAVE, ApprovalWorld, approval_world, grave_with
from tests.support.histories import subscribe, until
from tests.support.submissions import warning
from tests.worker.approvals.test_timers import from_feed

IS_COUNTING = """
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')
"""
"""Whether a count waits, where the table of whom it counts is locked."""


@pytest.fixture
async def world(database_url: str, redis_url: str) -> AsyncIterator[ApprovalWorld]:
    async with approval_world(database_url, redis_url) as made:
        yield made


def counts(
    world: ApprovalWorld, *, leads: bool = True, short_s: float = 60.0, limit_s: float = 60.0
) -> ApprovalCounts:
    """A worker's, which shares nothing with another one's but the record."""
    return ApprovalCounts(
        world.approvals,
        world.held_count,
        world.process(),
        world.metrics,
        leads=lambda: leads,
        short_s=short_s,
        limit_s=limit_s,
    )


@asynccontextmanager
async def uncountable(database_url: str) -> AsyncIterator[None]:
    """In here a count waits for ever, for whoever has the table."""
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE followed_municipality IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


def shown(world: ApprovalWorld) -> dict[str, Any]:
    found = samples(world.metrics)
    return {
        "uncounted": found["warn_approvals_uncounted", frozenset()],
        "counted": found["warn_approval_steps_total", frozenset({("step", "count")})],
        "failed": found["warn_jobs_failed_total", frozenset({("function", TASK)})],
    }


async def reason_of(world: ApprovalWorld, alert_id: str) -> Reason:
    alert = await world.alerts.get(alert_id)
    assert alert is not None
    return alert.reason


async def test_the_number_is_there_for_whoever_approves(world: ApprovalWorld) -> None:
    await world.policy(GRAVE)
    await subscribe(world.pool, world.subscriptions, "a", "b")
    await world.submit_uncounted(warning(), "m.keller")
    await counts(world).step()
    (request,) = await world.approvals.waiting()
    assert (request.people, request.is_needed) == (2, True)
    assert shown(world) == {"uncounted": 0, "counted": 1, "failed": 0}


async def test_what_needs_no_second_person_goes_out(world: ApprovalWorld) -> None:
    await world.policy(PolicyRule("*", "Severe", 3, is_needed=True))
    await subscribe(world.pool, world.subscriptions, "a", "b")
    held = await world.submit_uncounted(warning())
    await counts(world).step()
    assert await reason_of(world, held) is Reason.FIRST_NOTICE


async def test_a_feeds_message_is_taken_in_without_a_number_too(
    world: ApprovalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So far a feed was read again and again, for as long as nobody could count whom one of its messages concerns."""
    await world.policy(grave_with(Timers(remind=timedelta(minutes=5)), source="feed-*", is_needed=False))
    with monkeypatch.context() as patch:
        patch.setattr(asking, "COUNTED_S", 0.0)
        held = await from_feed(world)
    assert await world.approvals.uncounted() == [held]
    await counts(world).step()
    (request,) = await world.approvals.waiting()
    assert (request.people, request.is_needed, request.held_for) == (0, False, "severity")
    assert request.remind_at == request.requested_at + timedelta(minutes=5)
    assert await reason_of(world, held) is Reason.HELD


async def test_a_feeds_message_that_needs_no_second_person_waits_for_its_other_doubt(
    world: ApprovalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It went on saying that it waits for a second person, who could not decide about it."""
    await world.policy(PolicyRule("feed-*", "Severe", 10, is_needed=True))
    with monkeypatch.context() as patch:
        patch.setattr(asking, "COUNTED_S", 0.0)
        held = await from_feed(world)
    (before,) = await world.approvals.waiting()
    assert before.held_for == "severity, approval"
    await counts(world).step()
    (request,) = await world.approvals.waiting()
    assert (request.alert_id, request.is_needed, request.held_for) == (held, False, "severity")


async def test_a_count_that_takes_too_long_is_seen_and_begins_again(
    world: ApprovalWorld, database_url: str
) -> None:
    await world.policy(GRAVE)
    held = [await world.submit_uncounted(warning(headline=headline)) for headline in ("Eins", "Zwei")]
    counting = counts(world, short_s=0.2, limit_s=0.2)
    async with uncountable(database_url):
        await counting.step()
        assert shown(world) == {"uncounted": 2, "counted": 0, "failed": 2}, "none holds up that of another"
        await counting.step_slow()
    assert shown(world)["failed"] == 3
    assert await world.approvals.uncounted() == held
    await counting.step()
    assert await world.approvals.uncounted() == held, "these are tried at length, one after the other"
    await counting.step_slow()
    assert await world.approvals.uncounted() == held[:1], "that which failed last comes last"
    await counting.step_slow()
    await counting.step()
    assert (await world.approvals.uncounted(), shown(world)["uncounted"]) == ([], 0)


async def test_what_comes_while_one_is_counted_at_length_is_counted_and_shown(
    world: ApprovalWorld, database_url: str
) -> None:
    """One without end held up all others for as long as it may take, and the gauge stood still."""
    await world.policy(GRAVE)
    first = await world.submit_uncounted(warning(headline="Eins"))
    counting = counts(world, short_s=0.2)
    async with uncountable(database_url):
        await counting.step()
        slow = asyncio.create_task(counting.step_slow())
        await until(partial(world.pool.fetchval, IS_COUNTING))
        second = await world.submit_uncounted(warning(headline="Zwei"))
        assert await world.approvals.uncounted() == [first, second]
        await counting.step()
        assert (slow.done(), shown(world)) == (False, {"uncounted": 2, "counted": 0, "failed": 2})
    await slow
    assert await world.approvals.uncounted() == [second]


async def test_who_leads_no_more_leaves_them_to_the_next_one(world: ApprovalWorld, database_url: str) -> None:
    await world.policy(GRAVE)
    held = await world.submit_uncounted(warning())
    leading = [True]
    counting = ApprovalCounts(
        world.approvals,
        world.held_count,
        world.process(),
        world.metrics,
        leads=lambda: leading[0],
        short_s=0.2,
    )
    async with uncountable(database_url):
        await counting.step()
    leading[0] = False
    await counting.step_slow()
    await counting.step()
    assert await world.approvals.uncounted() == [held]
    leading[0] = True
    await counting.step()
    assert await world.approvals.uncounted() == []


async def test_what_a_process_was_counting_when_it_died_the_next_one_counts(
    world: ApprovalWorld, database_url: str
) -> None:
    await world.policy(GRAVE)
    held = await world.submit_uncounted(warning())
    async with uncountable(database_url):
        dying = asyncio.create_task(counts(world).run())
        await until(partial(world.pool.fetchval, IS_COUNTING))
        dying.cancel()
        await asyncio.wait([dying])
        # A second person decides meanwhile: no count keeps a lock of the message.
        shown_now = await world.here.shown(held)
        assert shown_now is not None
    assert await world.approvals.uncounted() == [held]
    await counts(world).step()
    assert await world.approvals.uncounted() == []


async def test_only_the_leader_counts(world: ApprovalWorld) -> None:
    await world.policy(GRAVE)
    held = await world.submit_uncounted(warning())
    await counts(world, leads=False).step()
    assert await world.approvals.uncounted() == [held]
    assert shown(world) == {"uncounted": 0, "counted": 0, "failed": 0}


async def test_a_record_that_is_away_is_waited_out(world: ApprovalWorld) -> None:
    await world.pool.execute("ALTER TABLE approval RENAME TO gone")
    running = asyncio.create_task(counts(world).run())

    async def has_failed() -> bool:
        return bool(shown(world)["failed"])

    await until(has_failed)
    assert not running.done()
    running.cancel()
    await asyncio.wait([running])
