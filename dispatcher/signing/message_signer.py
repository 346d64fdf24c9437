"""Sign each message once, by the key that signs now, and keep what was signed."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import structlog

from cap.signatures.signing import AlertSigner
from dispatcher.access.principals import SERVICE
from dispatcher.access.signing_plan import current, next_signs_from, published
from dispatcher.store.record import UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import cap
    from dispatcher.access.signing_plan import SigningKey
    from dispatcher.store.signing_keys import SigningKeys

KNOWN_FOR_S: Final = 10.0
"""How long the keys are taken for known: a key that is revoked signs nothing after that."""
ANSWER_WITHIN_S: Final = 2.0
"""How long whoever wants something signed waits for the record where there are keys of before. All wait for the one
question, so that it is not asked again within `KNOWN_FOR_S` either."""
KEPT_BYTES: Final = 64 * 1024 * 1024
"""How much of what was signed a process keeps; the oldest goes first, and is signed again where it is asked for."""

log = structlog.get_logger()


class MessageSigner:
    """Signs for one process. RSA signs the same content always with the same bytes, so that all processes have the same
    ones, and one entity tag.
    """

    def __init__(self, keys: SigningKeys, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`monotonic` gives seconds."""
        self._keys = keys
        self._monotonic = monotonic
        self._one_by_one = asyncio.Lock()
        self._asked_at = float("-inf")
        self._published: tuple[SigningKey, ...] = ()
        self._key: SigningKey | None = None
        self._signer: AlertSigner | None = None
        self._kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._kept_bytes = 0

    async def certificates(self) -> bytes:
        """Return the certificates by which others verify, PEM, one after another: the last key to sign first. Raises
        what a record raises that is away, before it was ever read.
        """
        async with self._one_by_one:
            await self._refresh()
        return b"".join(one.certificate for one in self._published)

    async def signed(self, alert_id: str, message: cap.Alert) -> bytes:
        """Return the message of an alert (its id in the record), signed: the same bytes for the same key. It is done in
        a thread and one at a time, as a large one takes a second. Raises SignatureError for a message that cannot be
        signed, `Unsealable` for a key that cannot be opened, and what a record raises that is away, before it was ever
        read.
        """
        async with self._one_by_one:
            key, signer = await self._refresh()
            found = self._kept.get((key.fingerprint, alert_id))
            if found is None:
                found = await asyncio.to_thread(signer.sign, message)
                self._keep((key.fingerprint, alert_id), found)
            return found

    async def _refresh(self) -> tuple[SigningKey, AlertSigner]:
        """Return the key that signs now. While the record is away it is the one of before."""
        if self._key is None or self._signer is None:
            return await self._take(*await self._keys.listed())
        if self._monotonic() - self._asked_at >= KNOWN_FOR_S:
            try:
                async with asyncio.timeout(ANSWER_WITHIN_S):
                    listed = await self._keys.listed()
                return await self._take(*listed)
            except UNAVAILABLE as error:
                self._asked_at = self._monotonic()
                log.warning("signing_keys_not_read", error=type(error).__name__)
        return self._key, self._signer

    async def _take(self, keys: list[SigningKey], now: datetime) -> tuple[SigningKey, AlertSigner]:
        """Return of the keys on record the one that signs `now`. Where the next one is due, it is made."""
        if next_signs_from(keys, now) is not None:
            await self._keys.make(next_signs_from, SERVICE)
            keys, now = await self._keys.listed()
        key = current(keys, now)
        if key is None:  # whoever revokes them one after another is faster than they are made
            raise LookupError("no key signs")
        if self._signer is None or self._key is None or key.fingerprint != self._key.fingerprint:
            private = await self._keys.private(key)
            self._signer = await asyncio.to_thread(AlertSigner, private, key.certificate)
        self._key, self._published, self._asked_at = key, published(keys, now), self._monotonic()
        return key, self._signer

    def _keep(self, name: tuple[str, str], signed: bytes) -> None:
        self._kept[name] = signed
        self._kept_bytes += len(signed)
        while self._kept_bytes > KEPT_BYTES:
            _, oldest = self._kept.popitem(last=False)
            self._kept_bytes -= len(oldest)
