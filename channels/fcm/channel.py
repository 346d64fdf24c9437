"""FCM HTTP v1: municipalities' own apps on Android. A gateway is a Firebase project, whose service account sends."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from channels.base import (
    ChannelLimits,
    ChannelMisconfigured,
    Elsewhere,
    Endpoint,
    GatewayLimits,
    GatewayUnknown,
    Notice,
    Receipt,
    Transient,
    Urgency,
)
from channels.clock import utc_now
from channels.crashes import Proof
from channels.fanout import Bounds, fan_out
from channels.fcm.answers import AccessTokenRefused, fcm_error
from channels.fcm.message import DOCUMENT_BYTES, KEPT_S, require_project, require_target, template, ttl
from channels.gateway_health import CONNECT_FAILURES_IN_A_ROW
from channels.http.http2.pool import MAX_CONNECTIONS
from channels.http.messages import Answer, Request, header_lines
from channels.refused_token import HeldEndpoints, with_another_token

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from datetime import datetime

    from channels.fcm.access_tokens import AccessToken
    from channels.fcm.message import MessageTemplate
    from channels.fcm.projects import Projects
    from channels.fcm.service_account import ServiceAccount
    from channels.http.addresses import AddressPolicy
    from channels.http.client import HttpClient

LIMITS: Final = ChannelLimits(
    batch=1000,
    payload_bytes=DOCUMENT_BYTES,
    concurrency=100 * (MAX_CONNECTIONS + 1),  # as Web Push
    max_age_s=KEPT_S,
)
MESSAGES_PER_MINUTE: Final = 600_000
"""[S] A project's quota, unless Google has granted it more; what is refused with 4xx counts, too
(https://firebase.google.com/docs/cloud-messaging/throttling-and-quotas)."""
REQUEST_TIMEOUT_S: Final = 10.0
VALIDATION_S: Final = 60
"""How long endpoints are asked for at most that are only to be judged."""


class Fcm:
    """The channel `fcm`. `Endpoint.keys` names the `project`, and by `target` what the address is, see `message`."""

    name: Final = "fcm"
    collapses: Final = True

    def __init__(  # noqa: PLR0913 - dependencies, each named at the call
        self,
        http: HttpClient,
        projects: Projects,
        *,
        policy: AddressPolicy | None = None,
        now: Callable[[], datetime] = utc_now,
        limits: ChannelLimits = LIMITS,
        timeout_s: float = REQUEST_TIMEOUT_S,
        connect_failures: int = CONNECT_FAILURES_IN_A_ROW,
        per_minute: int = MESSAGES_PER_MINUTE,
    ) -> None:
        """`projects` are those that can be sent for; `policy` is where FCM may lie, default: where the client's policy
        allows; `per_minute` is each project's quota.
        """
        self.limits = limits
        self._http = http
        self._projects = projects
        self._policy = policy or http.policy
        self._now = now
        self._timeout_s = timeout_s
        self._connect_failures = connect_failures
        self._rate = per_minute / 60
        self._proof = Proof()

    def check(self, endpoint: Endpoint) -> None:
        """Check an endpoint. Raises `Permanent` for what is no project or no address."""
        require_project(endpoint)
        require_target(endpoint)

    def gateway(self, endpoint: Endpoint) -> str:
        """Return the project. Raises `Permanent` where none is named."""
        return require_project(endpoint)

    def gateway_limits(self, gateway: str) -> GatewayLimits:
        """Return the limits of a project, whose messages Google counts whichever process sends them."""
        return GatewayLimits(self.limits.concurrency, rate=self._rate, account=f"{self.name}:{gateway}")

    def units(self, notice: Notice, gateway: str) -> int:  # noqa: ARG002 - no message counts for more
        """Return 1: messages are counted."""
        return 1

    def send(
        self, notice: Notice, gateway: str, endpoints: Sequence[Endpoint]
    ) -> AsyncGenerator[list[Receipt], None]:
        """Send, and where FCM refuses the access token, once more with another one to those whom it refused."""
        return self._asked(notice, gateway, endpoints, validate_only=False)

    def validate(self, gateway: str, endpoints: Sequence[Endpoint]) -> AsyncGenerator[list[Receipt], None]:
        """Have FCM judge the endpoints, none of which hears of it: a receipt says what a message would have met."""
        nothing = Notice(
            alert_id="validation",
            collapse_key="validation",
            title="",
            text="",
            payload=b'{"v":1}',
            language="",
            urgency=Urgency.NORMAL,
            deadline=self._now() + timedelta(seconds=VALIDATION_S),
        )
        return self._asked(nothing, gateway, endpoints, validate_only=True)

    def _asked(
        self, notice: Notice, gateway: str, endpoints: Sequence[Endpoint], *, validate_only: bool
    ) -> AsyncGenerator[list[Receipt], None]:
        async def begin() -> _Push:
            wanted = bool(endpoints) and self._now() < notice.deadline  # else nothing is sent
            return await self._begin(notice, gateway, wants_token=wanted, validate_only=validate_only)

        return with_another_token(begin, endpoints, self._sent, self._again)

    async def _begin(self, notice: Notice, gateway: str, *, wants_token: bool, validate_only: bool) -> _Push:
        project = self._projects.get(gateway)
        if project is None:
            raise GatewayUnknown("not_configured", "no app has a service account of it", gateway=gateway)
        return _Push(
            notice=notice,
            gateway=gateway,
            account=project.account,
            url=f"{project.url}/v1/projects/{gateway}/messages:send",
            origin=self._policy.origin_if_allowed(project.url),
            policy=self._policy,
            token=await self._projects.tokens.token(project.account) if wants_token else None,
            most=self.limits.payload_bytes,
            now=self._now,
            timeout_s=self._timeout_s,
            validate_only=validate_only,
        )

    async def _again(self, push: _Push) -> _Push | None:
        if push.token is None:
            return None
        other = await self._projects.tokens.renewed(push.account, push.token)
        return None if other is push.token else push.again(other)

    def _sent(self, push: _Push, endpoints: Sequence[Endpoint]) -> AsyncGenerator[list[Receipt], None]:
        bounds = Bounds(self.limits.concurrency, push.notice.deadline, self._now, self._connect_failures)
        return fan_out(self._http, push, endpoints, bounds, self._proof, operators_url=True)

    async def aclose(self) -> None:
        """Do nothing: the HTTP client is shared and belongs to its creator."""


@dataclass(slots=True)
class _Push:
    """One notice on its way to the phones of one project."""

    notice: Notice
    gateway: str
    account: ServiceAccount
    url: str
    origin: str
    policy: AddressPolicy
    token: AccessToken | None
    most: int
    now: Callable[[], datetime]
    timeout_s: float
    validate_only: bool
    """Whether FCM is only to judge, and to send nothing."""
    is_last: bool = False
    """Whether no other token is tried after this one."""
    held: HeldEndpoints = field(default_factory=partial(HeldEndpoints, "401"))
    _made_for: int = -1
    _template: MessageTemplate | None = None
    _headers: list[str] = field(default_factory=list)

    def again(self, token: AccessToken) -> _Push:
        """Return the same with another token, the last that is tried."""
        return replace(self, token=token, is_last=True, held=HeldEndpoints(self.held.code), _headers=[])

    def request(self, endpoint: Endpoint, seconds_left: float) -> Request:
        if require_project(endpoint) != self.gateway:
            raise Elsewhere("elsewhere")
        target = require_target(endpoint)
        if self.held.endpoints:
            raise self.held.hold(endpoint)
        seconds = ttl(seconds_left)
        if self._template is None or seconds != self._made_for:  # equal for all within the same second
            self._template = template(self.notice, seconds, self.most, validate_only=self.validate_only)
            self._made_for = seconds
        made = self.notice.receipt_token
        body = self._template.body(target, endpoint.address, made and made(endpoint.id))
        return Request(
            self.url,
            self._headers or self._make_headers(),
            body,
            min(seconds_left, self.timeout_s),
            brief=True,
            origin=self.origin,
            policy=self.policy,
        )

    def interpret(self, endpoint: Endpoint, answer: Answer, broken: str) -> Receipt:
        if broken and not 200 <= answer.status < 300:
            # Why is in the body, which did not come: of a refused message that concerns nobody else.
            raise Transient(str(answer.status), broken)
        error = fcm_error(answer, self.now)
        if error is None:
            return Receipt(endpoint.id)
        if not isinstance(error, AccessTokenRefused):
            raise error
        if self.is_last:
            raise ChannelMisconfigured(str(error))
        raise self.held.refuse(endpoint, "access token refused")

    def _make_headers(self) -> list[str]:
        value = "" if self.token is None else self.token.value
        self._headers = header_lines(
            {"Authorization": f"Bearer {value}", "Content-Type": "application/json; charset=utf-8"}
        )
        return self._headers
