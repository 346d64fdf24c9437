"""Web Push: browsers, and apps by way of UnifiedPush (RFC 8030, 8291, 8292).

Where the limits and statuses below come from:
    [M] Mozilla    https://mozilla-services.github.io/autopush-rs/http.html
    [G] Google     https://firebase.google.com/docs/cloud-messaging/concept-options#ttl
    [W] Microsoft  https://learn.microsoft.com/en-us/windows/apps/design/shell/tiles-and-notifications/
                   push-request-response-headers#response-codes
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from channels.base import ChannelLimits, Endpoint, GatewayLimits, Notice, Permanent, RateLimited, Receipt
from channels.clock import utc_now
from channels.crashes import Proof
from channels.endpoint_url import origin_of, require_at, vetted_origin
from channels.fanout import Bounds, fan_out
from channels.gateway_health import CONNECT_FAILURES_IN_A_ROW, REFUSALS_IN_A_ROW
from channels.http.http2.pool import MAX_CONNECTIONS
from channels.http.messages import Answer, Request, header_lines
from channels.http_statuses import Meaning, classify
from channels.webpush.encoder import DirectEncoder, message_key
from channels.webpush.encryption import MAX_PLAINTEXT_BYTES

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
    from datetime import datetime

    from channels.http.addresses import AddressPolicy
    from channels.http.client import HttpClient
    from channels.webpush.encoder import Encoder
    from channels.webpush.vapid import VapidSigner

LIMITS: Final = ChannelLimits(
    batch=1000,
    payload_bytes=MAX_PLAINTEXT_BYTES,
    # The streams that HTTP/2 servers should allow on a connection (RFC 9113 section 6.5.2), on as many connections as a
    # mass send has to one push service: our own and libcurl's.
    concurrency=100 * (MAX_CONNECTIONS + 1),
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


class WebPush:
    """The channel `webpush`. `Endpoint.keys` has the subscription's `p256dh` and `auth`, in Base64."""

    name: Final = "webpush"
    collapses: Final = True

    def __init__(  # noqa: PLR0913 - dependencies, each named at the call
        self,
        http: HttpClient,
        vapid: VapidSigner,
        *,
        policy: AddressPolicy | None = None,
        now: Callable[[], datetime] = utc_now,
        limits: ChannelLimits = LIMITS,
        timeout_s: float = REQUEST_TIMEOUT_S,
        connect_failures: int = CONNECT_FAILURES_IN_A_ROW,
        refusals: int = REFUSALS_IN_A_ROW,
        encoder: Encoder | None = None,
        hosts: frozenset[str] | None = KNOWN_HOSTS,
    ) -> None:
        """`policy` is where endpoints may lie; default: where the client's policy allows. `hosts` may be subscribed,
        besides the origins that it exempts; None: any public one.
        """
        self.limits = limits
        self._http = http
        self._policy = policy or http.policy
        self._vapid = vapid
        self._now = now
        self._timeout_s = timeout_s
        self._connect_failures = connect_failures
        self._proof = Proof()
        self._refusals = refusals
        self._encoder = encoder or DirectEncoder()
        self._hosts = hosts

    def check(self, endpoint: Endpoint) -> None:
        """Check an endpoint. Raises `Permanent` for a URL we must not or would not contact, and for keys that are
        none.
        """
        policy = self._policy
        origin = vetted_origin(endpoint, policy)
        if self._hosts is not None and origin not in policy.allow_private:
            host = origin.removeprefix("https://")
            if not any(host == known or (known[0] == "." and host.endswith(known)) for known in self._hosts):
                raise Permanent("unknown_push_service")
        message_key(endpoint)

    def gateway(self, endpoint: Endpoint) -> str:
        """Return the push service's origin. Raises `Permanent` for an unacceptable URL."""
        return origin_of(endpoint, self._policy)

    def gateway_limits(self, gateway: str) -> GatewayLimits:  # noqa: ARG002 - the same for all
        """Return the limits of one origin."""
        return GatewayLimits(self.limits.concurrency)

    def units(self, notice: Notice, gateway: str) -> int:  # noqa: ARG002 - no message counts for more
        """Return 1: messages are counted."""
        return 1

    def send(
        self, notice: Notice, gateway: str, endpoints: Sequence[Endpoint]
    ) -> AsyncGenerator[list[Receipt], None]:
        push = _Push(
            notice=notice,
            gateway=gateway,
            policy=self._policy,
            vapid=self._vapid,
            limits=self.limits,
            encoder=self._encoder,
            now=self._now,
            timeout_s=self._timeout_s,
            refusals_tolerated=self._refusals,
        )
        bounds = Bounds(self.limits.concurrency, notice.deadline, self._now, self._connect_failures)
        return fan_out(self._http, push, endpoints, bounds, self._proof)

    async def aclose(self) -> None:
        """Do nothing: the HTTP client is shared and belongs to its creator."""


@dataclass(slots=True)
class _Push:
    """One notice on its way to a push service."""

    notice: Notice
    gateway: str
    policy: AddressPolicy
    vapid: VapidSigner
    limits: ChannelLimits
    encoder: Encoder
    now: Callable[[], datetime]
    timeout_s: float
    refusals_tolerated: int
    """A 401 or 403 is about us when the VAPID key is wrong, and about one subscription when that was made for another
    key. What follows shows which."""
    headers: list[str] = field(default_factory=list)
    made_for: int = -1
    """The TTL for which the lines of the headers were made."""

    def request(self, endpoint: Endpoint, seconds_left: float) -> Request:
        require_at(self.gateway, endpoint, self.policy)
        payload = self.notice.payload
        if len(payload) > self.limits.payload_bytes:
            raise Permanent("payload_too_large")
        body = self.encoder(payload, endpoint)
        ttl = min(int(seconds_left), self.limits.max_age_s)
        if self.made_for != ttl:  # equal for all endpoints within the same second
            self.headers, self.made_for = self._make_headers(ttl), ttl
        timeout_s = min(seconds_left, self.timeout_s)
        return Request(
            endpoint.address,
            self.headers,
            body,
            timeout_s,
            brief=True,
            origin=self.gateway,
            policy=self.policy,
        )

    def interpret(self, endpoint: Endpoint, answer: Answer, _broken: str) -> Receipt:
        """Judge by the status alone: a body that breaks off takes nothing back."""
        error = classify(answer, self.now, _STATUSES)
        if error is not None:
            raise error
        return Receipt(endpoint.id)

    def _make_headers(self, ttl: int) -> list[str]:
        return header_lines(
            {
                "TTL": str(ttl),
                "Urgency": self.notice.urgency.value,
                "Topic": self.notice.collapse_key,
                "Content-Encoding": "aes128gcm",
                "Content-Type": "application/octet-stream",
                "Authorization": self.vapid.authorization(self.gateway, self.now()),
            }
        )
