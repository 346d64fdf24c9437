"""The far side of a connection, in the test's own loop: a server that does exactly what it is told.

`FarSide` speaks HTTP/1.1, in the clear or over TLS; `FarSide2` speaks as much HTTP/2 as a POST needs. What
they do with a request is a coroutine, a `Reaction`; the builders below make the usual ones.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

_LINGER_OFF = struct.pack("ii", 1, 0)
_REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True)
class Seen:
    """One request as it arrived; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int


Reaction = Callable[[Seen, asyncio.StreamWriter], Awaitable[None]]


def respond(status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    """A whole answer as it stands on the wire."""
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Odd')}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    lines += [] if status in (204, 304) or status < 200 else [f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def raw(data: bytes, *, close: bool = False) -> Reaction:
    """Write these bytes, whatever they are, and then perhaps close."""

    async def react(_seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        if close:
            writer.close()

    return react


def answer(status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> Reaction:
    return raw(respond(status, headers, body))


async def hang(_seen: Seen, _writer: asyncio.StreamWriter) -> None:
    """Never answer; the client or the end of the test closes the connection."""


async def reset(_seen: Seen, writer: asyncio.StreamWriter) -> None:
    """Answer with a TCP reset."""
    _reset(writer)


def reset_after(data: bytes) -> Reaction:
    """Write a part of an answer and then reset."""

    async def react(_seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        _reset(writer)

    return react


def drip(data: bytes, *, head: bytes = b"") -> Reaction:
    """A slow loris: the head at once, then a byte in each round of the loop's clock, for ever."""

    async def react(_seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        with contextlib.suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(data)
                await writer.drain()
                await asyncio.sleep(0.005)

    return react


def by_target(reactions: dict[str, Reaction], otherwise: Reaction) -> Reaction:
    """Different reactions for different paths."""

    async def react(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await reactions.get(seen.target, otherwise)(seen, writer)

    return react


def _reset(writer: asyncio.StreamWriter) -> None:
    raw_socket: socket.socket = writer.get_extra_info("socket")
    with socket.socket(fileno=socket.dup(raw_socket.fileno())) as twin:
        twin.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_OFF)
    writer.transport.abort()


@dataclass
class FarSide:
    """A server; `seen` grows with each request, `react` may be replaced at any time."""

    react: Reaction = field(default_factory=lambda: answer(201))
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    origin: str = ""
    open: set[asyncio.StreamWriter] = field(default_factory=set)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        self.open.add(writer)
        try:
            while not writer.is_closing():
                request = await _read_request(reader, number)
                self.seen.append(request)
                self.arrived.set()
                await self.react(request, writer)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            self.open.discard(writer)
            writer.close()


async def _read_request(reader: asyncio.StreamReader, connection: int) -> Seen:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    method, target, _ = first.split(" ")
    return Seen(method, target, headers, body, connection)


@contextlib.asynccontextmanager
async def far_side(
    react: Reaction | None = None, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[FarSide]:
    """A running `FarSide`; at the end all its connections are broken off."""
    side = FarSide(react or answer(201))
    async with _listening(side, side.serve, tls, host):
        yield side


@contextlib.asynccontextmanager
async def _listening(side: Any, serve: Any, tls: ssl.SSLContext | None, host: str) -> AsyncIterator[None]:
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        try:
            await serve(reader, writer)
        except asyncio.CancelledError:  # the test is over; a cancelled handler would be logged
            writer.transport.abort()

    server = await asyncio.start_server(connected, host, 0, ssl=tls)
    scheme = "https" if tls else "http"
    side.origin = f"{scheme}://{host}:{server.sockets[0].getsockname()[1]}"
    try:
        yield
    finally:
        for _ in range(10):  # asyncio loses a connection that is just being accepted when its server closes
            await asyncio.sleep(0)
        server.close()
        for task in list(tasks):
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


# Frame types of RFC 9113 section 6.
_DATA, _HEADERS, _RST, _SETTINGS, _PING, _GOAWAY, _WINDOW = 0, 1, 3, 4, 6, 7, 8
_END_STREAM, _END_HEADERS, _ACK = 1, 4, 1
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

Act = Callable[["Stream"], None]


class Stream:
    """One request on an HTTP/2 connection, complete and unanswered."""

    def __init__(self, side: "FarSide2", writer: asyncio.StreamWriter, number: int, body: bytes) -> None:
        self.side = side
        self.writer = writer
        self.number = number
        self.body = body

    def answer(self, status: int, body: bytes = b"") -> None:
        # HPACK: a literal without indexing whose name is entry 8 of the static table, ":status".
        block = b"\x08\x03" + str(status).encode()
        self._write(_HEADERS, _END_HEADERS | (0 if body else _END_STREAM), self.number, block)
        if body:
            self._write(_DATA, _END_STREAM, self.number, body)

    def refuse(self) -> None:
        """RST_STREAM(REFUSED_STREAM): not processed."""
        self._write(_RST, 0, self.number, (7).to_bytes(4, "big"))

    def go_away(self, last: int) -> None:
        """GOAWAY(NO_ERROR): streams up to `last` will be answered, none beyond."""
        self._write(_GOAWAY, 0, 0, last.to_bytes(4, "big") + bytes(4))

    def widen(self, stream: int, more: int = 1 << 30) -> None:
        """WINDOW_UPDATE: take so many bytes more on this stream, or on the connection (0)."""
        self._write(_WINDOW, 0, stream, more.to_bytes(4, "big"))

    def _write(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        self.writer.write(_frame(kind, flags, stream, payload))


@dataclass
class FarSide2:
    """An HTTP/2 server; `act` is called for each complete request, `begin` for the head of each."""

    act: Act
    begin: Act = lambda _: None
    settings: bytes = b""
    streams: list[Stream] = field(default_factory=list)
    connections: int = 0
    origin: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        bodies: dict[int, bytes] = {}
        try:
            assert await reader.readexactly(len(_PREFACE)) == _PREFACE
            writer.write(_frame(_SETTINGS, 0, 0, self.settings))
            while not writer.is_closing():
                head = await reader.readexactly(9)
                length, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
                number = int.from_bytes(head[5:], "big")
                payload = await reader.readexactly(length)
                if kind == _SETTINGS and not flags & _ACK:
                    writer.write(_frame(_SETTINGS, _ACK, 0, b""))
                elif kind == _PING and not flags & _ACK:
                    writer.write(_frame(_PING, _ACK, 0, payload))
                elif kind in (_HEADERS, _DATA):
                    if kind == _HEADERS:
                        self.begin(Stream(self, writer, number, b""))
                    bodies[number] = bodies.get(number, b"") + (payload if kind == _DATA else b"")
                    if flags & _END_STREAM:
                        stream = Stream(self, writer, number, bodies.pop(number))
                        self.streams.append(stream)
                        self.act(stream)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


@contextlib.asynccontextmanager
async def far_side_2(act: Act, tls: ssl.SSLContext) -> AsyncIterator[FarSide2]:
    """A running `FarSide2`; `tls` must offer h2."""
    side = FarSide2(act)
    async with _listening(side, side.serve, tls, "127.0.0.1"):
        yield side


def closed_port() -> int:
    """A port of 127.0.0.1 on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@contextlib.contextmanager
def deaf_port() -> Iterator[Any]:
    """A port whose connections are never completed: its backlog is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(listener.getsockname())
        yield listener.getsockname()[1]
