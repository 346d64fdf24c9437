import asyncio
import contextlib
import os
import signal
import stat
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from dispatcher.embedded import DataDirectoryInUseError, EmbeddedError, EmbeddedPostgres, ServerFailedError

DISPATCHER = """
    import signal, sys
    from pathlib import Path
    from dispatcher.embedded import EmbeddedPostgres

    server = EmbeddedPostgres(Path(sys.argv[1]), durable=False)
    print("url", server.start())
    print("pid", server.pid, flush=True)
    signal.pause()
"""


async def fetch(url: str, query: str) -> Any:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def session_in_progress(url: str) -> AsyncIterator[None]:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        yield
    finally:
        with contextlib.suppress(asyncpg.PostgresError, OSError):  # the server may have said goodbye
            await connection.close()


def read_values(process: Any, *names: Any) -> list[Any]:
    """What a dispatcher prints under these names, after its log lines."""
    values = {}
    while not values.keys() >= set(names):
        line = process.stdout.readline()
        assert line, "ended too early"
        name, _, value = line.strip().partition(" ")
        values[name] = value
    return [values[name] for name in names]


def process_status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def children_of(pid: int) -> list[int]:
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            if process_status(int(directory.name))["PPid"] == str(pid):
                found.append(int(directory.name))
        except (FileNotFoundError, ProcessLookupError):
            continue  # ended while we looked
    return found


@pytest.fixture(scope="module")
def server(servers_dir: Path) -> Iterator[Any]:
    """For tests that leave it as it was."""
    with EmbeddedPostgres(servers_dir / "shared", durable=False) as server:
        yield server


@pytest.fixture
def home(servers_dir: Path, tmp_path: Path) -> Path:
    return servers_dir / tmp_path.name


@pytest.fixture
def own_server(home: Path) -> Iterator[Any]:
    with EmbeddedPostgres(home, durable=False) as server:
        yield server


async def test_it_is_postgresql_18_and_keeps_what_it_commits(home: Path) -> None:
    with EmbeddedPostgres(home) as server:
        assert (await fetch(server.url, "SHOW server_version")).startswith("18.")
        settings = ("fsync", "full_page_writes", "synchronous_commit", "data_checksums")
        assert [await fetch(server.url, f"SHOW {name}") for name in settings] == ["on"] * 4
        assert await fetch(server.url, "SHOW max_connections") == "100"
        assert await fetch(server.url, "SHOW shared_buffers") == "128MB"
        assert await fetch(server.url, "SHOW autovacuum_naptime") == "5s", "a crowd fills tables in a minute"
        assert await fetch(server.url, "SHOW timezone") == "UTC"


async def test_without_durability_it_does_not_wait_for_the_disk(server: Any) -> None:
    assert await fetch(server.url, "SHOW fsync") == "off"


async def test_it_listens_on_its_socket_only(server: Any) -> None:
    assert await fetch(server.url, "SHOW listen_addresses") == ""


async def test_sqlalchemy_reaches_it_too(server: Any) -> None:
    engine = create_async_engine(server.url.replace("postgresql:", "postgresql+asyncpg:"))
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1
    await engine.dispose()


async def test_data_and_url_are_the_same_after_a_restart(own_server: Any) -> None:
    url = own_server.url
    await fetch(url, "CREATE TABLE kept AS SELECT 'Rur' AS river")
    own_server.stop()
    assert own_server.pid is None
    assert own_server.start() == url
    assert await fetch(url, "SELECT river FROM kept") == "Rur"


async def test_after_a_crash_it_starts_again_and_recovers(
    own_server: Any, ended: Callable[[int], bool]
) -> None:
    await fetch(own_server.url, "CREATE TABLE kept AS SELECT 'Inde' AS river")
    pidfd = os.pidfd_open(own_server.pid)
    os.kill(own_server.pid, signal.SIGKILL)
    assert ended(pidfd)
    assert own_server.reap() == -signal.SIGKILL
    assert own_server.pid is None
    assert await fetch(own_server.start(), "SELECT river FROM kept") == "Inde"


async def test_personal_data_of_a_failing_statement_stay_out_of_the_log(
    server: Any, servers_dir: Path
) -> None:
    await fetch(server.url, "CREATE TABLE person (number text PRIMARY KEY)")
    await fetch(server.url, "INSERT INTO person VALUES ('+49 2421 0')")
    with pytest.raises(asyncpg.UniqueViolationError):
        await fetch(server.url, "INSERT INTO person VALUES ('+49 2421 0')")
    log = (servers_dir / "shared" / "server.log").read_text()
    assert "duplicate key" in log
    assert "2421" not in log


def test_the_process_is_neither_roots_nor_in_our_session(server: Any) -> None:
    assert process_status(server.pid)["Uid"].split()[0] != "0"
    assert os.getsid(server.pid) == server.pid


def test_a_private_directory_on_the_way_is_opened_for_search_only(server: Any, servers_dir: Path) -> None:
    expected = 0o701 if os.geteuid() == 0 else 0o700
    assert stat.S_IMODE(servers_dir.stat().st_mode) == expected


def test_others_can_neither_list_nor_reach_data_and_socket(server: Any, servers_dir: Path) -> None:
    home = servers_dir / "shared"
    assert [stat.S_IMODE((home / name).stat().st_mode) for name in ("data", "run")] == [0o700, 0o700]
    assert stat.S_IMODE(home.stat().st_mode) == (0o710 if os.geteuid() == 0 else 0o700)


async def test_the_callers_environment_does_not_reach_it(env: pytest.MonkeyPatch, home: Path) -> None:
    for name, value in (
        ("PGPORT", "1"),
        ("PGDATA", "/nowhere"),
        ("PGOPTIONS", "-c fsync=on"),
        ("LC_ALL", "xx"),
    ):
        env.setenv(name, value)
    with EmbeddedPostgres(home, durable=False) as server:
        env.delenv("PGOPTIONS")  # which asyncpg does not read, but may one day
        assert await fetch(server.url, "SHOW fsync") == "off"


def test_a_second_start_of_the_same_server_is_an_error(server: Any) -> None:
    with pytest.raises(EmbeddedError, match=f"runs already, as process {server.pid}"):
        server.start()


async def test_a_second_dispatcher_on_the_same_data_is_refused_and_harms_nothing(
    server: Any, servers_dir: Path
) -> None:
    with pytest.raises(DataDirectoryInUseError, match="another dispatcher runs postgres"):
        EmbeddedPostgres(servers_dir / "shared").start()
    assert await fetch(server.url, "SELECT 1") == 1


async def test_a_killed_dispatcher_leaves_no_process_and_the_next_one_starts_at_once(
    python: Callable[..., subprocess.Popen[str]], ended: Callable[[int], bool], home: Path
) -> None:
    dispatcher = python(DISPATCHER, home)
    url, pid = read_values(dispatcher, "url", "pid")
    async with session_in_progress(url):  # which must not hold it up
        pidfds = [os.pidfd_open(process) for process in (int(pid), *children_of(int(pid)))]
        assert len(pidfds) > 5
        dispatcher.kill()
        dispatcher.wait()
        with EmbeddedPostgres(home, durable=False) as next_one:
            assert await fetch(next_one.url, "SELECT 1") == 1
        assert [ended(pidfd) for pidfd in pidfds] == [True] * len(pidfds)


def test_a_path_too_long_for_a_socket_gets_a_short_one_that_goes_with_the_server(
    servers_dir: Path, tmp_path: Path
) -> None:
    home = servers_dir / tmp_path.name / ("d" * 100) / "with space"
    with EmbeddedPostgres(home, durable=False) as server:
        short = Path(server.url.partition("host=")[2].partition("&")[0])
        assert short.parent != home
        assert short.is_dir()
        assert asyncio.run(fetch(server.url, "SELECT 1")) == 1
    assert not short.exists()


async def test_a_creation_that_was_cut_short_is_done_again(home: Path) -> None:
    (home / "data.new").mkdir(parents=True)
    (home / "data.new" / "half").touch()
    with EmbeddedPostgres(home, durable=False) as server:
        assert await fetch(server.url, "SELECT 1") == 1
    assert not (home / "data.new").exists()
    assert not (home / "data" / "half").exists()


def test_data_it_cannot_use_are_an_error_with_its_own_words(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False):
        pass
    (home / "data" / "PG_VERSION").write_text("12\n")
    broken = EmbeddedPostgres(home, durable=False)
    with pytest.raises(ServerFailedError, match=r"(?s)postgres ended at once.*incompatible with server"):
        broken.start()
    assert broken.pid is None
    with pytest.raises(ServerFailedError):  # and not DataDirectoryInUseError: it let go
        broken.start()
