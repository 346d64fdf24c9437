"""What waits for a second person is not left waiting: it is reminded of, escalated, and released where a rule says so."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

import cap
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.feeds.configuration import FeedSettings, feed_of
from dispatcher.intake.feed_message import FeedIntake
from dispatcher.intake.prepare import Incoming, Message
from dispatcher.model.approval.policy import Timers
from dispatcher.model.vocabulary import Reason
from dispatcher.readers.readers import InProcess
from dispatcher.store.feeds.feeds import Feeds
from dispatcher.worker.approvals.timers import ApprovalTimers
from tests.metrics.test_registry import samples
from tests.support import feed_messages
from tests.support.approval_world import ApprovalWorld, approval_world, grave_with
from tests.support.submissions import warning

FIVE, TEN, HALF_AN_HOUR = (timedelta(minutes=number) for number in (5, 10, 30))


@pytest.fixture
async def world(database_url: str, redis_url: str) -> AsyncIterator[ApprovalWorld]:
    async with approval_world(database_url, redis_url) as made:
        yield made


@pytest.fixture
def timers(world: ApprovalWorld) -> ApprovalTimers:
    return ApprovalTimers(world.approvals, world.here, world.metrics)


async def after(world: ApprovalWorld, timers: ApprovalTimers, time: timedelta) -> dict[str, Any]:
    """What was done by then, by step; and since when the oldest waits."""
    world.ahead = time
    now: datetime = await world.pool.fetchval("SELECT clock_timestamp()")
    await timers.step(now + time)
    found = samples(world.metrics)
    steps = {
        step: found["warn_approval_steps_total", frozenset({("step", step)})]
        for step in ("remind", "escalate", "release")
    }
    return steps | {"oldest": found["warn_oldest_approval_timestamp_seconds", frozenset()]}


async def test_each_step_comes_once_and_in_its_time(world: ApprovalWorld, timers: ApprovalTimers) -> None:
    await world.policy(grave_with(Timers(FIVE, TEN, HALF_AN_HOUR)))
    held = (await world.submit(warning(), "m.keller")).alert
    at_once = await after(world, timers, timedelta())
    assert [at_once[step] for step in ("remind", "escalate", "release")] == [0, 0, 0]
    assert at_once["oldest"] == pytest.approx(held.received_at.timestamp(), abs=5)
    assert (await after(world, timers, FIVE))["remind"] == 1
    later = await after(world, timers, TEN)
    assert (later["remind"], later["escalate"], later["release"]) == (1, 1, 0)
    last = await after(world, timers, HALF_AN_HOUR)
    assert (last["escalate"], last["release"], last["oldest"]) == (1, 1, 0)
    sent = await world.alerts.get(held.id)
    assert sent is not None
    assert sent.reason is Reason.FIRST_NOTICE
    assert await world.trail("alert.conclude") == [("worker", "nobody decided in time")]


async def test_without_a_release_in_the_policy_it_stays_held(
    world: ApprovalWorld, timers: ApprovalTimers
) -> None:
    await world.policy(grave_with(Timers(FIVE)))
    held = (await world.submit(warning(), "m.keller")).alert
    assert (await after(world, timers, timedelta(hours=5)))["release"] == 0
    assert (await world.approvals.waiting())[0].alert_id == held.id


async def from_feed(world: ApprovalWorld, **rules: Any) -> str:
    """The id of an Extreme of a feed that lets such go out by no means by itself."""
    settings = FeedSettings(
        name="dwd", adapter="dwd", urls=("https://source.example/list",), severities=["Minor"], **rules
    )
    feed = feed_of(settings)
    await Feeds(world.pool).register(["dwd"])
    intake = FeedIntake(
        alerts=world.alerts,
        readers=InProcess(Boundaries.default()),
        wake_ups=world.wake_ups,
        metrics=world.metrics,
        asking=world.asking,
    )
    now: datetime = await world.pool.fetchval("SELECT clock_timestamp()")
    sent = now.replace(microsecond=0) - timedelta(minutes=1)
    alert = feed_messages.warning(severity=cap.Severity.EXTREME, sent=sent)
    (message,) = await intake.prepare([Incoming(alert, b"")], feed.rules, now)
    assert isinstance(message, Message)
    result = await intake.accept(feed.rules, message)
    assert result.reason is Reason.HELD
    assert result.alert_id is not None
    return result.alert_id


async def test_an_extreme_of_a_feed_that_nobody_looked_at_follows_its_rule(
    world: ApprovalWorld, timers: ApprovalTimers
) -> None:
    await world.policy(grave_with(Timers(FIVE, TEN, HALF_AN_HOUR), source="feed-*", is_needed=False))
    held = await from_feed(world)
    assert (await after(world, timers, TEN))["escalate"] == 1
    assert (await after(world, timers, HALF_AN_HOUR))["release"] == 1
    sent = await world.alerts.get(held)
    assert sent is not None
    assert sent.reason is Reason.FIRST_NOTICE


async def test_what_nobody_can_prove_is_never_released_by_itself_and_says_so(
    world: ApprovalWorld, timers: ApprovalTimers
) -> None:
    await world.policy(grave_with(Timers(release=FIVE), source="feed-*"))
    held = await from_feed(world, senders=["warnungen@hochwasser.example"])
    assert (await after(world, timers, HALF_AN_HOUR))["release"] == 0
    assert [(one.alert_id, one.release_at) for one in await world.approvals.waiting()] == [(held, None)]
