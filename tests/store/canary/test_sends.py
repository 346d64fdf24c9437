"""What became of tests is noted once, and forgotten after a while with all that there is of them."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.model.batches import Progress
from dispatcher.model.canary.canaries import CanaryStage
from dispatcher.model.retry_policy import LastingPolicy
from dispatcher.model.vocabulary import CANARY_SOURCE, Lane, Reason, State
from dispatcher.sms.budget import HELD_FOR_BUDGET
from dispatcher.store.audience.failing import note_failing
from dispatcher.store.canary.endpoints import CanaryEndpoints
from dispatcher.store.canary.sends import CanarySends
from dispatcher.store.sms.charges import Charges
from tests.store.canary.test_endpoints import OWN
from tests.support.histories import finish, plan, submit
from tests.support.sealed import ADDRESSES

KEPT = timedelta(days=1)


@pytest.fixture
def sends(pool: Any) -> CanarySends:
    return CanarySends(pool)


@pytest.fixture
async def batch_id(pool: Any, alerts: Any, ledger: Any, plans: Any, sends: CanarySends) -> Any:
    """The batch of a test that is planned."""
    await CanaryEndpoints(pool, ADDRESSES).add(OWN, UNNAMED_OPERATOR)
    async with pool.acquire() as connection:
        assert [one.name for one in await sends.due(connection)] == ["own"]
        assert await sends.due(connection) == [], "claimed"
    alert = await submit(
        alerts, "canary-A", "canary-own", reason=Reason.CANARY, status="Test", source_id=CANARY_SOURCE
    )
    async with pool.acquire() as connection:
        now = await connection.fetchval("SELECT clock_timestamp()")
        await sends.sent(connection, alert.id, Lane.FLASH, ["own"], now)
    [ready] = await plan(ledger, plans, "canary-A")
    return ready.batch_id


async def test_a_report_of_an_sms_gateway_is_a_proof(
    pool: Any, ledger: Any, sends: CanarySends, batch_id: int
) -> None:
    assert await sends.note() == []
    await finish(ledger, batch_id, State.ACCEPTED)
    assert [one.stage for one in await sends.note()] == [CanaryStage.ACCEPTED]
    await pool.execute(
        """INSERT INTO delivery_report (batch_id, position, gateway, state, code) VALUES ($1, 0, 'g', 'failed', '')""",
        batch_id,
    )
    assert await sends.note() == []
    await pool.execute("UPDATE delivery_report SET state = 'delivered'")
    assert [(one.lane, one.stage) for one in await sends.note()] == [(Lane.FLASH, CanaryStage.DELIVERED)]
    assert await sends.note() == []


async def test_what_two_leaders_see_at_once_is_news_to_one(
    pool: Any, ledger: Any, sends: CanarySends, batch_id: int
) -> None:
    await finish(ledger, batch_id, State.ACCEPTED)
    async with pool.acquire() as other, other.transaction():
        await other.execute("UPDATE canary_send SET accepted_at = clock_timestamp()")
        noting = asyncio.create_task(sends.note())
        await asyncio.sleep(0.2)
    assert await noting == []


async def test_a_receipt_that_comes_first_says_both_at_once(
    pool: Any, sends: CanarySends, batch_id: int
) -> None:
    await pool.execute(
        "INSERT INTO batch_receipt (batch_id, delivered, displayed, confirmed) VALUES ($1, B'1', B'0', B'0')",
        batch_id,
    )
    assert [one.stage for one in await sends.note()] == [CanaryStage.ACCEPTED, CanaryStage.DELIVERED]


async def test_a_canary_is_not_ended_whatever_its_gateway_says(pool: Any, ledger: Any, batch_id: int) -> None:
    lease = await ledger.acquire(batch_id)
    gone = Progress(bytes([State.GONE]), remove=lease.recipients, remove_reason="gone")
    await ledger.release(lease, gone)
    policy = LastingPolicy(alerts=1, over_s=0)
    assert await note_failing(pool, "canary-A", dict.fromkeys(lease.recipients, "refused"), policy) == 0
    assert await pool.fetchval("SELECT ended_at FROM subscription") is None


async def test_what_is_old_is_forgotten_and_no_warning_ever_is(
    pool: Any, alerts: Any, sends: CanarySends, batch_id: int
) -> None:
    await submit(alerts, "A")
    await pool.execute("INSERT INTO problem VALUES ($1, 0, 1, 1, 0, 'x', 'x', 'x')", batch_id)
    assert await sends.forget(KEPT) == 0
    await pool.execute("UPDATE alert SET received_at = received_at - interval '25 hours'")
    assert await sends.forget(KEPT) == 1
    assert [row["id"] for row in await pool.fetch("SELECT id FROM alert")] == ["A"]
    for table in ("batch", "problem", "canary_send"):
        assert await pool.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_the_last_proof_is_kept_until_there_is_another(
    pool: Any, alerts: Any, sends: CanarySends, batch_id: int
) -> None:
    await pool.execute("UPDATE canary_send SET delivered_at = sent_at")
    assert await sends.forget(timedelta(0)) == 0
    another = {"reason": Reason.CANARY, "status": "Test", "source_id": CANARY_SOURCE}
    alert = await submit(alerts, "canary-B", "canary-own", **another)
    async with pool.acquire() as connection:
        now = await connection.fetchval("SELECT clock_timestamp()")
        await sends.sent(connection, alert.id, Lane.FLASH, ["own"], now)
    await pool.execute("UPDATE canary_send SET delivered_at = sent_at")
    assert await sends.forget(timedelta(0)) == 1
    assert await pool.fetchval("SELECT alert_id FROM canary_send") == "canary-B"


async def test_what_an_sms_has_cost_still_counts_when_it_is_forgotten(
    pool: Any, sends: CanarySends, batch_id: int
) -> None:
    await pool.execute("UPDATE batch SET channel = 'sms', gateway = 'a', parts_sent = 2")
    spent = await Charges().spent(pool)
    assert spent["a"].month == 2
    assert await sends.forget(timedelta(0)) == 1
    assert await Charges().spent(pool) == spent


async def test_a_test_that_no_budget_holds_waits_for_nobody(pool: Any, batch_id: int) -> None:
    held = "UPDATE batch SET channel = 'sms', held_for = $2, not_before = 'infinity' WHERE id = $1"
    await pool.execute(held, batch_id, HELD_FOR_BUDGET)
    assert await Charges().held(pool) == 0
    assert await Charges().held_alerts(pool) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"alert_id": "canary-B", "reason": Reason.FIRST_NOTICE},
        {"alert_id": "B", "reason": Reason.CANARY, "status": "Test"},
        {"alert_id": "canary-B", "reason": Reason.CANARY, "status": "Actual"},
    ],
)
async def test_the_record_takes_no_test_as_a_warning_nor_the_other_way_round(
    alerts: Any, changes: Any
) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await submit(alerts, **changes)
