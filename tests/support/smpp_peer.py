"""A blocking SMPP client for tests: one PDU after the other, nothing by itself."""

import socket
import ssl
from dataclasses import dataclass, field
from typing import Any, Self

from channels.sms.smpp.pdu import BindRequest, Body, Command, Pdu, PduStream, ShortMessage, Tlvs, encode

TIMEOUT_S = 20
HOST = "127.0.0.1"
NUMBER = "4900000000001"
"""No number: none begins with 0 behind the country code."""


@dataclass
class SmppPeer:
    """A connection to a centre at `port`; as a context manager it is closed at the end."""

    port: int
    tls: ssl.SSLContext | None = None
    sequence: int = 0
    _come: list[Pdu] = field(default_factory=list)
    _stream: PduStream = field(default_factory=PduStream)

    def __post_init__(self) -> None:
        plain = socket.create_connection((HOST, self.port), timeout=TIMEOUT_S)
        self.connection = self.tls.wrap_socket(plain, server_hostname=HOST) if self.tls else plain

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.connection.close()

    def send(self, command: Command, body: Body = None) -> int:
        """Send a request and return its sequence number."""
        return self.send_together(command, body)[0]

    def send_together(self, command: Command, *bodies: Body) -> range:
        """Send requests in one piece, so that none is answered before the last came; return their sequence numbers."""
        sent = range(self.sequence + 1, self.sequence + 1 + len(bodies))
        self.sequence += len(bodies)
        pdus = zip(sent, bodies, strict=True)
        self.connection.sendall(b"".join(encode(Pdu(command, number, 0, body)) for number, body in pdus))
        return sent

    def answer(self, request: Pdu, body: Body = None, status: int = 0) -> None:
        self.connection.sendall(encode(Pdu(request.command.response, request.sequence, status, body)))

    def next(self) -> Pdu:
        """The next PDU that comes. Raises EOFError at the connection's end."""
        while not self._come:
            octets = self.connection.recv(65_536)
            if not octets:
                raise EOFError
            for pdu in self._stream.feed(octets):
                assert isinstance(pdu, Pdu)
                self._come.append(pdu)
        return self._come.pop(0)

    def ask(self, command: Command, body: Body = None) -> Pdu:
        """Send a request and return what answers it. What comes in between waits for `next`."""
        sequence = self.send(command, body)
        between: list[Pdu] = []
        while True:
            pdu = self.next()
            if pdu.sequence == sequence and pdu.command in {command.response, Command.GENERIC_NACK}:
                self._come = between + self._come
                return pdu
            between.append(pdu)

    def bind(
        self, system_id: str = "kreis", password: str = "geheim", how: Any = Command.BIND_TRANSCEIVER
    ) -> Pdu:
        return self.ask(how, BindRequest(system_id, password))

    def submit(self, text: bytes, tlvs: Tlvs = (), **fields: Any) -> Pdu:
        return self.ask(Command.SUBMIT_SM, message(text, tlvs, **fields))


def message(text: bytes, tlvs: Tlvs = (), **fields: Any) -> ShortMessage:
    given = {"destination_ton": 1, "destination_npi": 1, "destination": NUMBER, "source": "WARNUNG", **fields}
    return ShortMessage(text=text, tlvs=tlvs, **given)
