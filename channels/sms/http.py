"""SMS by way of providers' HTTP interfaces."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from channels.base import (
    ChannelLimits,
    ChannelMisconfigured,
    Endpoint,
    Expired,
    Notice,
    Permanent,
    Receipt,
    Uncertain,
)
from channels.clock import utc_now
from channels.crashes import Proof
from channels.fanout import Bounds, fan_out
from channels.gateway_health import CONNECT_FAILURES_IN_A_ROW
from channels.http.messages import Answer, Request
from channels.http_statuses import Meaning, classify
from channels.sms.delivery_reports import client_ref
from channels.sms.fitting import compose

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from channels.http.addresses import AddressPolicy
    from channels.http.client import HttpClient
    from channels.sms.gsm7 import Sms
    from channels.sms.provider import SmsGateway

LIMITS: Final = ChannelLimits(
    batch=1000,
    payload_bytes=6 * 140,  # six parts of 140 octets (3GPP TS 23.040): what people still read
    concurrency=20,  # providers publish 10 to 100 messages a second; at 0.2 s each this is the upper end
    max_age_s=48 * 3600,  # the validity that networks commonly keep, whatever is asked for
)
REQUEST_TIMEOUT_S: Final = 10.0

# E.164: at most 15 digits; no country code begins with 0, and with one no subscriber has fewer than 8.
_E164: Final = re.compile(r"\+[1-9][0-9]{7,14}")

# The URL is the provider's, not the recipient's: what elsewhere says that an endpoint is gone says here that
# the account or its configuration is wrong, and concerns everybody.
_STATUSES: Final[Mapping[int, Meaning]] = {
    **dict.fromkeys((301, 302, 303, 307, 308, 402, 404, 405, 407, 410, 415), ChannelMisconfigured),
    # The provider's front passed it on and heard nothing usable (RFC 9110 sections 15.6.3 and 15.6.5).
    502: Uncertain,
    504: Uncertain,
}


class SmsHttp:
    """The channel `sms_http`. `Endpoint.address` is in E.164, `keys["gateway"]` may name a gateway."""

    name: Final = "sms_http"

    def __init__(  # noqa: PLR0913 - dependencies, each named at the call
        self,
        http: HttpClient,
        gateways: Mapping[str, SmsGateway],
        *,
        policy: AddressPolicy | None = None,
        now: Callable[[], datetime] = utc_now,
        limits: ChannelLimits = LIMITS,
        timeout_s: float = REQUEST_TIMEOUT_S,
        connect_failures: int = CONNECT_FAILURES_IN_A_ROW,
    ) -> None:
        """The first of `gateways` takes the endpoints that name none, or none that is still there. `policy` is where
        gateways may lie; default: where the client's policy allows.

        Raises `ValueError` without gateways.
        """
        if not gateways:
            raise ValueError("sms_http needs at least one gateway")
        self.limits = limits
        self._http = http
        self._policy = policy or http.policy
        self._gateways = dict(gateways)
        self._now = now
        self._timeout_s = timeout_s
        self._connect_failures = connect_failures
        self._proof = Proof()

    def check(self, endpoint: Endpoint) -> None:
        """Check a number. Raises `Permanent` for what is no number in E.164."""
        _check_number(endpoint)

    def gateway(self, endpoint: Endpoint) -> str:
        """Return the configured name of the gateway."""
        return _name(endpoint, self._gateways)

    def send(self, notice: Notice, endpoints: Sequence[Endpoint]) -> AsyncGenerator[list[Receipt], None]:
        text = _Text(notice, self._gateways, self._policy, self.limits.max_age_s, self._now, self._timeout_s)
        bounds = Bounds(self.limits.concurrency, notice.deadline, self._now, self._connect_failures)
        return fan_out(self._http, text, endpoints, bounds, self._proof)

    async def aclose(self) -> None:
        """Do nothing: the HTTP client is shared and belongs to its creator."""


@dataclass(frozen=True, slots=True)
class _Text:
    """One notice on its way to phones."""

    notice: Notice
    gateways: Mapping[str, SmsGateway]
    policy: AddressPolicy
    max_age_s: int
    now: Callable[[], datetime]
    timeout_s: float
    composed: dict[str, tuple[Sms, list[str]]] = field(default_factory=dict)
    """The text and headers by gateway, made once and not per recipient."""

    @property
    def refusals_tolerated(self) -> int:
        return 1  # a 401 is about our account, not about a recipient

    def gateway(self, endpoint: Endpoint) -> str:
        return _name(endpoint, self.gateways)

    def request(self, endpoint: Endpoint, gateway: str, seconds_left: float) -> Request:
        _check_number(endpoint)
        validity_s = min(int(seconds_left), self.max_age_s)
        if validity_s < 1:
            raise Expired("deadline")
        provider = self.gateways[gateway]
        if gateway not in self.composed:
            notice = self.notice
            sms = compose(notice.lines or notice.text, provider.max_parts, notice.language)
            self.composed[gateway] = sms, provider.headers()
        sms, headers = self.composed[gateway]
        # Not the collapse key: an Update must not pass for a repeat of the message it updates.
        reference = client_ref(self.notice.alert_id, endpoint.id)
        own, body = provider.encode(sms, endpoint.address, reference, validity_s)
        timeout_s = min(self.timeout_s, seconds_left)
        lines = [*headers, *own] if own else headers
        return Request(provider.url, lines, body, timeout_s, policy=self.policy)

    def interpret(self, endpoint: Endpoint, answer: Answer, broken: str) -> Receipt:
        error = classify(answer, self.now, _STATUSES)
        if error is not None:
            raise error
        provider = self.gateways[self.gateway(endpoint)]
        if broken and provider.answer.success:
            raise Uncertain(broken)
        return Receipt(endpoint.id, reference=provider.reference(answer))


def _name(endpoint: Endpoint, gateways: Mapping[str, SmsGateway]) -> str:
    return choose(endpoint.keys.get("gateway", ""), gateways)


def choose(wanted: str, gateways: Collection[str]) -> str:
    """Return the gateway of a recipient who names `wanted`, of those configured. The first takes those that name none,
    or none that is still there.
    """
    return wanted if wanted in gateways else next(iter(gateways))


def _check_number(endpoint: Endpoint) -> None:
    if not _E164.fullmatch(endpoint.address):
        raise Permanent("number_invalid")
