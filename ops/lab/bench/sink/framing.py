"""Reads requests from a byte stream and writes answers: what is left of HTTP when everything is accepted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import hpack

if TYPE_CHECKING:
    from collections.abc import Callable

    Note = Callable[[bytes], None]
    """Is called with the body of each request, when it is complete."""

_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
STREAMS: Final = 100
"""The most streams that we allow at once: as many as the large push services do."""
_HEAD_BYTES: Final = 9
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PING = 0, 1, 3, 4, 6
_END_STREAM, _END_HEADERS, _ACK, _PADDED = 1, 4, 1, 8
_ANY_BYTES: Final = 1 << 30
_WINDOW_MAX: Final = (1 << 31) - 1
_WINDOW_START: Final = 65_535


class SinkAnswer(NamedTuple):
    """The answer to every request."""

    status: bytes
    """With its reason, as HTTP/1.1 has it."""
    name: bytes
    """The header's name, and its index in HPACK's static table (RFC 7541 appendix A), which is 15 at least."""
    place: int
    value: bytes
    body: bytes = b""
    echoed: bytes = b""
    """A header that is sent back as it came, over HTTP/2: then header blocks are read, and what is noted of a request
    is its headers and its body as JSON.
    """

    def over_http_1(self) -> bytes:
        """Return it as HTTP/1.1 writes it."""
        head = b"HTTP/1.1 %b\r\n%b: %b\r\nContent-Length: %d\r\n\r\n"
        return head % (self.status, self.name, self.value, len(self.body)) + self.body

    def block(self) -> bytes:
        """Return its headers as HPACK writes them without a dynamic table: names by index, literal values."""
        return b"\x08\x03%b\x0f%c%c%b" % (self.status[:3], self.place - 15, len(self.value), self.value)


ANSWERS: Final = {
    # A push service names the message it made (RFC 8030 section 5).
    "push": SinkAnswer(b"201 Created", b"Location", 46, b"https://127.0.0.1/m/0123456789abcdef"),
    # FCM names it, too; the token service's answer is in the same document: whoever asks reads what concerns them.
    "fcm": SinkAnswer(
        b"200 OK",
        b"Content-Type",
        31,
        b"application/json; charset=UTF-8",
        b'{\n  "name": "projects/warn-lab-1/messages/0:1764460800123456%0f1e2d3c4b5a6978",\n'
        b'  "access_token": "ya29.sink", "expires_in": 3599, "token_type": "Bearer"\n}\n',
    ),
    "apns": SinkAnswer(b"200 OK", b"Server", 54, b"sink"),
    # Some clients know by it alone to which of their requests an answer belongs.
    "apns-read": SinkAnswer(b"200 OK", b"Server", 54, b"sink", echoed=b"apns-id"),
}
"""The answers by the kind of service."""


class Framing(Protocol):
    """One connection's protocol."""

    def greeting(self) -> bytes:
        """Return the bytes that the server sends first."""
        ...

    def feed(self, data: bytes) -> bytes:
        """Process what came in. Returns what is to be sent. Raises `ValueError` for what cannot be read."""
        ...


class Http1:
    """HTTP/1.1 with Content-Length, and with chunks as Node's client may send them."""

    def __init__(self, note: Note, answer: SinkAnswer) -> None:
        self._note = note
        self._answer = answer.over_http_1()
        self._rest = b""

    def greeting(self) -> bytes:
        return b""

    def feed(self, data: bytes) -> bytes:
        rest = self._rest + data if self._rest else data
        answers = b""
        while rest:
            end = rest.find(b"\r\n\r\n") + 4
            if end < 4:
                break
            length = _content_length(rest[:end])
            if len(rest) < end + length:
                if b"100-continue" in rest[:end].lower():
                    answers += _CONTINUE
                break
            self._note(rest[end : end + length])
            rest = rest[end + length :]
            answers += self._answer
        self._rest = rest
        return answers


def _content_length(head: bytes) -> int:
    lower = head.lower()
    start = lower.find(b"\r\ncontent-length:")
    if start < 0:
        if b"\r\ntransfer-encoding:" in lower:
            raise ValueError("the sink takes requests with Content-Length only")
        return 0
    start += 17
    return int(lower[start : lower.index(b"\r", start)])


class Http2:
    """Speaks as much of RFC 9113 as a sink needs: header blocks are not read, windows never close."""

    def __init__(self, note: Note, answer: SinkAnswer) -> None:
        self._note = note
        self._block, self._body, self._echoed = answer.block(), answer.body, answer.echoed
        self._decoder = hpack.Decoder() if answer.echoed else None
        self._heads: dict[int, dict[bytes, bytes]] = {}
        self._rest = b""
        self._bodies: dict[int, bytes] = {}
        self._credit = _WINDOW_MAX
        self._greeted = False

    def greeting(self) -> bytes:
        streams = b"\x00\x03" + STREAMS.to_bytes(4, "big")
        opened = (_WINDOW_MAX - _WINDOW_START).to_bytes(4, "big")
        return frame(_SETTINGS, 0, 0, streams) + frame(8, 0, 0, opened)

    def feed(self, data: bytes) -> bytes:
        rest = self._rest + data if self._rest else data
        if not self._greeted:
            if len(rest) < len(PREFACE):
                self._rest = rest
                return b""
            if not rest.startswith(PREFACE):
                raise ValueError("no HTTP/2 preface")
            rest, self._greeted = rest[len(PREFACE) :], True
        answers: list[bytes] = []
        position, size = 0, len(rest)
        while size - position >= _HEAD_BYTES:
            length = int.from_bytes(rest[position : position + 3], "big")
            end = position + _HEAD_BYTES + length
            if end > size:
                break
            self._take(rest, position, end, answers)
            position = end
        self._rest = rest[position:]
        return b"".join(answers)

    def _take(self, rest: bytes, position: int, end: int, answers: list[bytes]) -> None:
        kind, flags = rest[position + 3], rest[position + 4]
        stream = int.from_bytes(rest[position + 5 : position + _HEAD_BYTES], "big")
        payload = rest[position + _HEAD_BYTES : end]
        if kind == _DATA:
            self._take_data(stream, flags, payload, answers)
        elif kind == _HEADERS:
            if self._decoder is not None:
                self._heads[stream] = dict(self._decoder.decode(payload, raw=True))
            if flags & _END_STREAM:
                self._finish(stream, b"", answers)
        elif kind == _RST_STREAM:
            self._bodies.pop(stream, None)
        elif kind in (_SETTINGS, _PING) and not flags & _ACK:
            answers.append(frame(kind, _ACK, 0, payload if kind == _PING else b""))

    def _take_data(self, stream: int, flags: int, payload: bytes, answers: list[bytes]) -> None:
        self._credit -= len(payload)
        if self._credit < _ANY_BYTES:
            answers.append(frame(8, 0, 0, (_WINDOW_MAX - self._credit).to_bytes(4, "big")))
            self._credit = _WINDOW_MAX
        if flags & _PADDED:
            payload = payload[1 : len(payload) - payload[0]]
        body = self._bodies.pop(stream, b"") + payload
        if flags & _END_STREAM:
            self._finish(stream, body, answers)
        else:
            self._bodies[stream] = body

    def _finish(self, stream: int, body: bytes, answers: list[bytes]) -> None:
        if self._echoed:
            head = self._heads.pop(stream)
            said = {name.decode(): value.decode() for name, value in head.items()}
            self._note(json.dumps({"headers": said, "body": body.decode()}).encode())
            literals = (self._echoed, head[self._echoed])
            block = self._block + b"\x00" + b"".join(bytes([len(one)]) + one for one in literals)
            answers.append(frame(_HEADERS, _END_STREAM | _END_HEADERS, stream, block))
            return
        self._note(body)
        if self._body:
            answers.append(frame(_HEADERS, _END_HEADERS, stream, self._block))
            answers.append(frame(_DATA, _END_STREAM, stream, self._body))
        else:
            answers.append(frame(_HEADERS, _END_STREAM | _END_HEADERS, stream, self._block))


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Encode one HTTP/2 frame (RFC 9113 section 4.1)."""
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload
