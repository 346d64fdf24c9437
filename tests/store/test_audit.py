"""The audit trail."""

from typing import Any

import asyncpg
import pytest

from dispatcher.access.keys import KeyKind, KeyName
from dispatcher.access.principals import WORKER, Actor
from dispatcher.store import audit
from dispatcher.store.keys import Keys
from dispatcher.store.sources import Sources

SECRET = "s" * 43
KEY = f"wk_leitstelle-1_{SECRET}"


@pytest.fixture
async def keyed(sources: Sources) -> Any:
    await sources.add_key("leitstelle", KEY)
    return sources


async def test_every_deed_is_on_the_audit_trail(keyed: Any, pool: Any) -> None:
    await Keys(pool).revoke(KeyName(KeyKind.SOURCE, "leitstelle-1"))
    actions = [row["action"] for row in await pool.fetch("SELECT action FROM audit ORDER BY id")]
    assert actions == ["source.put", "key.add", "key.revoke"]


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit", "TRUNCATE audit CASCADE"]
)
async def test_the_audit_trail_only_grows(sources: Sources, pool: Any, statement: str) -> None:
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await pool.execute(statement)
    assert await pool.fetchval("SELECT count(*) FROM audit") == 1


async def test_a_line_is_written_with_the_deed_or_not_at_all(pool: Any) -> None:
    async def undone() -> None:
        async with pool.acquire() as connection, connection.transaction():
            await audit.note(connection, WORKER, "held.expire", None, count=1)
            raise LookupError

    with pytest.raises(LookupError):
        await undone()
    assert await pool.fetchval("SELECT count(*) FROM audit") == 0
    async with pool.acquire() as connection, connection.transaction():
        await audit.note(connection, WORKER, "held.expire", None, count=1)
    row = await pool.fetchrow("SELECT actor, action, alert_id, detail FROM audit")
    assert tuple(row) == ("worker", "held.expire", None, {"count": 1})


async def test_a_withdrawal_is_read_by_the_name_that_it_has_now(pool: Any) -> None:
    """Both were called `alert.withdraw`."""
    await audit.note(pool, WORKER, "alert.withdraw", "A", by="B", why="Cancel")
    await audit.note(pool, WORKER, "alert.withdraw", "A", by="B", recipients=7)
    await audit.note(pool, WORKER, "held.withdraw", "A", by="B", why="Cancel")
    found = await audit.about(pool, ["A"])
    assert [one.action for one in found] == ["held.withdraw", "alert.withdraw", "held.withdraw"]


async def test_a_line_has_the_key_that_its_person_used(pool: Any) -> None:
    await audit.note(pool, Actor("person:m.keller", "wk_leitstelle-2"), "alert.correct", None, n=1)
    row = await pool.fetchrow("SELECT actor, detail FROM audit")
    assert tuple(row) == ("person:m.keller", {"key": "wk_leitstelle-2", "n": 1})
