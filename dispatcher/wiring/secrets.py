"""See to it that a process, its secrets and its record are of one service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatcher.access.fingerprints import SecretName
from dispatcher.runtime.secrets.shared import agreed_secret, require_no_other
from dispatcher.store import record
from dispatcher.store.secrets import Secrets

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from dispatcher.settings import Settings


async def record_and_secret(
    settings: Settings, name: SecretName, connecting: Awaitable[record.Pool]
) -> tuple[record.Pool, bytes]:
    """Return the record, and the secret that a process needs, when all that this machine has are those of the record's
    service. Raises SettingsError where they are not: then no connection is left.
    """
    pool = await connecting
    try:
        await require_no_other(pool, settings)
        return pool, await agreed_secret(pool, name, settings)
    except BaseException:
        await pool.close()
        raise


async def require_own_record(settings: Settings, database_url: str) -> None:
    """See to it, before a record is brought to this version's schema, that it is not another service's. Raises
    SettingsError. Of a new record, or one that is older than fingerprints, nobody can tell.
    """
    pool = await record.connect(database_url, size=1)
    try:
        if await Secrets(pool).are_kept():
            await require_no_other(pool, settings)
    finally:
        await pool.close()


async def agree_on_secrets(settings: Settings, database_url: str) -> None:
    """See to it, before processes are started again and again, that this machine's secrets are those of the record's
    service. Raises SettingsError.
    """
    pool = await record.connect(database_url, size=1)
    try:
        await require_no_other(pool, settings)
        for name in SecretName:
            await agreed_secret(pool, name, settings)
    finally:
        await pool.close()
