"""What the doctor reads off a real PostgreSQL."""

from pathlib import Path

from dispatcher.doctor.diagnosis import Grade, Part
from dispatcher.doctor.record import diagnose_record
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.wiring.connections import CONNECTIONS_API, record_connections
from dispatcher.wiring.doctor.record import connections_needed, newest_schema, record_condition

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


def test_the_newest_schema_is_the_last_migrations() -> None:
    assert max(MIGRATIONS.glob("*.py")).name.startswith(newest_schema())


def test_every_process_of_this_machine_counts() -> None:
    one = Settings(workers=1)
    assert connections_needed(one) == CONNECTIONS_API + record_connections(one)
    assert connections_needed(Settings(workers=3, citizens_processes=1, reading_processes=1)) > (
        connections_needed(one) + 2 * record_connections(one)
    )
