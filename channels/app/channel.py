"""A municipality's app instance: the notice as a signed callback (Standard Webhooks 1.0).

[S] https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from channels.app.delivery import DELIVERY, DELIVERY_SIGNATURE, delivery
from channels.app.secrets import signing
from channels.app.standard_webhooks import sign
from channels.base import (
    CAP_FORM,
    FORM,
    ChannelLimits,
    ChannelMisconfigured,
    DeliveryError,
    Endpoint,
    GatewayLimits,
    Notice,
    Permanent,
    Receipt,
    Transient,
    Unauthorized,
)
from channels.clock import utc_now
from channels.crashes import Proof
from channels.device_receipt import addressed
from channels.endpoint_url import origin_of, require_at, vetted_origin
from channels.fanout import Bounds, fan_out
from channels.gateway_health import CONNECT_FAILURES_IN_A_ROW
from channels.http.messages import Answer, HttpError, Request, header_lines
from channels.http_statuses import Meaning, classify, transport_error

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
    from datetime import datetime

    from channels.http.addresses import AddressPolicy
    from channels.http.client import HttpClient

LIMITS: Final = ChannelLimits(
    batch=100,
    payload_bytes=20_000,  # [S] "recommended to be kept under 20kb"
    concurrency=20,  # an app's server is no push service; it is one municipality's machine
    max_age_s=7 * 86_400,  # nobody keeps it for us: the deadline alone counts
)
MESSAGE_BYTES: Final = 8_000_000
"""The largest CAP message that is posted: more than is taken in, of which a signed rendering may be longer."""
REQUEST_TIMEOUT_S: Final = 10.0
_STATUSES: Final[Mapping[int, Meaning]] = {
    # [S] only 410 means "stop for good". A 404 is what a server answers while it is being redeployed, and
    # removing the callback would silence a whole municipality.
    404: Transient,
}


class Trial(NamedTuple):
    """What came of one callback that was sent to see how it is answered."""

    status: int | None
    """The HTTP status; None without an answer."""
    error: DeliveryError | None
    """What a delivery would take it for; None for an acceptance."""


class App:
    """The channel `app`. `Endpoint.keys` has the secrets of the callback, see `secrets`."""

    name: Final = "app"
    collapses: Final = True

    def __init__(
        self,
        http: HttpClient,
        *,
        policy: AddressPolicy | None = None,
        now: Callable[[], datetime] = utc_now,
        limits: ChannelLimits = LIMITS,
        timeout_s: float = REQUEST_TIMEOUT_S,
        connect_failures: int = CONNECT_FAILURES_IN_A_ROW,
    ) -> None:
        """`policy` is where callbacks may lie; default: where the client's policy allows."""
        self.limits = limits
        self._http = http
        self._policy = policy or http.policy
        self._now = now
        self._timeout_s = timeout_s
        self._connect_failures = connect_failures
        self._proof = Proof()

    def check(self, endpoint: Endpoint) -> None:
        """Check an endpoint. Raises `Permanent` for a URL we must not contact, for secrets that are none, and for a
        form that there is not.
        """
        vetted_origin(endpoint, self._policy)
        if endpoint.keys.get(FORM) not in (None, CAP_FORM):
            raise Permanent("form_unknown")
        _secrets(endpoint, self._now())

    def gateway(self, endpoint: Endpoint) -> str:
        """Return the origin of the app's server. Raises `Permanent` for an unacceptable URL."""
        return origin_of(endpoint, self._policy)

    def gateway_limits(self, gateway: str) -> GatewayLimits:
        """Return the limits of one origin, which all of our processes use together."""
        # [S] only 410 means "stop for good": who has no callback any more is told by nobody else.
        return GatewayLimits(
            self.limits.concurrency,
            account=f"{self.name}:{gateway}",
            limits_endpoints=True,
            ends_failing=False,
        )

    def units(self, notice: Notice, gateway: str) -> int:  # noqa: ARG002 - no message counts for more
        """Return 1: messages are counted."""
        return 1

    def send(
        self, notice: Notice, gateway: str, endpoints: Sequence[Endpoint]
    ) -> AsyncGenerator[list[Receipt], None]:
        callback = self._callback(notice, gateway)
        bounds = Bounds(self.limits.concurrency, notice.deadline, self._now, self._connect_failures)
        return fan_out(self._http, callback, endpoints, bounds, self._proof)

    async def try_once(
        self, notice: Notice, endpoint: Endpoint, change: Callable[[Request], Request] | None = None
    ) -> Trial:
        """Send one notice to one endpoint, by the same rules as `send`, and return how that was answered: no word of
        the answer but its status. `change` makes another request of the one that would be sent, to see whether the far
        side notices. Raises nothing for what the far side does.
        """
        seconds_left = (notice.deadline - self._now()).total_seconds()
        try:
            callback = self._callback(notice, self.gateway(endpoint))
            request = callback.request(endpoint, seconds_left)
            answer = await self._http.fetch(change(request) if change else request)
        except HttpError as error:
            return Trial(None, transport_error(error))
        except Permanent as error:
            return Trial(None, error)
        return Trial(answer.status, _meant(answer, self._now))

    def _callback(self, notice: Notice, gateway: str) -> _Callback:
        return _Callback(notice, gateway, self._policy, self.limits, self._now, self._timeout_s)

    async def aclose(self) -> None:
        """Do nothing: the HTTP client is shared and belongs to its creator."""


@dataclass(frozen=True, slots=True)
class _Callback:
    """One notice on its way to apps."""

    notice: Notice
    gateway: str
    policy: AddressPolicy
    limits: ChannelLimits
    now: Callable[[], datetime]
    timeout_s: float

    def request(self, endpoint: Endpoint, seconds_left: float) -> Request:
        require_at(self.gateway, endpoint, self.policy)
        document = addressed(self.notice.document or self.notice.payload, self.notice, endpoint.id)
        takes_message = endpoint.takes_message
        body = self.notice.message if takes_message else document
        if not body:
            raise Permanent("message_missing")
        if len(body) > (MESSAGE_BYTES if takes_message else self.limits.payload_bytes):
            raise Permanent("payload_too_large")
        identifier = f"{self.notice.alert_id}-{endpoint.id}"
        now = self.now()
        timestamp, secrets = int(now.timestamp()), _secrets(endpoint, now)
        more = {}
        if takes_message:
            said = delivery(document)
            more = {DELIVERY: said.decode(), DELIVERY_SIGNATURE: sign(secrets, identifier, timestamp, said)}
        headers = header_lines(
            {
                "Content-Type": "application/cap+xml" if takes_message else "application/json",
                "webhook-id": identifier,
                "webhook-timestamp": str(timestamp),
                "webhook-signature": sign(secrets, identifier, timestamp, body),
                **more,
            }
        )
        timeout_s = min(self.timeout_s, seconds_left)
        return Request(endpoint.address, headers, body, timeout_s, origin=self.gateway, policy=self.policy)

    def interpret(self, endpoint: Endpoint, answer: Answer, _broken: str) -> Receipt:
        error = _meant(answer, self.now)
        if error is not None:
            raise error
        return Receipt(endpoint.id)


def _meant(answer: Answer, now: Callable[[], datetime]) -> DeliveryError | None:
    """Return what an answer means for one webhook. Each has its own secret, and those of several towns may lie behind
    one origin: a refusal (401, 403) is never about all of them.
    """
    error = classify(answer, now, _STATUSES)
    return Unauthorized(error.code) if isinstance(error, ChannelMisconfigured) else error


def _secrets(endpoint: Endpoint, now: datetime) -> tuple[bytes, ...]:
    try:
        return signing(endpoint.keys, now)
    except ValueError:
        raise Permanent("secret_invalid") from None
