"""A restored record is told what it cannot know."""

from typing import Any

from dispatcher.model.vocabulary import UNCERTAIN, BatchState, State
from dispatcher.store.backup.in_flight import Doubted, doubt_open, end_sessions, free_batches, keep_undecided

LETTER = ("uncertain", "restored")


def give_up_apps(outcomes: bytes, channel: str, extreme: bool) -> bytes:
    assert not extreme
    return bytes(State.DEAD if channel == "app" else one | UNCERTAIN for one in outcomes)


async def test_open_batches_are_written_anew(pool: Any, ready_batches: Any) -> None:
    del ready_batches
    async with pool.acquire() as connection, connection.transaction():
        assert await doubt_open(connection, give_up_apps, LETTER) == Doubted(again=5, given_up=1)
    rows = await pool.fetch("SELECT channel, state, done_at IS NOT NULL AS done, outcomes FROM batch")
    assert {(row["channel"], row["state"], row["done"]) for row in rows} == {
        ("webpush", BatchState.OPEN, False),
        ("app", BatchState.DONE, True),
    }
    assert {byte for row in rows if row["channel"] == "webpush" for byte in row["outcomes"]} == {
        State.PENDING | UNCERTAIN
    }
    [letter] = await pool.fetch("SELECT label, code, due FROM problem")
    assert tuple(letter) == (*LETTER, None)


async def test_what_has_expired_is_left_to_the_sweep(pool: Any, ready_batches: Any, ledger: Any) -> None:
    del ready_batches
    await pool.execute("UPDATE batch SET deadline = clock_timestamp() - interval '1 second'")
    async with pool.acquire() as connection, connection.transaction():
        assert await doubt_open(connection, give_up_apps, LETTER) == Doubted(0, 0)
    assert sum((await ledger.close_expired()).recipients.values()) == 6


async def test_what_waits_for_the_end_of_quiet_hours_is_in_no_doubt(pool: Any, ready_batches: Any) -> None:
    del ready_batches
    await pool.execute("UPDATE batch SET quiet_until = now() + interval '1 hour' WHERE channel = 'app'")
    async with pool.acquire() as connection, connection.transaction():
        assert await doubt_open(connection, give_up_apps, LETTER) == Doubted(again=5, given_up=0)
    assert set(await pool.fetchval("SELECT outcomes FROM batch WHERE channel = 'app'")) == {State.PENDING}


async def test_batches_of_workers_that_are_no_more_are_due_at_once(
    pool: Any, ready_batches: Any, ledger: Any
) -> None:
    for one in ready_batches:
        assert await ledger.acquire(one.batch_id)
    assert await ledger.due() == []
    async with pool.acquire() as connection:
        await free_batches(connection)
    assert len(await ledger.due()) == len(ready_batches)


async def test_there_may_be_no_session(pool: Any) -> None:
    async with pool.acquire() as connection:
        assert await end_sessions(connection) == 0


async def test_what_waits_for_a_person_goes_out_by_itself_no_more(pool: Any, ready_batches: Any) -> None:
    """It may have been rejected since; what is decided stays as it was."""
    del ready_batches
    await pool.execute(
        """INSERT INTO approval (alert_id, is_needed, content_sha256, people, shown_at, requested_at, authors, release_at)
           VALUES ('A', true, '', 1, now(), now(), '{}', now() - interval '1 hour')"""
    )
    async with pool.acquire() as connection:
        assert await keep_undecided(connection) == 1
        assert await keep_undecided(connection) == 0
        await connection.execute(
            "UPDATE approval SET release_at = now(), decision = 'reject', decided_at = now()"
        )
        assert await keep_undecided(connection) == 0
