"""A connection to a port of ours: uvicorn's protocol, with a bound on everything that a client may send or leave
unread before, within and after a request.
"""

from __future__ import annotations

import asyncio
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from dispatcher.metrics.http import Ended
from dispatcher.runtime.beside_asgi.open_stream import STREAM, OpenStream
from dispatcher.runtime.beside_asgi.ready_answers import lines_of
from dispatcher.runtime.brief_requests import BriefVerdict
from dispatcher.runtime.http_connections import NO_PLACE, Phase
from dispatcher.runtime.http_transport import LingeringTransport
from dispatcher.runtime.strangers import RECOGNISED, WAITING, StrangerRequest

if TYPE_CHECKING:
    from starlette.types import Scope
    from uvicorn._types import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, ASGISendEvent
    from uvicorn._types import Scope as UvicornScope
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from dispatcher.runtime.beside_asgi.open_stream import Headers, StreamListener
    from dispatcher.runtime.beside_asgi.ready_answers import ReadyAnswers
    from dispatcher.runtime.brief_requests import BriefRequests
    from dispatcher.runtime.http_connections import Connections
    from dispatcher.runtime.http_transport import HttpLimits
    from dispatcher.runtime.strangers import Credential, Strangers

READ_BYTES: Final = 16_384
"""The most that is read at once, and so the most that is kept of what follows a request until that is answered."""
PIECE_BYTES: Final = 1_024
"""How much the parser gets at once. It makes a request of every 18 bytes, each of which costs us three thousand: what
was read must not all become requests before the first is answered."""
_BAD_REQUEST: Final = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
)
_CLOSED: Final = b"connection: close\r\n\r\n"
_read = bytearray(READ_BYTES)
"""What the loop reads into. One for all connections: what it holds is taken out before the next is read."""


class SmallReads(asyncio.BufferedProtocol):
    """What the loop speaks to: passes on to `protocol`, in reads of at most `READ_BYTES`.

    A loop reads as much as it likes (uvloop 256 kB) for every protocol that is an `asyncio.Protocol`, as uvicorn's is.
    """

    def __init__(self, protocol: BoundedProtocol) -> None:
        self._protocol = protocol
        self.connection_lost = protocol.connection_lost  # type: ignore[method-assign]
        self.eof_received = protocol.eof_received  # type: ignore[method-assign]
        self.pause_writing = protocol.pause_writing  # type: ignore[method-assign]
        self.resume_writing = protocol.resume_writing  # type: ignore[method-assign]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._protocol.connection_made(cast("asyncio.Transport", transport))

    def get_buffer(self, sizehint: int) -> bytearray:
        del sizehint
        return _read

    def buffer_updated(self, nbytes: int) -> None:
        self._protocol.data_received(bytes(memoryview(_read)[:nbytes]))


class BoundedProtocol(HttpToolsProtocol):
    """Reads one request at a time, and closes after an answer that was given before the request was read."""

    transport: LingeringTransport
    cycle: RequestResponseCycle | None  # type: ignore[assignment]
    """The newest request."""

    def __init__(
        self,
        *,
        limits: HttpLimits,
        connections: Connections,
        strangers: Strangers,
        brief: BriefRequests | None = None,
        ready: ReadyAnswers | None = None,
        **options: Any,
    ) -> None:
        """`brief` is what is answered as it is read, `ready` what needs no application."""
        super().__init__(**options)
        self._ready = ready
        self._waiting: tuple[RequestResponseCycle, ASGI3Application] | None = None
        """The request that waits for a turn in which ready answers are given."""
        self._is_ahead = False
        """Whether the next request was sent before the answer to the one before."""
        self._brief = brief
        self._brief_body: bytes | None = None
        """What came of the body of a request that may be brief; None in any other."""
        self._strangers = strangers
        self._asking: StrangerRequest | None = None
        self._strange = 0
        """How many requests came without a credential that is good."""
        self._limits = limits
        self._connections = connections
        self._unparsed = bytearray()
        self._in_head, self._head_has_begun = True, False
        self._came = self._body_came = 0
        self._given_up = False
        self._head_timer: asyncio.TimerHandle | None = None

    # The loop's side

    def for_loop(self) -> SmallReads:
        """Return what the loop speaks to."""
        return SmallReads(self)

    def give_way(self) -> None:
        """End at once: another needs the place."""
        self.transport.note(Ended.GAVE_WAY)
        self.transport.abort()

    def has_sent(self) -> bool:
        """Whether the client has sent something that was not read yet."""
        return not self.transport.is_closing() and self.transport.has_unread()

    def _moved(self) -> None:
        self._connections.move(self, self._phase())

    def _phase(self) -> Phase:
        if self.flow.write_paused:
            return Phase.STALLED
        if self.transport.is_closing() or self.cycle is None or self.cycle.response_complete:
            return Phase.WAITING
        return Phase.READING if self.cycle.more_body else Phase.RUNNING

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(
            LingeringTransport(
                transport, self._limits, self._connections.ended.note, self._client_may_be_sending
            )
        )
        self._expect_head()
        self._moved()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.leave(self)
        if self._asking is not None:
            self._asking.leave()
        if self._ready is not None:
            self._ready.leave(self)
        self._head_is_here()
        self._unset_keepalive_if_required()
        self.transport.lost()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            self.transport.drain(len(data))
        else:
            self._is_ahead = self._is_answering() or bool(self._unparsed)
            self._unparsed += data
            self._parse()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._asking is not None:
            self._asking.leave()  # it waits for its client
        self.transport.watch_writing()
        self._moved()

    def resume_writing(self) -> None:
        self.transport.writing_goes_on()
        super().resume_writing()
        self._moved()
        if self._unparsed:
            self.loop.call_soon(self._parse)  # the transport may say so while the parser is at work

    # What came

    def _parse(self) -> None:
        """Parse what came, as far as the next request that has to wait for the answer to this one."""
        while self._unparsed and not (self._must_wait() or self.transport.is_closing()):
            piece = bytes(self._unparsed[:PIECE_BYTES])
            del self._unparsed[:PIECE_BYTES]
            self._came += len(piece)
            try:
                self.parser.feed_data(piece)
            except httptools.HttpParserUpgrade:
                # We speak nothing else, so the request is answered as it stands (RFC 9110, section 7.8). Whether what
                # follows is another request, nobody knows.
                self._give_up()
            except httptools.HttpParserError:
                self._refuse(Ended.MALFORMED, _BAD_REQUEST)
            else:
                self._measure()
        self.transport.hold_reading(wanted=self._given_up or bool(self._unparsed))

    def _must_wait(self) -> bool:
        """Whether what came is not parsed now: who does not read his answers may ask for no more of them."""
        return self._given_up or self._is_answering() or (self._in_head and self.flow.write_paused)

    def _is_answering(self) -> bool:
        return bool(self.pipeline) or (
            self.cycle is not None and not self.cycle.more_body and not self.cycle.response_complete
        )

    def _measure(self) -> None:
        if self._in_head:
            if self._came > self._limits.head_bytes:
                self._refuse(Ended.HEAD_TOO_LARGE, _TOO_LARGE)
        elif self._came - self._body_came > self._limits.head_bytes + self._body_came:
            self._refuse(Ended.FRAMING, _BAD_REQUEST)

    def _refuse(self, reason: Ended, answer: bytes) -> None:
        """Take no more from this client. `answer` it, unless an earlier request is being answered: then after that."""
        self.transport.note(reason)
        self._give_up()
        cycle = self.cycle
        if cycle is not None and cycle.more_body and not cycle.response_complete:
            # The body of the newest request is what is wrong; nobody shall wait for the rest of it.
            if cycle.response_started:
                return
            cycle.disconnected = True
            cycle.message_event.set()
            if self.pipeline:
                self.pipeline.popleft()
                return
        elif self._is_answering():
            return
        self.transport.write(answer)
        self.transport.close()
        self._moved()

    def _give_up(self) -> None:
        self._given_up = True
        self._unparsed.clear()
        self._head_is_here()

    def _client_may_be_sending(self) -> bool:
        return self._given_up or bool(self._unparsed) or (self.cycle is not None and self.cycle.more_body)

    # What the parser found

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_has_begun = True
        self._unset_keepalive_if_required()
        if not self._is_answering():
            self._expect_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # a trailer is no header (RFC 9110, section 6.5.1), and there may be any number
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._head_has_begun = False
        self._begin(in_head=False)
        if (
            self._brief is not None
            and self._brief.concerns(self.parser.get_method(), self.url, self.headers)
            and not self._is_answering()
        ):
            self._brief_body = b""  # the time for its head goes on, and bounds its body as well
            return
        self._enter()

    def _enter(self) -> None:
        """Answer the request as any other, as soon as it is its turn."""
        self._head_is_here()
        super().on_headers_complete()
        self._moved()

    def on_body(self, body: bytes) -> None:
        self._body_came += len(body)
        if self._brief_body is None:
            super().on_body(body)
        else:
            self._brief_body += body

    def on_message_complete(self) -> None:
        self._begin(in_head=True)
        if self._brief_body is not None and self._brief is not None and self._answer_briefly(self._brief):
            return
        super().on_message_complete()
        self._moved()

    def _answer_briefly(self, brief: BriefRequests) -> bool:
        """Answer the request now. Returns False for one that is answered as all others are: it has entered."""
        body, self._brief_body = self._brief_body or b"", None
        taken = brief.take(body)
        if taken is None:
            self._enter()
            super().on_body(body)
            return False
        self._head_is_here()
        self._strange += taken is BriefVerdict.UNPROVED
        closes = (
            self.parser.get_http_version() == "1.0"
            or not self.parser.should_keep_alive()
            or self._strange >= self._strangers.limits.requests
        )
        self.transport.write(brief.answer(self.server_state.default_headers, closes=closes))
        if closes:
            self._give_up()
            self.transport.close()
        super().on_response_complete()
        self._moved()
        return True

    def _begin(self, *, in_head: bool) -> None:
        self._in_head = in_head
        self._came = self._body_came = 0

    def _expect_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self._limits.head_s, self._head_is_late)

    def _head_is_late(self) -> None:
        self._head_timer = None
        self.transport.note(Ended.HEAD_LATE)
        self.transport.close()

    def _head_is_here(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _unsupported_upgrade_warning(self) -> None:
        """Write no line: a stranger can ask for any number of upgrades."""

    # The answer

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Answer a request: with what is ready, or by the application."""
        is_ahead, self._is_ahead = self._is_ahead, True  # until the client sends more
        if self._ready is None or not self._ready.concerns(_asgi(cycle)):
            self._ask_application(cycle, app)
        elif self._ready.has_room(is_ahead=is_ahead):
            self._answer_from(self._ready, cycle, app)
        else:
            self._waiting = cycle, app
            self._ready.wait(self, is_ahead=is_ahead)

    def take_turn(self) -> None:
        """Answer the request that waited for it."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None and self._ready is not None and not self.transport.is_closing():
            self._answer_from(self._ready, *waiting)
            self._go_on()

    def _answer_from(self, ready: ReadyAnswers, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        found = ready.find(_asgi(cycle))
        if found is None:
            self._ask_application(cycle, app)
            return
        closes = not cycle.keep_alive or (self._given_up and not self.pipeline)
        cycle.response_started = cycle.response_complete = True
        cycle.more_body = False
        usual = lines_of(self.server_state.default_headers)
        self.transport.write(found.head + usual + (_CLOSED if closes else b"\r\n"))
        if found.body:
            self.transport.write(found.body)
        if closes:
            self._give_up()
            self.pipeline.clear()
            self.transport.close()
        # What came after it is parsed by whoever is doing so now.
        super().on_response_complete()

    def _ask_application(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Answer a request by the application; a stranger's when there is a place for it."""
        credential = self._strangers.credential_of(cycle.scope)
        extensions: dict[str, Any] = {STREAM: partial(self._give_over, cycle)}
        cast("Any", cycle.scope)["extensions"] = extensions
        if self._strangers.knows(credential):
            super()._start_asgi_task(cycle, self._answering(cycle, app, credential))
            return
        begin = super()._start_asgi_task
        request = StrangerRequest(
            self._strangers,
            credential,
            lambda: begin(cycle, self._answering(cycle, app, credential, request)),
        )
        extensions[RECOGNISED] = request.recognised
        extensions[WAITING] = request.leave
        self._strange += 1
        self._asking = request
        if not self._strangers.enter(request, had_a_turn=self._strange > 1):
            self._turn_away(cycle)

    def _answering(
        self,
        cycle: RequestResponseCycle,
        app: ASGI3Application,
        credential: Credential,
        stranger: StrangerRequest | None = None,
    ) -> ASGI3Application:
        async def answering(
            scope: UvicornScope, receive: ASGIReceiveCallable, send: ASGISendCallable
        ) -> None:
            async def sending(message: ASGISendEvent) -> None:
                if message["type"] == "http.response.start":
                    if self._has_asked_enough(stranger):
                        self._give_up()
                        self.pipeline.clear()
                    if cycle.more_body or (self._given_up and not self.pipeline):
                        cycle.keep_alive = False
                    if message["status"] == HTTPStatus.UNAUTHORIZED:
                        self._strangers.forget(credential)
                await send(message)

            try:
                await app(scope, receive, sending)
            finally:
                if stranger is not None:
                    stranger.leave()

        return answering

    def _give_over(
        self, cycle: RequestResponseCycle, headers: Headers, first: bytes, listener: StreamListener
    ) -> OpenStream | None:
        """Let what answers a request write to the connection from now on: a `TakeOver`. The body has no length, and
        ends with the connection (RFC 9112 section 6.3).
        """
        if cycle.disconnected or cycle.scope["method"] != "GET" or self.transport.is_closing():
            return None
        lines = lines_of([*self.server_state.default_headers, *headers])
        cycle.response_started = cycle.response_complete = True  # nothing of it is left to uvicorn
        self._given_up = True
        self.pipeline.clear()
        self._head_is_here()
        self._unset_keepalive_if_required()
        transport = self.transport.given_over()
        limit_s = self._limits.unread_s
        stream = OpenStream(transport, self._connections, self._forget_stream, listener, limit_s)
        self._connections.replace(self, stream, Phase.STREAMING)
        self.connections.discard(self)
        self.connections.add(cast("Any", stream))  # so that the server ends it
        self.cycle = self.parser = None  # type: ignore[assignment]
        stream.begin()
        stream.write(b"".join([b"HTTP/1.1 200 OK\r\n", lines, _CLOSED, first]))
        return stream

    def _forget_stream(self, stream: OpenStream) -> None:
        self.connections.discard(cast("Any", stream))

    def _has_asked_enough(self, stranger: StrangerRequest | None) -> bool:
        if stranger is None:
            return False
        if stranger.is_recognised:
            self._strange -= 1
        return self._strange >= self._strangers.limits.requests

    def _turn_away(self, cycle: RequestResponseCycle) -> None:
        """End the connection before anything is done for a request."""
        self.transport.note(Ended.CROWDED)
        self._give_up()
        cycle.disconnected = True
        self.transport.write(NO_PLACE)
        self.transport.close()
        self._moved()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._go_on()

    def _go_on(self) -> None:
        """Turn to what came after a request that is answered."""
        self._moved()
        if self.transport.is_closing():
            return
        if self._given_up and not self.pipeline:
            self.transport.close()
            return
        self._parse()
        if self._head_has_begun and not self._is_answering():
            self._unset_keepalive_if_required()
            self._expect_head()  # it had begun before the answer

    def shutdown(self) -> None:
        self.transport.cease_lingering()
        super().shutdown()


def _asgi(cycle: RequestResponseCycle) -> Scope:
    """Return the scope as applications know it: it is a dictionary."""
    return cast("Scope", cycle.scope)
