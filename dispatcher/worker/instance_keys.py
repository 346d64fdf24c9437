"""Let the VAPID keys that single apps have of their own sign, from soon after they are on record."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from channels.webpush.vapid import VapidSigner
from dispatcher.access.fingerprints import short
from dispatcher.store.record import UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from channels.webpush.vapid import VapidKeys
    from dispatcher.model.principals import ChannelCredential

INTERVAL_S = 10.0
"""How often is looked for new keys. A browser that subscribes with one is warned by it no later than so."""

log = structlog.get_logger()


class InstanceKeys:
    """Runs beside the lanes of a worker."""

    def __init__(
        self,
        vapid: VapidKeys,
        opened: Callable[[], Awaitable[Sequence[tuple[ChannelCredential, bytes]]]],
        subject: str,
        interval_s: float = INTERVAL_S,
    ) -> None:
        """`opened` returns what is on record, each with its private key (PEM); `subject` is how push services reach the
        operator, where an app has none of its own.
        """
        self._vapid = vapid
        self._opened = opened
        self._subject = subject
        self._interval_s = interval_s
        self._signers: dict[tuple[str, str], VapidSigner | None] = {}
        """By public key and subject; None for what is no key, so that this is said once."""

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(self._interval_s)

    async def look(self) -> None:
        """Admit the keys that are on record now. An outage of the record is waited out with those known."""
        try:
            found = await self._opened()
        except UNAVAILABLE as error:
            log.warning("record_unavailable", task="instance_keys", error=type(error).__name__)
            return
        signers = {self._key(one): self._signer(one, pem) for one, pem in found}
        self._signers = signers
        self._vapid.admit([one for one in signers.values() if one is not None])

    def _key(self, credential: ChannelCredential) -> tuple[str, str]:
        return credential.fingerprint, credential.subject or self._subject

    def _signer(self, credential: ChannelCredential, pem: bytes) -> VapidSigner | None:
        """Return the signer that is known, with its signatures, or a new one."""
        key = self._key(credential)
        if key in self._signers:
            return self._signers[key]
        try:
            return VapidSigner(pem, key[1])
        except ValueError as error:
            log.warning(
                "instance_key_unusable",
                instance=credential.instance_id,
                key=short(credential.fingerprint),
                reason=str(error),
            )
            return None
