"""`dispatcher retention`: what it would be, and what it was."""

from typing import Any

from dispatcher.store.audit import listed

OLD = """
UPDATE alert SET expires = now() - interval '91 days', received_at = now() - interval '91 days'"""
DONE = "UPDATE batch SET state = 'done', done_at = now()"


async def test_without_a_setting_nothing_is_taken_out(run: Any) -> None:
    done = await run("retention")
    assert (done.exit_code, "kept for good" in done.output) == (1, True)


async def test_a_dry_run_says_what_a_run_takes_out(
    run: Any, surroundings: Any, pool: Any, ready_batches: Any
) -> None:
    del ready_batches
    surroundings.setenv("WARN_LEDGERS_KEPT_DAYS", "90")
    await pool.execute(OLD)
    await pool.execute(DONE)
    dry = await run("retention", "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert dry.output.startswith("ledgers: 6 recipients of 1 alert, the oldest of ")
    assert dry.output.endswith("messages to people on duty: 0\nnothing was changed\n")
    assert not await pool.fetchval("SELECT EXISTS (SELECT FROM audit WHERE action = 'retention.run')")
    done = await run("retention")
    assert done.output + "nothing was changed\n" == dry.output
    [line] = await listed(pool, 1)
    assert (line.action, line.alert_id, line.detail) == ("retention.run", "A", {"days": 90, "recipients": 6})
    await run("retention")
    assert await pool.fetchval("SELECT count(*) FROM audit WHERE action = 'retention.run'") == 1, (
        "nothing to say"
    )
