"""One TLS connection that speaks HTTP/2, in an asyncio loop: what is written together is sent together."""

from __future__ import annotations

import asyncio
import math
import time
from typing import TYPE_CHECKING, Final, cast

from channels.http.http2.protocol import ConnectionState, ProtocolError
from channels.http.transport import IDLE_CONNECTION_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from channels.http.http2.hpack import Field
    from channels.http.http2.protocol import Stream
    from channels.http.messages import Answer, HttpError

_SOON_S: Final = 0.001
"""The grain of a timer: what is due within it is given up at once, not by one more timer."""


class Connection(asyncio.Protocol):
    """Requests in flight on one connection, each with its own time by which it must be over."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        origin: str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`monotonic` is the loop's own clock, read anew each time."""
        self.loop = loop
        self._monotonic = monotonic
        self._soonest = math.inf
        """When the first of the requests that are still to be written is to be given up."""
        self.open = False
        self._state = ConnectionState(origin)
        self._transport: asyncio.Transport | None = None
        self._flushing = self._full = False
        self._timer: asyncio.TimerHandle | None = None
        self._used_at = loop.time()

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but ancestry
        tls = transport.get_extra_info("ssl_object")
        if tls is None or tls.selected_alpn_protocol() != "h2":
            transport.close()
            return
        self.open = True
        self._timer = self.loop.call_later(IDLE_CONNECTION_S, self._sweep)
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._end("reset")

    def data_received(self, data: bytes) -> None:
        try:
            self._state.receive(data)
        except ProtocolError:
            self._end("protocol")
        else:
            self._flush_soon()
            self._close_if_done()

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False

    # the sender's side

    def room(self, body_bytes: int) -> bool:
        """Return whether a request with such a body can be started here now."""
        return self.open and not self._full and self._state.room(body_bytes)

    @property
    def ready(self) -> bool:
        """Whether the other side has said what it allows."""
        return self._state.ready

    @property
    def retiring(self) -> bool:
        """Whether nothing will be started here any more."""
        return not self.open or self._state.retiring

    def start(
        self,
        path: bytes,
        fields: tuple[Field, ...],
        body: bytes,
        done: Callable[[Answer | HttpError], None],
        due: float,
        *,
        brief: bool,
    ) -> Stream:
        """Start a request, for which there must be `room`. At `due` (the loop's clock) it is given up."""
        stream = self._state.start(path, fields, body, done, due, brief=brief)
        self._used_at = self.loop.time()
        self._soonest = min(self._soonest, due)
        if self._timer is None or due < self._timer.when():
            self._sweep_at(due)
        self._flush_soon()
        return stream

    def cancel(self, stream: Stream) -> None:
        """Break a stream off; `done` is not called."""
        self._state.cancel(stream)
        self._flush_soon()
        self._close_if_done()

    def close(self, code: str = "closed") -> None:
        """Close; requests that still wait for an answer end with `code`."""
        self._end(code)

    def _flush_soon(self) -> None:
        if not self._flushing:
            self._flushing = True
            self.loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        if self._late():
            self._end("timeout")
            return
        self._soonest = math.inf
        out = self._state.take_out()
        if out and self._transport is not None:
            self._transport.write(out)

    def _late(self) -> bool:
        """Return whether this process was stopped until after the end of what it was about to send."""
        return self._soonest <= self._monotonic()

    def _sweep_at(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_at(due, self._sweep)

    def _sweep(self) -> None:
        """Give up what is overdue; leave the connection alone on which something was."""
        self._timer = None
        now = self.loop.time() + _SOON_S
        under_way = self._state.streams
        overdue = [one for one in under_way.values() if one.due <= now]
        if overdue and self._transport is not None and self._transport.get_write_buffer_size():
            self._end("timeout")  # what waits to be written is perhaps of these
            return
        for stream in overdue:
            self._state.cancel(stream)
            self._state.retiring = True
            stream.done(self._state.unfinished(stream, "timeout"))
        if not under_way and now - self._used_at >= IDLE_CONNECTION_S:
            self._state.retiring = True
        self._flush()
        self._close_if_done()
        if self.open:
            self._sweep_at(min((one.due for one in under_way.values()), default=now + IDLE_CONNECTION_S))

    def _close_if_done(self) -> None:
        if self._state.retiring and not self._state.streams:
            self._end("closed")

    def _end(self, code: str) -> None:
        self.open = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        transport, self._transport = self._transport, None
        if transport is not None:
            if self._late() or transport.get_write_buffer_size():
                transport.abort()
            else:
                transport.write(self._state.take_out())
                transport.close()
        self._state.lost(code)
