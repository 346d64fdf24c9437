"""A message centre that does what a test says: real octets over real connections, on this machine's loopback."""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from queue import Queue
from threading import Thread
from typing import Any

from channels.sms.smpp.connecting import Centre
from channels.sms.smpp.pdu import (
    BindAnswer,
    Command,
    MessageAnswer,
    Pdu,
    PduStream,
    PduStreamError,
    ShortMessage,
    encode,
)

BOUND_ALREADY = 0x05
BINDS = (Command.BIND_TRANSCEIVER, Command.BIND_TRANSMITTER, Command.BIND_RECEIVER)


class Line:
    """One connection, as the centre sees it."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.seen: list[Pdu] = []
        self.role: Command | None = None
        self.sequence = 0

    def send(self, *pdus: Pdu) -> None:
        self.writer.write(b"".join(map(encode, pdus)))

    def raw(self, octets: bytes) -> None:
        self.writer.write(octets)

    def close(self) -> None:
        self.writer.close()

    def ask(self, command: Command, body: Any = None) -> int:
        """Send a request of the centre's own; returns its sequence number."""
        self.sequence += 1
        self.send(Pdu(command, self.sequence, body=body))
        return self.sequence

    def deliver(self, text: str = "", **fields: Any) -> int:
        return self.ask(Command.DELIVER_SM, ShortMessage(text=text.encode(), esm_class=4, **fields))


def obliging(pdu: Pdu, line: Line, number: int) -> None:
    """Answer as a centre should: bind, unbind, enquire_link, and each submit with the id `m-<number>`."""
    if pdu.command in BINDS:
        line.role = pdu.command
        line.send(Pdu(pdu.command.response, pdu.sequence, body=BindAnswer("centre")))
    elif pdu.command is Command.SUBMIT_SM:
        line.send(Pdu(Command.SUBMIT_SM_RESP, pdu.sequence, body=MessageAnswer(f"m-{number}")))
    elif pdu.command is Command.ENQUIRE_LINK:
        line.send(Pdu(Command.ENQUIRE_LINK_RESP, pdu.sequence))
    elif pdu.command is Command.UNBIND:
        line.send(Pdu(Command.UNBIND_RESP, pdu.sequence))


@dataclass
class ScriptedCentre:
    """`script` lists what is done about submits, one item each: None obliges, a number is the status of a refusal, a
    callable takes PDU and line. Then it obliges. `bind_statuses` are those of the first binds; `most_bound` is how many
    the contract allows at once.
    """

    script: deque[Any] = field(default_factory=deque)
    bind_statuses: deque[int] = field(default_factory=deque)
    most_bound: int | None = None
    lines: list[Line] = field(default_factory=list)
    submits: list[ShortMessage] = field(default_factory=list)
    sequences: list[int] = field(default_factory=list)
    submitted_over: list[Line] = field(default_factory=list)
    happened: asyncio.Condition = field(default_factory=asyncio.Condition)
    port: int = 0

    def centre(self, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Centre:
        return Centre(host, self.port, tls)

    async def until(self, condition: Callable[[], Any]) -> None:
        async with asyncio.timeout(10), self.happened:
            await self.happened.wait_for(condition)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, stream = Line(writer), PduStream()
        self.lines.append(line)
        try:
            while octets := await reader.read(65_536):
                for pdu in stream.feed(octets):
                    assert isinstance(pdu, Pdu)
                    line.seen.append(pdu)
                    self.react(pdu, line)
                async with self.happened:
                    self.happened.notify_all()
        except (ConnectionError, ssl.SSLError, PduStreamError):
            pass
        finally:
            writer.close()

    @property
    def bound(self) -> list[Line]:
        """The lines over which somebody is bound now."""
        return [line for line in self.lines if line.role and not line.writer.is_closing()]

    def react(self, pdu: Pdu, line: Line) -> None:
        if pdu.command in BINDS and self.bind_statuses and (status := self.bind_statuses.popleft()):
            line.send(Pdu(pdu.command.response, pdu.sequence, status))
            return
        if pdu.command in BINDS and self.most_bound is not None and len(self.bound) >= self.most_bound:
            line.send(Pdu(pdu.command.response, pdu.sequence, BOUND_ALREADY))
            return
        if pdu.command is not Command.SUBMIT_SM:
            obliging(pdu, line, 0)
            return
        assert isinstance(pdu.body, ShortMessage)
        self.submits.append(pdu.body)
        self.sequences.append(pdu.sequence)
        self.submitted_over.append(line)
        step = self.script.popleft() if self.script else None
        if step is None:
            obliging(pdu, line, len(self.submits))
        elif isinstance(step, int):
            line.send(Pdu(Command.SUBMIT_SM_RESP, pdu.sequence, step))
        else:
            step(pdu, line)


def silent(pdu: Pdu, line: Line) -> None:
    """Answer nothing."""


@asynccontextmanager
async def scripted_centre(tls: ssl.SSLContext | None = None, **fields: Any) -> AsyncIterator[ScriptedCentre]:
    """Serve until the end of the block, on a free port."""
    centre = ScriptedCentre(**fields)
    server = await asyncio.start_server(centre.serve, "127.0.0.1", 0, ssl=tls)
    centre.port = server.sockets[0].getsockname()[1]
    try:
        yield centre
    finally:
        server.close()
        for line in centre.lines:
            line.close()
        await asyncio.gather(*(_closed(line) for line in centre.lines))


async def _closed(line: Line) -> None:
    with suppress(ConnectionError, ssl.SSLError):
        await line.writer.wait_closed()


class Timers:
    """A schedule that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self._planned: list[Any] = []

    def __call__(self, delay: float, callback: Callable[[], None]) -> Any:
        timer = _Planned(self.now + delay, callback)
        self._planned.append(timer)
        return timer

    def clock(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass, calling what is due in its order."""
        end = self.now + seconds
        while due := [timer for timer in self._planned if timer.at <= end and not timer.over]:
            timer = min(due, key=lambda one: one.at)
            self.now, timer.over = timer.at, True
            timer.callback()
        self.now = end
        self._planned = [timer for timer in self._planned if not timer.over]


@dataclass
class _Planned:
    at: float
    callback: Callable[[], None]
    over: bool = False

    def cancel(self) -> None:
        self.over = True


class Pauses:
    """A `sleep` that waits until a test lets it go on, and tells how long it was asked for."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self._go = asyncio.Semaphore(0)
        self._asked = asyncio.Condition()

    async def __call__(self, seconds: float) -> None:
        async with self._asked:
            self.asked.append(seconds)
            self._asked.notify_all()
        await self._go.acquire()

    async def until(self, number: int) -> None:
        async with asyncio.timeout(10), self._asked:
            await self._asked.wait_for(lambda: len(self.asked) >= number)

    def go_on(self) -> None:
        self._go.release()


@contextmanager
def obliging_centre() -> Iterator[int]:
    """Serve in a thread of its own, for who waits for other things; gives the port."""
    ready: Queue[tuple[asyncio.AbstractEventLoop, asyncio.Event, int]] = Queue()

    async def serve() -> None:
        over = asyncio.Event()
        async with scripted_centre() as centre:
            ready.put((asyncio.get_running_loop(), over, centre.port))
            await over.wait()

    thread = Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    loop, over, port = ready.get(timeout=30)
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(30)
