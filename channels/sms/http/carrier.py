"""Carries SMS to one provider's HTTP interface."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from typing import TYPE_CHECKING, Final

from channels.base import (
    ChannelLimits,
    DeliveryError,
    Endpoint,
    Expired,
    GatewayLimits,
    Notice,
    Receipt,
)
from channels.clock import utc_now
from channels.crashes import Proof
from channels.fanout import Bounds, fan_out
from channels.gateway_health import CONNECT_FAILURES_IN_A_ROW
from channels.http.messages import Answer, BrokenAnswer, HttpError, Request
from channels.http_statuses import refused_gateway, transport_error
from channels.sms.channel import LIMITS
from channels.sms.delivery_reports import client_ref
from channels.sms.fitting import compose
from channels.sms.http.answers import judge_answer
from channels.sms.http.disguise import concealed, disguised
from channels.sms.meanings import DecidedBy, meaning_of
from channels.sms.numbers import check_number
from channels.sms.trial import ANSWER_SHOWN_MAX, SmsTrial, masked

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from datetime import datetime

    from channels.http.addresses import AddressPolicy
    from channels.http.client import HttpClient
    from channels.sms.gsm7 import Sms
    from channels.sms.http.provider import SmsGateway

REQUEST_TIMEOUT_S: Final = 10.0
ANSWERED_WITHIN_S: Final = 0.5
"""How slowly a gateway may answer for which its contract's rate is still reached."""
IN_FLIGHT_MAX: Final = 500
NOT_ALLOWED: Final = (
    "the address is not allowed: its name stands for a private address; see WARN_ALLOWED_ORIGINS"
)
"""What decided where our own policy forbids the gateway's address; what can be seen of the URL was refused at the
start."""


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
        return fan_out(self._http, text, endpoints, bounds, self._proof, operators_url=True)

    def parts(self, notice: Notice) -> int:
        """Return into how many parts a text of the notice is split."""
        return len(fitted(notice, self._provider, self._now()).parts)

    async def try_one(self, notice: Notice, endpoint: Endpoint) -> SmsTrial:
        """Send one message, as `TriedCarrier` says."""
        text = _Text(notice, self._provider, self._policy, self._max_age_s, self._now, self._timeout_s)
        seconds_left = (notice.deadline - self._now()).total_seconds()
        shown = ""
        try:
            request = text.request(endpoint, seconds_left)
            shown = text.shown(endpoint, seconds_left)
            answer, broken = await self._http.fetch(request), ""
        except DeliveryError as error:
            return SmsTrial(shown, "", meaning_of(error), error.code, "no request", DecidedBy.NO_REQUEST)
        except BrokenAnswer as error:
            answer, broken = error.answer, error.code
        except HttpError as error:
            if (refused := refused_gateway(error)) is not None:
                meaning, by = meaning_of(refused), DecidedBy.NOT_ALLOWED
                return SmsTrial(shown, "", meaning, refused.code, NOT_ALLOWED, by)
            failure = transport_error(error)
            return SmsTrial(shown, "", meaning_of(failure), failure.code, "no answer", DecidedBy.NO_ANSWER)
        decision = judge_answer(self._provider.answers, answer, broken, self._now)
        code = text.concealed(endpoint, decision.code)
        said = text.concealed(endpoint, _answer_shown(answer))
        shown_answer = said[:ANSWER_SHOWN_MAX]
        return SmsTrial(
            shown, shown_answer, decision.meaning, code, decision.rule, decision.by, decision.label
        )

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

    @cached_property
    def composed(self) -> tuple[Sms, list[str]]:
        """The text and headers, made once and not per recipient."""
        return fitted(self.notice, self.provider, self.now()), self.provider.headers()

    def request(self, endpoint: Endpoint, seconds_left: float) -> Request:
        check_number(endpoint.address)
        validity_s = min(int(seconds_left), self.max_age_s)
        if validity_s < 1:
            raise Expired("deadline")
        sms, headers = self.composed
        # Not the collapse key: an Update must not pass for a repeat of the message it updates.
        reference = client_ref(self.notice.alert_id, endpoint.id)
        made = self.provider.outgoing(sms, endpoint.address, reference, validity_s, self.now(), headers)
        timeout_s = min(self.timeout_s, seconds_left)
        return Request(made.url, made.headers, made.body, timeout_s, get=made.get, policy=self.policy)

    def shown(self, endpoint: Endpoint, seconds_left: float) -> str:
        """Return the request as a person may see it."""
        provider = disguised(self.provider)
        validity_s = min(int(seconds_left), self.max_age_s)
        reference = client_ref(self.notice.alert_id, endpoint.id)
        sms, now = self.composed[0], self.now()
        made = provider.outgoing(
            sms, masked(endpoint.address), reference, validity_s, now, provider.headers()
        )
        first = f"{'GET' if made.get else 'POST'} {made.url}"
        return "\n".join([first, *made.headers, "", made.body.decode()]).strip()

    def concealed(self, endpoint: Endpoint, said: str) -> str:
        """Return what a gateway said as a person may see it."""
        reference = client_ref(self.notice.alert_id, endpoint.id)
        return concealed(said, self.provider, endpoint.address, reference)

    def interpret(self, endpoint: Endpoint, answer: Answer, broken: str) -> Receipt:
        decision = judge_answer(self.provider.answers, answer, broken, self.now)
        error = decision.error()
        if error is not None:
            raise error
        sms, _ = self.composed
        return Receipt(endpoint.id, reference=decision.reference, parts=len(sms.parts))


def limits_at(rate: float | None) -> ChannelLimits:
    """Return the channel's limits with as many requests in flight as `rate` messages a second take."""
    if rate is None:
        return LIMITS
    needed = ceil(rate * ANSWERED_WITHIN_S)
    return replace(LIMITS, concurrency=max(LIMITS.concurrency, min(IN_FLIGHT_MAX, needed)))


def fitted(notice: Notice, provider: SmsGateway, now: datetime) -> Sms:
    """Return the notice's text in as many parts as the gateway takes. Where it stands in an address it has fewer, if it
    must.
    """
    message = notice.lines or notice.text
    for parts in range(provider.max_parts, 1, -1):
        sms = compose(message, parts, notice.language)
        if provider.fits(sms, now):
            return sms
    return compose(message, 1, notice.language)


def _answer_shown(answer: Answer) -> str:
    lines = [f"HTTP {answer.status}"]
    lines += [
        f"{name}: {value}" for name in ("Content-Type", "Retry-After") if (value := answer.header(name))
    ]
    # All of it: what is hidden in it must not be cut before.
    return "\n".join([*lines, "", answer.body.decode("utf-8", "replace")]).strip()
