"""What the record holds is said as of one moment."""

from typing import Any

from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.backup.manifest import ChainHead
from dispatcher.store import audit
from dispatcher.store.backup.contents import BackupWatch, contents, exported_snapshot, is_empty, last_backup
from dispatcher.wiring.doctor.record import newest_schema


async def test_each_table_is_counted(pool: Any, ready_batches: Any) -> None:
    del ready_batches
    found = await contents(pool)
    assert (found.schema, found.audit) == (newest_schema(), None)
    assert (found.tables["subscription"], found.tables["alert"]) == (6, 1)
    assert "import_row" not in found.tables, "a crash of the server empties it"
    await pool.execute(
        "INSERT INTO audit_chain (position, audit_id, previous, hash) VALUES (1, 1, $1, $2)",
        bytes(32),
        b"h" * 32,
    )
    assert (await contents(pool)).audit == ChainHead(1, b"h".hex() * 32)


async def test_a_snapshot_sees_nothing_that_is_written_meanwhile(pool: Any, sources: Any) -> None:
    del sources
    async with exported_snapshot(pool) as snapshot:
        await pool.execute("UPDATE source SET name = 'other'")
        async with pool.acquire() as other, other.transaction(isolation="repeatable_read", readonly=True):
            await other.execute(f"SET TRANSACTION SNAPSHOT '{snapshot.number}'")
            assert await other.fetchval("SELECT name FROM source") == "Leitstelle Düren"


async def test_a_database_with_a_table_is_not_empty(pool: Any) -> None:
    assert not await is_empty(pool)
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        assert await is_empty(connection)
        await transaction.rollback()


async def test_the_trail_knows_the_last_backup(pool: Any) -> None:
    assert await last_backup(pool) is None
    for action in ("record.backup", "record.backup", "record.restore"):
        await audit.note(pool, UNNAMED_OPERATOR, action)
    assert await last_backup(pool) == await pool.fetchval(
        "SELECT max(at) FROM audit WHERE action = 'record.backup'"
    )


async def test_a_watch_goes_on_where_it_was(pool: Any) -> None:
    watch = BackupWatch(pool)
    assert await watch.look() is None
    await audit.note(pool, UNNAMED_OPERATOR, "record.backup")
    first = await watch.look()
    assert first == await last_backup(pool)
    await audit.note(pool, UNNAMED_OPERATOR, "record.restore")
    assert await watch.look() == first
    await audit.note(pool, UNNAMED_OPERATOR, "record.backup")
    assert await watch.look() == await last_backup(pool) != first
