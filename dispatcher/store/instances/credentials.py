"""Keep the credentials that instances have of their own with channels, sealed: shown never again, but a fingerprint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import structlog

from dispatcher.access.credentials import Bearer
from dispatcher.access.sealing import Unsealable
from dispatcher.model.principals import ChannelCredential
from dispatcher.store import audit
from dispatcher.store.keys import NoSuchBearer
from dispatcher.store.sql import NOW

if TYPE_CHECKING:
    from dispatcher.access.principals import Actor
    from dispatcher.store.record import Pool
    from dispatcher.store.sealed.addresses import Addresses

_ENTRIES: Final = """
SELECT instance_id, channel, fingerprint, subject, created_at, replaced_at, sealed FROM instance_credential"""
_NEWEST: Final = """
SELECT fingerprint, subject FROM instance_credential WHERE instance_id = $1 AND channel = $2 AND replaced_at IS NULL"""

log = structlog.get_logger()


class InstanceCredentials:
    """Reads and writes them. Every act is on the audit trail, with the fingerprint."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def put(self, credential: ChannelCredential, plain: bytes, addresses: Addresses, by: Actor) -> bool:
        """Let a credential be its instance's newest with its channel, `plain` sealed. The one so far stays, as
        replaced: what was made with it goes on. Returns whether it is new. Raises `NoSuchBearer`.
        """
        named = (credential.instance_id, credential.channel)
        sealed = addresses.seal_bytes(plain, _bound_to(*named, credential.fingerprint))
        async with self._pool.acquire() as connection, connection.transaction():
            # Of two that replace each other one comes after the other.
            if not await connection.fetchval("SELECT id FROM instance WHERE id = $1 FOR UPDATE", named[0]):
                raise NoSuchBearer(str(Bearer.of(None, named[0])))
            newest = await connection.fetchrow(_NEWEST, *named)
            if newest and tuple(newest) == (credential.fingerprint, credential.subject):
                return False
            await connection.execute(
                f"""UPDATE instance_credential SET replaced_at = {NOW}
                    WHERE instance_id = $1 AND channel = $2 AND replaced_at IS NULL""",  # noqa: S608 - constant
                *named,
            )
            await connection.execute(
                f"""INSERT INTO instance_credential (instance_id, channel, fingerprint, subject, sealed, created_at)
                   VALUES ($1, $2, $3, $4, $5, {NOW}) ON CONFLICT (instance_id, channel, fingerprint)
                   DO UPDATE SET subject = $4, sealed = $5, replaced_at = NULL, created_at = {NOW}""",  # noqa: S608 - constant
                *named,
                credential.fingerprint,
                credential.subject,
                sealed,
            )
            detail = {"instance": named[0], "channel": named[1], "fingerprint": credential.fingerprint}
            await audit.note(connection, by, "credential.put", **detail)
        return True

    async def listed(self, instance_id: str) -> list[ChannelCredential]:
        """Return what is known of an instance's credentials, by channel, the newest first."""
        rows = await self._pool.fetch(
            f"{_ENTRIES} WHERE instance_id = $1 ORDER BY channel, replaced_at DESC NULLS FIRST", instance_id
        )
        return [_credential(row) for row in rows]

    async def newest(self, instance_id: str, channel: str) -> str | None:
        """Return the fingerprint of an instance's newest credential with a channel."""
        found: str | None = await self._pool.fetchval(_NEWEST, instance_id, channel)
        return found

    async def opened(self, channel: str, addresses: Addresses) -> list[tuple[ChannelCredential, bytes]]:
        """Return all instances' credentials with a channel, opened, those replaced too, what was put last at the end.
        One that cannot be opened is left out, and the log says whose: it hurts that instance alone.
        """
        found = []
        for row in await self._pool.fetch(f"{_ENTRIES} WHERE channel = $1 ORDER BY created_at, id", channel):
            credential = _credential(row)
            try:
                bound_to = _bound_to(credential.instance_id, channel, credential.fingerprint)
                found.append((credential, addresses.open_bytes(row["sealed"], bound_to)))
            except Unsealable as error:
                log.warning(
                    "instance_credential_illegible",
                    instance=credential.instance_id,
                    channel=channel,
                    reason=str(error),
                )
        return found


def _bound_to(instance_id: str, channel: str, fingerprint: str) -> bytes:
    """Return where a credential belongs: `store.sealed.columns` has the same as SQL."""
    return f"{instance_id}\n{channel}\n{fingerprint}".encode()


def _credential(row: Any) -> ChannelCredential:
    return ChannelCredential(
        instance_id=row["instance_id"],
        channel=row["channel"],
        fingerprint=row["fingerprint"],
        subject=row["subject"],
        created_at=row["created_at"],
        replaced_at=row["replaced_at"],
    )
