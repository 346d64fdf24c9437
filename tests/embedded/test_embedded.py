import json
import os
import pwd
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
import redis

from dispatcher.embedded import EmbeddedPostgres, EmbeddedValkey, Servers, embedded

NOBODY = pwd.getpwnam("nobody").pw_uid
DAEMON = 1

# Imports first: another account may not be able to read the packages.
INTRUDER = """
    import asyncio, json, os, sys
    import asyncpg, redis

    uid, record, *queues = int(sys.argv[1]), *sys.argv[2:]
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)

    async def superuser():
        connection = await asyncpg.connect(record, timeout=10)
        return await connection.fetchval("SELECT usesuper FROM pg_user WHERE usename = current_user")

    def attempt(way):
        try:
            return way()
        except (OSError, asyncpg.PostgresError, redis.RedisError) as error:
            return type(error).__name__

    print(json.dumps([
        attempt(lambda: asyncio.run(superuser())),
        *(attempt(lambda: redis.Redis.from_url(queue).set("intruder", 1)) for queue in queues),
    ]))
"""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")


@pytest.fixture
def var(servers_dir: Path, tmp_path: Path) -> Any:
    return servers_dir / tmp_path.name


async def test_both_servers_run_for_as_long_as_they_are_needed(var: Any) -> None:
    with embedded(var, durable=False) as servers:
        assert [type(server) for server in servers.started] == [EmbeddedPostgres, EmbeddedValkey]
        connection = await asyncpg.connect(servers.database_url)
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()
        with redis.Redis.from_url(servers.redis_url) as client:
            assert client.ping()
    assert [server.pid for server in servers.started] == [None, None]


def test_what_is_given_is_not_started(var: Any) -> None:
    with embedded(var, database_url="postgresql://record/", redis_url="redis://queue/") as servers:
        assert servers.database_url == "postgresql://record/"
        assert servers.redis_url == "redis://queue/"
        assert servers.started == ()
    assert not var.exists()


def test_one_may_be_given_and_the_other_not(var: Any) -> None:
    with embedded(var, database_url="postgresql://record/", redis_url="") as servers:
        assert servers.database_url == "postgresql://record/"
        assert [server.url for server in servers.started] == [servers.redis_url]


def test_the_servers_stop_when_the_service_fails(var: Any) -> None:
    with pytest.raises(ZeroDivisionError), embedded(var, database_url="postgresql://record/") as servers:
        raise ZeroDivisionError
    assert servers.started[0].pid is None


def test_a_server_is_found_from_outside_where_it_will_be(tmp_path: Path) -> None:
    """A command finds the servers of `dispatcher up` by the data directory alone, however long its name is."""
    deep = tmp_path / ("d" * 90)
    for kind in (EmbeddedPostgres, EmbeddedValkey):
        url = kind(deep / kind.name).url
        assert str(deep) not in url
        assert url == kind(deep / kind.name).url


# who may speak to them


@pytest.fixture(scope="module")
def servers(servers_dir: Path) -> Iterator[Servers]:
    with embedded(servers_dir / "guarded", durable=False) as servers:
        yield servers


@pytest.fixture
def intrude(python: Callable[..., subprocess.Popen[str]], servers: Servers) -> Callable[..., Any]:
    """What a process of this account reaches: the record, the queue without and with what it could find out."""

    def run(uid: int, *, running: Servers = servers) -> Any:
        socket = urlsplit(running.redis_url).path
        known = Path(socket).parents[1] / "users.acl"
        digest = known.read_text().partition("#")[2].split()[0] if known.exists() else "none"
        queues = [f"unix://{user}{socket}" for user in ("", f"default:{digest}@", f"dispatcher:{digest}@")]
        out, _ = python(INTRUDER, uid, running.database_url, *queues).communicate(timeout=30)
        return json.loads(out)

    return run


def account_of(servers: Servers) -> int:
    return Path(f"/proc/{servers.started[0].pid}").stat().st_uid


@as_root
def test_a_process_of_nobody_reaches_neither_record_nor_queue(intrude: Any) -> None:
    assert intrude(NOBODY) == ["PermissionError", *["ConnectionError"] * 3]


@as_root
def test_no_other_program_has_the_servers_account(servers: Servers) -> None:
    uid = account_of(servers)
    assert uid not in {0, NOBODY}
    with pytest.raises(KeyError):
        pwd.getpwuid(uid)


@as_root
def test_the_servers_own_account_passes_their_directories_and_no_further(
    servers: Servers, intrude: Any
) -> None:
    refused = "InvalidAuthorizationSpecificationError"
    assert intrude(account_of(servers)) == [refused, *["AuthenticationError"] * 3]


@as_root
@pytest.mark.parametrize("uid", [NOBODY, DAEMON])
def test_behind_open_directories_other_accounts_are_refused(intrude: Any, var: Path, uid: int) -> None:
    with embedded(var, durable=False) as running:
        for path in (var, *var.glob("*"), *var.glob("*/run"), *var.glob("*/run/*"), *var.glob("*/run/.*")):
            path.chmod(0o777)
        refused = "InvalidAuthorizationSpecificationError"
        assert intrude(uid, running=running) == [refused, *["AuthenticationError"] * 3]


def test_the_directories_are_closed_to_others(servers: Servers, servers_dir: Path) -> None:
    for home in (servers_dir / "guarded" / name for name in ("postgres", "valkey")):
        modes = [stat.S_IMODE((home / name).stat().st_mode) for name in (".", "data", "run")]
        assert modes == [0o710 if os.geteuid() == 0 else 0o700, 0o700, 0o700]


def test_the_secret_is_on_no_command_line_and_in_no_file_of_the_server(
    servers: Servers, servers_dir: Path
) -> None:
    home = servers_dir / "guarded" / "valkey"
    secret = urlsplit(servers.redis_url).password
    file = home / "secret"
    assert (file.read_text().strip(), stat.S_IMODE(file.stat().st_mode)) == (secret, 0o600)
    assert file.stat().st_uid == os.geteuid()
    assert secret not in (home / "users.acl").read_text()
    for server in servers.started:
        for shown in ("cmdline", "environ"):
            assert secret.encode() not in Path(f"/proc/{server.pid}/{shown}").read_bytes()


def as_left_by_earlier_versions(home: Path) -> None:
    """Run by root, they had `nobody` own the data, and PostgreSQL trust whoever could connect."""
    for new in ("pg_hba.conf", "pg_ident.conf", "secret", "users.acl"):
        (home / new).unlink(missing_ok=True)
    if (home / "data" / "pg_hba.conf").exists():
        (home / "data" / "pg_hba.conf").write_text("local all all trust\n")
    for top in ("data", "run"):
        for path in (home / top, *(home / top).rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    os.chown(home, 0, 0)
    home.chmod(0o711)


@as_root
async def test_data_of_earlier_versions_stay_and_are_closed(intrude: Any, var: Path) -> None:
    with embedded(var) as before:
        connection = await asyncpg.connect(before.database_url)
        await connection.execute("CREATE TABLE kept AS SELECT 'Rur' AS river")
        await connection.close()
        with redis.Redis.from_url(before.redis_url) as client:
            client.set("lane", "flash")
    for name in ("postgres", "valkey"):
        as_left_by_earlier_versions(var / name)
    with embedded(var) as now:
        connection = await asyncpg.connect(now.database_url)
        assert await connection.fetchval("SELECT river FROM kept") == "Rur"
        await connection.close()
        with redis.Redis.from_url(now.redis_url) as client:
            assert client.get("lane") == b"flash"
        assert account_of(now) != NOBODY
        assert intrude(NOBODY, running=now) == ["PermissionError", *["ConnectionError"] * 3]
        for path in (var / "postgres" / "data").rglob("*"):
            assert path.stat().st_uid == account_of(now), path


@as_root
def test_data_of_an_account_of_its_own_stay_with_it(intrude: Any, var: Path) -> None:
    with embedded(var, durable=False):
        pass
    for path in (var, *var.rglob("*")):
        os.chown(path, DAEMON, DAEMON, follow_symlinks=False)
    with embedded(var, durable=False) as running:
        assert account_of(running) == DAEMON
        refused = "InvalidAuthorizationSpecificationError"
        assert intrude(DAEMON, running=running) == [refused, *["AuthenticationError"] * 3]


def test_a_lost_secret_is_drawn_again(var: Path) -> None:
    server = EmbeddedValkey(var, durable=False)
    with server:
        before = server.url
    (var / "secret").unlink()
    with server, redis.Redis.from_url(server.url) as client:
        assert client.ping()
        assert server.url != before
