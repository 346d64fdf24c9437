"""HTTP/2 for the stand-ins (RFC 9113), by the library `h2`: each request is a stream, answered when its time has come.

Where HTTP/1.1 has only the connection to break, HTTP/2 has the stream, and the other streams of the connection must
not suffer. What `Exchange` asks for is therefore here:

    answer        HEADERS and, where there is a body, DATA
    nothing       the stream stays open until the sender resets it; the others go on
    reset         RST_STREAM(INTERNAL_ERROR): the request may have been acted upon (section 8.7 promises nothing)
    refuse        RST_STREAM(REFUSED_STREAM): it was not (section 8.7)
    dribble       an interim answer (103) for each byte of status and header fields, as a header block cannot be
                  sent in pieces between other streams' frames (section 4.3); HEADERS; a DATA frame for each byte
    truncate      the first so many pieces of that, then RST_STREAM(INTERNAL_ERROR)
    go_away       GOAWAY(NO_ERROR) naming the last stream that came in; later ones are refused; the connection is
                  closed when all are answered (section 6.8)
    disconnect    a TCP reset: every stream under way on the connection is broken off
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated, DataReceived, RequestReceived, StreamEnded, StreamReset
from h2.exceptions import ProtocolError
from hyperframe.frame import GoAwayFrame

from ops.lab.gateways.http.exchange import MAX_BODY, NO_ANSWER, Answer, Request
from ops.lab.gateways.http.http1 import abort

if TYPE_CHECKING:
    from collections.abc import Callable

    from h2.events import Event

    from ops.lab.gateways.http.exchange import Closable

VALIDATED = 200
"""The number of requests of one connection whose header fields are checked by RFC 9113 section 8: a sender's are all
alike, and the check is a quarter of what HTTP/2 costs us."""
_INTERIM = [(":status", "103")]


def _configuration() -> H2Configuration:
    """Return the configuration of one connection. h2 allows it 100 streams at once: the least that RFC 9113 section
    6.5.2 recommends, and what the large push services allow."""
    return H2Configuration(
        client_side=False,
        header_encoding="latin-1",
        validate_outbound_headers=False,  # a fault may ask for what no server should send
        normalize_outbound_headers=False,
    )


class Http2Exchange:
    """A request and its stream."""

    __slots__ = ("_connection", "_stream", "request")

    def __init__(self, connection: Http2Connection, stream: int, request: Request) -> None:
        self._connection = connection
        self._stream = stream
        self.request = request

    def answer(self, answer: Answer) -> None:
        """Send the answer, whatever else is under way on the connection."""
        self._connection.answer(self._stream, answer)

    def truncate(self, answer: Answer, keep_bytes: int) -> None:
        """Send its first `keep_bytes` pieces, then RST_STREAM."""
        for piece in _pieces(answer)[:keep_bytes]:
            self._connection.send(self._stream, piece)
        self.reset()

    def dribble(self, answer: Answer, pause_s: float) -> None:
        """Send it piece by piece with `pause_s` seconds between, until the sender gives up."""
        self._connection.dribble(self._stream, _pieces(answer), pause_s)

    def reset(self) -> None:
        """Send RST_STREAM(INTERNAL_ERROR)."""
        self._connection.reset(self._stream, ErrorCodes.INTERNAL_ERROR)

    def refuse(self) -> None:
        """Send RST_STREAM(REFUSED_STREAM)."""
        self._connection.reset(self._stream, ErrorCodes.REFUSED_STREAM)

    def disconnect(self) -> None:
        """Reset the TCP connection."""
        self._connection.disconnect()

    def garble(self) -> None:
        """Send what is no frame, and close the TCP connection."""
        self._connection.garble()

    def go_away(self, answer: Answer) -> None:
        """Send GOAWAY, then the answer."""
        self._connection.go_away()
        self._connection.answer(self._stream, answer)


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is sent at once of an answer: header fields, a part of the body, or both."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    data: bytes = b""
    ends: bool = False


def _fields(answer: Answer) -> list[tuple[str, str]]:
    length = [("content-length", str(len(answer.body)))] if answer.body else []
    return [
        (":status", str(answer.status)),
        *((name.lower(), value) for name, value in answer.headers),
        *length,
    ]


def _pieces(answer: Answer) -> list[_Piece]:
    """Cut an answer into the smallest pieces that HTTP/2 can send."""
    fields, body = _fields(answer), answer.body
    interim = sum(len(name) + len(value) for name, value in fields)
    last = len(body) - 1
    return [
        *[_Piece(_INTERIM)] * interim,
        _Piece(fields, ends=not body),
        *(_Piece(data=bytes((byte,)), ends=at == last) for at, byte in enumerate(body)),
    ]


class _Incoming:
    """A request of which the end has not come yet."""

    __slots__ = ("body", "fields")

    def __init__(self, fields: dict[str, str]) -> None:
        self.fields = fields
        self.body = bytearray()


class Http2Connection(asyncio.Protocol):
    """One client's connection. `handler` gets each request as an Exchange and answers when it likes."""

    def __init__(self, handler: Callable[[Http2Exchange], None], port: int, open_set: set[Closable]) -> None:
        self._handler = handler
        self._port = port
        self._open = open_set
        self._transport: asyncio.Transport | None = None
        self._h2 = H2Connection(_configuration())
        self._incoming: dict[int, _Incoming] = {}
        self._flushing = False
        self._going = False

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(
            "asyncio.Transport", transport
        )  # uvloop's transport is one without the base class
        self._open.add(self)
        self._h2.initiate_connection()
        self._flush_soon()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._transport = None
        self._open.discard(self)

    def data_received(self, data: bytes) -> None:
        try:
            events = self._h2.receive_data(data)
        except ProtocolError:  # h2 has made the GOAWAY that says so
            self.close()
            return
        for event in events:
            self._take(event)
        self._flush_soon()

    # h2's side

    def _take(self, event: Event) -> None:
        if isinstance(event, RequestReceived):
            self._begin(event)
        elif isinstance(event, DataReceived):
            stream, data = event.stream_id, event.data
            assert stream is not None
            assert data is not None
            self._h2.acknowledge_received_data(event.flow_controlled_length or 0, stream)
            self._receive(stream, data)
        elif isinstance(event, StreamEnded):
            stream = event.stream_id
            if stream in self._incoming:
                self._handler(Http2Exchange(self, stream, self._request(self._incoming.pop(stream))))
        elif isinstance(event, StreamReset):
            self._incoming.pop(event.stream_id or 0, None)
        elif isinstance(event, ConnectionTerminated):
            self.close()

    def _begin(self, event: RequestReceived) -> None:
        stream = event.stream_id
        assert stream is not None
        if self._going:
            self.reset(stream, ErrorCodes.REFUSED_STREAM)
            return
        self._incoming[stream] = _Incoming({str(name): str(value) for name, value in event.headers or ()})
        if stream > 2 * VALIDATED:
            self._h2.config.validate_inbound_headers = False

    def _receive(self, stream: int, data: bytes) -> None:
        incoming = self._incoming.get(stream)
        if incoming is None:  # refused already
            return
        incoming.body += data
        if len(incoming.body) > MAX_BODY:
            del self._incoming[stream]
            self.answer(stream, Answer(413))
            self.reset(stream, ErrorCodes.NO_ERROR)

    def _request(self, incoming: _Incoming) -> Request:
        fields = incoming.fields
        fields.pop(":scheme", None)
        fields.setdefault("host", fields.pop(":authority", ""))
        return Request(
            method=fields.pop(":method"),
            path=fields.pop(":path").partition("?")[0],
            headers=fields,
            body=bytes(incoming.body),
            port=self._port,
            protocol="h2",
        )

    # the answers' side: an answer that comes too late for its stream, or for the connection, is dropped

    def answer(self, stream: int, answer: Answer) -> None:
        """Send a whole answer on its stream."""
        self.send(stream, _Piece(_fields(answer), answer.body, ends=True))

    def send(self, stream: int, piece: _Piece) -> bool:
        """Send a part of an answer. Returns whether the sender still waits for it. Bodies are far smaller than any
        window."""
        try:
            if piece.fields:
                self._h2.send_headers(stream, piece.fields, end_stream=piece.ends and not piece.data)
            if piece.data:
                self._h2.send_data(stream, piece.data, end_stream=piece.ends)
        except ProtocolError:
            return False
        self._flush_soon()
        return self._transport is not None

    def dribble(self, stream: int, pieces: list[_Piece], pause_s: float) -> None:
        """Send the first of `pieces` now, and each of the others `pause_s` seconds after the one before."""
        if self.send(stream, pieces[0]) and pieces[1:]:
            asyncio.get_running_loop().call_later(pause_s, self.dribble, stream, pieces[1:], pause_s)

    def reset(self, stream: int, code: ErrorCodes) -> None:
        """Break one stream off."""
        with suppress(ProtocolError):
            self._h2.reset_stream(stream, code)
            self._flush_soon()

    def go_away(self) -> None:
        """Say that nothing is taken any more after what has come in."""
        if self._going or self._transport is None:
            return
        self._flush()
        # not by h2, which ends a connection with its GOAWAY: the streams under way are still to be answered
        self._transport.write(GoAwayFrame(last_stream_id=self._h2.highest_inbound_stream_id).serialize())
        self._going = True
        self._flush_soon()

    def disconnect(self) -> None:
        """Close with RST instead of FIN, whatever was not sent yet."""
        if self._transport is not None:
            abort(self._transport)
            self._transport = None

    def garble(self) -> None:
        """Send what is no frame, and close."""
        if self._transport is not None:
            self._transport.write(NO_ANSWER)
            self._transport.close()
            self._transport = None

    def close(self) -> None:
        """Close the connection after what was written, with a GOAWAY."""
        if self._transport is None:
            return
        with suppress(ProtocolError):  # where h2 has said it already
            self._h2.close_connection()
        self._flush()
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def _flush_soon(self) -> None:
        """Flush at the end of this round of the loop, so that all that is written in it leaves together."""
        if not self._flushing:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        if self._transport is None:
            return
        if out := self._h2.data_to_send():
            self._transport.write(out)
        if self._going and not self._h2.open_inbound_streams:
            self._transport.close()
            self._transport = None
