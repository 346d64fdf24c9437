"""The transport of one HTTP connection: it closes so that the client can still read its answer, and ends a connection
whose client reads nothing.
"""

from __future__ import annotations

import asyncio
import fcntl
import struct
import termios
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dispatcher.metrics.http import Ended
from dispatcher.runtime.descriptors import METRICS_CLIENTS
from dispatcher.runtime.strangers import StrangerLimits

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """What one connection may cost: bytes, and seconds (`…_s`)."""

    head_bytes: int = 65_536
    """The most of request line and headers, and of what may frame a chunked body beyond as much again as the body:
    httptools collects both without any limit. nginx allows a head half of this."""
    head_s: float = 20.0
    """From the connection, or a later request's first byte, to the end of its head."""
    idle_s: float = 5.0
    """Between an answer and the next request's first byte."""
    linger_bytes: int = 4_194_304
    """The most that is still taken and thrown away after an early answer: twice the largest body."""
    linger_s: float = 10.0
    """The longest that it is. Closed at once, unread bytes would make the kernel reset the connection, and the client
    might lose its answer (RFC 9112, section 9.6)."""
    connections: int = 1000
    """The most at once on a port."""
    unread_s: float = 10.0
    """The longest that a client may take nothing at all of its answer. A phone that changes cells is away for
    seconds."""
    strangers: StrangerLimits = field(default_factory=StrangerLimits)


DEFAULT_LIMITS = HttpLimits()
METRICS_LIMITS = HttpLimits(connections=METRICS_CLIENTS)


class LingeringTransport(asyncio.Transport):
    """Wraps the transport of a connection; its protocol sees only this one."""

    def __init__(
        self,
        transport: asyncio.Transport,
        limits: HttpLimits,
        note: Callable[[Ended], None],
        is_owed: Callable[[], bool],
    ) -> None:
        """`is_owed` says whether the client may be sending still when the connection is closed."""
        super().__init__()
        self._transport = transport
        self._limits = limits
        self._note = note
        self._is_owed = is_owed
        self._loop = asyncio.get_running_loop()
        self._closing = self._noted = False
        self._paused_for: set[str] = set()
        self._drained = 0
        self._lingering: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)

    def is_closing(self) -> bool:
        return self._closing or self._transport.is_closing()

    def is_reading(self) -> bool:
        return self._transport.is_reading()

    def get_write_buffer_size(self) -> int:
        return self._transport.get_write_buffer_size()

    def has_unread(self) -> bool:
        """Whether bytes are in the kernel that the loop has not read yet."""
        found = bytearray(struct.calcsize("i"))
        try:
            fcntl.ioctl(self._transport.get_extra_info("socket").fileno(), termios.FIONREAD, found)
        except OSError:
            return False  # it is gone already
        return any(found)

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        if not self.is_closing():
            self._transport.write(data)

    # Reading pauses for as long as anybody wants it to: uvicorn while nobody takes the body, the protocol while a
    # request is being answered.

    def pause_reading(self) -> None:
        self._pause("body")

    def resume_reading(self) -> None:
        self._resume("body")

    def hold_reading(self, *, wanted: bool) -> None:
        """Hold back what follows a request that is being answered."""
        (self._pause if wanted else self._resume)("answer")

    def _pause(self, reason: str) -> None:
        if not self.is_closing():
            self._paused_for.add(reason)
            self._transport.pause_reading()

    def _resume(self, reason: str) -> None:
        self._paused_for.discard(reason)
        if not self._paused_for and not self._transport.is_closing():
            self._transport.resume_reading()

    def close(self) -> None:
        """End the connection when what was written is read; where the client may be sending still, only once it has
        ended its side, or after a while.
        """
        if self.is_closing():
            return
        self._closing = True
        if self._is_owed():
            self._linger()
        else:
            self._transport.close()
        self.watch_writing()

    def abort(self) -> None:
        """End the connection now, whatever is still to be written or read."""
        self._closing = True
        self._transport.abort()

    def cease_lingering(self) -> None:
        if self._lingering:
            self.abort()

    def _linger(self) -> None:
        self._lingering = self._loop.call_later(self._limits.linger_s, self._end, Ended.BODY_UNREAD)
        with suppress(OSError):  # it is gone already
            self._transport.write_eof()
        for reason in tuple(self._paused_for):
            self._resume(reason)

    def drain(self, count: int) -> None:
        """Account for `count` bytes that came after the end, and are thrown away."""
        self._drained += count
        if self._drained > self._limits.linger_bytes:
            self._end(Ended.BODY_UNREAD)

    def watch_writing(self) -> None:
        """End the connection when a while passes in which nothing was read of what waits to be written."""
        self.writing_goes_on()
        if waiting := self._transport.get_write_buffer_size():
            self._unread = self._loop.call_later(self._limits.unread_s, self._still_unread, waiting)

    def writing_goes_on(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _still_unread(self, before: int) -> None:
        if self._transport.get_write_buffer_size() < before:
            self.watch_writing()
        else:
            self._end(Ended.ANSWER_UNREAD)

    def note(self, reason: Ended) -> None:
        """Count why this connection ends: the first reason is it."""
        if not self._noted:
            self._noted = True
            self._note(reason)

    def _end(self, reason: Ended) -> None:
        self.note(reason)
        self.abort()

    def given_over(self) -> asyncio.Transport:
        """Return the connection's own transport to what writes to it from now on, and leave it alone."""
        self.writing_goes_on()
        self._closing = True
        return self._transport

    def lost(self) -> None:
        """Forget the timers: the connection is gone."""
        self.writing_goes_on()
        if self._lingering is not None:
            self._lingering.cancel()
