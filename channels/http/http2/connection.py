"""One TLS connection that speaks HTTP/2, in an asyncio loop: what is written together is sent together."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Final

from channels.http.http2.protocol import ConnectionState, ProtocolError
from channels.http.transport import IDLE_CONNECTION_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from channels.http.http2.hpack import Field
    from channels.http.http2.protocol import Stream
    from channels.http.http2.tls_socket import TlsSocket
    from channels.http.messages import Outcome

_SOON_S: Final = 0.001
"""The grain of a timer: what is due within it is given up at once, not by one more timer."""
MAX_UNSENT_BYTES: Final = 1 << 16
"""A connection takes no more requests while the kernel has not taken so many bytes: the other side does not read."""


class Connection:
    """Requests in flight on one connection, each with its own time by which it must be over."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        origin: str,
        tls: TlsSocket,
        monotonic: Callable[[], float],
    ) -> None:
        """`tls` has agreed on HTTP/2 and is closed with this. The requests' times are by `monotonic`."""
        self._loop = loop
        self._monotonic = monotonic
        self._tls = tls
        self._state = ConnectionState(origin)
        self._soonest = math.inf
        """When the first of the requests that are still to be written is to be given up."""
        self._flushing = False
        self._used_at = monotonic()
        self._sweeps_at = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self.open = True
        self._settings = asyncio.Event()
        tls.listen(self)
        self._sweep_at(self._used_at + IDLE_CONNECTION_S)
        self._flush()

    async def settled(self) -> None:
        """Wait until the other side has said what it allows. Raises `OSError` when the connection ends before; whoever
        gives up waiting closes it.
        """
        try:
            await self._settings.wait()
        except BaseException:
            self._end("closed")
            raise
        if not self.open:
            raise ConnectionResetError

    # the socket's side

    def received(self, data: bytes) -> None:
        """Take what the other side sent."""
        try:
            self._state.receive(data)
        except ProtocolError:
            self._end("protocol")
        else:
            if self._state.ready:
                self._settings.set()
            self._flush_soon()
            self._close_if_done()

    def lost(self, code: str) -> None:
        """End every request with `code`: the connection is over."""
        self._end(code)

    # the sender's side

    def room(self, body_bytes: int) -> bool:
        """Return whether a request with such a body can be started here now."""
        return self.open and self._tls.unsent < MAX_UNSENT_BYTES and self._state.room(body_bytes)

    @property
    def ready(self) -> bool:
        """Whether the other side has said what it allows."""
        return self._state.ready

    @property
    def answered(self) -> bool:
        """Whether a request was answered here."""
        return self._state.answered

    @property
    def retiring(self) -> bool:
        """Whether nothing will be started here any more."""
        return not self.open or self._state.retiring

    @property
    def started(self) -> int:
        """How many requests have been started here."""
        return self._state.started

    def start(  # noqa: PLR0913 - what a request has, the last three named at the call
        self,
        path: bytes,
        fields: tuple[Field, ...],
        body: bytes,
        done: Callable[[Outcome], None],
        due: float,
        *,
        brief: bool,
        located: bool = False,
        own: Field | None = None,
    ) -> Stream:
        """Start a request, for which there must be `room`. Once the clock shows `due` it is given up."""
        stream = self._state.start(path, fields, body, done, due, brief=brief, located=located, own=own)
        self._used_at = self._monotonic()
        self._soonest = min(self._soonest, due)
        if due < self._sweeps_at:
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
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        soonest, self._soonest = self._soonest, math.inf
        if out := self._state.take_out():
            self._tls.write(out, soonest)

    def _sweep_at(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._sweeps_at = due
        self._timer = self._loop.call_later(due - self._monotonic(), self._sweep)

    def _sweep(self) -> None:
        """Give up what is overdue; leave the connection alone on which something was.

        A process that stood still finds answers here that came in time.
        """
        self._sweeps_at = math.inf
        self._tls.read()
        now = self._monotonic() + _SOON_S
        under_way = self._state.streams
        overdue = [one for one in under_way.values() if one.due <= now]
        if overdue and self._tls.unsent:
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
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._settings.set()  # they will not come any more
        if self.open:
            self.open = False
            if self._tls.unsent:
                self._tls.abort()
            else:
                self._flush()
                self._tls.close()
        self._state.lost(code)
