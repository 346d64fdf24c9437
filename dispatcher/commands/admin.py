"""Reach the record from a command."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import typer

from dispatcher.embedded import EmbeddedError, EmbeddedPostgres, EmbeddedValkey
from dispatcher.runtime.secrets.shared import require_no_other
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.wiring.connections import require_both_urls

Result = TypeVar("Result")
NO_QUEUE = "redis://127.0.0.1:1"
"""An address where no queue listens: the reconciler enqueues instead."""


def on_record(
    settings: Settings,
    work: Callable[[record.Pool], Awaitable[Result]],
    *,
    of_any_service: bool = False,
    as_owner: bool = False,
) -> Result:
    """Do the work on the record. It must be the one of the service that this machine's secrets are of, but where
    `of_any_service` says that the command is about just that. `as_owner`: by the role that may change its tables.
    """

    async def main() -> Result:
        async with connected(settings, of_any_service=of_any_service, as_owner=as_owner) as pool:
            return await work(pool)

    return asyncio.run(main())


@asynccontextmanager
async def connected(
    settings: Settings, *, of_any_service: bool = False, as_owner: bool = False
) -> AsyncIterator[record.Pool]:
    """Connect to the record, as `on_record` does. Raises SettingsError if it is another service's."""
    url = owner_url(settings) if as_owner else database_url(settings)
    pool = await record.connect(url, size=4)
    try:
        if not of_any_service:
            await require_no_other(pool, settings)
        yield pool
    finally:
        await pool.close()


def database_url(settings: Settings) -> str:
    """Return the URL of the record for the service's role: the one named, or the one that `dispatcher up` runs in the
    data directory.
    """
    return settings.database_url or _own_record(settings).service_url


def owner_url(settings: Settings) -> str:
    """Return the URL of the record for the role that owns its tables; where none is named, the service's is taken for
    it.
    """
    require_both_urls(settings)
    return settings.database_owner_url or settings.database_url or _own_record(settings).url


def queue_url(settings: Settings) -> str:
    """Return the URL of the queue: the one named, or the one that `dispatcher up` runs in the data directory."""
    home = settings.data_dir / "valkey"
    try:
        return settings.redis_url or (EmbeddedValkey(home).url if home.exists() else NO_QUEUE)
    except EmbeddedError as error:
        raise typer.BadParameter(str(error)) from error


def _own_record(settings: Settings) -> EmbeddedPostgres:
    home = settings.data_dir / "postgres"
    if not home.exists():
        raise typer.BadParameter("set DATABASE_URL, or run `dispatcher up` with the same WARN_DATA_DIR")
    return EmbeddedPostgres(home)
