"""Ask the record how it stands."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from alembic.script import ScriptDirectory

from dispatcher.doctor.record import FollowingServer, RecordCondition
from dispatcher.store.audit_chain.protection import protection
from dispatcher.store.migrate import MIGRATIONS
from dispatcher.wiring.connections import CONNECTIONS_API, CONNECTIONS_READING, record_connections

if TYPE_CHECKING:
    from dispatcher.settings import Settings
    from dispatcher.store.record import Pool

_SETTINGS: Final = (
    "fsync",
    "full_page_writes",
    "synchronous_commit",
    "synchronous_standby_names",
    "server_encoding",
    "data_checksums",
)
_CONDITION: Final = """
SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int / 10000 AS major,
  pg_is_in_recovery() AS is_standby,
  least(
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
      - coalesce(current_setting('reserved_connections', true)::int, 0)
      - (SELECT count(*) FROM pg_stat_activity
         -- Whose a session is everybody sees, of which kind it is not; the server's own processes are nobody's.
         WHERE usesysid IS NOT NULL AND usename IS DISTINCT FROM current_user
           AND backend_type IS DISTINCT FROM 'walsender'),
    (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user),
    (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database())) AS connections,
  to_regclass('alembic_version') IS NOT NULL AS has_schema"""
_STANDBYS: Final = """
SELECT coalesce(nullif(application_name, ''), 'without a name') AS name, coalesce(state, 'not told') AS state,
  extract(epoch FROM replay_lag)::float AS lag_s, sync_state FROM pg_stat_replication
-- Who takes a copy follows for as long as that lasts, and is no standby.
WHERE application_name <> 'pg_basebackup' AND state IS DISTINCT FROM 'backup' ORDER BY 1"""
_LEFT_SLOTS: Final = """
SELECT slot_name FROM pg_replication_slots
WHERE slot_type = 'physical' AND NOT active AND NOT temporary AND restart_lsn IS NOT NULL ORDER BY 1"""


def newest_schema() -> str:
    """Return the revision of the schema that this version is written for."""
    return str(ScriptDirectory(str(MIGRATIONS)).get_current_head())


def connections_needed(settings: Settings) -> int:
    """Return how many connections to the record the processes may have that `dispatcher up` starts here."""
    return (
        CONNECTIONS_API * (1 + settings.citizens_processes)
        + CONNECTIONS_READING * settings.reading_processes
        + record_connections(settings) * settings.workers
    )


async def record_condition(pool: Pool) -> RecordCondition:
    """Return how the record stands. Raises as the pool does."""
    async with pool.acquire() as connection:
        row = await connection.fetchrow(_CONDITION)
        schema = (
            await connection.fetchval("SELECT max(version_num) FROM alembic_version")
            if row["has_schema"]
            else None
        )
        settings = {name: await connection.fetchval("SELECT current_setting($1)", name) for name in _SETTINGS}
        before = time.time()
        there = float(
            await connection.fetchval("SELECT extract(epoch FROM clock_timestamp())::double precision")
        )
        offset = there - (before + time.time()) / 2
        standbys = await connection.fetch(_STANDBYS)
        slots = await connection.fetch(_LEFT_SLOTS)
        against = (await protection(connection)).reasons if schema else ()
    return RecordCondition(
        version=row["version"].partition(" ")[0],
        major=row["major"],
        is_standby=row["is_standby"],
        settings=settings,
        connections=row["connections"],
        schema=schema,
        offset_s=offset,
        against_audit=against,
        standbys=tuple(
            FollowingServer(one["name"], one["state"], one["lag_s"], one["sync_state"]) for one in standbys
        ),
        left_slots=tuple(one["slot_name"] for one in slots),
    )
