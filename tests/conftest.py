"""What the tests stand on: the real PostgreSQL and the real Valkey, started once per session, empty per test.

    postgres_url   the session's PostgreSQL                 database_url   a database of this test's own, with schema
    valkey_url     the session's Valkey                     redis_url      the same, flushed before this test

Async tests and fixtures need no decorator; they run on the event loop that production uses.
"""

import asyncio
import contextlib
import itertools
import os
import select
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
import redis

from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.embedded import EmbeddedPostgres, EmbeddedValkey

_TEMPLATE = "template_dispatcher"
_PATIENCE = 20.0  # seconds; only a failing test waits so long
_database_numbers = itertools.count(1)


def pytest_configure(config):
    config.option.anyio_mode = "auto"


@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(autouse=True)
def env(monkeypatch):
    """No setting of the caller's reaches a test. Returns monkeypatch, to set some."""
    for name in os.environ:
        if name.startswith(("WARN_", "PG")) or name in {"DATABASE_URL", "REDIS_URL"}:
            monkeypatch.delenv(name)
    return monkeypatch


@pytest.fixture(scope="session")
def boundaries() -> Boundaries:
    return Boundaries.default()


@pytest.fixture(scope="session")
def servers_dir() -> Iterator[Path]:
    """Beside pytest's own temporary directories: those are closed again whenever another session starts."""
    directory = Path(tempfile.mkdtemp(prefix="dispatcher-test-"))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def postgres_url(servers_dir) -> Iterator[str]:
    with EmbeddedPostgres(servers_dir / "postgres", durable=False) as server:
        yield server.url


@pytest.fixture(scope="session")
def template_database(postgres_url) -> str:
    """The name of a database that holds the schema and nothing else."""
    from dispatcher.store.migrate import upgrade

    _execute(postgres_url, f"CREATE DATABASE {_TEMPLATE}")
    asyncio.run(upgrade(_database(postgres_url, _TEMPLATE)))
    return _TEMPLATE


@pytest.fixture
def database_url(postgres_url, template_database) -> Iterator[str]:
    name = f"test_{next(_database_numbers)}"
    _execute(postgres_url, f"CREATE DATABASE {name} TEMPLATE {template_database}")
    yield _database(postgres_url, name)
    _execute(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def valkey_url(servers_dir) -> Iterator[str]:
    with EmbeddedValkey(servers_dir / "valkey", durable=False) as server:
        yield server.url


@pytest.fixture
def redis_url(valkey_url) -> str:
    with redis.Redis.from_url(valkey_url) as client:
        client.flushall()
    return valkey_url


@pytest.fixture
def python() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Runs source in a Python of its own; what that prints can be read, and it ends with the test."""
    with contextlib.ExitStack() as stack:

        def run(source, *arguments, **options):
            command = [sys.executable, "-c", textwrap.dedent(source), *map(str, arguments)]
            options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "text": True} | options
            process = stack.enter_context(subprocess.Popen(command, **options))
            stack.callback(process.kill)
            return process

        yield run


@pytest.fixture
def ended() -> Callable[[int], bool]:
    """Whether the process behind a pidfd ends within the patience of a test. Closes the pidfd."""

    def wait(pidfd):
        try:
            return bool(select.select([pidfd], [], [], _PATIENCE)[0])
        finally:
            os.close(pidfd)

    return wait


def _database(server_url: str, name: str) -> str:
    return urlsplit(server_url)._replace(path=f"/{name}").geturl()


def _execute(url: str, statement: str) -> None:
    async def execute():
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(execute())
