"""See to it that a process, its secrets and its record are of one service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from dispatcher.access.fingerprints import SecretName
from dispatcher.model.sentences.count import how_many
from dispatcher.runtime.secrets.files import held_secret
from dispatcher.runtime.secrets.ring import agreed_addresses
from dispatcher.runtime.secrets.shared import agreed_secret, require_no_other
from dispatcher.settings import SettingsError
from dispatcher.store import record
from dispatcher.store.sealed.clear_rows import ClearRows
from dispatcher.store.secrets import Secrets

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from dispatcher.settings import Settings
    from dispatcher.store.sealed.addresses import Addresses
    from dispatcher.store.sealed.clear_rows import SealedSoFar


log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Sealed:
    """What was sealed, and whether the table was written anew since, without what was in the clear."""

    rows: int
    wiped: bool


async def record_and_secret(
    settings: Settings, name: SecretName, connecting: Awaitable[record.Pool]
) -> tuple[record.Pool, bytes, Addresses]:
    """Return the record, the secret that a process needs, and what opens addresses, when all secrets that this machine
    has are those of the record's service. Raises SettingsError where they are not: then no connection is left.
    """
    pool = await connecting
    try:
        await require_no_other(pool, settings)
        secret = await agreed_secret(pool, name, settings)
        if in_the_clear := await ClearRows(pool).count():
            log.warning("endpoints_in_the_clear", count=in_the_clear, do="dispatcher migrate")
        return pool, secret, await agreed_addresses(pool, settings)
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


async def seal_clear_rows(
    settings: Settings, database_url: str, told: Callable[[SealedSoFar], object]
) -> Sealed | None:
    """Seal what an older version has left in the clear. Returns None where there is nothing. Raises SettingsError, also
    where the ring would have to be made for a record that other machines share: before anything is sealed with it they
    must have it.
    """
    pool = await record.connect(database_url, size=2)
    try:
        clear = ClearRows(pool)
        count = await clear.count()
        if not count:
            return None
        if settings.database_url and held_secret(SecretName.ADDRESSES, settings) is None:
            raise SettingsError(
                f"{how_many(count, 'endpoint is', 'endpoints are')} in the record in the clear, which works as before; "
                "to seal them, make the keys "
                "(`dispatcher secrets init`), copy keys/ to every machine and the backup, and say "
                "`dispatcher migrate` again"
            )
        rows = await clear.seal(await agreed_addresses(pool, settings), told)
        return Sealed(rows, wiped=await clear.wipe())
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
