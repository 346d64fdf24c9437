"""One connection to the stand-in SMS centre: PDUs in, answers and receipts out, and all that can be done instead."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol, cast

from channels.sms.smpp.pdu import BrokenPdu, Command, Pdu, PduStream, PduStreamError, encode
from ops.lab.gateways.http.http1 import abort

if TYPE_CHECKING:
    from collections.abc import Callable

    from channels.sms.smpp.pdu import Body

UNBINDS_WITHIN_S = 2.0


class Desk(Protocol):
    """Deals with what comes in over a session."""

    def opened(self, session: Session) -> None: ...
    def requested(self, session: Session, request: Pdu) -> None: ...
    def closed(self, session: Session) -> None: ...


class Session(asyncio.Protocol):
    """A client's connection; `bound` once it is let in."""

    def __init__(self, desk: Desk, port: int) -> None:
        self.port = port
        self.bound: Command | None = None
        self.unanswered = 0
        """Messages taken from it that have no answer yet: its window, as the centre sees it."""
        self._desk = desk
        self._stream = PduStream()
        self._transport: asyncio.Transport | None = None
        self._sequence = 0
        self._asked: dict[int, Callable[[int | None], None]] = {}
        self._held: list[Callable[[], None]] = []

    @property
    def receives(self) -> bool:
        return self.bound in {Command.BIND_RECEIVER, Command.BIND_TRANSCEIVER}

    @property
    def transmits(self) -> bool:
        return self.bound in {Command.BIND_TRANSMITTER, Command.BIND_TRANSCEIVER}

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._desk.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._transport = None
        asked, self._asked = self._asked, {}
        for answered in asked.values():
            answered(None)
        self._desk.closed(self)

    def data_received(self, data: bytes) -> None:
        try:
            for pdu in self._stream.feed(data):
                self._read(pdu)
        except PduStreamError:
            self.write(Pdu(Command.GENERIC_NACK, 0, 0x02))
            self.close()

    def _read(self, pdu: Pdu | BrokenPdu) -> None:
        if isinstance(pdu, BrokenPdu):
            self.write(Pdu(Command.GENERIC_NACK, pdu.sequence, pdu.answer))
        elif pdu.command.is_response:
            answered = self._asked.pop(pdu.sequence, None)
            if answered:
                answered(pdu.status)
        else:
            self._desk.requested(self, pdu)

    # what can be sent

    def ask(self, command: Command, body: Body, answered: Callable[[int | None], None]) -> None:
        """Send a request of the centre's own. `answered` gets the status, None where the connection ended before."""
        self._sequence += 1
        self._asked[self._sequence] = answered
        self.write(Pdu(command, self._sequence, 0, body))

    def answer(self, request: Pdu, status: int = 0, body: Body = None) -> None:
        self.write(Pdu(request.command.response, request.sequence, status, body))

    def write(self, pdu: Pdu) -> None:
        self.write_octets(encode(pdu))

    def write_octets(self, octets: bytes) -> None:
        if self._transport:
            self._transport.write(octets)

    def hold(self, send: Callable[[], None], count: int, within_s: float) -> None:
        """Keep an answer back until there are `count`, or the time is over, and send the last of them first."""
        self._held.append(send)
        if len(self._held) >= count:
            self._let_go()
        elif len(self._held) == 1:
            asyncio.get_running_loop().call_later(within_s, self._let_go)

    def _let_go(self) -> None:
        held, self._held = self._held, []
        for send in reversed(held):
            send()

    def unbind(self) -> None:
        """Unbind, and close when that is answered, or soon after."""
        self.ask(Command.UNBIND, None, lambda _status: self.close())
        asyncio.get_running_loop().call_later(UNBINDS_WITHIN_S, self.close)

    def close(self) -> None:
        """Close the connection after what was written."""
        if self._transport:
            self._transport.close()

    def reset(self) -> None:
        """Close with RST instead of FIN, whatever was not sent yet."""
        if self._transport:
            abort(self._transport)
