"""One process keeps the chain, and what it finds shows."""

import asyncio
from typing import Any

from structlog.testing import capture_logs

from dispatcher.audit.checkpoint import Interval
from dispatcher.store.audit_chain.checkpoints import Checkpoints
from dispatcher.worker.audit.anchors import AnchorRefused
from dispatcher.worker.audit.keeper import SAY_EVERY_S
from tests.metrics.test_registry import samples
from tests.support.audit import anchor_states, noted, tamper, verdict
from tests.support.sealed import ADDRESSES


class Shelf:
    """An anchor that keeps what it takes, while it takes anything."""

    kind = "file"

    def __init__(self) -> None:
        self.kept: list[int] = []
        self.refuses = ""

    async def put(self, checkpoint: Any) -> None:
        if self.refuses:
            raise AnchorRefused(self.refuses)
        self.kept.append(checkpoint.number)


def shown(keeper: Any, name: str, **labels: str) -> float:
    return float(samples(keeper._metrics)[f"warn_audit_{name}", frozenset(labels.items())])


async def test_a_round_chains_checks_and_vouches(pool: Any, keeper_with: Any) -> None:
    await noted(pool, "a", "b")
    keeper = keeper_with()
    await keeper.round()
    whole = await verdict(pool)
    assert (whole.sound, whole.entries, whole.covered) == (True, 2, 2)
    assert (shown(keeper, "chain_position"), shown(keeper, "chain_faults")) == (2, 0)
    assert shown(keeper, "unchained_entries") == 1, "the note of the key that was made for the checkpoint"
    assert shown(keeper, "checkpoint_timestamp_seconds") > 0
    await keeper.round()
    assert (await verdict(pool)).entries == 3
    assert (shown(keeper, "unchained_entries"), shown(keeper, "unchained_timestamp_seconds")) == (0, 0)
    assert len(await Checkpoints(pool, ADDRESSES).after(0, 9)) == 1, "the next one is not due"


async def test_the_last_backup_is_shown(pool: Any, keeper_with: Any) -> None:
    keeper = keeper_with()
    await keeper.look_at_backup()
    assert keeper._metrics.backed_up_at._value.get() == 0
    await noted(pool, "record.backup")
    await keeper.look_at_backup()
    at = await pool.fetchval("SELECT at FROM audit WHERE action = 'record.backup'")
    assert keeper._metrics.backed_up_at._value.get() == at.timestamp()


async def test_a_checkpoint_comes_after_so_many_entries(pool: Any, keeper_with: Any) -> None:
    keeper = keeper_with(interval=Interval(entries=2))
    for _ in range(3):
        await noted(pool, "a", "b")
        await keeper.round()
    assert [one.position for one in await Checkpoints(pool, ADDRESSES).after(0, 9)] == [2, 5, 7]


async def test_a_change_shows_in_the_next_look_through_the_chain(pool: Any, keeper_with: Any) -> None:
    await noted(pool, "a", "b", "c")
    keeper = keeper_with()
    await keeper.round()
    await tamper(pool, "UPDATE audit SET actor = 'nobody' WHERE id = 2")
    await keeper.round()
    assert shown(keeper, "chain_faults") == 1


async def test_a_fault_is_logged_when_it_shows_and_then_once_a_minute_while_it_stays(
    pool: Any, keeper_with: Any
) -> None:
    await noted(pool, "a", "b", "c")
    seconds = [0.0]
    keeper = keeper_with(clock=lambda: seconds[0])
    await keeper.round()

    async def logged(later: float) -> list[str]:
        seconds[0] += later
        with capture_logs() as lines:
            await keeper.round()
        assert shown(keeper, "chain_faults") == len(keeper._found)
        return [
            f"{one['event']} {one['position']}" for one in lines if one["event"].startswith("audit_chain")
        ]

    await tamper(pool, "UPDATE audit SET actor = 'nobody' WHERE id = 2")
    assert await logged(1) == ["audit_chain_broken 2"]
    assert await logged(1) == await logged(SAY_EVERY_S - 2) == []
    assert await logged(1) == ["audit_chain_broken 2"]
    await tamper(pool, "UPDATE audit SET actor = 'nobody' WHERE id = 3")
    assert await logged(1) == ["audit_chain_broken 2", "audit_chain_broken 3"], "something has changed"
    assert await logged(SAY_EVERY_S - 1) == []
    await tamper(pool, "UPDATE audit SET actor = 'worker' WHERE id IN (2, 3)")
    assert await logged(1) == ["audit_chain_whole 4"]
    assert await logged(SAY_EVERY_S) == []


async def test_of_two_processes_one_keeps_the_chain_and_the_other_one_takes_over(
    pool: Any, keeper_with: Any
) -> None:
    first, second = keeper_with(), keeper_with()
    await noted(pool, "a")
    await first.round()
    await second.round()
    assert shown(second, "chained_timestamp_seconds") == 0 < shown(first, "chained_timestamp_seconds")
    await first._leadership.drop()
    await noted(pool, "b")
    await second.round()
    await first.round()
    assert shown(first, "chained_timestamp_seconds") == shown(first, "chain_position") == 0
    await second.round()
    whole = await verdict(pool)
    assert (whole.sound, whole.entries) == (True, 3)


async def test_a_round_that_failed_goes_on_where_it_was_and_a_new_term_begins_anew(
    pool: Any, keeper_with: Any
) -> None:
    keeper = keeper_with()
    patrol = keeper._chain.patrol
    patrol._page = 1
    await noted(pool, *"abc")
    await keeper.round()
    assert patrol._verifier.position == 1
    keeper._leads = False  # as after a round that failed
    await keeper.round()
    assert patrol._verifier.position == 2
    await keeper._leadership.drop()
    await keeper.round()
    assert patrol._verifier.position == 1


async def test_what_an_anchor_refuses_is_put_there_later_in_order(pool: Any, keeper_with: Any) -> None:
    shelf = Shelf()
    keeper = keeper_with(shelf, interval=Interval(entries=1))
    for action in "ab":
        await noted(pool, action)
        await keeper.round()
    shelf.refuses = "http_503"
    assert await keeper.put(shelf) is False
    assert await keeper.put(shelf) is False
    assert shown(keeper, "anchor_failures_total", anchor="file") == 2
    assert shown(keeper, "anchor_failing_timestamp_seconds", anchor="file") > 0
    (state,) = await anchor_states(pool)
    assert (state.checkpoint, state.error) == (0, "http_503")
    shelf.refuses = ""
    assert await keeper.put(shelf) is True
    assert shelf.kept == [1, 2]
    assert shown(keeper, "anchor_failing_timestamp_seconds", anchor="file") == 0
    (state,) = await anchor_states(pool)
    assert (state.checkpoint, state.error, state.failing_since) == (2, None, None)
    assert await keeper.put(shelf) is True
    assert shelf.kept == [1, 2], "nothing twice"
    actions = [row["action"] for row in await pool.fetch("SELECT action FROM audit ORDER BY id")]
    assert actions == ["a", "audit_key.make", "b", "audit_anchor.failing", "audit_anchor.well"]


async def test_protection_is_looked_at_again_and_said_when_it_changes(pool: Any, keeper_with: Any) -> None:
    keeper = keeper_with()
    with capture_logs() as logged:
        for _ in range(2):
            await keeper.look_at_protection()
        await pool.execute("ALTER TABLE audit DISABLE TRIGGER audit_append_only")
        await keeper.look_at_protection()
    said = [one["reasons"] for one in logged if one["event"] == "audit_unprotected"]
    assert [len(reasons) for reasons in said] == [1, 2], "a superuser, and then without the trigger, too"
    assert shown(keeper, "unprotected") == 1


async def test_it_runs_through_an_outage_and_says_once_that_the_trail_is_not_protected(
    pool: Any, keeper_with: Any
) -> None:
    """The tests' own role is a superuser."""
    shelf = Shelf()
    keeper = keeper_with(shelf)
    keeper._interval_s = 0.01
    await noted(pool, "a")
    running = asyncio.create_task(keeper.run())
    try:
        async with asyncio.timeout(20):
            while not shelf.kept:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)
            await pool.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            await noted(pool, "b")
            while (await verdict(pool)).entries < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert shown(keeper, "unprotected") == 1
