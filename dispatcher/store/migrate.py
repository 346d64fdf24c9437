"""Bring a database to the schema of this version."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

import asyncpg
import structlog
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from dispatcher.store import record
from dispatcher.store.servers.primary import PrimaryConnector

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy import Connection

log = structlog.get_logger()

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK_WAIT_S: Final = 2.0
"""How long a migration waits for a table. Whoever wants the table after it waits behind it, also to read: so a sending
process would stand still for as long as one long transaction lasts, such as that of a backup.
"""
ATTEMPTS: Final = 30
"""How often a migration that did not get a table begins again: with the pauses, over some two minutes."""
PAUSE_S: Final = 2.0
_DIALECT: Final = "postgresql+asyncpg://"
"""It says how SQLAlchemy speaks; to whom, the connector says."""


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection, lock_wait_s: float) -> None:
    # One migration at a time, however many processes start at once; held until the transaction ends.
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7207116107)")
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {round(lock_wait_s * 1000)}")
    command.upgrade(_config(connection), "head")


async def upgrade(
    database_url: str,
    *,
    lock_wait_s: float = LOCK_WAIT_S,
    pause: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Migrate to the newest schema, all or nothing. Safe to run from several processes at once, and while processes of
    the version before work; idempotent. A migration that gets a table only after others lets them go first, and begins
    again after a `pause`.

    Raises as `record.connect` does, and `asyncpg.LockNotAvailableError` where a table stays in use.
    """
    connector = PrimaryConnector(record.address(database_url))
    for attempt in range(1, ATTEMPTS + 1):
        try:
            await _attempt(connector, lock_wait_s)
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            if attempt == ATTEMPTS:
                raise
            log.info("migration_waits_for_table", attempt=attempt)
            await (asyncio.sleep(PAUSE_S) if pause is None else pause())
        else:
            return


async def _attempt(connector: PrimaryConnector, lock_wait_s: float) -> None:
    engine = create_async_engine(_DIALECT, async_creator=connector, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade, lock_wait_s)
    except DBAPIError as error:
        refused = error.orig.__cause__ if error.orig else None
        if isinstance(refused, asyncpg.PostgresError):
            raise refused from error
        raise
    except OSError as error:
        raise OSError(f"{record.NO_ANSWER} ({error})") from error
    finally:
        await engine.dispose()
