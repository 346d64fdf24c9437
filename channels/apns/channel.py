"""APNs: municipalities' own apps on iPhones. A gateway is an app in one environment, and a team's key sends for it."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from channels.apns.answers import TokenTooOld, TokenTooSoon, apns_error
from channels.apns.message import (
    ENVIRONMENT,
    ENVIRONMENTS,
    KEPT,
    PAYLOAD_BYTES,
    TOPIC,
    MessageIds,
    headers,
    require_gateway,
    require_token,
    template,
)
from channels.base import (
    ChannelError,
    ChannelLimits,
    Elsewhere,
    Endpoint,
    GatewayLimits,
    GatewayUnknown,
    Gone,
    Notice,
    Permanent,
    Receipt,
    Transient,
)
from channels.clock import utc_now
from channels.crashes import Proof
from channels.fanout import Bounds, fan_out
from channels.gateway_health import CONNECT_FAILURES_IN_A_ROW
from channels.http.http2.pool import MAX_CONNECTIONS
from channels.http.messages import Answer, Request, header_lines
from channels.refused_token import HeldEndpoints, with_another_token

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from datetime import datetime

    from channels.apns.apple_apps import AppleApp, AppleApps, KeyConnections
    from channels.apns.message import PayloadTemplate
    from channels.apns.provider_tokens import ProviderToken
    from channels.http.addresses import AddressPolicy

LIMITS: Final = ChannelLimits(
    batch=1000,
    payload_bytes=PAYLOAD_BYTES,
    concurrency=100 * (MAX_CONNECTIONS + 1),  # as Web Push
    max_age_s=int(KEPT.total_seconds()),
)
REQUEST_TIMEOUT_S: Final = 10.0


class Apns:
    """The channel `apns`. `Endpoint.keys` names the app as `topic` and the `environment`, see `message`."""

    name: Final = "apns"
    collapses: Final = True

    def __init__(
        self,
        apps: AppleApps,
        policy: AddressPolicy,
        *,
        now: Callable[[], datetime] = utc_now,
        limits: ChannelLimits = LIMITS,
        timeout_s: float = REQUEST_TIMEOUT_S,
        connect_failures: int = CONNECT_FAILURES_IN_A_ROW,
    ) -> None:
        """`apps` are those that can be sent for; `policy` is where APNs may lie."""
        self.limits = limits
        self._apps = apps
        self._policy = policy
        self._now = now
        self._timeout_s = timeout_s
        self._connect_failures = connect_failures
        self._proof = Proof()

    def check(self, endpoint: Endpoint) -> None:
        """Check an endpoint. Raises `Permanent` for what is no app or no device token."""
        require_gateway(endpoint)
        require_token(endpoint)

    def gateway(self, endpoint: Endpoint) -> str:
        """Return the app in its environment. Raises `Permanent` where none is named."""
        return require_gateway(endpoint)

    def gateway_limits(self, gateway: str) -> GatewayLimits:  # noqa: ARG002 - Apple names no numbers
        """Return the limits of an app: what Apple limits is how much one phone gets."""
        return GatewayLimits(self.limits.concurrency, limits_endpoints=True)

    def units(self, notice: Notice, gateway: str) -> int:  # noqa: ARG002 - no notification counts for more
        """Return 1: notifications are counted."""
        return 1

    def send(
        self, notice: Notice, gateway: str, endpoints: Sequence[Endpoint]
    ) -> AsyncGenerator[list[Receipt], None]:
        """Send, and where Apple calls the token too old, or new too soon, once more with another one to those who were
        not asked, and to the one of whom it said so. After a new one that came too soon even the last may be too old.
        """
        return with_another_token(partial(self._begin, notice, gateway), endpoints, self._sent, self._again)

    async def _begin(self, notice: Notice, gateway: str) -> _Push:
        app = self._apps.get(gateway)
        if app is None:
            raise GatewayUnknown("not_configured", "no app has a key for it", gateway=gateway)
        return _Push(
            notice=notice,
            app=app,
            connections=self._apps.connections(app),
            origin=self._policy.origin_if_allowed(app.url),
            policy=self._policy,
            token=self._apps.tokens.token(app.credential, self._now()),
            most=self.limits.payload_bytes,
            now=self._now,
            timeout_s=self._timeout_s,
            ids=MessageIds(notice.alert_id),
        )

    async def _again(self, push: _Push) -> _Push:
        tokens, credential = self._apps.tokens, push.app.credential
        other = tokens.kept if push.came_too_soon else tokens.renewed
        return push.again(other(credential, push.token, self._now()))

    async def _sent(self, push: _Push, endpoints: Sequence[Endpoint]) -> AsyncGenerator[list[Receipt], None]:
        """Send, the first request alone unless Apple has taken one on these connections a moment ago: it allows one
        until it has taken a token.
        """
        connections, begun = push.connections, 0
        if endpoints and not connections.proven:
            receipts: list[Receipt] = []
            failed: ChannelError | None = None
            async with connections.opening:
                if not connections.proven:  # it may be by now
                    receipts, failed = await self._first(push, endpoints[:1])
                    begun = 1
            if receipts:
                yield receipts
            if failed is not None:
                raise failed
        async with aclosing(self._fan_out(push, endpoints[begun:])) as known:
            async for some in known:
                yield some

    async def _first(
        self, push: _Push, endpoints: Sequence[Endpoint]
    ) -> tuple[list[Receipt], ChannelError | None]:
        """Send to these, and return all that is known in the end."""
        receipts: list[Receipt] = []
        try:
            async with aclosing(self._fan_out(push, endpoints)) as known:
                async for some in known:
                    receipts += some
        except ChannelError as failed:
            return receipts, failed
        return receipts, None

    def _fan_out(self, push: _Push, endpoints: Sequence[Endpoint]) -> AsyncGenerator[list[Receipt], None]:
        bounds = Bounds(self.limits.concurrency, push.notice.deadline, self._now, self._connect_failures)
        return fan_out(push.connections.http, push, endpoints, bounds, self._proof, operators_url=True)

    async def aclose(self) -> None:
        """Close the connections of all keys; whoever sends again makes new ones."""
        await self._apps.aclose()


@dataclass(slots=True)
class _Push:
    """One notice on its way to the phones with one app."""

    notice: Notice
    app: AppleApp
    connections: KeyConnections
    origin: str
    policy: AddressPolicy
    token: ProviderToken
    most: int
    now: Callable[[], datetime]
    timeout_s: float
    ids: MessageIds
    is_last: bool = False
    """Whether no other token is tried after this one."""
    held: HeldEndpoints = field(default_factory=partial(HeldEndpoints, "403"))
    came_too_soon: bool = False
    """Whether the token was refused as it came too soon after the last one."""
    _template: PayloadTemplate | None = None
    _headers: list[str] = field(default_factory=list)

    @property
    def gateway(self) -> str:
        return self.app.gateway

    def again(self, token: ProviderToken) -> _Push:
        """Return the same with another token, the last that is tried."""
        return replace(
            self,
            token=token,
            is_last=True,
            held=HeldEndpoints(self.held.code),
            came_too_soon=False,
            _headers=[],
            _template=None,
        )

    def request(self, endpoint: Endpoint, seconds_left: float) -> Request:
        app, keys = self.app, endpoint.keys
        is_here = keys.get(TOPIC) == app.topic and (
            keys.get(ENVIRONMENT, ENVIRONMENTS[0]) == app.credential.environment
        )
        if not is_here:
            require_gateway(endpoint)  # it may name none
            raise Elsewhere("elsewhere")
        device = require_token(endpoint)
        if self.held.endpoints:
            raise self.held.hold(endpoint)
        if self._template is None:
            self._template = template(self.notice, self.app.credential.interruption, self.most)
            self._headers = header_lines(
                {
                    "authorization": f"bearer {self.token.value}",
                    **headers(self.notice, self.app.topic, self.now()),
                }
            )
        made = self.notice.receipt_token
        return Request(
            f"{self.app.url}/3/device/{device}",
            self._headers,
            self._template.body(made and made(endpoint.id)),
            min(seconds_left, self.timeout_s),
            brief=True,
            origin=self.origin,
            policy=self.policy,
            own_header=f"apns-id: {self.ids.of(endpoint.id)}",
        )

    def interpret(self, endpoint: Endpoint, answer: Answer, broken: str) -> Receipt:
        if broken and not 200 <= answer.status < 300:
            # Why is in the body, which did not come: of a refused message that concerns nobody else.
            raise Transient(str(answer.status), broken)
        token = self.token
        error = apns_error(answer, self.now, is_last=self.is_last, ahead=token.ahead, earlier=token.earlier)
        if error is None or isinstance(
            error, Gone | Permanent
        ):  # what is about a phone was asked with a good token
            self.connections.prove()
        if error is None:
            return Receipt(endpoint.id)
        if not isinstance(error, TokenTooOld | TokenTooSoon):
            raise error
        self.came_too_soon |= isinstance(error, TokenTooSoon)
        raise self.held.refuse(endpoint, str(error))
