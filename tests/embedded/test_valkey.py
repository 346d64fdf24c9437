import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import arq
import pytest
import redis
from arq.connections import RedisSettings

from dispatcher.embedded import DataDirectoryInUseError, EmbeddedValkey

DISPATCHER = """
    import signal, sys
    from pathlib import Path
    from dispatcher.embedded import EmbeddedValkey

    server = EmbeddedValkey(Path(sys.argv[1]))
    server.start()
    print("pid", server.pid, flush=True)
    signal.pause()
"""


@pytest.fixture
def home(servers_dir: Path, tmp_path: Path) -> Any:
    return servers_dir / tmp_path.name


@pytest.fixture
def server(home: Any) -> Iterator[Any]:
    with EmbeddedValkey(home) as server:
        yield server


@pytest.fixture
def client(server: Any) -> Iterator[Any]:
    with redis.Redis.from_url(server.url, decode_responses=True) as client:
        yield client


def test_it_is_valkey_9_on_a_socket_only_and_evicts_nothing(client: Any) -> None:
    assert client.info("server")["valkey_version"].startswith("9.")
    assert client.config_get("port") == {"port": "0"}
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert client.config_get("protected-mode") == {"protected-mode": "yes"}


def test_it_writes_what_it_holds_every_second(client: Any) -> None:
    wanted = {"appendonly": "yes", "appendfsync": "everysec"}
    assert client.config_get(*wanted) == wanted


def test_without_durability_it_writes_nothing(home: Any) -> None:
    with EmbeddedValkey(home, durable=False) as server, redis.Redis.from_url(server.url) as client:
        assert client.config_get("appendonly") == {"appendonly": "no"}


async def test_arq_reaches_it(server: Any) -> None:
    pool = await arq.create_pool(RedisSettings.from_dsn(server.url))
    assert await pool.ping()
    await pool.aclose()


def test_it_keeps_its_content_over_a_restart(server: Any, client: Any) -> None:
    client.set("lane", "flash")
    server.stop()
    server.start()
    assert client.get("lane") == "flash"


def test_after_a_crash_it_starts_again_on_the_same_socket(
    server: Any, client: Any, ended: Callable[[int], bool]
) -> None:
    pidfd = os.pidfd_open(server.pid)
    os.kill(server.pid, signal.SIGKILL)
    assert ended(pidfd)
    server.reap()
    server.start()
    assert client.ping()


def test_a_second_dispatcher_on_the_same_data_is_refused(server: Any, home: Any) -> None:
    with pytest.raises(DataDirectoryInUseError, match="another dispatcher runs valkey"):
        EmbeddedValkey(home).start()


def test_a_killed_dispatcher_leaves_no_process(
    python: Callable[..., subprocess.Popen[str]], ended: Callable[[int], bool], home: Any
) -> None:
    dispatcher = python(DISPATCHER, home)
    while not (line := dispatcher.stdout.readline()).startswith("pid "):
        assert line
    pidfd = os.pidfd_open(int(line.split()[1]))
    dispatcher.kill()
    assert ended(pidfd)
