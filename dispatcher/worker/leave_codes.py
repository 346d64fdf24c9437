"""Send the SMS with codes by which owners of numbers leave."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from channels.base import ChannelError, Consequence
from dispatcher.apps.round_trip import leave_sms
from dispatcher.model.reports import code_reference
from dispatcher.store.numbers.opt_outs import CHANNEL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from channels.base import Channel
    from dispatcher.metrics import Metrics
    from dispatcher.store.numbers.leave_codes import DueLeaveCode, LeaveCodes

AT_ONCE: Final = 4
TIMEOUT_S: Final = 30.0
AGAIN: Final = {Consequence.RETRY, Consequence.POSTPONE}
"""What is tried again: nothing that may have been sent, as each SMS costs and a new code ends the one before."""


class LeaveCodeSender:
    """Sends what is due, by the very channel that sends warnings."""

    def __init__(
        self,
        codes: LeaveCodes,
        channels: Mapping[str, Channel],
        new_code: Callable[[], str],
        metrics: Metrics,
        now: Callable[[], datetime],
    ) -> None:
        self._codes = codes
        self._channel = channels.get(CHANNEL)
        self._new_code = new_code
        self._metrics = metrics
        self._now = now

    async def send(self) -> int:
        """Send a few at once. Returns how many."""
        if self._channel is None:
            return 0
        due = await self._codes.claim(AT_ONCE, self._new_code)
        await asyncio.gather(*(self._send(self._channel, one) for one in due))
        return len(due)

    async def forget(self) -> None:
        """Delete what holds no more."""
        await self._codes.forget()

    async def _send(self, channel: Channel, due: DueLeaveCode) -> None:
        accepted, again = await self._answer(channel, due)
        await self._codes.answered(due, again=again)
        result = "accepted" if accepted else "retried" if again else "refused"
        self._metrics.round_trip_messages.labels(CHANNEL, "leave", result).inc()

    async def _answer(self, channel: Channel, due: DueLeaveCode) -> tuple[bool, bool]:
        """Return whether the gateway took it, and whether to try again."""
        reference = code_reference(due.code_digest)
        notice = leave_sms(due.code, due.language.split(","), self._now(), reference)
        error = None
        try:
            async with asyncio.timeout(TIMEOUT_S):
                async for receipts in channel.send(notice, due.gateway, [due.endpoint]):
                    error = receipts[-1].error
        except ChannelError:
            return False, True
        except TimeoutError:
            return False, False
        return error is None, error is not None and error.consequence in AGAIN
