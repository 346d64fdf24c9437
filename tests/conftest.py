"""What the tests stand on: the real PostgreSQL and the real Valkey, started once per session, empty per test.

    postgres_url   the session's PostgreSQL                 database_url   a database of this test's own, with schema
                                                           empty_database the same, without
    valkey_url     the session's Valkey                     redis_url      the same, flushed before this test

Async tests and fixtures need no decorator; they run on the event loop that production uses, within their limit of time.
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
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import hypothesis
import hypothesis.strategies
import pytest
import redis
import structlog

from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.embedded import EmbeddedPostgres, EmbeddedValkey
from tests.selection import Selection
from tests.support import inherited_signals, sealed
from tests.support.command_server import CommandServer, command_server
from tests.support.limited_loop import LimitedLoop

_TEMPLATE = "template_dispatcher"
_PATIENCE = 20.0  # seconds; only a failing test waits so long
_SERVERS = "dispatcher-test-"  # and the number of the session's process
_ROOM = 2 * 1024**3  # bytes; a server's data and log grow to some 300 MB, and each worker has one
_database_numbers = itertools.count(1)


# How long an example takes says more about what else runs on the machine than about the code.
hypothesis.settings.register_profile("suite", deadline=None)
hypothesis.settings.load_profile("suite")

# structlog's own default draws a traceback with the values of all variables: a second for each exception that is
# logged, several if the machine is busy.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
        structlog.processors.KeyValueRenderer(),
    ]
)


def pytest_configure(config: Any) -> None:
    config.option.anyio_mode = "auto"
    # With workers it is they who run the tests; they inherit what this process still ignores, and come by here too.
    if not config.getoption("numprocesses", None):
        inherited_signals.keep_to_this_process()
    config.pluginmanager.register(Selection())


def pytest_collection_finish(session: pytest.Session) -> None:
    """What only collects leaves hypothesis' tables of characters as well, or each process of the tests makes them."""
    if session.config.option.collectonly:
        hypothesis.strategies.text().validate()


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[Any, ...]:
    return "asyncio", {"loop_factory": LimitedLoop}


@pytest.fixture(autouse=True)
def env(monkeypatch: pytest.MonkeyPatch) -> Any:
    """No setting of the caller's reaches a test, and all have one ring of keys. Returns monkeypatch, to set some."""
    for name in os.environ:
        if name.startswith(("WARN_", "PG")) or name in {"DATABASE_URL", "REDIS_URL"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("WARN_ADDRESS_KEYS", sealed.setting())
    return monkeypatch


@pytest.fixture(scope="session")
def processes() -> None:
    """Requested by each fixture that starts a process; see tests/selection.py."""


@pytest.fixture(scope="session")
def boundaries() -> Boundaries:
    return Boundaries.default()


@pytest.fixture(scope="session")
def servers_dir(processes: Any) -> Iterator[Path]:
    """Beside pytest's own temporary directories: those are closed again whenever another session starts."""
    directory = Path(tempfile.mkdtemp(prefix=f"{_SERVERS}{os.getpid()}-", dir=_memory()))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def server_dir(servers_dir: Path, tmp_path: Path) -> Path:
    """For servers of this test's own, or for a whole service; made by whoever needs it. Its name is short: that of a
    Unix socket may have 107 bytes.
    """
    return servers_dir / tmp_path.name


@pytest.fixture(scope="session")
def postgres_url(servers_dir: Path) -> Iterator[str]:
    with EmbeddedPostgres(servers_dir / "postgres", durable=False) as server:
        yield server.url


@pytest.fixture(scope="session")
def execute(postgres_url: str) -> Iterator[Callable[[str], None]]:
    """Executes a statement on the session's PostgreSQL, of which none runs in a transaction. There is one connection for
    all: to begin one takes longer than to remove a database.
    """
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(postgres_url))

        def execute(statement: str) -> None:
            runner.run(connection.execute(statement))

        yield execute
        runner.run(connection.close())


@pytest.fixture(scope="session")
def template_database(postgres_url: str, execute: Callable[[str], None]) -> str:
    """The name of a database that holds the schema and nothing else."""
    from dispatcher.store.migrate import upgrade

    execute(f"CREATE DATABASE {_TEMPLATE}")
    asyncio.run(upgrade(_database(postgres_url, _TEMPLATE)))
    return _TEMPLATE


@pytest.fixture
def database_url(postgres_url: str, template_database: str, execute: Callable[[str], None]) -> Iterator[str]:
    name = f"test_{next(_database_numbers)}"
    # As files, which the server need not write a second time to its log as it must block by block, and with the
    # cache of the catalogue that the first connection would otherwise have to build.
    execute(f"CREATE DATABASE {name} TEMPLATE {template_database} STRATEGY FILE_COPY")
    yield _database(postgres_url, name)
    execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_database(postgres_url: str, execute: Callable[[str], None]) -> Iterator[str]:
    """A database of this test's own without a schema."""
    name = f"empty_{next(_database_numbers)}"
    execute(f"CREATE DATABASE {name}")
    yield _database(postgres_url, name)
    execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def valkey_url(servers_dir: Path) -> Iterator[str]:
    with EmbeddedValkey(servers_dir / "valkey", durable=False) as server:
        yield server.url


@pytest.fixture
def redis_url(valkey_url: str) -> str:
    with redis.Redis.from_url(valkey_url) as client:
        client.flushall()
    return valkey_url


@pytest.fixture
def python(processes: Any) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Runs source in a Python of its own; what that prints can be read, and it ends with the test."""
    with contextlib.ExitStack() as stack:

        def run(source: Any, *arguments: Any, **options: Any) -> Any:
            command = [sys.executable, "-c", textwrap.dedent(source), *map(str, arguments)]
            options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "text": True} | options
            process = stack.enter_context(subprocess.Popen(command, **options))
            stack.callback(process.kill)
            return process

        yield run


@pytest.fixture(scope="session")
def commands(processes: Any) -> Iterator[CommandServer]:
    """Runs commands as processes of their own that need not import the service first."""
    with command_server("channels", "dispatcher") as server:
        yield server


@pytest.fixture
def ended() -> Callable[[int], bool]:
    """Whether the process behind a pidfd ends within the patience of a test. Closes the pidfd."""

    def wait(pidfd: Any) -> bool:
        try:
            return bool(select.select([pidfd], [], [], _PATIENCE)[0])
        finally:
            os.close(pidfd)

    return wait


def _memory() -> Path | None:
    """Where files lie in memory, if there is room: what the servers write is gone after the session anyhow, and to
    copy a database for each of hundreds of tests is most of what they do. What a killed session left is removed.
    """
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        return None
    for left in memory.glob(f"{_SERVERS}*-*"):
        if not Path("/proc", left.name.removeprefix(_SERVERS).partition("-")[0]).exists():
            shutil.rmtree(left, ignore_errors=True)
    return memory if shutil.disk_usage(memory).free >= _ROOM else None


def _database(server_url: str, name: str) -> str:
    return urlsplit(server_url)._replace(path=f"/{name}").geturl()
