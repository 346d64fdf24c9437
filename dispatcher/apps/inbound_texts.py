"""Take the texts that people send back to SMS gateways: who writes STOP is told no more, all else is counted.

Nothing is answered. The sender of an SMS proves nothing: an answer would cost, go to whoever was named, and start a
talk with every machine that answers texts.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from channels.sms.inbound import says_stop
from dispatcher.access.principals import of_gateway
from dispatcher.store.numbers.opt_outs import OptOut

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from channels.sms.inbound import InboundFields, InboundText
    from dispatcher.access.credentials import SharedSecret
    from dispatcher.audience.phone_numbers import NumberRules
    from dispatcher.metrics import Metrics
    from dispatcher.store.numbers.opt_outs import OptOuts

REFUSED: Final = "refused"
"""The verdict of a request that was refused as a whole: a wrong secret, or nothing that can be read."""


class InboundVerdict(StrEnum):
    """What becomes of a text. The first two are recorded."""

    ENDED = "ended"
    """The number was told of warnings, and is no more."""
    NOTED = "noted"
    """It was told of none; that it shall not be is on record, for imports to come."""
    NOT_UNDERSTOOD = "not_understood"
    """It is no word by which one leaves."""
    NO_NUMBER = "no_number"
    """Its sender is no telephone number."""
    UNREADABLE = "unreadable"
    """It has no sender or no text where the settings say."""


_OF_STOP: Final = {OptOut.ENDED: InboundVerdict.ENDED, OptOut.NOTED: InboundVerdict.NOTED}


@dataclass(frozen=True, slots=True)
class TextedGateway:
    """A gateway that hands texts on by HTTP."""

    name: str
    secret: SharedSecret = field(repr=False)
    fields: InboundFields


def stopping_number(text: InboundText, numbers: NumberRules) -> str | InboundVerdict:
    """Return the number (E.164) that wants no more SMS, or why a text says nothing of the kind."""
    if not text.sender.strip() or not text.text:
        return InboundVerdict.UNREADABLE
    if not says_stop(text.text):
        return InboundVerdict.NOT_UNDERSTOOD
    return numbers.sender(text.sender) or InboundVerdict.NO_NUMBER


class InboundTexts:
    """Does what people ask for by SMS. `gateways` are those that hand texts on by HTTP."""

    def __init__(
        self,
        gateways: Mapping[str, TextedGateway],
        opt_outs: OptOuts,
        numbers: NumberRules,
        metrics: Metrics,
    ) -> None:
        self.gateways = gateways
        self._opt_outs = opt_outs
        self._numbers = numbers
        self._metrics = metrics
        for name in gateways:
            self.know(name)

    def know(self, gateway: str) -> None:
        """Show the series of a gateway from the start."""
        for verdict in (*InboundVerdict, REFUSED):
            self._metrics.sms_inbound.labels(gateway, verdict)

    async def take(self, gateway: str, texts: Sequence[InboundText]) -> Counter[InboundVerdict]:
        """Do what each of these texts says. Returns how many met which verdict; what it returns is committed. Raises
        what `record.UNAVAILABLE` lists: then the same texts may be handed in again.
        """
        verdicts: Counter[InboundVerdict] = Counter()
        for text in texts:
            found = stopping_number(text, self._numbers)
            if not isinstance(found, InboundVerdict):
                found = _OF_STOP[await self._opt_outs.stop(found, of_gateway(gateway).actor)]
            verdicts[found] += 1
            self._metrics.sms_inbound.labels(gateway, found).inc()
            if found is InboundVerdict.ENDED:
                self._metrics.subscribers_ended.labels("opted_out").inc()
        return verdicts
