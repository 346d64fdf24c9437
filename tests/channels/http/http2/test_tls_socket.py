"""TLS over a socket of our own: what is refused, what is noticed, and what leaves when."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable

import pytest

from channels.http.http2.pool import client_tls
from channels.http.http2.tls_socket import TlsSocket
from tests.channels.standstill import PATIENCE_S, Clock, narrow
from tests.support.limited_loop import LimitedLoop, LimitedSelectorLoop

Tls = Callable[..., ssl.SSLContext]


@pytest.fixture(params=[LimitedSelectorLoop, LimitedLoop], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, object]]:
    return "asyncio", {"loop_factory": request.param}


class Peer:
    """The server's side of one connection, and what the client's listener was told."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.came = b""
        self.code = ""
        self.told = asyncio.Event()
        self.reader: asyncio.StreamReader
        self.writer: asyncio.StreamWriter
        self.tls: TlsSocket

    def received(self, data: bytes) -> None:
        self.came += data
        self.told.set()

    def lost(self, code: str) -> None:
        self.code = code
        self.told.set()

    async def until_told(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self.told.wait()
        self.told.clear()


async def connected(port: int, ca_file: str, clock: Clock) -> TlsSocket:
    loop = asyncio.get_running_loop()
    raw = socket.socket()
    raw.setblocking(False)
    await loop.sock_connect(raw, ("127.0.0.1", port))
    return TlsSocket(loop, raw, client_tls(ca_file), "127.0.0.1", clock)


@pytest.fixture
async def peer(ca_file: str, server_tls: Tls) -> AsyncIterator[Peer]:
    """Both sides of a connection that is ready, each in this loop."""
    one, ready = Peer(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        one.reader, one.writer = reader, writer
        ready.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_tls("h2"))
    one.tls = await connected(server.sockets[0].getsockname()[1], ca_file, one.clock)
    await one.tls.handshake()
    one.tls.listen(one)
    await ready.wait()
    yield one
    one.tls.abort()
    one.writer.transport.abort()
    server.close()


async def test_both_sides_read_what_the_other_wrote(peer: Peer) -> None:
    assert peer.tls.protocol == "h2"
    peer.tls.write(b"there", peer.clock() + 5)
    assert await peer.reader.readexactly(5) == b"there"
    peer.writer.write(b"back")
    await peer.until_told()
    assert (peer.came, peer.tls.unsent, peer.tls.closed) == (b"back", 0, False)


async def test_nothing_of_what_is_written_too_late_leaves(peer: Peer) -> None:
    peer.tls.write(b"late", peer.clock())
    assert (peer.code, peer.tls.closed) == ("timeout", True)
    with pytest.raises(ConnectionResetError):
        await peer.reader.read()
    peer.tls.write(b"later still")
    peer.tls.read()
    peer.tls.close()


async def test_what_the_other_side_does_not_read_leaves_as_soon_as_it_does(peer: Peer) -> None:
    peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
    narrow(peer.tls._raw)
    written = 0
    while not peer.tls.unsent:
        peer.tls.write(bytes(1 << 20), peer.clock() + PATIENCE_S)
        written += 1 << 20
        await asyncio.sleep(0)
    peer.writer.transport.resume_reading()  # type: ignore[attr-defined]
    await peer.reader.readexactly(written)
    assert peer.tls.unsent == 0
    peer.clock.ahead = 2 * PATIENCE_S
    peer.tls.write(b"of no time")  # the bound of what has left is no bound of this
    assert await peer.reader.readexactly(10) == b"of no time"


async def test_what_the_other_side_does_not_read_in_time_does_not_leave(peer: Peer) -> None:
    peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
    narrow(peer.tls._raw)
    written = 0
    while not peer.tls.unsent:
        peer.tls.write(bytes(1 << 20), peer.clock() + PATIENCE_S)
        written += 1 << 20
        await asyncio.sleep(0)
    peer.clock.ahead = 2 * PATIENCE_S
    peer.writer.transport.resume_reading()  # type: ignore[attr-defined]
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await peer.reader.readexactly(written)
    assert peer.code == "timeout"


async def test_the_other_sides_end_is_noticed_after_what_it_said(peer: Peer) -> None:
    peer.writer.write(b"goodbye")
    peer.writer.close()
    while not peer.code:
        await peer.until_told()
    assert (peer.came, peer.code, peer.tls.closed) == (b"goodbye", "reset", True)


async def test_a_broken_connection_is_noticed(peer: Peer) -> None:
    peer.writer.transport.abort()
    await peer.until_told()
    assert (peer.code, peer.tls.closed) == ("reset", True)


async def test_nonsense_is_a_broken_connection(peer: Peer) -> None:
    peer.tls._incoming.write(b"no record of TLS at all")
    peer.tls.read()
    assert (peer.code, peer.tls.closed) == ("reset", True)


async def test_a_connection_that_takes_nothing_any_more_is_noticed(peer: Peer) -> None:
    peer.tls._raw.shutdown(socket.SHUT_WR)
    peer.tls.write(b"x")
    assert (peer.code, peer.tls.closed) == ("reset", True)


async def test_what_tls_will_not_encrypt_any_more_is_a_broken_connection(peer: Peer) -> None:
    with contextlib.suppress(ssl.SSLError):
        peer.tls._tls.unwrap()
    peer.tls.write(b"x")
    assert (peer.code, peer.tls.closed) == ("reset", True)


async def test_what_tls_itself_has_to_say_after_reading_is_sent(peer: Peer) -> None:
    peer.tls._tls.write(b"of its own accord")
    peer.tls.read()
    assert await peer.reader.readexactly(17) == b"of its own accord"


async def test_closing_what_takes_nothing_any_more(peer: Peer) -> None:
    peer.tls._raw.shutdown(socket.SHUT_WR)
    peer.tls.close()
    assert (peer.code, peer.tls.closed) == ("", True)


async def test_closing_says_goodbye_and_tells_nobody(peer: Peer) -> None:
    peer.tls.write(b"last")
    peer.tls.close()
    peer.tls.close()
    assert await peer.reader.read() == b"last"
    assert (peer.code, peer.tls.closed) == ("", True)


async def test_closing_drops_what_the_other_side_does_not_read(peer: Peer) -> None:
    peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
    narrow(peer.tls._raw)
    written = 0
    while not peer.tls.unsent:
        peer.tls.write(bytes(1 << 20))
        written += 1 << 20
        await asyncio.sleep(0)
    peer.tls.close()
    assert (peer.code, peer.tls.closed) == ("", True)
    peer.writer.transport.resume_reading()  # type: ignore[attr-defined]
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await peer.reader.readexactly(written)


async def test_a_server_that_cannot_be_verified_is_refused(ca_file: str, server_tls: Tls) -> None:
    server = await asyncio.start_server(
        lambda *_: None, "127.0.0.1", 0, ssl=server_tls("h2", name="elsewhere.example")
    )
    tls = await connected(server.sockets[0].getsockname()[1], ca_file, Clock())
    with pytest.raises(ssl.SSLCertVerificationError):
        await tls.handshake()
    tls.abort()
    server.close()


async def test_a_server_that_ends_in_mid_handshake_is_an_error(ca_file: str) -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    tls = await connected(server.sockets[0].getsockname()[1], ca_file, Clock())
    with pytest.raises(OSError):
        await tls.handshake()
    tls.close()
    server.close()
