"""Our SMPP carrier as a test uses it: one transceiver at a centre on loopback, and a journal that remembers."""

import asyncio
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from channels.base import Endpoint, Notice, Receipt, Urgency
from channels.clock import utc_now
from channels.sms.delivery_reports import SentPart
from channels.sms.smpp.bindings import BindingPlan
from channels.sms.smpp.carrier import SmppCarrier, SmppGateway
from channels.sms.smpp.connecting import Centre
from channels.sms.smpp.pdu import BindRequest
from channels.sms.smpp.segments import LongText, MessageForm
from channels.sms.smpp.session import Role

HOST = "127.0.0.1"
SENDER = "WARNUNG"
TEXTS = {
    "short": ("de", "Hochwasser an der Rur"),
    "umlauts and extensions": ("de", "Gefährdet: Düren & Jülich, 5 € [Maß] {a} ~ x § 3"),
    "an escaped sign at the seam": ("de", "a" * 152 + "€" + "b" * 152 + "€ Ende"),
    "parts": ("de", "Straße überflutet €. " * 20 + "Ende ß"),
    "UCS-2": ("uk", "Повінь у місті Дюрен"),
    "UCS-2 in parts": ("uk", "Повінь. Підніміться на верхні поверхи. " * 5 + "Кінець"),
}
"""Texts of every kind with their language."""


@dataclass
class KeptJournal:
    """Remembers what was sent, and what was reported of it."""

    parts: list[SentPart] = field(default_factory=list)
    keys: list[set[str]] = field(default_factory=list)
    """The keys under which each receipt looks for its part."""
    states: list[Any] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    def sent(self, gateway: str, part: SentPart) -> None:
        del gateway
        self.parts.append(part)
        self.heard.set()

    def received(self, gateway: str, receipt: Any, acknowledge: Callable[[int], None]) -> None:
        del gateway
        self.keys.append(set(receipt.keys))
        self.states.append(receipt.state)
        acknowledge(0)
        self.heard.set()

    def texted(self, gateway: str, text: Any, acknowledge: Callable[[int], None]) -> None:
        del text, acknowledge
        raise AssertionError(gateway)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until it holds: it is asked whenever something was sent or received."""
        async with asyncio.timeout(20):
            while not holds():
                self.heard.clear()
                await self.heard.wait()

    def all_tied(self) -> bool:
        """Whether each part has a receipt that names it, and no receipt another."""
        tied = [[part for part in self.parts if part.key in keys] for keys in self.keys]
        return all(len(found) == 1 for found in tied) and len({id(found[0]) for found in tied}) == len(
            self.parts
        )


def carrier(
    port: int,
    journal: KeptJournal | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    password: str = "geheim",
    long_text: LongText = LongText.UDH,
    **plan: Any,
) -> SmppCarrier:
    """A carrier with one transceiver."""
    binding = BindingPlan(
        (Centre(HOST, port, tls),), (Role.TRANSCEIVER,), BindRequest("kreis", password), **plan
    )
    form = MessageForm(SENDER, 5, 0, long_text=long_text)
    return SmppCarrier(SmppGateway("npm", binding, form), journal)


def notice(text: str, language: str = "de", alert_id: str = "01ALERT") -> Notice:
    deadline = utc_now() + timedelta(hours=2)
    return Notice(alert_id, "k" * 32, "Titel", text, b"{}", language, Urgency.HIGH, deadline)


async def receipts(sender: SmppCarrier, text: Notice, numbers: Iterable[str]) -> list[Receipt]:
    """Send to these numbers, and return what is said of each, in the order in which it is said."""
    endpoints = [Endpoint(place, number, {}) for place, number in enumerate(numbers, 1)]
    return [one async for known in sender.send(text, endpoints) for one in known]
