"""A ledger without its people still says what became of how many."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from asyncpg import BitString

from dispatcher.access.principals import Actor
from dispatcher.model.vocabulary import State
from dispatcher.store.delivery.progress import recipient_progress
from dispatcher.store.retention.ledgers import (
    OldLedgers,
    forget_duty_messages,
    forget_recipients,
    old_ledgers,
)
from tests.support.histories import plan, submit
from tests.support.messages import DUEREN

AGE = timedelta(days=90)
WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


def turned(numbers: list[int]) -> None:
    """An order that can be told from the one before."""
    numbers.reverse()


async def forgotten(pool: Any) -> tuple[int, int]:
    found = await forget_recipients(pool, AGE, Actor("timer"), turned)
    return found.alerts, found.recipients


async def ended(pool: Any, days: int, alert_id: str = "A") -> None:
    """Let an alert have ended so long ago, with different outcomes."""
    await pool.execute(
        """UPDATE alert SET expires = now() - make_interval(days => $2), state = 'settled',
             received_at = now() - make_interval(days => $2) WHERE id = $1""",
        alert_id,
        days,
    )
    for row in await pool.fetch("SELECT id, recipients FROM batch WHERE alert_id = $1", alert_id):
        outcomes = bytes([State.DEAD, *[State.ACCEPTED] * (len(row["recipients"]) - 1)])
        await pool.execute(
            "UPDATE batch SET state = 'done', done_at = now(), outcomes = $2 WHERE id = $1",
            row["id"],
            outcomes,
        )
        await pool.execute(
            """INSERT INTO problem (batch_id, position, recipient, attempts, label, code, detail)
               VALUES ($1, 0, $2, 3, 'down', 'timeout', '')""",
            row["id"],
            row["recipients"][0],
        )


async def positions(pool: Any) -> dict[int, tuple[list[int], list[int], int]]:
    rows = await pool.fetch(
        """SELECT b.id, b.recipients, b.outcomes, p.position, p.recipient FROM batch b
           JOIN problem p ON p.batch_id = b.id"""
    )
    for row in rows:
        assert row["outcomes"][row["position"]] == State.DEAD
        assert row["recipients"][row["position"]] == row["recipient"]
    return {row["id"]: (list(row["recipients"]), list(row["outcomes"]), row["position"]) for row in rows}


async def test_numbers_are_replaced_and_counts_stay(pool: Any, ready_batches: Any) -> None:
    del ready_batches
    await ended(pool, 91)
    before, counted = await positions(pool), await recipient_progress(pool, "A")
    assert (await old_ledgers(pool, AGE)).recipients == 6
    assert await forgotten(pool) == (1, 6)
    after = await positions(pool)
    assert sorted(one for recipients, _, _ in after.values() for one in recipients) == [
        -6,
        -5,
        -4,
        -3,
        -2,
        -1,
    ]
    assert {key: sorted(outcomes) for key, (_, outcomes, _) in after.items()} == {
        key: sorted(outcomes) for key, (_, outcomes, _) in before.items()
    }
    assert all(position == len(recipients) - 1 for recipients, _, position in after.values()), "another order"
    assert await recipient_progress(pool, "A") == counted
    assert await old_ledgers(pool, AGE) == OldLedgers(0, 0, None, 0)
    assert await forgotten(pool) == (0, 0)


@pytest.mark.parametrize("column", ["delivered", "displayed", "confirmed"])
async def test_what_devices_said_goes_along(pool: Any, ready_batches: Any, column: str) -> None:
    del ready_batches
    await ended(pool, 91)
    [batch] = await pool.fetch("SELECT id FROM batch WHERE cardinality(recipients) = 3")
    bits = {"delivered": "000", "displayed": "000", "confirmed": "000"} | {column: "100"}
    await pool.execute(
        "INSERT INTO batch_receipt (batch_id, delivered, displayed, confirmed) VALUES ($1, $2, $3, $4)",
        batch["id"],
        *map(BitString, bits.values()),
    )
    await forgotten(pool)
    row = await pool.fetchrow("SELECT * FROM batch_receipt")
    assert row[column] == BitString("001")
    assert len(row["noted"]) == 0


async def test_what_may_still_matter_stays(
    pool: Any, alerts: Any, ledger: Any, plans: Any, ready_batches: Any
) -> None:
    """One is not old enough; of a situation that goes on nothing is taken out, however old."""
    del ready_batches
    await ended(pool, 89)
    assert await old_ledgers(pool, AGE) == OldLedgers(0, 0, None, 0)
    await ended_again(pool)
    await submit(alerts, "B", DUEREN, chain="A")
    await plan(ledger, plans, "B")
    assert await old_ledgers(pool, AGE) == OldLedgers(0, 0, None, 0)
    assert await forgotten(pool) == (0, 0)


async def test_a_warning_stays_as_long_as_the_equal_one_that_it_was_merged_into(
    pool: Any, alerts: Any, ready_batches: Any
) -> None:
    del ready_batches
    await submit(alerts, "B", DUEREN)
    await ended_again(pool)
    await pool.execute("UPDATE alert SET merged_into = 'B' WHERE id = 'A'")
    await ended(pool, 91)
    assert (await old_ledgers(pool, AGE)).alerts == 1
    await pool.execute("UPDATE alert SET expires = now() - interval '89 days' WHERE id = 'B'")
    assert (await old_ledgers(pool, AGE)).alerts == 0


async def test_what_was_taken_out_is_on_the_trail_also_where_the_run_is_ended(
    pool: Any, alerts: Any, ledger: Any, plans: Any, ready_batches: Any
) -> None:
    del ready_batches
    await submit(alerts, "B", DUEREN)
    await plan(ledger, plans, "B")
    await ended(pool, 92)
    await ended(pool, 91, "B")
    begun = []

    def broken_off(numbers: list[int]) -> None:
        begun.extend([1] if numbers[0] < 0 else [])
        if len(begun) > 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await forget_recipients(pool, AGE, Actor("timer"), broken_off)
    lines = await pool.fetch("SELECT alert_id, detail FROM audit WHERE action = 'retention.run'")
    assert [tuple(line) for line in lines] == [("A", {"days": 90, "recipients": 6})]


async def test_what_is_taken_up_again_meanwhile_is_left(pool: Any, ready_batches: Any) -> None:
    del ready_batches
    await ended(pool, 91)
    async with pool.acquire() as connection, asyncio.timeout(30):
        async with connection.transaction():
            await connection.execute("SELECT FROM batch FOR UPDATE")
            run = asyncio.create_task(forgotten(pool))
            while not await pool.fetchval(WAITING):  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0.01)
            await connection.execute("UPDATE alert SET expires = now()")
        assert await run == (0, 0)
    assert not await pool.fetchval("SELECT EXISTS (SELECT FROM batch WHERE recipients[1] < 0)")


async def ended_again(pool: Any) -> None:
    await pool.execute(
        "UPDATE alert SET expires = now() - interval '1 year', received_at = now() - interval '1 year'"
    )


async def test_there_may_be_no_message_to_people_on_duty(pool: Any) -> None:
    assert await forget_duty_messages(pool, AGE) == 0
