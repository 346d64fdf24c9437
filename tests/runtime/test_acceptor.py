"""What happens where no connection can be taken."""

import asyncio
import contextlib
import socket

import pytest

from dispatcher.metrics import Metrics
from dispatcher.runtime.acceptor import BUFFER_BYTES, LEAST_BUFFER_BYTES, Acceptor, buffer_bytes
from dispatcher.runtime.http_connections import Connections
from dispatcher.runtime.http_protocol import BoundedProtocol
from tests.support.bounded_server import PROGRAM, apart
from tests.support.histories import until

DESCRIPTORS = 40
SHORT = PROGRAM.replace(
    "    listener =",
    f"    import resource\n    resource.setrlimit(resource.RLIMIT_NOFILE, ({DESCRIPTORS}, {DESCRIPTORS}))\n    listener =",
)


@pytest.mark.processes
async def test_a_process_without_descriptors_says_so_and_serves_on() -> None:
    with apart(SHORT) as process, contextlib.ExitStack() as held:
        for _ in range(2 * DESCRIPTORS):
            held.enter_context(socket.create_connection(("127.0.0.1", process.port), timeout=30))

        async def said() -> bool:
            return "no_descriptor" in process.said()

        await until(said)
        reader, writer = await asyncio.open_connection("127.0.0.1", process.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert (await asyncio.wait_for(reader.read(), 30)).startswith(b"HTTP/1.1 404 ")
        writer.close()
        assert process.said().count("connections_ended") < DESCRIPTORS


def test_all_connections_together_leave_the_kernel_enough_memory() -> None:
    pages = "287901\t383869\t575802\n"
    assert buffer_bytes(1000, pages) == BUFFER_BYTES
    assert buffer_bytes(22_000, pages) == 17_867
    assert 2 * 2 * 22_000 * 17_867 <= 383_869 * 4096
    assert buffer_bytes(22_000, "1000 2000 3000") == LEAST_BUFFER_BYTES
    assert [buffer_bytes(50_000, text) for text in ("", "1 2", "a b c")] == [BUFFER_BYTES] * 3


async def test_a_port_of_many_connections_has_small_buffers() -> None:
    def none() -> BoundedProtocol:
        raise NotImplementedError

    found = []
    for most in (16, 10**9):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            acceptor = Acceptor(listener, Connections(most, Metrics()), none)
            acceptor.start()
            found.append(listener.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF))
            acceptor.close()
    assert found == [2 * BUFFER_BYTES, 2 * LEAST_BUFFER_BYTES]
