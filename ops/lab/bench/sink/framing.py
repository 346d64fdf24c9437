"""Reads requests from a byte stream and writes answers: what is left of HTTP when everything is accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    Note = Callable[[bytes], None]
    """Is called with the body of each request, when it is complete."""

LOCATION: Final = b"https://127.0.0.1/m/0123456789abcdef"
"""The header of every answer: a push service names the message it made (RFC 8030 section 5)."""
_ANSWER_1: Final = b"HTTP/1.1 201 Created\r\nLocation: " + LOCATION + b"\r\nContent-Length: 0\r\n\r\n"
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
# HPACK without a dynamic table: ":status" (entry 8) and "location" (entry 46) with literal values.
_BLOCK: Final = b"\x08\x03201" + b"\x0f\x1f" + bytes([len(LOCATION)]) + LOCATION


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

    def __init__(self, note: Note) -> None:
        self._note = note
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
            answers += _ANSWER_1
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

    def __init__(self, note: Note) -> None:
        self._note = note
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
        self._note(body)
        answers.append(frame(_HEADERS, _END_STREAM | _END_HEADERS, stream, _BLOCK))


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Encode one HTTP/2 frame (RFC 9113 section 4.1)."""
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload
