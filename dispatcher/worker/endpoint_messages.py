"""Send the messages with a code that are due, note which endpoints took and confirmed warnings, end whose end date has
come, and erase what ended long ago.

It runs beside the lanes and lets them go first. Whatever it does, any worker may do.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from channels.base import ChannelError, Consequence, DeliveryError, Gone
from channels.clock import elapsed
from dispatcher.access.principals import WORKER
from dispatcher.apps.round_trip import code_sms, round_trip_notice
from dispatcher.model.reports import code_reference
from dispatcher.model.vocabulary import Lane
from dispatcher.store.audience.endpoint_messages import ACCEPTED
from dispatcher.store.record import UNAVAILABLE
from dispatcher.worker.code_sms import NO_ROOM, TIMEOUT, TIMEOUT_S, CodeAnswer
from dispatcher.worker.recurrence import Recurrence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from channels.base import Channel, Notice
    from dispatcher.delivery.lanes import LaneGate
    from dispatcher.metrics import Metrics
    from dispatcher.store.audience.endpoint_messages import DueMessage, EndpointMessages
    from dispatcher.store.audience.ends import SubscriberEnds
    from dispatcher.store.audience.liveness import Liveness
    from dispatcher.store.audience.proofs import Proofs
    from dispatcher.store.numbers.opt_outs import OptOuts
    from dispatcher.store.numbers.sms_codes import SmsCodes
    from dispatcher.worker.code_sms import CodeSms
    from dispatcher.worker.leave_codes import LeaveCodeSender

INTERVAL_S: Final = 0.5
"""How often is looked for messages: somebody sits before the phone and waits."""
AT_ONCE: Final = 8
"""Messages under way at once: a hundredth of what a mass send has."""
NOTE_EVERY_S: Final = 1.0
"""How often a few more batches are gone through for what endpoints took and confirmed."""
UPKEEP_EVERY_S: Final = 60.0
"""How often is looked for what is to be erased."""
ABANDONED_EVERY_S: Final = 3600.0
"""How often is looked for subscribers without any endpoint, which goes through all subscribers."""
ENDED_AT_ONCE: Final = 500
AGAIN: Final = {Consequence.RETRY, Consequence.RETRY_UNCERTAIN, Consequence.POSTPONE}
PAID: Final = "sms"
"""The channel of which each message costs: what may have been sent is not sent again."""
NOT_HERE: Final = "channel_not_configured"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class NumberWork:
    """What is done about telephone numbers: who wants no more SMS, which codes were sent, those to leave by, and what
    sends them; None where there are no SMS.
    """

    opt_outs: OptOuts
    codes: SmsCodes
    leaving: LeaveCodeSender
    sms: CodeSms | None = None


class EndpointMessageSender:
    """Sends messages with codes, by the very channels that send warnings."""

    def __init__(  # noqa: PLR0913 - dependencies, each named at the call
        self,
        messages: EndpointMessages,
        channels: Mapping[str, Channel],
        *,
        proofs: Proofs,
        ends: SubscriberEnds,
        liveness: Liveness,
        gate: LaneGate,
        metrics: Metrics,
        now: Callable[[], datetime],
        retention_days: int,
        numbers: NumberWork | None = None,
        interval_s: float = INTERVAL_S,
        clock: Callable[[], float] = elapsed,
    ) -> None:
        """`clock` gives seconds, by which is done what is not done in each round."""
        self._messages = messages
        self._proofs = proofs
        self._ends = ends
        self._channels = channels
        self._liveness = liveness
        self._gate = gate
        self._metrics = metrics
        self._now = now
        self._retention_days = retention_days
        self._numbers = numbers
        self._interval_s = interval_s
        self._noting = Recurrence(NOTE_EVERY_S, clock)
        self._upkeep = Recurrence(UPKEEP_EVERY_S, clock)
        self._abandoned = Recurrence(ABANDONED_EVERY_S, clock)

    async def run(self) -> None:
        """Work until cancelled. An outage of the record is waited out. Codes wait while lanes are busy; an end date
        waits for nothing, as who has ended is warned no more.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._send_and_erase())
            tasks.create_task(self._end())

    async def _end(self) -> None:
        while True:
            try:
                await self.end_expired()
            except UNAVAILABLE as error:
                log.warning("record_unavailable", task="end_dates", error=type(error).__name__)
            await asyncio.sleep(self._interval_s)

    async def end_expired(self) -> None:
        """End whose end date has come."""
        ended = await self._ends.end_expired(ENDED_AT_ONCE)
        self._metrics.subscribers_ended.labels("expired").inc(ended)

    async def _send_and_erase(self) -> None:
        while True:
            sent = 0
            try:
                sent = await self.round()
            except UNAVAILABLE as error:
                log.warning("record_unavailable", task="endpoint_messages", error=type(error).__name__)
            await asyncio.sleep(0 if sent == AT_ONCE else self._interval_s)

    async def round(self) -> int:
        """Send what is due, and do beside it what its time has come for. Returns how many were sent."""
        sent = await self.send()
        if self._noting.falls_due():
            await self._liveness.note()
        if self._upkeep.falls_due():
            await self.upkeep()
        return sent

    async def send(self) -> int:
        """Send what is due, a few at once. Returns how many."""
        await self._gate.stand_aside(Lane.EXERCISE)
        due = await self._messages.claim(AT_ONCE)
        await asyncio.gather(*map(self._send, due))
        leaving = 0 if self._numbers is None else await self._numbers.leaving.send()
        return max(len(due), leaving)

    async def upkeep(self) -> None:
        """Erase what ended so long ago that it need not be kept, and end endpoints that nobody proved for a day."""
        unproven = await self._proofs.end_unproven(ENDED_AT_ONCE)
        self._metrics.subscribers_ended.labels("unproven").inc(unproven)
        erased = await self._ends.erase_ended(self._retention_days)
        if self._abandoned.falls_due():
            erased += await self._ends.erase_abandoned(self._retention_days)
        self._metrics.subscribers_ended.labels("erased").inc(erased)
        if self._numbers is not None:
            opted_out = await self._numbers.opt_outs.end_revived(ENDED_AT_ONCE, WORKER)
            self._metrics.subscribers_ended.labels("opted_out").inc(opted_out)
            await self._numbers.codes.forget()
            await self._numbers.leaving.forget()

    async def _send(self, message: DueMessage) -> None:
        (answer, consequence), since = await self._answer(message)
        again, gone = consequence in AGAIN, consequence is Consequence.REMOVE
        await self._messages.answered(message, answer, again=again, gone=gone, since=since)
        purpose = "test" if message.proven else "proof"
        result = "accepted" if answer == ACCEPTED else "retried" if again else "refused"
        self._metrics.round_trip_messages.labels(message.channel, purpose, result).inc()
        if answer == NO_ROOM:
            self._metrics.sms_codes.labels(NO_ROOM).inc()

    async def _answer(self, message: DueMessage) -> tuple[CodeAnswer, datetime | None]:
        """Return what was answered, and since when the endpoint is gone, where that was said."""
        notice = _notice(message, self._now())
        if message.channel == PAID:
            sms = self._numbers and self._numbers.sms
            if not sms:
                return CodeAnswer(NOT_HERE, Consequence.RETRY), None
            gateway = sms.gateway(message.instance_id, message.gateway)
            return await sms.send(notice, gateway, message.endpoint), None
        channel = self._channels.get(message.channel)
        if channel is None:
            return CodeAnswer(NOT_HERE, Consequence.RETRY), None
        return await _pushed(channel, notice, message)


def _notice(message: DueMessage, now: datetime) -> Notice:
    proof, reference = not message.proven, code_reference(message.code_digest)
    if message.channel != PAID:
        return round_trip_notice(message.code, message.languages, now, proof=proof, reference=reference)
    return code_sms(message.code, message.instance, message.languages, now, proof=proof, reference=reference)


async def _pushed(
    channel: Channel, notice: Notice, message: DueMessage
) -> tuple[CodeAnswer, datetime | None]:
    """Return what the push service answered, `accepted` or an error's code, and what follows from it, as of a
    warning; and since when the endpoint is gone, where it said so.
    """
    error: DeliveryError | None = None
    try:
        async with asyncio.timeout(TIMEOUT_S):
            async for receipts in channel.send(notice, message.gateway, [message.endpoint]):
                error = receipts[-1].error
    except ChannelError as failed:
        return CodeAnswer(failed.code, Consequence.RETRY), None
    except TimeoutError:
        return CodeAnswer(TIMEOUT, Consequence.RETRY), None
    if error is None:
        return CodeAnswer(ACCEPTED), None
    return CodeAnswer(error.code, error.consequence), error.since if isinstance(error, Gone) else None
