"""What the doctor reads off a real PostgreSQL."""

from collections.abc import Callable
from pathlib import Path

import asyncpg

from dispatcher.doctor.diagnosis import Grade, Part
from dispatcher.doctor.record import NOT_TOLD, RecordCondition, diagnose_promise, diagnose_record
from dispatcher.embedded import EmbeddedPostgres
from dispatcher.embedded.account import Account
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.record import Pool
from dispatcher.wiring.connections import CONNECTIONS_API, record_connections
from dispatcher.wiring.doctor.record import connections_needed, newest_schema, record_condition
from tests.store.test_roles import Single
from tests.support.histories import until

MIGRATIONS = Path(__file__).parents[3] / "dispatcher" / "store" / "migrations" / "versions"


async def test_a_record_says_how_it_stands(database_url: str) -> None:
    pool = await record.connect(database_url, size=1)
    found = await record_condition(pool)
    assert found.major >= 15
    assert found.version.startswith(str(found.major))
    assert (found.is_standby, found.schema, found.standbys) == (False, newest_schema(), ())
    assert found.settings["server_encoding"] == "UTF8"
    assert found.settings["fsync"] == "off"  # the tests' own server
    assert 20 < found.connections < 1000
    assert abs(found.offset_s) < 5
    assert found.against_audit  # the tests connect as the owner
    wrong = [one for one in diagnose_record(found, newest_schema(), 10) if one.grade is Grade.WRONG]
    assert {(one.part, one.seen) for one in wrong} >= {(Part.RECORD, "fsync = off")}
    await pool.execute("DROP TABLE alembic_version")
    empty = await record_condition(pool)
    assert (empty.schema, empty.against_audit) == (None, ())
    await pool.close()


async def test_a_slot_by_which_nobody_follows_is_left_and_one_that_was_never_used_is_not(
    database_url: str,
) -> None:
    pool = await record.connect(database_url, size=1)
    create = "SELECT pg_create_physical_replication_slot($1, $2)"
    try:
        await pool.execute(create, "left_by_a_standby", True)
        await pool.execute(create, "never_used", False)
        assert (await record_condition(pool)).left_slots == ("left_by_a_standby",)
    finally:
        await pool.execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_type = 'physical'"
        )
    assert (await record_condition(pool)).left_slots == ()
    await pool.close()


class Followed(EmbeddedPostgres):
    """Lets those follow it whom its socket lets in."""

    def _require_authentication(self) -> None:
        super()._require_authentication()
        with (self._home / "pg_hba.conf").open("a") as file:
            file.write("local replication all trust\n")

    @property
    def followed_at(self) -> str:
        """How a standby reaches it, and what it is called then."""
        return f"host={self._socket_dir} port=5432 user=postgres application_name=db2"


class StandbyPostgres(EmbeddedPostgres):
    """Begins as a copy of another, and follows it by a slot."""

    def __init__(self, data_dir: Path, primary: Followed) -> None:
        super().__init__(data_dir, durable=False)
        self._primary = primary

    def _creating_account(self) -> Account | None:
        return self._account  # that of the other's socket

    def _create_data(self, data: Path) -> None:
        command = [
            self._program("pg_basebackup"),
            f"--pgdata={data}",
            f"--dbname={self._primary.followed_at}",
        ]
        command += ["--create-slot", "--slot=db2", "--write-recovery-conf", "--checkpoint=fast", "--no-sync"]
        self._run(command, timeout=60)

    def _command(self) -> list[str]:
        return [*super()._command(), "--wal_receiver_status_interval=1s"]


async def told(pool: Pool, *first: str) -> str:
    """What the service's role is told of the only standby, after statements of a superuser."""
    async with pool.acquire() as connection:
        for one in (*first, "SET SESSION AUTHORIZATION service"):
            await connection.execute(one)
        found = await record_condition(Single(connection))
        await connection.execute("RESET SESSION AUTHORIZATION")
    (standby,) = found.standbys
    return standby.state


def promise(found: RecordCondition) -> list[Grade]:
    return [one.grade for one in diagnose_promise(found, 2)]


async def test_a_standby_follows_falls_behind_and_is_gone(server_dir: Path) -> None:
    with Followed(server_dir / "a", durable=False) as primary:
        pool = await record.connect(primary.url, size=1)

        async def seen(wanted: Callable[[RecordCondition], bool]) -> None:
            async def is_so() -> bool:
                return wanted(await record_condition(pool))

            await until(is_so)

        await seen(lambda found: (found.standbys, found.left_slots) == ((), ()))
        await pool.execute("CREATE ROLE service")
        with StandbyPostgres(server_dir / "b", primary) as standby:
            await seen(
                lambda found: [(one.name, one.state) for one in found.standbys] == [("db2", "streaming")]
            )
            assert (await record_condition(pool)).left_slots == ()
            for statement in (
                "ALTER SYSTEM SET synchronous_standby_names = 'db2'",
                "SELECT pg_reload_conf()",
            ):
                await pool.execute(statement)
            await seen(lambda found: [one.sync_state for one in found.standbys] == ["sync"])
            assert promise(await record_condition(pool)) == [Grade.SOUND]
            await pool.execute("ALTER SYSTEM SET synchronous_standby_names = 'db3'")
            await pool.execute("SELECT pg_reload_conf()")
            await seen(lambda found: promise(found) == [Grade.WRONG])
            await pool.execute("ALTER SYSTEM RESET synchronous_standby_names")
            await pool.execute("SELECT pg_reload_conf()")
            await seen(lambda found: promise(found) == [Grade.WARNING])
            assert [await told(pool), await told(pool, "GRANT pg_read_all_stats TO service")] == [
                NOT_TOLD,
                "streaming",
            ]
            there = await asyncpg.connect(standby.url)
            await there.execute("SELECT pg_wal_replay_pause()")
            await there.close()
            await pool.execute("CREATE TABLE waiting ()")
            await seen(lambda found: any((one.lag_s or 0) > 1 for one in found.standbys))
        await seen(lambda found: (found.standbys, found.left_slots) == ((), ("db2",)))
        await pool.close()


def test_the_newest_schema_is_the_last_migrations() -> None:
    assert max(MIGRATIONS.glob("*.py")).name.startswith(newest_schema())


def test_every_process_of_this_machine_counts() -> None:
    one = Settings(workers=1)
    assert connections_needed(one) == CONNECTIONS_API + record_connections(one)
    assert connections_needed(Settings(workers=3, citizens_processes=1, reading_processes=1)) > (
        connections_needed(one) + 2 * record_connections(one)
    )
