"""What the record knows of the service that works on it."""

from datetime import timedelta
from typing import Any

from dispatcher.store.leadership import AUDIT_LOCK, FEEDS_LOCK, Leadership
from dispatcher.store.on_duty.condition import a_worker_leads, stopped_gateways


async def test_a_worker_leads_from_its_lock_to_the_end_of_it(pool: Any) -> None:
    others = [Leadership(pool, lock) for lock in (AUDIT_LOCK, FEEDS_LOCK)]
    for other in others:
        assert await other.hold()
    assert not await a_worker_leads(pool), "what else leads sends nothing"
    leader = Leadership(pool)
    assert await leader.hold()
    assert await a_worker_leads(pool)
    for one in (leader, *others):
        await one.drop()
    assert not await a_worker_leads(pool)


async def test_gateways_are_stopped_while_they_are_paused_or_only_being_tried(pool: Any) -> None:
    now = await pool.fetchval("SELECT now()")
    for name, until_s, out_s in (
        ("paused", 60, None),
        ("tried", -5, -90),
        ("well", -90, None),
        ("back", -90, -300),
    ):
        since = None if out_s is None else now + timedelta(seconds=out_s)
        await pool.execute(
            "INSERT INTO gateway (channel, name, paused_until, reason, out_since) VALUES ('sms', $1, $2, 'down', $3)",
            name,
            now + timedelta(seconds=until_s),
            since,
        )
    found = await stopped_gateways(pool, 9)
    assert [(one.name, one.since is None) for one in found] == [("paused", True), ("tried", False)]
    assert all(one.until >= now for one in found)
    assert [one.name for one in await stopped_gateways(pool, 1)] == ["paused"]
