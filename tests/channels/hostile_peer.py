"""An HTTP/2 server that keeps to the protocol until it is told to attack: by frames that `hyperframe` writes, and by
bytes where that refuses.

It answers 201 to every request as long as `attack` is None; then each request is answered by the attack.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from random import Random

from hpack import Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    PushPromiseFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from tests.channels.far_side import _listening

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
CREATED = b"\x08\x03201"
IN_CODE = Encoder().encode([(":status", "500"), ("x", "~" * 9000)], huffman=True)
FLOOD_BYTES = 8 << 20
"""The most that a flood sends: half a million small frames, far more than any client should read."""
CHUNK_BYTES = 1 << 15


class Peer:
    """One connection of the server."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    @property
    def closed(self) -> bool:
        return self._writer.is_closing()

    async def send(self, *frames: Frame | bytes) -> None:
        self._writer.write(b"".join(one if isinstance(one, bytes) else one.serialize() for one in frames))
        await self._writer.drain()

    async def flood(self, *frames: Frame | bytes) -> None:
        """Send these over and over, until the client has had enough of it."""
        once = b"".join(one if isinstance(one, bytes) else one.serialize() for one in frames)
        chunk = once * max(1, CHUNK_BYTES // len(once))
        for _ in range(FLOOD_BYTES // len(chunk)):
            if self.closed:
                return
            await self.send(chunk)
            await asyncio.sleep(0)

    def abort(self) -> None:
        self._writer.transport.abort()


Attack = Callable[[Peer, int], Awaitable[None]]


@dataclass
class HostileServer:
    """The server; `attack` may be set at any time. Attacks of a connection come one after another."""

    attack: Attack | None = None
    origin: str = ""
    connections: int = 0
    attacked: int = 0
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def behave(self) -> None:
        """Attack no more, and break off what the attacks have spoilt."""
        self.attack = None
        for writer in self.writers:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        peer = Peer(writer)
        self.writers.add(writer)
        try:
            await reader.readexactly(len(PREFACE))
            await peer.send(SettingsFrame(0))
            while not peer.closed:
                head = await reader.readexactly(9)
                frame, length = Frame.parse_frame_header(memoryview(head))
                await reader.readexactly(length)
                if isinstance(frame, SettingsFrame) and "ACK" not in frame.flags:
                    await peer.send(SettingsFrame(0, flags=["ACK"]))
                elif "END_STREAM" in frame.flags:
                    await self._answer(peer, frame.stream_id)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            self.writers.discard(writer)
            writer.close()

    async def _answer(self, peer: Peer, stream: int) -> None:
        if self.attack is None:
            await peer.send(HeadersFrame(stream, CREATED, flags=["END_HEADERS", "END_STREAM"]))
        else:
            self.attacked += 1
            await self.attack(peer, stream)


@contextlib.asynccontextmanager
async def hostile_server(tls: ssl.SSLContext) -> AsyncIterator[HostileServer]:
    """A running server; `tls` must offer h2."""
    server = HostileServer()
    async with _listening(server, server.serve, tls, "127.0.0.1"):
        yield server


def _head(stream: int, block: bytes = CREATED, *flags: str) -> HeadersFrame:
    return HeadersFrame(stream, block, flags=list(flags or ("END_HEADERS",)))


async def settings_flood(peer: Peer, _stream: int) -> None:
    await peer.flood(SettingsFrame(0, settings={SettingsFrame.HEADER_TABLE_SIZE: 0}), SettingsFrame(0))


async def long_settings(peer: Peer, _stream: int) -> None:
    """Frames as large as may be, each changing the table thousands of times."""
    pair = b"\x00\x01\x00\x00\x00\x00\x00\x01\x00\x00\x10\x00"
    payload = pair * (16_380 // len(pair))
    await peer.flood(len(payload).to_bytes(3, "big") + b"\x04\x00\x00\x00\x00\x00" + payload)


async def ping_flood(peer: Peer, _stream: int) -> None:
    await peer.flood(PingFrame(0, b"12345678"))


async def endless_continuation(peer: Peer, stream: int) -> None:
    await peer.send(_head(stream, b"", "END_STREAM"))
    await peer.flood(ContinuationFrame(stream, b""))


async def long_continuation(peer: Peer, stream: int) -> None:
    await peer.send(_head(stream, CREATED, "END_STREAM"))
    await peer.flood(ContinuationFrame(stream, b"\x00\x01a\x01b" * 2000))


async def window_flood(peer: Peer, stream: int) -> None:
    await peer.flood(WindowUpdateFrame(0, window_increment=1), WindowUpdateFrame(stream, window_increment=1))


async def window_overflow(peer: Peer, _stream: int) -> None:
    await peer.flood(WindowUpdateFrame(0, window_increment=(1 << 31) - 1))


async def window_of_nothing(peer: Peer, _stream: int) -> None:
    await peer.flood(b"\x00\x00\x04\x08\x00\x00\x00\x00\x00" + bytes(4))


async def window_games(peer: Peer, _stream: int) -> None:
    """Open and shut the windows of all streams in turn, and answer nothing."""
    name = SettingsFrame.INITIAL_WINDOW_SIZE
    await peer.flood(*(SettingsFrame(0, settings={name: size}) for size in (0, (1 << 31) - 1, 1)))


async def shut_windows(peer: Peer, stream: int) -> None:
    """Answer this one, and allow nothing more, for ever."""
    shut = {SettingsFrame.INITIAL_WINDOW_SIZE: 0, SettingsFrame.MAX_CONCURRENT_STREAMS: 0}
    await peer.send(SettingsFrame(0, settings=shut), _head(stream, CREATED, "END_HEADERS", "END_STREAM"))


async def unknown_frames(peer: Peer, stream: int) -> None:
    await peer.flood(b"\x00\x00\x00\xfa\x00" + stream.to_bytes(4, "big"))


async def priorities(peer: Peer, stream: int) -> None:
    await peer.flood(PriorityFrame(stream, depends_on=0, stream_weight=15, exclusive=False))


async def reset_everything(peer: Peer, stream: int) -> None:
    await peer.send(RstStreamFrame(stream, error_code=2))


async def reset_flood(peer: Peer, stream: int) -> None:
    await peer.flood(RstStreamFrame(stream, error_code=7))


async def data_of_nothing(peer: Peer, stream: int) -> None:
    await peer.send(_head(stream))
    await peer.flood(DataFrame(stream, b""))


async def data_byte_by_byte(peer: Peer, stream: int) -> None:
    await peer.send(_head(stream))
    await peer.flood(DataFrame(stream, b"x"))


async def data_beyond_the_window(peer: Peer, stream: int) -> None:
    await peer.send(_head(stream))
    await peer.flood(DataFrame(stream, bytes(16_384)))


async def interim_answers(peer: Peer, stream: int) -> None:
    await peer.flood(_head(stream, b"\x08\x03103"))


async def fields_bomb(peer: Peer, stream: int) -> None:
    """A byte for each field: sixteen thousand of them in a frame."""
    await peer.send(_head(stream, b"\x08\x03500" + b"\x90" * 16_000, "END_HEADERS", "END_STREAM"))


async def code_bomb(peer: Peer, stream: int) -> None:
    """One value, all in Huffman's code."""
    await peer.send(_head(stream, IN_CODE, "END_HEADERS", "END_STREAM"))


async def push(peer: Peer, stream: int) -> None:
    await peer.send(PushPromiseFrame(stream, 2, b"\x82\x87\x84\x41\x01x", flags=["END_HEADERS"]))


async def unknown_stream(peer: Peer, stream: int) -> None:
    await peer.send(_head(stream + 1000, CREATED, "END_HEADERS", "END_STREAM"))


async def going_away(peer: Peer, _stream: int) -> None:
    await peer.send(GoAwayFrame(0, last_stream_id=0))


async def going_away_and_staying(peer: Peer, stream: int) -> None:
    await peer.flood(GoAwayFrame(0, last_stream_id=stream + 2))


async def going_away_and_gone(peer: Peer, stream: int) -> None:
    await peer.send(GoAwayFrame(0, last_stream_id=stream))
    peer.abort()


async def half_a_frame(peer: Peer, stream: int) -> None:
    await peer.send(_head(stream).serialize()[:11])


async def drip(peer: Peer, stream: int) -> None:
    """An answer, byte by byte, that never comes to its end."""
    data = _head(stream, CREATED + b"\x00\x01a\x7f\xff\x7d" + bytes(10_000)).serialize()
    for byte in data:
        if peer.closed:
            return
        await peer.send(bytes([byte]))
        await asyncio.sleep(0.005)


async def silence(_peer: Peer, _stream: int) -> None:
    """Never answer."""


async def noise(peer: Peer, stream: int) -> None:
    """Bytes that are no frames."""
    await peer.flood(Random(stream).randbytes(1000))


ATTACKS = (
    settings_flood,
    long_settings,
    ping_flood,
    endless_continuation,
    long_continuation,
    window_flood,
    window_overflow,
    window_of_nothing,
    window_games,
    shut_windows,
    unknown_frames,
    priorities,
    reset_everything,
    reset_flood,
    data_of_nothing,
    data_byte_by_byte,
    data_beyond_the_window,
    interim_answers,
    fields_bomb,
    code_bomb,
    push,
    unknown_stream,
    going_away,
    going_away_and_staying,
    going_away_and_gone,
    half_a_frame,
    drip,
    silence,
    noise,
)


def drawn(seed: int) -> Attack:
    """Return an attack that answers each request in another way, drawn with `seed`."""
    random = Random(seed)

    async def attack(peer: Peer, stream: int) -> None:
        if random.random() < 0.3:
            await peer.send(_head(stream, CREATED, "END_HEADERS", "END_STREAM"))
            return
        frames = [random.choice(_PIECES)(random, stream) for _ in range(random.randrange(1, 6))]
        await peer.send(*frames)
        if random.random() < 0.1:
            peer.abort()

    return attack


def _any_stream(random: Random, stream: int) -> int:
    return random.choice([stream, stream, stream, 0, 1, stream + 1, stream + 2, 999])


def _raw(kind: int, random: Random, stream: int) -> bytes:
    payload = random.randbytes(random.choice([0, 1, 4, 5, 6, 8, 12, 300]))
    number = _any_stream(random, stream).to_bytes(4, "big")
    return len(payload).to_bytes(3, "big") + bytes([kind, random.randrange(256)]) + number + payload


_PIECES: tuple[Callable[[Random, int], Frame | bytes], ...] = (
    lambda _random, stream: _head(stream),
    lambda _random, stream: _head(stream, b"\x08\x03429\x0f\x26\x0217", "END_HEADERS", "END_STREAM"),
    lambda random, stream: DataFrame(stream, bytes(random.randrange(2000)), flags=["END_STREAM"]),
    lambda random, stream: RstStreamFrame(stream, error_code=random.randrange(14)),
    lambda random, stream: GoAwayFrame(0, last_stream_id=max(0, stream - random.choice([0, 2, 1 << 20]))),
    lambda random, _stream: SettingsFrame(0, settings={random.choice([3, 4]): random.choice([0, 1, 65_535])}),
    lambda random, _stream: WindowUpdateFrame(0, window_increment=random.randrange(1, 1 << 31)),
    lambda _random, _stream: PingFrame(0, b"12345678"),
    *(lambda random, stream, kind=kind: _raw(kind, random, stream) for kind in range(11)),
)
