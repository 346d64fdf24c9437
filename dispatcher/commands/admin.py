"""Reach the record from a command."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import typer

from dispatcher.embedded import EmbeddedPostgres
from dispatcher.runtime.secrets.shared import require_no_other
from dispatcher.settings import Settings
from dispatcher.store import record

Result = TypeVar("Result")


def on_record(
    settings: Settings, work: Callable[[record.Pool], Awaitable[Result]], *, of_any_service: bool = False
) -> Result:
    """Do the work on the record. It must be the one of the service that this machine's secrets are of, but where
    `of_any_service` says that the command is about just that.
    """

    async def main() -> Result:
        async with connected(settings, of_any_service=of_any_service) as pool:
            return await work(pool)

    return asyncio.run(main())


@asynccontextmanager
async def connected(settings: Settings, *, of_any_service: bool = False) -> AsyncIterator[record.Pool]:
    """Connect to the record, as `on_record` does. Raises SettingsError if it is another service's."""
    pool = await record.connect(database_url(settings), size=4)
    try:
        if not of_any_service:
            await require_no_other(pool, settings)
        yield pool
    finally:
        await pool.close()


def database_url(settings: Settings) -> str:
    """Return the URL of the record: the one named, or the one that `dispatcher up` runs in the data directory."""
    if settings.database_url:
        return settings.database_url
    home = settings.data_dir / "postgres"
    if not home.exists():
        raise typer.BadParameter("set DATABASE_URL, or run `dispatcher up` with the same WARN_DATA_DIR")
    return EmbeddedPostgres(home).url
