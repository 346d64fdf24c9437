"""Bring a database to the schema of this version."""

from __future__ import annotations

from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from dispatcher.settings import SettingsError
from dispatcher.store.record import NO_ADDRESS, NO_ANSWER

MIGRATIONS = Path(__file__).parent / "migrations"


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection) -> None:
    # One migration at a time, however many processes start at once; held until the transaction ends.
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7207116107)")
    command.upgrade(_config(connection), "head")


async def upgrade(database_url: str) -> None:
    """Migrate to the newest schema. Safe to run from several processes at once; idempotent.

    Raises as `record.connect` does.
    """
    try:
        url = make_url(database_url).set(drivername="postgresql+asyncpg")
    except (ArgumentError, ValueError):
        raise SettingsError(NO_ADDRESS) from None
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade)
    except DBAPIError as error:
        refused = error.orig.__cause__ if error.orig else None
        if isinstance(refused, asyncpg.PostgresError):
            raise refused from error
        raise
    except OSError as error:
        raise OSError(f"{NO_ANSWER} ({error})") from error
    finally:
        await engine.dispose()
