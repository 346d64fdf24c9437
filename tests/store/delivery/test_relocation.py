"""What waits for a webhook moves along when that moves to another server."""

from typing import Any

import pytest

from channels.base import Endpoint
from dispatcher.model.batches import Progress
from dispatcher.model.vocabulary import State
from dispatcher.store.delivery.ledger import LeaseLostError
from dispatcher.store.delivery.relocation import move_waiting
from tests.store.delivery.test_ledger import pending_problem
from tests.support.histories import let_leases_end, plan, submit, subscribe
from tests.support.sealed import ADDRESSES

OLD, NEW = "https://push.example", "https://new.example"


@pytest.fixture
async def apps(pool: Any, subscriptions: Any) -> list[int]:
    """The webhooks of three apps, all on one server, in one batch."""
    ids: list[int] = await subscribe(pool, subscriptions, *"abc", channel="app")
    return sorted(ids)


@pytest.fixture
async def batch(pool: Any, alerts: Any, ledger: Any, plans: Any, apps: list[int]) -> Any:
    await submit(alerts, "A")
    [ready] = await plan(ledger, plans, "A")
    return ready.batch_id


async def move(pool: Any, *apps: int) -> None:
    """Register at the new server."""
    for app in apps:
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("UPDATE subscription SET gateway = $2 WHERE id = $1", app, NEW)
            await move_waiting(connection, app, NEW)


async def batches(pool: Any) -> list[Any]:
    rows = await pool.fetch("SELECT gateway, recipients, outcomes, state FROM batch ORDER BY id")
    return [(row["gateway"], row["recipients"], list(row["outcomes"]), row["state"]) for row in rows]


async def places(pool: Any) -> list[Any]:
    rows = await pool.fetch(
        "SELECT p.recipient, b.recipients[p.position + 1] AS there, b.gateway FROM problem p JOIN batch b"
        " ON b.id = p.batch_id ORDER BY 1"
    )
    return [tuple(row) for row in rows]


async def test_who_waits_moves_and_who_was_reached_stays(
    pool: Any, ledger: Any, batch: Any, apps: list[int]
) -> None:
    lease = await ledger.acquire(batch)
    problems = tuple([await pending_problem(lease, position=n) for n in (1, 2)])
    states = bytes([State.ACCEPTED, State.RETRY, State.RETRY])
    await ledger.release(lease, Progress(states, problems))
    await move(pool, apps[0], apps[1])
    assert await batches(pool) == [
        (OLD, [apps[0], apps[2]], [State.ACCEPTED, State.RETRY], "open"),
        (NEW, [apps[1]], [State.RETRY], "open"),
    ]
    assert await places(pool) == [(apps[1], apps[1], NEW), (apps[2], apps[2], OLD)]
    with pytest.raises(LeaseLostError):
        await ledger.advance(lease, Progress(bytes(3)))
    await move(pool, apps[2])
    assert [(one[0], one[3]) for one in await batches(pool)] == [(OLD, "done"), (NEW, "open"), (NEW, "open")]


async def test_where_all_move_the_batch_does(pool: Any, batch: Any, apps: list[int]) -> None:
    await move(pool, *apps)
    assert {one[0] for one in await batches(pool)} == {NEW}
    assert sorted(app for one in await batches(pool) for app in one[1]) == apps


async def test_a_batch_that_is_held_is_handed_over_by_its_worker(
    pool: Any, ledger: Any, batch: Any, apps: list[int]
) -> None:
    lease = await ledger.acquire(batch)
    assert await ledger.hand_over(lease, apps) is None
    await move(pool, apps[2])
    assert [one[0] for one in await batches(pool)] == [OLD], "its worker may be sending"
    ready = await ledger.hand_over(lease, apps)
    assert [(one[0], one[1]) for one in await batches(pool)] == [(OLD, apps[:2]), (NEW, apps[2:])]
    leases = [await ledger.acquire(one.batch_id) for one in ready]
    assert [one.gateway for one in leases] == [OLD, NEW]
    assert await ledger.hand_over(leases[0], apps[:2]) is None
    with pytest.raises(LeaseLostError):
        await ledger.release(lease, Progress(bytes(3)))


async def test_who_lost_the_lease_hands_nothing_over(
    pool: Any, ledger: Any, batch: Any, apps: list[int]
) -> None:
    lease = await ledger.acquire(batch)
    await pool.execute("UPDATE subscription SET gateway = $1 WHERE id = $2", NEW, apps[0])
    await let_leases_end(pool)
    second = await ledger.acquire(batch)
    assert await ledger.hand_over(lease, apps) == []
    assert [one[0] for one in await batches(pool)] == [OLD]
    await ledger.hand_over(second, apps)
    assert [one[0] for one in await batches(pool)] == [OLD, NEW]


async def test_a_410_of_the_old_url_does_not_end_the_new_one(
    pool: Any, ledger: Any, batch: Any, apps: list[int]
) -> None:
    lease = await ledger.acquire(batch)
    asked = {
        app: Endpoint(app, f"https://push.example/{name}", {}) for app, name in zip(apps, "abc", strict=True)
    }
    elsewhere = ADDRESSES.seal("https://push.example/new", {})
    await pool.execute(
        "UPDATE subscription SET sealed = $2, address_hash = $3 WHERE id = $1",
        apps[0],
        elsewhere.sealed,
        elsewhere.address_hash,
    )
    gone = Progress(bytes([State.GONE] * 3), remove=tuple(apps[:2]), remove_reason="gone")
    await ledger.release(lease, gone, None, asked)
    ended = await pool.fetch("SELECT id FROM subscription WHERE ended_at IS NOT NULL")
    assert [one["id"] for one in ended] == [apps[1]]
