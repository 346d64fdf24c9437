"""Send one message to one person on duty, by the channel of the endpoint, and say what was answered."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from channels.base import ChannelError, Consequence, DeliveryError
from channels.mail.smtp import Mail
from dispatcher.on_duty.matters import DutyChannel
from dispatcher.on_duty.messages import ACCEPTED
from dispatcher.worker.code_sms import CodeAnswer

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from channels.base import Channel, Endpoint, Notice
    from channels.mail.smtp import Mailer
    from dispatcher.worker.code_sms import CodeSms

TIMEOUT_S: Final = 30.0
"""How long one attempt may take, whatever the far side does: half as long as an endpoint is a worker's business."""
NOT_HERE: Final = "channel_not_configured"
ILLEGIBLE: Final = "endpoint_illegible"
TIMEOUT: Final = "timeout"


@dataclass(frozen=True, slots=True)
class DutyWays:
    """The ways there are; None: the settings have none of the kind."""

    push: Channel | None
    sms: CodeSms | None
    sms_gateway: Callable[[], str]
    """Returns the gateway that messages to people on duty go by."""
    mailer: Mailer | None
    clock: Callable[[], datetime]

    async def send(self, channel: DutyChannel, endpoint: Endpoint, notice: Notice) -> CodeAnswer:
        """Return `accepted` or an error's code, and what follows. Raises nothing for what the far side does. An SMS is
        sent whatever budget is left: it is counted.
        """
        if not endpoint.is_legible:
            return CodeAnswer(ILLEGIBLE, Consequence.RETRY)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await self._sent(channel, endpoint, notice)
        except TimeoutError:
            return CodeAnswer(TIMEOUT, Consequence.RETRY_UNCERTAIN)
        except ChannelError as error:
            return CodeAnswer(error.code, Consequence.RETRY)
        except DeliveryError as error:
            return CodeAnswer(error.code, error.consequence)

    async def _sent(self, channel: DutyChannel, endpoint: Endpoint, notice: Notice) -> CodeAnswer:
        if channel is DutyChannel.SMS and self.sms is not None:
            return await self.sms.send(notice, self.sms_gateway(), endpoint, stoppable=False)
        if channel is DutyChannel.EMAIL and self.mailer is not None:
            await self.mailer.send(self._mail(endpoint, notice))
            return CodeAnswer(ACCEPTED)
        if channel is DutyChannel.WEBPUSH and self.push is not None:
            return await _pushed(self.push, endpoint, notice)
        return CodeAnswer(NOT_HERE, Consequence.RETRY)

    def _mail(self, endpoint: Endpoint, notice: Notice) -> Mail:
        text = notice.text.removeprefix(f"{notice.title}: ")
        return Mail(
            endpoint.address, notice.title, f"{text}\n", f"{notice.alert_id}.{endpoint.id}", self.clock()
        )


async def _pushed(push: Channel, endpoint: Endpoint, notice: Notice) -> CodeAnswer:
    error: DeliveryError | None = None
    async for receipts in push.send(notice, push.gateway(endpoint), [endpoint]):
        error = receipts[-1].error
    return CodeAnswer(ACCEPTED) if error is None else CodeAnswer(error.code, error.consequence)
