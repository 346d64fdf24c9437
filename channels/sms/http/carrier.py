"""Carries SMS to one provider's HTTP interface."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from typing import TYPE_CHECKING, Final

from channels.base import (
    ChannelLimits,
    ChannelMisconfigured,
    Endpoint,
    Expired,
    GatewayLimits,
    Notice,
    Receipt,
    Uncertain,
)
from channels.clock import utc_now
from channels.crashes import Proof
from channels.fanout import Bounds, fan_out
from channels.gateway_health import CONNECT_FAILURES_IN_A_ROW
from channels.http.messages import Answer, Request
from channels.http_statuses import Meaning, classify
from channels.sms.channel import LIMITS
from channels.sms.delivery_reports import client_ref
from channels.sms.fitting import compose
from channels.sms.numbers import check_number

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
    from datetime import datetime

    from channels.http.addresses import AddressPolicy
    from channels.http.client import HttpClient
    from channels.sms.gsm7 import Sms
    from channels.sms.http.provider import SmsGateway

REQUEST_TIMEOUT_S: Final = 10.0
ANSWERED_WITHIN_S: Final = 0.5
"""How slowly a gateway may answer for which its contract's rate is still reached."""
IN_FLIGHT_MAX: Final = 500

# The URL is the provider's, not the recipient's: what elsewhere says that an endpoint is gone says here that
# the account or its configuration is wrong, and concerns everybody.
_STATUSES: Final[Mapping[int, Meaning]] = {
    **dict.fromkeys((301, 302, 303, 307, 308, 402, 404, 405, 407, 410, 415), ChannelMisconfigured),
    # The provider's front passed it on and heard nothing usable (RFC 9110 sections 15.6.3 and 15.6.5).
    502: Uncertain,
    504: Uncertain,
}


class HttpCarrier:
    """The carrier of one HTTP gateway."""

    def __init__(  # noqa: PLR0913 - dependencies, each named at the call
        self,
        http: HttpClient,
        provider: SmsGateway,
        *,
        policy: AddressPolicy | None = None,
        now: Callable[[], datetime] = utc_now,
        limits: ChannelLimits = LIMITS,
        timeout_s: float = REQUEST_TIMEOUT_S,
        connect_failures: int = CONNECT_FAILURES_IN_A_ROW,
    ) -> None:
        """`policy` is where gateways may lie; default: where the client's policy allows."""
        self.limits = GatewayLimits(limits.concurrency)
        self._http = http
        self._provider = provider
        self._policy = policy or http.policy
        self._now = now
        self._max_age_s = limits.max_age_s
        self._timeout_s = timeout_s
        self._connect_failures = connect_failures
        self._proof = Proof()

    def send(self, notice: Notice, endpoints: Sequence[Endpoint]) -> AsyncGenerator[list[Receipt], None]:
        text = _Text(notice, self._provider, self._policy, self._max_age_s, self._now, self._timeout_s)
        bounds = Bounds(self.limits.concurrency, notice.deadline, self._now, self._connect_failures)
        return fan_out(self._http, text, endpoints, bounds, self._proof)

    def parts(self, notice: Notice) -> int:
        """Return into how many parts a text of the notice is split."""
        return len(_composed(notice, self._provider).parts)

    async def aclose(self) -> None:
        """Do nothing: the HTTP client is shared and belongs to its creator."""


@dataclass(frozen=True)
class _Text:
    """One notice on its way to phones."""

    notice: Notice
    provider: SmsGateway
    policy: AddressPolicy
    max_age_s: int
    now: Callable[[], datetime]
    timeout_s: float

    @property
    def gateway(self) -> str:
        return self.provider.name

    @property
    def refusals_tolerated(self) -> int:
        return 1  # a 401 is about our account, not about a recipient

    @cached_property
    def composed(self) -> tuple[Sms, list[str]]:
        """The text and headers, made once and not per recipient."""
        return _composed(self.notice, self.provider), self.provider.headers()

    def request(self, endpoint: Endpoint, seconds_left: float) -> Request:
        check_number(endpoint.address)
        validity_s = min(int(seconds_left), self.max_age_s)
        if validity_s < 1:
            raise Expired("deadline")
        sms, headers = self.composed
        # Not the collapse key: an Update must not pass for a repeat of the message it updates.
        reference = client_ref(self.notice.alert_id, endpoint.id)
        own, body = self.provider.encode(sms, endpoint.address, reference, validity_s)
        timeout_s = min(self.timeout_s, seconds_left)
        lines = [*headers, *own] if own else headers
        return Request(self.provider.url, lines, body, timeout_s, policy=self.policy)

    def interpret(self, endpoint: Endpoint, answer: Answer, broken: str) -> Receipt:
        error = classify(answer, self.now, _STATUSES)
        if error is not None:
            raise error
        if broken and self.provider.answer.success:
            raise Uncertain(broken)
        sms, _ = self.composed
        return Receipt(endpoint.id, reference=self.provider.reference(answer), parts=len(sms.parts))


def limits_at(rate: float | None) -> ChannelLimits:
    """Return the channel's limits with as many requests in flight as `rate` messages a second take."""
    if rate is None:
        return LIMITS
    needed = ceil(rate * ANSWERED_WITHIN_S)
    return replace(LIMITS, concurrency=max(LIMITS.concurrency, min(IN_FLIGHT_MAX, needed)))


def _composed(notice: Notice, provider: SmsGateway) -> Sms:
    return compose(notice.lines or notice.text, provider.max_parts, notice.language)
