"""pywebpush as the encoder: slower, and independent of ours. It serves comparison, and operators who prefer it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pywebpush import WebPusher, WebPushException

from channels.base import Permanent
from channels.webpush.encoder import subscription_keys

if TYPE_CHECKING:
    from channels.base import Endpoint


class PywebpushEncoder:
    """Replaces `DirectEncoder`."""

    def __call__(self, payload: bytes, endpoint: Endpoint) -> bytes:
        """Return the encrypted request body. Raises `Permanent` if the keys are unusable."""
        subscription_keys(endpoint)
        keys = {name: endpoint.keys[name] for name in ("p256dh", "auth")}
        try:
            pusher = WebPusher({"endpoint": endpoint.address, "keys": keys})
            encoded = pusher.encode(payload, content_encoding="aes128gcm")
        except (WebPushException, ValueError):
            raise Permanent("key_invalid", "refused by pywebpush") from None
        return bytes(encoded["body"])
