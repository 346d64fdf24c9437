"""What happens where no connection can be taken."""

import asyncio
import contextlib
import socket

import pytest

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
