"""Web Push: browsers, and apps by way of UnifiedPush (RFC 8030, 8291, 8292).

What is peculiar to each push service, and what its answers mean, is data: `channels.webpush.services`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from channels.base import (
    ChannelLimits,
    ChannelMisconfigured,
    Endpoint,
    GatewayLimits,
    Notice,
    OurKeyMissing,
    OwnKeyRefused,
    Permanent,
    Receipt,
    Unauthorized,
)
from channels.clock import utc_now
from channels.crashes import Proof
from channels.device_receipt import addressed
from channels.endpoint_url import origin_of, require_at, vetted_origin
from channels.fanout import Bounds, SendAgain, fan_out
from channels.gateway_health import CONNECT_FAILURES_IN_A_ROW
from channels.http.http2.pool import MAX_CONNECTIONS
from channels.http.messages import Answer, Request, header_lines
from channels.webpush.encoder import DirectEncoder, require_keys
from channels.webpush.encryption import MAX_PLAINTEXT_BYTES
from channels.webpush.learnt_keys import LearntKeys
from channels.webpush.services.directory import KNOWN_ONLY
from channels.webpush.services.push_service import KEPT_S
from channels.webpush.topic import topic

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from datetime import datetime

    from channels.http.addresses import AddressPolicy
    from channels.http.client import HttpClient
    from channels.webpush.encoder import Encoder
    from channels.webpush.locations import KeptAnswers, Locations
    from channels.webpush.services.directory import Directory
    from channels.webpush.services.push_service import PushService
    from channels.webpush.vapid import VapidKeys, VapidSigner

LIMITS: Final = ChannelLimits(
    batch=1000,
    payload_bytes=MAX_PLAINTEXT_BYTES,
    # The streams that HTTP/2 servers should allow on a connection (RFC 9113 section 6.5.2), on as many connections as a
    # mass send has to one push service: our own and libcurl's.
    concurrency=100 * (MAX_CONNECTIONS + 1),
    max_age_s=KEPT_S,
)
STRANGERS_CONCURRENCY: Final = 20
"""Requests in flight per process at an origin that nobody has named: whoever subscribes may have chosen somebody else's
server, and no warning is a way to flood it."""
REQUEST_TIMEOUT_S: Final = 10.0
VAPID_KEY: Final = "vapid"
"""The member of `Endpoint.keys` that names the VAPID key which the subscription was made with, if that is known."""
_LINES: Final = 64
"""How many lists of header lines are kept: one for each second of a notice, each gateway and key."""
_NO_HEADERS: Final[tuple[int, list[str]]] = (-1, [])


@dataclass(frozen=True, slots=True)
class Notes:
    """What the channel gathers for the record."""

    learnt: LearntKeys = field(default_factory=LearntKeys)
    """Which of several VAPID keys an endpoint takes."""
    locations: Locations | None = None
    """How messages can be taken back; None: that is not wanted."""


class WebPush:
    """The channel `webpush`. `Endpoint.keys` has the subscription's `p256dh` and `auth`, in Base64."""

    name: Final = "webpush"
    collapses: Final = True

    def __init__(  # noqa: PLR0913 - dependencies, each named at the call
        self,
        http: HttpClient,
        vapid: VapidKeys,
        *,
        policy: AddressPolicy | None = None,
        now: Callable[[], datetime] = utc_now,
        limits: ChannelLimits = LIMITS,
        timeout_s: float = REQUEST_TIMEOUT_S,
        connect_failures: int = CONNECT_FAILURES_IN_A_ROW,
        encoder: Encoder | None = None,
        services: Directory = KNOWN_ONLY,
        notes: Notes | None = None,
    ) -> None:
        """`policy` is where endpoints may lie; default: where the client's policy allows. Those at `services` may be
        subscribed, and at the origins that it exempts. `notes` is what is gathered for the record.
        """
        self.limits = limits
        self._http = http
        self._policy = policy or http.policy
        self._vapid = vapid
        self._now = now
        self._timeout_s = timeout_s
        self._connect_failures = connect_failures
        self._proof = Proof()
        self._encoder = encoder or DirectEncoder()
        self._services = services
        self._notes = notes or Notes()
        self._lines: dict[tuple[int, str, str, str], list[str]] = {}

    def check(self, endpoint: Endpoint) -> None:
        """Check an endpoint. Raises `Permanent` for a URL we must not or would not contact, and for keys that are
        none.
        """
        policy = self._policy
        origin = vetted_origin(endpoint, policy)
        if origin not in policy.allow_private and not self._services.admits(origin):
            raise Permanent("unknown_push_service")
        require_keys(endpoint)

    def gateway(self, endpoint: Endpoint) -> str:
        """Return the push service's origin. Raises `Permanent` for an unacceptable URL."""
        return origin_of(endpoint, self._policy)

    def gateway_limits(self, gateway: str) -> GatewayLimits:
        """Return the limits of one origin, which knows us by our key and counts all of our processes."""
        return GatewayLimits(
            self._concurrency(gateway),
            account=f"{self.name}:{gateway}",
            shared_key=True,
            limits_endpoints=True,
        )

    def _concurrency(self, gateway: str) -> int:
        most = self.limits.concurrency
        is_named = gateway in self._policy.allow_private or self._services.names(gateway)
        return most if is_named else min(most, STRANGERS_CONCURRENCY)

    def units(self, notice: Notice, gateway: str) -> int:  # noqa: ARG002 - no message counts for more
        """Return 1: messages are counted."""
        return 1

    def send(
        self, notice: Notice, gateway: str, endpoints: Sequence[Endpoint]
    ) -> AsyncGenerator[list[Receipt], None]:
        service = self._services.of(gateway)
        push = _Push(
            notice=notice,
            gateway=gateway,
            service=service,
            taken=self._taken(notice, gateway, service),
            policy=self._policy,
            vapid=self._vapid,
            learnt=self._notes.learnt,
            limits=self.limits,
            encoder=self._encoder,
            now=self._now,
            timeout_s=self._timeout_s,
            lines=self._lines,
        )
        bounds = Bounds(self._concurrency(gateway), notice.deadline, self._now, self._connect_failures)
        return fan_out(self._http, push, endpoints, bounds, self._proof)

    def _taken(self, notice: Notice, gateway: str, service: PushService) -> KeptAnswers | None:
        """Return where is kept how messages can be taken back, where the service takes any back."""
        locations = self._notes.locations
        if locations is None or not service.withdraws:
            return None
        return locations.open(notice.alert_id, gateway)

    async def aclose(self) -> None:
        """Do nothing: the HTTP client is shared and belongs to its creator."""


@dataclass(frozen=True, slots=True)
class _Push:
    """One notice on its way to the endpoints of one push service."""

    notice: Notice
    gateway: str
    service: PushService
    policy: AddressPolicy
    vapid: VapidKeys
    learnt: LearntKeys
    taken: KeptAnswers | None
    limits: ChannelLimits
    encoder: Encoder
    now: Callable[[], datetime]
    timeout_s: float
    lines: dict[tuple[int, str, str, str], list[str]]
    """The lines of all calls, by what they say: a transport that knows a list of lines need not write it anew."""
    headers: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    """The seconds that were left and the lines made for them, by the name of the key that signs."""
    refused: dict[int, int] = field(default_factory=dict)
    """How many of our keys an endpoint has refused, by its id."""
    shown: dict[int, str] = field(default_factory=dict)
    """The name of the key that it was shown then: others may come to be known before it answers."""

    def request(self, endpoint: Endpoint, seconds_left: float) -> Request:
        require_at(self.gateway, endpoint, self.policy)
        payload = addressed(self.notice.payload, self.notice, endpoint.id)
        if len(payload) > self.limits.payload_bytes:
            raise Permanent("payload_too_large")
        body = self.encoder(payload, endpoint)
        whole_s = int(seconds_left)
        current = self.vapid.current
        chosen = self.vapid.several or endpoint.keys.get(VAPID_KEY, current.name) != current.name
        signer = self._signer(endpoint) if chosen else current
        if endpoint.id in self.refused:
            self.shown[endpoint.id] = signer.name
        made_for, headers = self.headers.get(signer.name, _NO_HEADERS)
        if made_for != whole_s:  # equal for all endpoints of an origin and a key within the same second
            headers = self._make_headers(signer, whole_s)
        timeout_s = min(seconds_left, self.timeout_s)
        return Request(
            endpoint.address,
            headers,
            body,
            timeout_s,
            brief=not self.service.reads_acceptances,
            located=self.taken is not None,
            origin=self.gateway,
            policy=self.policy,
        )

    def interpret(self, endpoint: Endpoint, answer: Answer, _broken: str) -> Receipt:
        """Judge by the status and, where the service says more, by that: a body that breaks off takes nothing back."""
        error = self.service.judge(answer, self.now)
        if error is None:
            if endpoint.id in self.refused:
                self.learnt.note(endpoint.id, self.shown[endpoint.id])
            if self.taken is not None:
                self.taken.note(endpoint.id, answer)
            return Receipt(endpoint.id)
        if isinstance(error, (Unauthorized, ChannelMisconfigured)):
            raise self._key_refused(endpoint, error)
        raise error

    def _signer(self, endpoint: Endpoint) -> VapidSigner:
        name = endpoint.keys.get(VAPID_KEY) or self.learnt.get(endpoint.id)
        return self.vapid.candidates(name)[self.refused.get(endpoint.id, 0)]

    def _key_refused(
        self, endpoint: Endpoint, error: Unauthorized | ChannelMisconfigured
    ) -> SendAgain | Unauthorized:
        """Return what follows from a refusal of our key: the next one is tried, each once. The last refusal is about us
        when the VAPID key is wrong, or the one is missing that the subscription names, and about one subscription when
        that was made for another key: what others behind the gateway answer shows which.
        """
        name = endpoint.keys.get(VAPID_KEY, "")
        tried = self.refused.get(endpoint.id, 0) + 1
        if tried < len(self.vapid.candidates(name)):
            self.refused[endpoint.id] = tried
            return SendAgain()
        if self.vapid.is_own(name):
            return OwnKeyRefused(error.code, "key refused")
        if name and name not in self.vapid:
            return OurKeyMissing(error.code, "key missing")
        own = name not in ("", self.vapid.current.name)
        return Unauthorized(error.code, "key refused" if own else "refused")

    def _make_headers(self, signer: VapidSigner, whole_s: int) -> list[str]:
        own = (
            self.service.ttl(whole_s),
            self.notice.urgency.value,
            topic(self.notice.collapse_key),
            signer.authorization(self.gateway, self.now()),
        )
        lines = self.lines.get(own)
        if lines is None:
            if len(self.lines) >= _LINES:
                self.lines.clear()
            ttl, urgency, collapse, authorization = own
            lines = self.lines[own] = header_lines(
                {
                    "TTL": str(ttl),
                    "Urgency": urgency,
                    "Topic": collapse,
                    "Content-Encoding": "aes128gcm",
                    "Content-Type": "application/octet-stream",
                    "Authorization": authorization,
                }
            )
        self.headers[signer.name] = (whole_s, lines)
        return lines
