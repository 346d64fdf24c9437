"""Make checkpoints of the chain, and keep the keys that sign them: the private half sealed, the public one not.

They are keys of their own kind: what signs messages for others never signs a checkpoint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog

from dispatcher.access.principals import SERVICE
from dispatcher.access.sealing import Unsealable
from dispatcher.audit.checkpoint import Checkpoint, CheckpointSigner, new_private_key
from dispatcher.store import audit
from dispatcher.store.audit_chain.columns import CHECKPOINT
from dispatcher.store.sql import NOW

if TYPE_CHECKING:
    from dispatcher.access.principals import Actor
    from dispatcher.audit.checkpoint import Interval
    from dispatcher.store.record import Connection, Pool
    from dispatcher.store.sealed.addresses import Addresses

_LAST: Final = f"SELECT {CHECKPOINT} FROM audit_checkpoint ORDER BY number DESC LIMIT 1"  # noqa: S608 - constant
_AFTER: Final = f"SELECT {CHECKPOINT} FROM audit_checkpoint WHERE number > $1 ORDER BY number LIMIT $2"  # noqa: S608 - constant
_ALONE: Final = "SELECT pg_advisory_xact_lock(hashtextextended('audit_checkpoint', 0))"
_HEAD: Final = f"SELECT position, hash, {NOW} AS now FROM audit_chain ORDER BY position DESC LIMIT 1"  # noqa: S608 - constant

log = structlog.get_logger()


class Checkpoints:
    """Makes and reads them."""

    def __init__(self, pool: Pool, addresses: Addresses) -> None:
        self._pool = pool
        self._addresses = addresses

    async def last(self) -> Checkpoint | None:
        """Return the last checkpoint."""
        return await _last(self._pool)

    async def after(self, number: int, limit: int) -> list[Checkpoint]:
        """Return the next checkpoints after one, by number."""
        return [Checkpoint(*row) for row in await self._pool.fetch(_AFTER, number, limit)]

    async def make(self, interval: Interval | None = None) -> Checkpoint | None:
        """Make a checkpoint at the end of the chain, where `interval` says that one is due; without it, wherever there
        is something new. Returns it. A key is made at first need, and where the newest cannot be opened any more.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_ALONE)
            head, last = await connection.fetchrow(_HEAD), await _last(connection)
            if head is None or (last is not None and head["position"] <= last.position):
                return None
            if interval is not None and not interval.is_due(head["position"], last, head["now"]):
                return None
            signer = await self._signer(connection)
            number = 1 if last is None else last.number + 1
            made = signer.sign(number, head["position"], head["hash"], head["now"])
            await connection.execute(
                f"INSERT INTO audit_checkpoint ({CHECKPOINT}) VALUES ($1, $2, $3, $4, $5, $6)",  # noqa: S608 - constant
                made.number,
                made.position,
                made.hash,
                made.at,
                made.key,
                made.signature,
            )
        return made

    async def rotate(self, by: Actor) -> str:
        """Make a new key, which signs from now on. Returns its public half."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_ALONE)
            return (await self._new_signer(connection, by)).key

    async def _signer(self, connection: Connection) -> CheckpointSigner:
        row = await connection.fetchrow(
            "SELECT key, sealed FROM audit_key ORDER BY created_at DESC, key DESC LIMIT 1"
        )
        if row is None:
            return await self._new_signer(connection, SERVICE)
        try:
            return CheckpointSigner(self._addresses.open_bytes(row["sealed"], _bound_to(row["key"])))
        except Unsealable as error:
            log.warning("audit_key_illegible", key=row["key"], error=type(error).__name__)
            return await self._new_signer(connection, SERVICE)

    async def _new_signer(self, connection: Connection, by: Actor) -> CheckpointSigner:
        private = new_private_key()
        signer = CheckpointSigner(private)
        await connection.execute(
            "INSERT INTO audit_key (key, sealed) VALUES ($1, $2)",
            signer.key,
            self._addresses.seal_bytes(private, _bound_to(signer.key)),
        )
        await audit.note(connection, by, "audit_key.make", key=signer.key)
        return signer


async def _last(connection: Connection | Pool) -> Checkpoint | None:
    row = await connection.fetchrow(_LAST)
    return None if row is None else Checkpoint(*row)


def _bound_to(key: str) -> bytes:
    """Return where a private key belongs: `store.sealed.columns` has the same as SQL."""
    return f"audit_key\n{key}".encode()
