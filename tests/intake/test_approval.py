"""A person decides about a message that waits."""

from dataclasses import replace
from pathlib import Path

import pytest

import cap
from dispatcher.intake.approval import NotApprovedError
from dispatcher.model.vocabulary import Reason
from dispatcher.queue.address import parse
from dispatcher.queue.wakeups import WakeUpQueue, open_queue
from tests.metrics.test_registry import samples
from tests.support.feed_messages import (
    HEIMBACH,
    HOUR,
    NOW,
    cancel,
    update,
    warning,
)
from tests.support.feed_world import World


async def test_a_person_releases_what_waits(world: World) -> None:
    feed = await world.feed(severities=["Minor"])
    held = await world.take(feed, warning(1))
    released = await world.release.release(held.alert_id, "operator:a", "geprüft")
    assert released.state == "accepted"
    assert released.reason is Reason.FIRST_NOTICE
    audit = await world.pool.fetchrow("SELECT * FROM audit WHERE action = 'alert.conclude'")
    assert audit["actor"] == "operator:a"
    target = await world.alerts.target_sha256(held.alert_id)
    assert audit["detail"] == {
        "reason": "first_notice",
        "why": "geprüft",
        "at_most": None,
        "target_sha256": target,
    }
    with pytest.raises(NotApprovedError):
        await world.release.release(held.alert_id, "operator:b", "noch einmal")


async def test_without_the_queue_a_released_message_is_on_record_and_the_failure_is_counted(
    world: World, tmp_path: Path
) -> None:
    feed = await world.feed(severities=["Minor"])
    held = await world.take(feed, warning(1))
    away = WakeUpQueue(
        open_queue(parse(f"unix://{tmp_path}/nobody.sock")), world.metrics.enqueue_failures.inc
    )
    world.release._wake_ups = world.ingest._wake_ups = away
    assert (await world.release.release(held.alert_id, "operator:a", "geprüft")).state == "accepted"
    assert samples(world.metrics)["warn_enqueue_failures_total", frozenset()] == 1
    await world.take(feed, warning(2, places=(HEIMBACH,), severity=cap.Severity.MINOR))
    assert samples(world.metrics)["warn_enqueue_failures_total", frozenset()] == 2
    await away.aclose()


async def test_a_person_names_the_places_that_nobody_could_read(world: World) -> None:
    feed = await world.feed()
    held = await world.take(feed, warning(1, areas=(cap.Area("Nirgendwo"),)))
    with pytest.raises(NotApprovedError, match="Gemeinden") as refused:
        await world.release.release(held.alert_id, "a", "w")
    assert refused.value.said.en == "The message has no area here; please name municipalities."
    with pytest.raises(NotApprovedError, match="00000000"):
        await world.release.release(held.alert_id, "a", "w", ["00000000"])
    released = await world.release.release(held.alert_id, "a", "w", [HEIMBACH])
    assert released.state == "accepted"
    assert [place.reason for place in await world.alerts.affected(held.alert_id)] == ["person"]


async def test_a_person_discards_what_waits(world: World) -> None:
    feed = await world.feed(severities=["Minor"])
    held = await world.take(feed, warning(1))
    await world.release.discard(held.alert_id, "operator:a", "Irrläufer")
    assert await world.reasons() == ["discarded"]
    with pytest.raises(NotApprovedError):
        await world.release.discard(held.alert_id, "operator:a", "noch einmal")


async def test_what_waits_expires_by_itself(world: World) -> None:
    feed = await world.feed(severities=["Minor"])
    held = await world.take(feed, warning(1))
    assert await world.held.expire(world.clock.now) == 0
    world.clock.forward(hours=7)
    with pytest.raises(NotApprovedError, match="abgelaufen"):
        await world.release.release(held.alert_id, "a", "w")
    assert await world.held.expire(world.clock.now) == 1
    assert await world.reasons() == ["expired"]


async def test_what_waits_is_outdated_by_a_later_message(world: World) -> None:
    feed = await world.feed(severities=["Minor"])
    held = await world.take(feed, warning(1))
    await world.take(feed, update(2, warning(1), severity=cap.Severity.MINOR))
    assert await world.reasons() == ["superseded", "update"]
    with pytest.raises(NotApprovedError):
        await world.release.release(held.alert_id, "a", "w")


async def test_a_held_update_leaves_what_people_know(world: World) -> None:
    feed = await world.feed(severities=["Severe"])
    first = await world.take(feed, warning(1))
    held = await world.take(feed, update(2, warning(1), severity=cap.Severity.EXTREME))
    assert held.reason is Reason.HELD
    assert (await world.alerts.get(first.alert_id)).stopped_by is None
    released = await world.release.release(held.alert_id, "a", "w")
    assert released.reason is Reason.UPDATE
    assert (await world.alerts.get(first.alert_id)).stopped_by == held.alert_id


async def test_an_unproved_cancel_ends_nothing_by_itself(world: World) -> None:
    feed = await world.feed(senders=["opendata@dwd.de"])
    await world.take(feed, warning(1))
    forged = replace(cancel(2, warning(1)), sender="evil@x.example")
    held = await world.take(feed, forged)
    assert held.reason is Reason.HELD
    assert await world.reasons() == ["first_notice", "held"]
    released = await world.release.release(held.alert_id, "a", "echt")
    assert released.reason is Reason.CANCEL


async def test_a_held_end_of_nothing_cannot_be_released(world: World) -> None:
    feed = await world.feed()
    await world.take(feed, warning(1))
    held = await world.take(feed, cancel(2, warning(1), sent=NOW + HOUR))
    assert held.reason is Reason.HELD
    world.clock.forward(hours=1)
    await world.take(feed, cancel(3, warning(1)))
    with pytest.raises(NotApprovedError):
        await world.release.release(held.alert_id, "a", "w")
