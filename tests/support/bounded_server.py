"""The server of our processes in front of small applications, in this process and in one of its own."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dispatcher.metrics import Metrics
from dispatcher.runtime.http_transport import DEFAULT_LIMITS
from dispatcher.runtime.serving import server_of
from tests.metrics.test_registry import samples

PROGRAM = """
import socket
import structlog
import sys
import uvloop
from starlette.applications import Starlette
from dispatcher.metrics import Metrics
from dispatcher.runtime.serving import server_of

structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))

async def main():
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    await server_of(Starlette(), Metrics()).serve([listener])

uvloop.run(main())
"""


@dataclass
class Serving:
    """A server in this process."""

    port: int
    metrics: Metrics
    server: Any

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def answered(self, *parts: bytes) -> bytes:
        """All that comes back until the other side ends the connection."""
        reader, writer = await self.open()
        with contextlib.suppress(ConnectionError):
            for part in parts:
                writer.write(part)
                await asyncio.wait_for(writer.drain(), 30)
        answer = bytearray()
        with contextlib.suppress(ConnectionError):
            while part := await asyncio.wait_for(reader.read(65_536), 30):
                answer += part
        writer.close()
        return bytes(answer)

    def ended(self) -> dict[str, float]:
        return {
            dict(labels)["reason"]: value
            for (name, labels), value in samples(self.metrics).items()
            if name == "warn_http_connections_ended_total" and value
        }


@asynccontextmanager
async def serving(
    app: Any, limits: Any = DEFAULT_LIMITS, brief: Any = None, ready: Any = None
) -> AsyncIterator[Serving]:
    metrics = Metrics()
    listener = socket.create_server(("127.0.0.1", 0))
    server = server_of(app, metrics, limits, brief, ready)
    running = asyncio.create_task(server.serve([listener]))
    try:
        yield Serving(listener.getsockname()[1], metrics, server)
    finally:
        server.should_exit = True
        await asyncio.wait_for(running, 30)
        listener.close()


@dataclass
class Apart:
    """A server in a process of its own: what it takes is measured from outside."""

    pid: int
    port: int
    output: Any

    def said(self) -> str:
        """What it wrote so far."""
        return os.pread(self.output.fileno(), 1_000_000, 0).decode()

    def rss_mb(self) -> float:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@contextmanager
def apart(program: str = PROGRAM) -> Iterator[Apart]:
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=output, text=True
        )
        try:
            yield Apart(process.pid, int(process.stdout.readline()), output)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
