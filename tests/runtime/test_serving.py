"""The server in front of the application: what it reads, and how it ends."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import dispatcher.runtime.serving
from tests.support.bounded_server import PROGRAM, Apart, apart, serving
from tests.support.histories import until

pytestmark = pytest.mark.processes
POST = b"POST /nothing HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
UPGRADE = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
BLOCK = 65_536
FLOOD = 60_000_000
PIPELINED = 1_000_000
"""Of requests less, as every one of them is answered."""
FLAT_MB = 12
"""What the process may grow by. Without bounds it grew by 100 MB for each of requests, and by 19 of trailers."""


@pytest.fixture(scope="module")
def process() -> Iterator[Apart]:
    with apart() as process:
        yield process


@pytest.mark.parametrize(
    ("opening", "flood", "size"),
    [
        (POST + b"Content-Length: 2\r\n\r\nab", b"c" * BLOCK, FLOOD),
        (POST + b"Content-Length: 2\r\n\r\nab", b"GET / HTTP/1.1\r\n\r\n" * (BLOCK // 18), PIPELINED),
        (POST + b"Content-Length: 1000000000\r\n\r\n", b"c" * BLOCK, FLOOD),
        (CHUNKED + b"0\r\n", b"a: b\r\n" * (BLOCK // 6), FLOOD),
        (CHUNKED + b"0\r\na: ", b"b" * BLOCK, FLOOD),
        (CHUNKED + b"1;a=", b"b" * BLOCK, FLOOD),
        (CHUNKED, b"1;aaaaaaaaaa\r\nb\r\n" * (BLOCK // 17), FLOOD),
        (UPGRADE, b"c" * BLOCK, FLOOD),
        (b"CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n", b"c" * BLOCK, FLOOD),
        (b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"c" * BLOCK, FLOOD),
        (b"", b"\r\n" * (BLOCK // 2), FLOOD),
    ],
    ids=["bytes after a body", "requests after a body", "an endless body", "trailers", "an endless trailer",
         "a chunk extension", "tiny chunks", "after Upgrade", "after CONNECT", "after the last request",
         "empty lines"],
)  # fmt: skip
async def test_what_follows_a_request_costs_no_memory(
    process: Apart, opening: bytes, flood: bytes, size: int
) -> None:
    before = process.rss_mb()
    sent, most = await flooded(process, opening, flood, size)
    assert most - before < FLAT_MB, f"{sent} bytes sent"
    assert b"404 Not Found" in await asked(process)


async def flooded(process: Apart, opening: bytes, flood: bytes, size: int) -> tuple[int, float]:
    """Send until the other side has enough, or `size`. Returns how much was sent, and the most memory seen."""
    reader, writer = await asyncio.open_connection("127.0.0.1", process.port)
    discarding = asyncio.create_task(discard(reader))
    sent, most = 0, 0.0
    # uvloop raises RuntimeError where the other side was quicker to end it.
    with contextlib.suppress(ConnectionError, RuntimeError):
        writer.write(opening)
        while sent < size and not discarding.done():
            writer.write(flood)
            await asyncio.wait_for(writer.drain(), 30)
            sent += len(flood)
            most = max(most, process.rss_mb())
        writer.write_eof()
    await asyncio.wait_for(discarding, 60)
    writer.close()
    return sent, max(most, process.rss_mb())


async def discard(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(ConnectionError):
        while await reader.read(BLOCK):
            pass


async def asked(process: Apart) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", process.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    return answer


UNBOUNDED = PROGRAM.replace(
    "await server_of(Starlette(), Metrics()).serve([listener])",
    """
    import uvicorn
    await uvicorn.Server(uvicorn.Config(Starlette(), log_config=None, http="httptools")).serve([listener])
""",
)


async def test_the_measure_sees_a_server_without_bounds() -> None:
    with apart(UNBOUNDED) as unbounded:
        before = unbounded.rss_mb()
        _, most = await flooded(unbounded, CHUNKED + b"0\r\n", b"a: b\r\n" * (BLOCK // 6), 20_000_000)
    assert most - before > FLAT_MB


async def test_it_ends_when_it_is_told_to_and_not_when_it_looks_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatcher.runtime.serving, "DATED_EVERY_S", 3600)
    async with serving(Starlette()) as server:  # which ends it, and waits for its end for half a minute
        assert b"404 Not Found" in await server.answered(
            b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )


async def test_the_date_of_answers_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatcher.runtime.serving, "DATED_EVERY_S", 0.001)
    async with serving(Starlette()) as server:
        first = server.server.server_state.default_headers

        async def written_anew() -> bool:
            return server.server.server_state.default_headers is not first

        await until(written_anew)


async def test_what_is_under_way_when_it_is_to_end_is_answered() -> None:
    asked, wanted = asyncio.Event(), asyncio.Event()

    async def slow(_request: Request) -> Response:
        asked.set()
        await wanted.wait()
        return Response("so be it")

    async with serving(Starlette(routes=[Route("/", slow)])) as server:
        answer = asyncio.create_task(server.answered(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
        await asked.wait()
        server.server.should_exit = True
        asyncio.get_running_loop().call_later(0.01, wanted.set)
    assert b"so be it" in await answer


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_process_ends_in_an_orderly_way(
    database_url: str, redis_url: str, tmp_path: Path, number: Any
) -> None:
    surroundings = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "WARN_API_PORT": "0"}
    process = subprocess.Popen(  # noqa: ASYNC220 - returns at once
        [sys.executable, "-m", "dispatcher", "api"],
        env={**os.environ, **surroundings, "WARN_DATA_DIR": str(tmp_path)},
        stderr=subprocess.PIPE,
    )
    announcement = tmp_path / "prometheus" / "api.json"

    async def announced() -> Any:
        return announcement.exists()

    with process:
        try:
            await until(announced)
            process.send_signal(number)
            _, log = await asyncio.to_thread(process.communicate, timeout=60)
            assert (process.returncode, announcement.exists()) == (0, False), log
        finally:
            process.kill()
