"""Send the SMS with codes by which owners of numbers leave."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from channels.base import Consequence
from dispatcher.apps.round_trip import leave_sms
from dispatcher.model.reports import code_reference
from dispatcher.store.audience.endpoint_messages import ACCEPTED
from dispatcher.store.numbers.opt_outs import CHANNEL

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from dispatcher.metrics import Metrics
    from dispatcher.store.numbers.leave_codes import DueLeaveCode, LeaveCodes
    from dispatcher.worker.code_sms import CodeAnswer, CodeSms

AT_ONCE: Final = 4
AGAIN: Final = {Consequence.RETRY, Consequence.POSTPONE}
"""What is tried again: nothing that may have been sent, as each SMS costs and a new code ends the one before."""


class LeaveCodeSender:
    """Sends what is due, by the very channel that sends warnings."""

    def __init__(
        self,
        codes: LeaveCodes,
        sms: CodeSms | None,
        new_code: Callable[[], str],
        metrics: Metrics,
        now: Callable[[], datetime],
    ) -> None:
        """`sms` sends; None where there are no SMS."""
        self._codes = codes
        self._sms = sms
        self._new_code = new_code
        self._metrics = metrics
        self._now = now

    async def send(self) -> int:
        """Send a few at once. Returns how many."""
        if self._sms is None:
            return 0
        due = await self._codes.claim(AT_ONCE, self._new_code, self._sms.own_names())
        await asyncio.gather(*(self._send(self._sms, one) for one in due))
        return len(due)

    async def forget(self) -> None:
        """Delete what holds no more."""
        await self._codes.forget()

    async def _send(self, sms: CodeSms, due: DueLeaveCode) -> None:
        answer, consequence = await self._answer(sms, due)
        again = consequence in AGAIN
        await self._codes.answered(due, again=again)
        result = "accepted" if answer == ACCEPTED else "retried" if again else "refused"
        self._metrics.round_trip_messages.labels(CHANNEL, "leave", result).inc()

    async def _answer(self, sms: CodeSms, due: DueLeaveCode) -> CodeAnswer:
        """Send it whatever the month's budget says: nobody is kept."""
        notice = leave_sms(due.code, due.language.split(","), self._now(), code_reference(due.code_digest))
        gateway = sms.gateway("", due.gateway)  # what is on record may not be there any more
        return await sms.send(notice, gateway, due.endpoint, stoppable=False)
