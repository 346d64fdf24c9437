"""A connection that is only written to, for hours: what remains of it after its request was read.

It has neither parser nor task nor buffer of its own. What is written is the same bytes for all who get them, and never
more than one piece waits for a client: whoever has not taken the last one misses those that follow, and says so when
he has.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, Final, Protocol

from dispatcher.metrics.http import StreamEnded
from dispatcher.runtime.http_connections import Phase

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatcher.runtime.http_connections import Connections

STREAM: Final = "cap-dispatcher.stream"
"""The extension of a request's scope by which the application takes its connection over: a `TakeOver`."""
BEHIND_MAX_S: Final = 60.0
"""The longest that one piece may take to be read: of the list of everything, a megabyte, 17 kB a second."""
TAKEN_BYTES: Final = 65_536
"""The most that a client may send on: there is nothing more for it to say."""
_taken = bytearray(4_096)
"""What the loop reads into, and nobody reads."""

Headers = list[tuple[bytes, bytes]]


class StreamListener(Protocol):
    """Who is told of a stream."""

    def caught_up(self) -> None:
        """Hear that all that was written has been taken, after a while in which it had not."""

    def lost(self, reason: StreamEnded) -> None:
        """Hear that the stream is no more."""


class TakeOver(Protocol):
    """Takes a connection over."""

    def __call__(self, headers: Headers, first: bytes, listener: StreamListener) -> OpenStream | None:
        """Answer 200 with these headers and begin the body with `first`; it ends with the connection. Returns None
        where the client has gone, or asked for no body.
        """


class OpenStream(asyncio.BufferedProtocol):
    """Writes to one client until either side ends it."""

    __slots__ = (
        "_behind_since",
        "_came",
        "_connections",
        "_forget",
        "_listener",
        "_reason",
        "_timer",
        "_transport",
        "_unread_s",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        connections: Connections,
        forget: Callable[[OpenStream], None],
        listener: StreamListener,
        unread_s: float,
    ) -> None:
        """`forget` is told of its end, beside the `listener`; `unread_s` is the longest that the client may take
        nothing at all.
        """
        self._transport = transport
        self._unread_s = unread_s
        self._connections = connections
        self._forget = forget
        self._listener = listener
        self._behind_since: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._came = 0
        self._reason = StreamEnded.CLIENT

    @property
    def is_behind(self) -> bool:
        """Whether the client has not taken yet what was written last."""
        return self._behind_since is not None

    def begin(self) -> None:
        """Take the connection over."""
        self._transport.set_protocol(self)
        # Whatever the kernel does not take at once is told by `pause_writing`.
        self._transport.set_write_buffer_limits(high=0)
        if not self._transport.is_reading():
            self._transport.resume_reading()  # or nobody would hear that the client has gone

    def write(self, piece: bytes) -> None:
        """Write a piece. Do not write to one that is behind: pieces would pile up."""
        if not self._transport.is_closing():
            self._transport.write(piece)

    def end(self, reason: StreamEnded) -> None:
        """End the stream, with what was written if the client has taken the rest."""
        self._reason = reason
        if self.is_behind:
            self._transport.abort()
        else:
            self._transport.close()

    # The server's side

    def give_way(self) -> None:
        """End at once: another needs the place."""
        self.end(StreamEnded.GAVE_WAY)

    def has_sent(self) -> bool:
        """Whether the client is owed something: who listens is not, whatever it sends."""
        return False

    def shutdown(self) -> None:
        """End as the process does."""
        self.end(StreamEnded.SHUTDOWN)

    # The loop's side

    def get_buffer(self, sizehint: int) -> bytearray:
        del sizehint
        return _taken

    def buffer_updated(self, nbytes: int) -> None:
        self._came += nbytes
        if self._came > TAKEN_BYTES:
            self.end(StreamEnded.SENT_ON)

    def eof_received(self) -> None:
        """Close: whoever ends his side reads no more."""

    def pause_writing(self) -> None:
        self._behind_since = monotonic()
        self._connections.move(self, Phase.STALLED)
        self._watch(self._transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        self._caught_up()
        self._connections.move(self, Phase.STREAMING)
        self._listener.caught_up()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._caught_up()
        self._connections.leave(self)
        self._forget(self)
        self._listener.lost(self._reason)

    def _watch(self, waiting: int) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._unread_s, self._still_behind, waiting)

    def _still_behind(self, before: int) -> None:
        waiting = self._transport.get_write_buffer_size()
        if waiting < before and monotonic() - (self._behind_since or 0.0) < BEHIND_MAX_S:
            self._watch(waiting)
        else:
            self.end(StreamEnded.SLOW)

    def _caught_up(self) -> None:
        self._behind_since = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
