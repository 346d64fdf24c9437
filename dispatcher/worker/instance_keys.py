"""Let the VAPID keys that single apps have of their own sign, from soon after they are on record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from channels.webpush.vapid import VapidSigner
from dispatcher.apps.own_credentials import INTERVAL_S, OwnCredentials

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from channels.webpush.vapid import VapidKeys
    from dispatcher.model.principals import ChannelCredential


class InstanceKeys(OwnCredentials[VapidSigner]):
    """Runs beside the lanes of a worker. A browser that subscribes with a new key is warned by it after one look."""

    task = "instance_keys"
    unusable = "instance_key_unusable"

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
        super().__init__(opened, interval_s)
        self._vapid = vapid
        self._subject = subject

    def _key(self, credential: ChannelCredential) -> tuple[str, str]:
        return credential.fingerprint, credential.subject or self._subject

    def _make(self, credential: ChannelCredential, plain: bytes) -> VapidSigner:
        return VapidSigner(plain, self._key(credential)[1])

    def _admit(self, made: Sequence[VapidSigner]) -> None:
        self._vapid.admit(made)
