"""The server in front of the application: what it reads, and how it ends."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dispatcher.api import serving
from tests.support.histories import until


async def connection(service: Any) -> Any:
    return await asyncio.open_connection("127.0.0.1", int(service.url.rpartition(":")[2]))


@pytest.mark.parametrize(
    "head",
    [b"GET /livez HTTP/1.1\r\nX: " + b"a" * 1_000_000, b"GET /" + b"a" * 1_000_000],
    ids=["a header", "a request line"],
)
async def test_a_head_without_end_is_cut_off(service: Any, head: Any) -> None:
    reader, writer = await connection(service)
    writer.write(head)
    assert (await reader.readline()).startswith(b"HTTP/1.1 431 ")
    writer.close()


async def test_a_long_body_is_no_long_head(service: Any) -> None:
    reader, writer = await connection(service)
    for _ in range(2):  # the second on the same connection
        size = serving.HEAD_BYTES * 3
        writer.write(b"POST /v1/nothing HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size)
        writer.write(b" " * size)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 404 ")
        await reader.readuntil(b"}")
    writer.close()


async def test_a_head_that_does_not_come_is_not_waited_for(service: Any, env: pytest.MonkeyPatch) -> None:
    env.setattr(serving, "HEAD_TIMEOUT_S", 0.05)
    reader, writer = await connection(service)
    writer.write(b"GET /livez HTT")
    assert await asyncio.wait_for(reader.read(), 30) == b""
    writer.close()


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

    await until(announced)
    process.send_signal(number)
    _, log = await asyncio.to_thread(process.communicate, timeout=60)
    assert (process.returncode, announcement.exists()) == (0, False), log
