"""Tell who looks at a desk that something has changed there, by Server-Sent Events.

One task of the process writes to all streams, by what it reads once for each environment: an event has no content but
a version, with which the page asks for itself, as whoever may see it. A stream ends with its session, which one
statement asks for all of them together, and which it does not keep from ending for want of use.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from typing import TYPE_CHECKING, Final

import structlog
from starlette.responses import Response

from dispatcher.console.pages import HEADERS
from dispatcher.metrics.http import StreamEnded, StreamRefused
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.runtime.beside_asgi.open_stream import STREAM
from dispatcher.store.record import UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from starlette.types import Receive, Scope, Send

    from dispatcher.metrics import Metrics
    from dispatcher.model.vocabulary import Environment
    from dispatcher.runtime.beside_asgi.open_stream import OpenStream

STREAMS_MAX: Final = 200
"""How many desks look at one process at once: those of all control centres and of the operators, twice over."""
OF_ONE: Final = 8
"""How many of one person: the windows of one workplace."""
TICK_S: Final = 1.0
ALIVE_EVERY: Final = 3
"""After so many ticks each is written to that it goes on: its page takes 10 s of silence for no connection."""
SESSIONS_EVERY: Final = 5
"""After so many ticks it is asked whose sessions still hold."""
REFUSED_FOR_S: Final = 30
RETRY_MS: Final = (2_000, 5_000)
"""Within which time a page connects again, each after another."""
ALIVE: Final = b"event: alive\ndata:\n\n"
AWAY: Final = b"event: away\ndata:\n\n"
"""The record does not answer: nobody knows what has changed."""
OVER: Final = b"event: over\ndata:\n\n"
"""The session has ended."""

log = structlog.get_logger()


class DeskListener:
    """One page that looks at a desk."""

    __slots__ = ("_all", "environment", "person", "session", "stream", "told")

    def __init__(
        self, all_of_them: DeskStreams, environment: Environment, person: str, session: bytes
    ) -> None:
        self._all = all_of_them
        self.environment = environment
        self.person = person
        self.session = session
        """The digest of its token."""
        self.stream: OpenStream | None = None
        """None before it begins, and after its end."""
        self.told = ""
        """The version that it was told last."""

    def write(self, piece: bytes) -> bool:
        """Write, unless the page has not taken yet what came before. Returns whether it was written."""
        if self.stream is None or self.stream.is_behind:
            return False
        self.stream.write(piece)
        return True

    def caught_up(self) -> None:
        """Go on with the next tick."""

    def lost(self, reason: StreamEnded) -> None:
        """Be forgotten."""
        self._all.leave(self, reason)


class DeskStreams:
    """The streams of one process to desks."""

    def __init__(self) -> None:
        self._listeners: set[DeskListener] = set()
        self._of_person: Counter[str] = Counter()
        self._task: asyncio.Task[None] | None = None
        self._metrics: Metrics | None = None
        self._ticks = 0

    def __len__(self) -> int:
        return len(self._listeners)

    def open(
        self,
        listener: DeskListener,
        metrics: Metrics,
        version: Callable[[Environment], Awaitable[str]],
        holding: Callable[[Iterable[bytes]], Awaitable[set[bytes]]],
    ) -> DeskStream:
        """Return the answer that opens a stream. `version` tells what changes with a desk, `holding` which of the
        sessions with these digests hold. Raises `RequestRefused` where there is no place.
        """
        if len(self) >= STREAMS_MAX or self._of_person[listener.person] >= OF_ONE:
            metrics.streams_refused.labels(StreamRefused.FULL).inc()
            raise RequestRefused(
                ProblemType.OVERLOADED, said(Phrase.STREAMS_FULL), retry_after_s=REFUSED_FOR_S
            )
        return DeskStream(self, listener, metrics, version, holding)

    def begin(self, stream: DeskStream, scope: Scope) -> list[tuple[bytes, bytes]] | None:
        """Take the connection of a request over. Returns the headers of the answer where that is not possible."""
        lowest, highest = RETRY_MS
        first = b"retry: %d\n%b" % (lowest + secrets.randbelow(highest - lowest), ALIVE)
        headers = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
        headers += [(b"content-type", b"text/event-stream"), (b"x-accel-buffering", b"no")]
        take_over = scope.get("extensions", {}).get(STREAM)
        listener = stream.listener
        listener.stream = take_over and take_over(headers, first, listener)
        if not listener.stream:
            return headers
        self._metrics = stream.metrics
        self._listeners.add(listener)
        self._of_person[listener.person] += 1
        self._metrics.streams.inc()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(stream))
        return None

    def leave(self, listener: DeskListener, reason: StreamEnded) -> None:
        """Forget one whose stream has ended."""
        listener.stream = None
        if listener not in self._listeners:
            return
        self._listeners.discard(listener)
        self._of_person -= Counter([listener.person])
        if self._metrics is not None:
            self._metrics.streams.dec()
            self._metrics.streams_ended.labels(reason).inc()

    async def _run(self, stream: DeskStream) -> None:
        """Write to all while there is one. A fault ends all streams: their pages connect again."""
        try:
            while self._listeners:
                await self.tick(stream.version, stream.holding)
                await asyncio.sleep(TICK_S)
        except Exception:
            log.exception("desk_streams_failed")
            for listener in [*self._listeners]:
                if listener.stream is not None:
                    listener.stream.end(StreamEnded.FAILED)

    async def tick(
        self,
        version: Callable[[Environment], Awaitable[str]],
        holding: Callable[[Iterable[bytes]], Awaitable[set[bytes]]],
    ) -> None:
        """Tell each what has changed since it was told last, and end those whose session has ended."""
        self._ticks += 1
        is_alive = self._ticks % ALIVE_EVERY == 0
        if self._ticks % SESSIONS_EVERY == 0:
            await self._end_with_sessions(holding)
        for environment in {one.environment for one in self._listeners}:
            try:
                now: str | None = await version(environment)
            except UNAVAILABLE:
                now = None
            for listener in [one for one in self._listeners if one.environment is environment]:
                _tell(listener, now, is_alive=is_alive)

    async def _end_with_sessions(self, holding: Callable[[Iterable[bytes]], Awaitable[set[bytes]]]) -> None:
        asked = [*self._listeners]
        try:
            hold = await holding({one.session for one in asked})
        except UNAVAILABLE:
            return
        for listener in asked:
            if listener.session not in hold and listener.stream is not None:
                listener.write(OVER)
                listener.stream.end(StreamEnded.SESSION)


class DeskStream(Response):
    """The answer that opens a stream."""

    def __init__(
        self,
        streams: DeskStreams,
        listener: DeskListener,
        metrics: Metrics,
        version: Callable[[Environment], Awaitable[str]],
        holding: Callable[[Iterable[bytes]], Awaitable[set[bytes]]],
    ) -> None:
        super().__init__()
        self._streams = streams
        self.listener = listener
        self.metrics = metrics
        self.version = version
        self.holding = holding

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the connection over; a HEAD gets the headers alone."""
        del receive
        headers = self._streams.begin(self, scope)
        if headers is not None:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b""})


def _tell(listener: DeskListener, version: str | None, *, is_alive: bool) -> None:
    if version is None:
        listener.write(AWAY)
    elif version != listener.told:
        if listener.write(b"event: desk\ndata: %b\n\n" % version.encode()):
            listener.told = version
    elif is_alive:
        listener.write(ALIVE)
