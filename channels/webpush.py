"""Web Push: browsers, and apps by way of UnifiedPush (RFC 8030, 8291, 8292).

Where the limits and statuses below come from:
    [M] Mozilla    https://mozilla-services.github.io/autopush-rs/http.html
    [G] Google     https://firebase.google.com/docs/cloud-messaging/concept-options#ttl
    [W] Microsoft  https://learn.microsoft.com/windows/apps/design/shell/tiles-and-notifications/push-request-response-headers
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from channels.addresses import AddressRefused
from channels.aes128gcm import MAX_PLAINTEXT_BYTES
from channels.answer import Answer, Request, header_lines
from channels.base import Endpoint, Limits, Notice, Permanent, RateLimited, Receipt
from channels.classify import Meaning, classify
from channels.fanout import Bounds, fan_out
from channels.push_keys import DirectEncoder, agree_with

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

    from channels.http import HttpClient
    from channels.push_keys import Encoder
    from channels.vapid import VapidSigner

LIMITS: Final = Limits(
    batch=1000,
    payload_bytes=MAX_PLAINTEXT_BYTES,
    concurrency=100,  # the streams that HTTP/2 servers should allow on a connection (RFC 9113 section 6.5.2)
    max_age_s=28 * 86_400,  # [G] 28 days, [M] 30
)
REQUEST_TIMEOUT_S: Final = 10.0
# The push services of the browsers; a leading dot admits all hosts below.
KNOWN_HOSTS: Final = frozenset(
    {
        "fcm.googleapis.com",
        ".push.services.mozilla.com",
        ".notify.windows.com",
        ".push.apple.com",
    }
)
_STATUSES: Final[Mapping[int, Meaning]] = {
    406: RateLimited,  # [W] "exceeded its throttle limit"
}
# A 401 or 403 is ours when the VAPID key is, but one subscription's when that was made for another key.
_REFUSALS_TOLERATED: Final = 5


def _utc_now() -> datetime:
    return datetime.now(UTC)


class WebPush:
    """The channel `webpush`. `Endpoint.keys` has `p256dh` and `auth` as the browser's subscription gives them."""

    name: Final = "webpush"

    def __init__(
        self,
        http: HttpClient,
        vapid: VapidSigner,
        *,
        now: Callable[[], datetime] = _utc_now,
        limits: Limits = LIMITS,
        timeout_s: float = REQUEST_TIMEOUT_S,
        encoder: Encoder | None = None,
        hosts: frozenset[str] | None = KNOWN_HOSTS,
    ) -> None:
        """`hosts` may subscribe, besides the origins that the client's policy names; None: any public host."""
        self.limits = limits
        self._http = http
        self._vapid = vapid
        self._now = now
        self._timeout_s = timeout_s
        self._encode = encoder or DirectEncoder()
        self._hosts = hosts

    def check(self, endpoint: Endpoint) -> None:
        """Raises `Permanent` for a URL we must not or would not contact, and for keys that are none."""
        try:
            origin = self._http.policy.vet(endpoint.address)
        except AddressRefused as refused:
            raise Permanent(refused.code) from None
        if self._hosts is not None and origin not in self._http.policy.allow_private:
            host = origin.removeprefix("https://")
            if not any(host == known or (known[0] == "." and host.endswith(known)) for known in self._hosts):
                raise Permanent("unknown_push_service")
        agree_with(endpoint)

    def gateway(self, endpoint: Endpoint) -> str:
        """The push service's origin. Raises `Permanent` for an unacceptable URL."""
        try:
            return self._http.policy.origin(endpoint.address)
        except AddressRefused as refused:
            raise Permanent(refused.code) from None

    def send(self, notice: Notice, endpoints: Sequence[Endpoint]) -> AsyncGenerator[Receipt, None]:
        bounds = Bounds(self.limits.concurrency, notice.deadline, self._now)
        return fan_out(self._http, _Push(self, notice), endpoints, bounds)

    async def aclose(self) -> None:
        """Nothing: the HTTP client is shared and belongs to who made it."""


class _Push:
    """One notice on its way to push services."""

    refusals_tolerated = _REFUSALS_TOLERATED

    def __init__(self, channel: WebPush, notice: Notice) -> None:
        self._channel = channel
        self._notice = notice
        self._headers: dict[str, tuple[int, list[str]]] = {}
        self.gateway = channel.gateway

    def request(self, endpoint: Endpoint, gateway: str, seconds_left: float) -> Request:
        channel = self._channel
        if len(self._notice.payload) > channel.limits.payload_bytes:
            raise Permanent("payload_too_large")
        body = channel._encode(self._notice.payload, endpoint)
        ttl = min(int(seconds_left), channel.limits.max_age_s)
        timeout_s = min(channel._timeout_s, seconds_left)
        return Request(endpoint.address, self._headers_for(gateway, ttl), body, timeout_s)

    def judge(self, endpoint: Endpoint, answer: Answer, _broken: str) -> Receipt:
        """The status says it all: a body that breaks off takes nothing back."""
        error = classify(answer, self._channel._now(), _STATUSES)
        if error is not None:
            raise error
        return Receipt(endpoint.id)

    def _headers_for(self, origin: str, ttl: int) -> list[str]:
        """Equal for all endpoints of an origin within the same second."""
        known = self._headers.get(origin)
        if known is not None and known[0] == ttl:
            return known[1]
        channel, notice = self._channel, self._notice
        lines = header_lines(
            {
                "TTL": str(ttl),
                "Urgency": notice.urgency.value,
                "Topic": notice.collapse_key,
                "Content-Encoding": "aes128gcm",
                "Content-Type": "application/octet-stream",
                "Authorization": channel._vapid.authorization(origin, channel._now()),
            }
        )
        self._headers[origin] = (ttl, lines)
        return lines
