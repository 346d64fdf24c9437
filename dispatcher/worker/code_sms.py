"""Send one SMS with a code, and count its parts at the gateway that sends it: it costs, whatever comes of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, NamedTuple

from channels.base import ChannelError, Consequence
from dispatcher.store.audience.endpoint_messages import ACCEPTED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from channels.base import Channel, DeliveryError, Endpoint, Notice
    from dispatcher.store.sms.code_parts import CodeParts

TIMEOUT_S: Final = 30.0
NO_ROOM: Final = "limit_month"
"""The answer where nothing is sent, as the gateway's budget of the month is spent."""
TIMEOUT: Final = "timeout"


class CodeAnswer(NamedTuple):
    """What a gateway answered, `accepted` or an error's code, and what follows from it; None: nothing, as what may have
    been sent is not sent again.
    """

    answer: str
    consequence: Consequence | None = None


class CodeSms:
    """Sends by the channel that sends warnings, with apps' own gateways."""

    def __init__(self, channel: Channel, parts: CodeParts | None = None) -> None:
        """Without `parts` nothing is counted: nothing is known of the gateways' contracts."""
        self._channel = channel
        self._parts = parts

    def own_names(self) -> Sequence[str]:
        """Return the names of the gateways that apps have of their own."""
        return () if self._parts is None else self._parts.own_names()

    def gateway(self, instance_id: str, behind: str) -> str:
        """Return the gateway of a code that an instance's app asked for; `behind`: the one that is on record."""
        return behind if self._parts is None else self._parts.gateway(instance_id, behind)

    async def send(
        self, notice: Notice, gateway: str, endpoint: Endpoint, *, stoppable: bool = True
    ) -> CodeAnswer:
        """Send it, unless the month's budget has no room for what is `stoppable`."""
        if self._parts is None:
            return await self._sent(notice, gateway, endpoint)
        parts = self._channel.units(notice, gateway)
        if not await self._parts.take(gateway, parts, stoppable=stoppable):
            return CodeAnswer(NO_ROOM)
        found = await self._sent(notice, gateway, endpoint)
        if found.consequence is not None:  # surely not sent
            await self._parts.give_back(gateway, parts)
        return found

    async def _sent(self, notice: Notice, gateway: str, endpoint: Endpoint) -> CodeAnswer:
        error: DeliveryError | None = None
        try:
            async with asyncio.timeout(TIMEOUT_S):
                async for receipts in self._channel.send(notice, gateway, [endpoint]):
                    error = receipts[-1].error
        except ChannelError as failed:
            return CodeAnswer(failed.code, Consequence.RETRY)
        except TimeoutError:
            return CodeAnswer(TIMEOUT)
        if error is None:
            return CodeAnswer(ACCEPTED)
        uncertain = error.consequence is Consequence.RETRY_UNCERTAIN
        return CodeAnswer(error.code, None if uncertain else error.consequence)
