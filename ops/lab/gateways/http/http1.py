"""HTTP/1.1 for the stand-ins: parsed requests in, answers out in the order of the requests.

An answer can also be withheld, cut, dribbled or replaced by a reset: that is what a stand-in is for.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections import deque
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

import httptools

from ops.lab.gateways.http.exchange import MAX_BODY, NO_ANSWER, Answer, Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from ops.lab.gateways.http.exchange import Closable

_LINGER_OFF = struct.pack("ii", 1, 0)
_REASONS = {status.value: status.phrase for status in HTTPStatus}
_NO_BODY = frozenset({204, 304})


def abort(transport: asyncio.Transport) -> None:
    """Close with RST instead of FIN, whatever was not sent yet."""
    raw = transport.get_extra_info("socket")
    # a duplicate of the descriptor, because the loop's own socket object does not let options through
    with socket.socket(fileno=os.dup(raw.fileno())) as twin:
        twin.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_OFF)
    transport.abort()


def encode(answer: Answer, *, keep_alive: bool) -> bytes:
    """Encode the answer for the wire."""
    lines = [f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Unknown')}"]
    lines.extend(f"{name}: {value}" for name, value in answer.headers)
    if answer.status not in _NO_BODY:
        lines.append(f"content-length: {len(answer.body)}")
    if not keep_alive:
        lines.append("connection: close")
    return "\r\n".join((*lines, "", "")).encode("latin-1") + answer.body


class Http1Exchange:
    """A request and the place of its answer in the connection."""

    __slots__ = ("_connection", "chunks", "close", "keep_alive", "pause_s", "ready", "request")

    def __init__(self, connection: Http1Connection, request: Request, *, keep_alive: bool) -> None:
        self._connection = connection
        self.request = request
        self.keep_alive = keep_alive
        self.close = not keep_alive
        self.chunks: deque[bytes] = deque()
        self.pause_s = 0.0
        self.ready = False

    def answer(self, answer: Answer) -> None:
        """Send `answer`, once those before it on this connection are sent."""
        self._send([encode(answer, keep_alive=self.keep_alive)])

    def truncate(self, answer: Answer, keep_bytes: int) -> None:
        """Send only the first `keep_bytes` bytes, then close."""
        self.close = True
        self._send([encode(answer, keep_alive=self.keep_alive)[:keep_bytes]])

    def dribble(self, answer: Answer, pause_s: float) -> None:
        """Send it byte by byte with `pause_s` seconds between."""
        self.pause_s = pause_s
        self._send([bytes((byte,)) for byte in encode(answer, keep_alive=self.keep_alive)])

    def reset(self) -> None:
        """Break the connection with a TCP reset; nothing more is sent on it."""
        self._connection.reset()

    def refuse(self) -> None:
        """Do the same as `reset`: before an answer, HTTP/1.1 has no other way to refuse."""
        self._connection.reset()

    def disconnect(self) -> None:
        """Do the same as `reset`: a connection carries one request at a time."""
        self._connection.reset()

    def garble(self) -> None:
        """Send what is no answer, and close."""
        self.close = True
        self._send([NO_ANSWER])

    def go_away(self, answer: Answer) -> None:
        """Send `answer` with `connection: close`, once those before it are sent, and close."""
        self.keep_alive, self.close = False, True
        self.answer(answer)

    def _send(self, chunks: list[bytes]) -> None:
        self.chunks.extend(chunks)
        self.ready = True
        self._connection.flush()


class Http1Connection(asyncio.Protocol):
    """One client's connection. `handler` gets each request as an Exchange and answers when it likes."""

    def __init__(self, handler: Callable[[Http1Exchange], None], port: int, open_set: set[Closable]) -> None:
        self._handler = handler
        self._port = port
        self._open = open_set
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[Http1Exchange] = deque()
        self._begin()

    def _begin(self) -> None:
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body = bytearray()

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(
            "asyncio.Transport", transport
        )  # uvloop's transport is one without the base class
        self._open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._transport = None
        self._open.discard(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(Answer(501, b"HTTP/1.1 only"))
        except httptools.HttpParserError:
            self._refuse(Answer(400, b"not HTTP/1.1"))

    # httptools' side

    def on_message_begin(self) -> None:
        self._begin()

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if self._headers.get("expect", "").lower() == "100-continue" and self._transport:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > MAX_BODY:
            self._refuse(Answer(413))

    def on_message_complete(self) -> None:
        if self._transport is None or self._parser.should_upgrade():
            return
        request = Request(
            method=self._parser.get_method().decode("ascii"),
            path=self._url.partition(b"?")[0].decode("latin-1"),
            headers=self._headers,
            body=bytes(self._body),
            port=self._port,
            protocol="http/1.1",
        )
        exchange = Http1Exchange(self, request, keep_alive=self._parser.should_keep_alive())
        self._waiting.append(exchange)
        self._handler(exchange)

    # the answers' side

    def flush(self) -> None:
        """Write every answer to which all earlier ones are written."""
        while self._transport and self._waiting and self._waiting[0].ready:
            head = self._waiting[0]
            self._transport.write(head.chunks.popleft())
            if head.chunks:
                asyncio.get_running_loop().call_later(head.pause_s, self.flush)
                return
            self._waiting.popleft()
            if head.close:
                self.close()

    def reset(self) -> None:
        """Close with RST instead of FIN, whatever was not sent yet."""
        if self._transport is None:
            return
        abort(self._transport)
        self._transport = None

    def close(self) -> None:
        """Close the connection after what was written."""
        if self._transport:
            self._transport.close()
            self._transport = None

    def _refuse(self, answer: Answer) -> None:
        if self._transport:
            self._transport.write(encode(answer, keep_alive=False))
        self.close()
