"""A worker that records "accepted" before it sends: the order that loses messages whenever a worker is killed."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from channels.base import ChannelError, Receipt
from dispatcher.__main__ import app
from dispatcher.wiring import channels

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from channels.base import Channel, ChannelLimits, Endpoint, GatewayLimits, Notice


class Hasty:
    """A channel that reports acceptance at once and sends afterwards."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._sending: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()

    @property
    def name(self) -> str:
        return self._channel.name

    @property
    def limits(self) -> ChannelLimits:
        return self._channel.limits

    @property
    def collapses(self) -> bool:
        return self._channel.collapses

    def check(self, endpoint: Endpoint) -> None:
        self._channel.check(endpoint)

    def gateway(self, endpoint: Endpoint) -> str:
        return self._channel.gateway(endpoint)

    def gateway_limits(self, gateway: str) -> GatewayLimits:
        return self._channel.gateway_limits(gateway)

    def units(self, notice: Notice, gateway: str) -> int:
        return self._channel.units(notice, gateway)

    async def send(
        self, notice: Notice, gateway: str, endpoints: Sequence[Endpoint]
    ) -> AsyncGenerator[list[Receipt], None]:
        task = asyncio.create_task(self._send(notice, gateway, endpoints))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        if endpoints:
            yield [Receipt(endpoint.id) for endpoint in endpoints]

    async def _send(self, notice: Notice, gateway: str, endpoints: Sequence[Endpoint]) -> None:
        with suppress(ChannelError):
            async with self._turn:
                async for _ in self._channel.send(notice, gateway, endpoints):
                    pass

    async def aclose(self) -> None:
        await self._channel.aclose()


def main() -> None:
    """Run `dispatcher` with this defect."""
    honest = channels.channel_registry

    def hasty(*arguments: Any, **named: Any) -> dict[str, Channel]:
        return {name: Hasty(channel) for name, channel in honest(*arguments, **named).items()}

    channels.channel_registry = hasty  # in this process alone, and on purpose
    app()


if __name__ == "__main__":
    main()
