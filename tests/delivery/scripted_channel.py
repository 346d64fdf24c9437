"""A channel that obeys the contract and whose gateway does what a test says: the far side behind the port."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from channels.base import ChannelError, ChannelLimits, GatewayLimits, Receipt

LIMITS = ChannelLimits(batch=1000, payload_bytes=3000, concurrency=10, max_age_s=3600)


@dataclass
class ScriptedChannel:
    """`script[endpoint id]` lists what the gateway does, one item a hand-over: None accepts, a `DeliveryError` is
    the receipt, a `ChannelError` ends the call, any other exception is a programming error; an `Event` is waited for
    before the next item. Then it accepts.
    `seen` is the gateway's own account: (alert id, endpoint id) of everything that it accepted.
    """

    name: str = "webpush"
    gateway_changes: dict[str, Any] = field(default_factory=dict)
    """What its gateways take otherwise than others do."""
    silent: dict[Any, asyncio.Event] = field(default_factory=dict)
    """Endpoints that are not answered before this; others behind the gateway are."""
    limits: ChannelLimits = LIMITS
    rate: float | None = None
    account: str = ""
    parts: int = 1
    collapses: bool = True
    script: dict[Any, Any] = field(default_factory=lambda: defaultdict(list))
    seen: list[Any] = field(default_factory=list)
    calls: list[Any] = field(default_factory=list)
    notices: list[Any] = field(default_factory=list)
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    open: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.open.set()

    def check(self, endpoint: Any) -> None:
        """Every endpoint will do."""

    def gateway(self, endpoint: Any) -> str:
        return "https://push.example"

    def gateway_limits(self, gateway: Any) -> GatewayLimits:
        return GatewayLimits(self.limits.concurrency, self.rate, self.account, **self.gateway_changes)

    def units(self, notice: Any, gateway: Any) -> int:
        return self.parts

    async def send(self, notice: Any, gateway: Any, endpoints: Any) -> AsyncIterator[list[Any]]:
        self.calls.append([endpoint.id for endpoint in endpoints])
        self.notices.append(notice)
        for endpoint in sorted(endpoints, key=lambda one: one.id in self.silent):
            self.entered.set()
            await self.open.wait()
            if endpoint.id in self.silent:
                await self.silent[endpoint.id].wait()
            steps = self.script[endpoint.id]
            while steps and isinstance(steps[0], asyncio.Event):
                await steps.pop(0).wait()
            error = steps.pop(0) if steps else None
            if isinstance(error, ChannelError) or (error is not None and not hasattr(error, "label")):
                raise error
            if error is None:
                self.seen.append((notice.alert_id, endpoint.id))
            yield [Receipt(endpoint.id, error)]

    async def aclose(self) -> None:
        """Nothing to close."""
