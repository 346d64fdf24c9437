"""One HTTP/2 connection from the client's side, without the network: bytes in, bytes and outcomes out (RFC 9113).

It does one thing: many small POSTs. A request is started only when all of it fits: a free stream, both flow-control
windows, one HEADERS and one DATA frame. So a stream is never half sent, and what the other side says about windows
concerns only what comes next. Whatever it says that we did not expect ends the connection.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from channels.http.http2.hpack import CompressionError, Encoder, decode, fields_of, lines, literal
from channels.http.messages import (
    MAX_ANSWER_BYTES,
    Acceptance,
    Answer,
    BrokenAnswer,
    HttpError,
    NoAnswer,
    Unprocessed,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from channels.http.http2.hpack import Field
    from channels.http.messages import Outcome

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
FRAME_BYTES: Final = 16_384
"""The largest payload that everybody must take (section 4.2); we neither send nor allow more."""
MAX_STREAMS: Final = 256
"""Our limit of open streams where the other side names none."""
_LAST_STREAM: Final = (1 << 30) - 1
"""From this number on a connection takes no more requests: half of the numbers that there are (section 5.1.1)."""
_DEFAULT_WINDOW: Final = 65_535
"""The bytes that both sides may send before anything else is agreed (section 6.9.2)."""
_WINDOW_MAX: Final = (1 << 31) - 1
"""The largest flow-control window (section 6.9.1)."""
# An answer of the length that we read fits its stream's window: we never have to widen one.
_ANSWER_WINDOW: Final = 2 * MAX_ANSWER_BYTES
_TOTAL_WINDOW: Final = 1 << 24
"""What a server may send on all streams before we widen it again: 64 KiB on each of the most that there can be."""
_MAX_BLOCK_BYTES: Final = 16_384
"""The longest header block that is collected from continuations, twice what servers commonly send at most: a bound for
hostile servers, as for bodies. They are told of it (SETTINGS_MAX_HEADER_LIST_SIZE)."""
_FREE_FRAMES: Final = 1000
"""The frames that the other side may send beyond those that its answers need, over the life of a connection. Floods
of pings, settings, empty continuations, resets and the like end there, after some milliseconds of work."""
_FRAMES_PER_REQUEST: Final = 100
"""The frames that each request allows the other side: an answer of 64 KiB in pieces of 1 KB, windows, and as much
again."""
_CHARGED_BYTES: Final = 32
"""Of frames that are no part of an answer every so many bytes count as one frame more: they are read one by one."""

_DATA, _HEADERS, _RST, _SETTINGS, _PUSH, _PING, _GOAWAY, _WINDOW, _CONTINUATION = 0, 1, 3, 4, 5, 6, 7, 8, 9
_END_STREAM, _END_HEADERS, _ACK, _PADDED, _PRIORITY = 0x1, 0x4, 0x1, 0x8, 0x20
_TABLE_SIZE, _ENABLE_PUSH, _STREAMS, _INITIAL_WINDOW, _MAX_LIST_SIZE = 1, 2, 3, 4, 6
_ANSWERS: Final = frozenset({_DATA, _HEADERS, _CONTINUATION})
_OF_THE_CONNECTION: Final = frozenset({_SETTINGS, _PING, _GOAWAY})
_SIZES: Final = {_RST: 4, _PING: 8, _WINDOW: 4}
"""The only payloads that these frames have (sections 6.4, 6.7 and 6.9)."""
_GOAWAY_BYTES: Final = 8
"""The least that a GOAWAY says (section 6.8): what it would mean without is not to be guessed."""
_REFUSED_STREAM, _CANCEL = 7, 8
_HEAD: Final = 9
_PACKED_HEAD: Final = struct.Struct("!HBBBI").pack
_PLAIN_STATUS: Final = b"\x08\x03"  # a literal for entry 8 of the static table, as many servers write a 201
_ACCEPTED: Final = {status: Answer(status) for status in range(200, 300)}


class ProtocolError(Exception):
    """The other side does not keep to the protocol, or to what we can read of it."""


def head(kind: int, flags: int, stream: int, length: int) -> bytes:
    """Return what stands before the payload of a frame (section 4.1)."""
    return _PACKED_HEAD(length >> 8, length & 0xFF, kind, flags, stream)


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Return one frame."""
    return head(kind, flags, stream, len(payload)) + payload


@dataclass(slots=True, eq=False)
class Stream:
    """One request under way. `done` is called once, with what came of it."""

    number: int
    brief: bool
    located: bool
    done: Callable[[Outcome], None]
    due: float
    """When it is to be given up; the connection, which has a clock, does so."""
    most: int = MAX_ANSWER_BYTES
    status: int = 0
    block: bytes = b""
    body: bytearray = field(default_factory=bytearray)
    size: int = 0
    """The bytes of the body so far, with its padding."""


class ConnectionState:
    """The state of one connection. `receive` raises `ProtocolError`; the connection is then to be closed."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.ready = False
        """Whether the other side has said what it allows."""
        self.retiring = False
        """Whether nothing may be started any more; what is under way may still be answered."""
        self.answered = False
        """Whether a request was ever answered here, with a status."""
        self.streams: dict[int, Stream] = {}
        settings = b"".join(
            name.to_bytes(2, "big") + value.to_bytes(4, "big")
            for name, value in (
                (_TABLE_SIZE, 0),
                (_ENABLE_PUSH, 0),
                (_INITIAL_WINDOW, _ANSWER_WINDOW),
                (_MAX_LIST_SIZE, _MAX_BLOCK_BYTES),
            )
        )
        opened = (_TOTAL_WINDOW - _DEFAULT_WINDOW).to_bytes(4, "big")
        self._out = [PREFACE, frame(_SETTINGS, 0, 0, settings), frame(_WINDOW, 0, 0, opened)]
        self._rest = b""
        self._next = 1
        self._limit = MAX_STREAMS
        self._window = _DEFAULT_WINDOW
        self._body_bytes = FRAME_BYTES
        """The longest body that fits a frame and a new stream's window."""
        self._unreturned = 0
        self._allowance = _FREE_FRAMES
        """The frames that the other side may still send."""
        self._encoder = Encoder()
        self._block: tuple[int, bool, bytes] | None = None
        """A header block still to be continued: stream, whether it ends the stream, what there is of it."""

    def take_out(self) -> bytes:
        """Return what is to be written, once."""
        out, self._out = self._out, []
        return b"".join(out)

    def room(self, body_bytes: int) -> bool:
        """Return whether a request with such a body can be started now."""
        return (
            len(self.streams) < self._limit
            and body_bytes <= self._window
            and body_bytes <= self._body_bytes
            and self.ready
            and not self.retiring
        )

    @property
    def started(self) -> int:
        """How many requests have been started."""
        return self._next // 2

    def start(  # noqa: PLR0913 - as in `connection`
        self,
        path: bytes,
        fields: tuple[Field, ...],
        body: bytes,
        done: Callable[[Outcome], None],
        due: float,
        *,
        brief: bool = False,
        located: bool = False,
        own: Field | None = None,
    ) -> Stream:
        """Send a POST, for which there must be `room`. `fields` are lower-case and fit a frame with the path and `own`,
        a field that no other request has.

        With `brief`, an accepting answer tells no more than its status, and `located` gives its header block with it.
        """
        number = self._next
        self._next += 2
        self._allowance += _FRAMES_PER_REQUEST
        self.retiring = number >= _LAST_STREAM
        stream = self.streams[number] = Stream(number, brief, located, done, due)
        self._window -= len(body)
        block = self._encoder.block(path, fields)
        if own is not None:
            block += literal(*own)
        self._out += (
            head(_HEADERS, _END_HEADERS, number, len(block)),
            block,
            head(_DATA, _END_STREAM, number, len(body)),
            body,
        )
        return stream

    def cancel(self, stream: Stream) -> None:
        """Break a stream off; `done` is not called. Nothing if it has ended."""
        if self.streams.pop(stream.number, None) is not None:
            self._out.append(frame(_RST, 0, stream.number, _CANCEL.to_bytes(4, "big")))

    def lost(self, code: str) -> None:
        """Note that the connection is over: every stream ends with `code`."""
        self.retiring = True
        streams, self.streams = self.streams, {}
        for stream in streams.values():
            stream.done(self.unfinished(stream, code))

    def unfinished(self, stream: Stream, code: str) -> HttpError:
        """Return what is known of a stream that goes no further."""
        if not stream.status:
            return NoAnswer(code, self.origin)
        try:
            answer = Answer(stream.status, lines(decode(stream.block)))
        except CompressionError:
            return NoAnswer("protocol", self.origin)
        return BrokenAnswer("truncated" if code == "reset" else code, self.origin, answer)

    def receive(self, data: bytes) -> None:
        """Take what came in. Raises `ProtocolError`."""
        rest = self._rest + data if self._rest else data
        at, size = 0, len(rest)
        while size - at >= _HEAD:
            length = rest[at] << 16 | rest[at + 1] << 8 | rest[at + 2]
            if length > FRAME_BYTES:
                raise ProtocolError("frame size")
            end = at + _HEAD + length
            if end > size:
                break
            number = int.from_bytes(rest[at + 5 : at + _HEAD], "big") & _WINDOW_MAX
            self._take(rest[at + 3], rest[at + 4], number, rest[at + _HEAD : end])
            at = end
        self._rest = rest[at:]

    def _take(self, kind: int, flags: int, number: int, payload: bytes) -> None:
        if (self._block is not None) != (kind == _CONTINUATION):
            raise ProtocolError("continuation")
        if not self.ready and kind != _SETTINGS:
            raise ProtocolError("no settings")
        self._charge(kind, len(payload))
        if (number == 0) != (kind in _OF_THE_CONNECTION) and kind in _HANDLERS and kind != _WINDOW:
            raise ProtocolError("stream")
        if len(payload) != _SIZES.get(kind, len(payload)):
            raise ProtocolError("frame size")
        handle = _HANDLERS.get(kind)
        if handle is not None:  # frames of other types are to be ignored (section 4.1)
            handle(self, flags, number, payload)

    def _charge(self, kind: int, size: int) -> None:
        """Count a frame against what the other side may send. Raises `ProtocolError`."""
        self._allowance -= 1 if kind in _ANSWERS else 1 + size // _CHARGED_BYTES
        if self._allowance < 0:
            raise ProtocolError("flood")

    def _on_headers(self, flags: int, number: int, payload: bytes) -> None:
        if flags & (_PADDED | _PRIORITY):
            payload = _unpadded(flags, payload)
            if flags & _PRIORITY:
                payload = payload[5:]
        if flags & _END_HEADERS:
            self._on_block(number, payload, ends=bool(flags & _END_STREAM))
        else:
            self._block = number, bool(flags & _END_STREAM), payload

    def _on_continuation(self, flags: int, number: int, payload: bytes) -> None:
        assert self._block is not None  # noqa: S101 - `_take` has seen to it; for the type checker
        begun, ends, block = self._block
        block += payload
        if number != begun or len(block) > _MAX_BLOCK_BYTES:
            raise ProtocolError("continuation")
        self._block = begun, ends, block
        if flags & _END_HEADERS:
            self._block = None
            self._on_block(number, block, ends=ends)

    def _on_block(self, number: int, block: bytes, *, ends: bool) -> None:
        stream = self._known(number)
        if stream is None:
            return
        if not stream.status:  # otherwise these are trailers
            status = _status(block)
            if status < 200:  # an interim answer (section 8.1)
                return
            stream.status, stream.block = status, block
        if ends:
            self._end(stream)

    def _on_data(self, flags: int, number: int, payload: bytes) -> None:
        self._unreturned += len(payload)
        if self._unreturned > _TOTAL_WINDOW // 4:
            self._out.append(frame(_WINDOW, 0, 0, self._unreturned.to_bytes(4, "big")))
            self._unreturned = 0
        stream = self._known(number)
        if stream is None:
            return
        if not stream.status:
            raise ProtocolError("data before headers")
        stream.size += len(payload)
        if stream.size > stream.most:
            self.cancel(stream)
            stream.done(self.unfinished(stream, "oversized"))
            return
        stream.body += _unpadded(flags, payload)
        if flags & _END_STREAM:
            self._end(stream)

    def _end(self, stream: Stream) -> None:
        if stream.brief and stream.status < 300:
            del self.streams[stream.number]
            self.answered = True
            status = stream.status
            stream.done(Acceptance(status, stream.block) if stream.located else _ACCEPTED[status])
            return
        try:
            headers = lines(decode(stream.block))
        except CompressionError:
            raise ProtocolError("header block") from None  # the stream ends with all others
        del self.streams[stream.number]
        self.answered = True
        stream.done(Answer(stream.status, headers, bytes(stream.body)))

    def _on_reset(self, _flags: int, number: int, payload: bytes) -> None:
        stream = self._known(number)
        if stream is None:
            return
        del self.streams[number]
        if int.from_bytes(payload, "big") == _REFUSED_STREAM and not stream.status:
            stream.done(Unprocessed("refused", self.origin))
        else:
            stream.done(self.unfinished(stream, "reset"))

    def _on_settings(self, flags: int, _number: int, payload: bytes) -> None:
        if flags & _ACK:
            return
        if len(payload) % 6:
            raise ProtocolError("settings")
        for at in range(0, len(payload), 6):
            name = int.from_bytes(payload[at : at + 2], "big")
            self._set(name, int.from_bytes(payload[at + 2 : at + 6], "big"))
        self.ready = True
        self._out.append(frame(_SETTINGS, _ACK, 0, b""))

    def _set(self, name: int, value: int) -> None:
        if name == _TABLE_SIZE:
            self._encoder.resize(value)
        elif name == _STREAMS:
            self._limit = min(value, MAX_STREAMS)
        elif name == _INITIAL_WINDOW:
            self._body_bytes = min(value, FRAME_BYTES)

    def _on_push(self, _flags: int, _number: int, _payload: bytes) -> None:
        raise ProtocolError("push")  # our settings forbid it

    def _on_ping(self, flags: int, _number: int, payload: bytes) -> None:
        if not flags & _ACK:
            self._out.append(frame(_PING, _ACK, 0, payload))

    def _on_goaway(self, _flags: int, _number: int, payload: bytes) -> None:
        if len(payload) < _GOAWAY_BYTES:
            raise ProtocolError("frame size")
        last = int.from_bytes(payload[:4], "big") & _WINDOW_MAX
        self.retiring = True
        for stream in [one for number, one in self.streams.items() if number > last]:
            del self.streams[stream.number]
            stream.done(Unprocessed("goaway", self.origin))

    def _on_window(self, _flags: int, number: int, payload: bytes) -> None:
        if number == 0:
            self._window += int.from_bytes(payload, "big") & _WINDOW_MAX
            if self._window > _WINDOW_MAX:
                raise ProtocolError("window")

    def _known(self, number: int) -> Stream | None:
        """Return a stream under way; None for one that was broken off. Raises `ProtocolError` for any other."""
        if not number & 1 or number >= self._next:
            raise ProtocolError("stream")
        return self.streams.get(number)


_HANDLERS: Final = {
    _DATA: ConnectionState._on_data,  # noqa: SLF001 - its own table
    _HEADERS: ConnectionState._on_headers,  # noqa: SLF001
    _RST: ConnectionState._on_reset,  # noqa: SLF001
    _SETTINGS: ConnectionState._on_settings,  # noqa: SLF001
    _PUSH: ConnectionState._on_push,  # noqa: SLF001
    _PING: ConnectionState._on_ping,  # noqa: SLF001
    _GOAWAY: ConnectionState._on_goaway,  # noqa: SLF001
    _WINDOW: ConnectionState._on_window,  # noqa: SLF001
    _CONTINUATION: ConnectionState._on_continuation,  # noqa: SLF001
}


def _unpadded(flags: int, payload: bytes) -> bytes:
    if not flags & _PADDED:
        return payload
    if not payload or payload[0] >= len(payload):
        raise ProtocolError("padding")
    return payload[1 : len(payload) - payload[0]]


def _status(block: bytes) -> int:
    if block.startswith(_PLAIN_STATUS) and block[2:5].isdigit():
        return int(block[2:5])
    try:
        name, value = next(fields_of(block), (b"", b""))
    except CompressionError:
        raise ProtocolError("header block") from None
    if name != b":status" or len(value) != 3 or not value.isdigit():
        raise ProtocolError("status")
    return int(value)
