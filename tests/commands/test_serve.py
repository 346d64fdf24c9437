"""The commands that run the service."""

import ast
import inspect
import json
import socket
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from dispatcher.commands import serve
from dispatcher.store import record
from tests.store.sealed.clear import add_clear


async def test_a_port_in_use_is_said_before_anything_is_started(dispatcher: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = await dispatcher("up", WARN_API_PORT=str(port))
    assert done.returncode == 1
    assert (
        f"nothing can listen on 127.0.0.1:{port} (Address already in use): set WARN_API_HOST" in done.stderr
    )


async def test_a_port_of_reading_processes_in_use_is_said_too(dispatcher: Any) -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as taken:
        port = str(taken.getsockname()[1])
        done = await dispatcher("up", WARN_API_PORT="0", WARN_READING_PORT=port, WARN_READING_PROCESSES="2")
    assert done.returncode == 1
    assert (
        f"nothing can listen on 127.0.0.1:{port} (Address already in use): set WARN_READING_HOST"
        in done.stderr
    )


@pytest.mark.parametrize("command", ["api", "worker", "reading", "citizens"])
async def test_a_port_of_metrics_in_use_is_said_with_its_setting(dispatcher: Any, command: str) -> None:
    ports = {f"WARN_{one}_PORT": "0" for one in ("API", "READING", "CITIZENS")}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = await dispatcher(command, WARN_METRICS_PORT=port, **ports)
    said = f"nothing can listen on 127.0.0.1:{port} (Address already in use): set WARN_METRICS_HOST"
    assert (done.returncode, said in done.stderr) == (1, True), done.stderr
    assert "Traceback" not in done.stderr


async def test_one_port_of_metrics_for_all_processes_is_refused(dispatcher: Any, tmp_path: Path) -> None:
    done = await dispatcher("up", WARN_METRICS_PORT="18750", DATABASE_URL="", REDIS_URL="")
    assert (done.returncode, done.stdout) == (1, "")
    assert "with `dispatcher up` each process takes a free port, leave it 0" in done.stderr
    assert not (tmp_path / "var").exists(), "nothing was started"


MISTAKES = {
    "WARN_ALLOWED_ORIGINS: no purpose of an exemption: 'gatway'": (
        "WARN_ALLOWED_ORIGINS",
        "gatway=http://10.0.0.5",
    ),
    "no municipality of the boundary data has an AGS that begins with '99'": ("WARN_FEEDS", "feeds.toml"),
}


@pytest.mark.parametrize("said", MISTAKES)
async def test_what_a_process_would_refuse_is_refused_before_anything_is_started(
    dispatcher: Any, tmp_path: Path, said: str
) -> None:
    name, value = MISTAKES[said]
    feeds = tmp_path / "feeds.toml"
    feeds.write_text(
        '[[feed]]\nname = "x"\nadapter = "single"\nurls = ["https://feed.example"]\nterritory = ["99"]\n'
    )
    if value == feeds.name:
        value = str(feeds)
    done = await dispatcher("up", **{"DATABASE_URL": "", "REDIS_URL": "", name: value})
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "var" / "postgres").exists(), "no server was started"


SOURCE = ("source", "add", "leitstelle", "--sender", "a@example.org", "--territory", "05358")
INSTANCE = ("instance", "add", "dueren", "--place", "05358008")


async def test_a_short_pepper_ends_what_needs_one(dispatcher: Any) -> None:
    for command in (SOURCE, INSTANCE, ("api",), ("up",)):
        done = await dispatcher(*command, WARN_KEY_PEPPER="")
        assert (done.returncode, done.stdout) == (1, ""), command
        assert "setting WARN_KEY_PEPPER: 0 characters are no pepper" in done.stderr


async def test_a_damaged_pepper_ends_what_needs_one(
    dispatcher: Any, run: Any, surroundings: Any, tmp_path: Any
) -> None:
    surroundings.delenv("WARN_KEY_PEPPER")
    pepper = tmp_path / "var" / "keys" / "pepper"
    pepper.parent.mkdir(parents=True)
    pepper.write_bytes(b"")
    for command in (SOURCE, INSTANCE, ("api",), ("up",)):
        done = await dispatcher(*command)
        assert (done.returncode, done.stdout) == (1, ""), command
        assert f"{pepper}: 0 bytes are no pepper" in done.stderr
    assert pepper.read_bytes() == b"", "a new one would make every key worthless"


@pytest.mark.parametrize("command", ["api", "worker", "up", "secrets init"])
async def test_a_machine_with_another_pepper_does_not_start(
    dispatcher: Any, database_url: str, tmp_path: Path, command: str
) -> None:
    assert (await dispatcher("secrets", "init")).returncode == 0
    done = await dispatcher(*command.split(), WARN_KEY_PEPPER="pepper of another service", WARN_API_PORT="0")
    assert (done.returncode, done.stdout) == (1, "")
    [said] = [line for line in done.stderr.splitlines() if not line.startswith("{")]
    assert said.startswith("SettingsError: WARN_KEY_PEPPER is another pepper (")
    assert "set WARN_KEY_PEPPER or WARN_KEY_PEPPER_FILE, or correct DATABASE_URL" in said
    assert "program_down" not in done.stderr, "and nothing is started again and again"


@pytest.mark.parametrize("command", ["migrate", "up"])
async def test_the_record_of_another_service_is_not_brought_to_this_schema(
    dispatcher: Any, database_url: str, command: str
) -> None:
    """The version of its schema is still that of its own program: this one's would not be taken back."""
    assert (await dispatcher("secrets", "init")).returncode == 0
    record = await asyncpg.connect(database_url)
    await record.execute("UPDATE alembic_version SET version_num = '0010'")
    done = await dispatcher(command, WARN_KEY_PEPPER="pepper of another service", WARN_API_PORT="0")
    assert (done.returncode, done.stdout) == (1, "")
    assert "WARN_KEY_PEPPER is another pepper (" in done.stderr
    assert await record.fetchval("SELECT version_num FROM alembic_version") == "0010"
    await record.close()


@pytest.mark.parametrize("command", ["worker", "up"])
async def test_a_machine_without_the_vapid_key_of_the_service_does_not_start(
    dispatcher: Any, tmp_path: Path, command: str
) -> None:
    assert (await dispatcher("secrets", "init")).returncode == 0
    other = tmp_path / "machine-2"
    done = await dispatcher(command, WARN_DATA_DIR=str(other), WARN_API_PORT="0")
    assert (done.returncode, done.stdout) == (1, "")
    assert "this machine has no vapid, and the record that DATABASE_URL names knows one" in done.stderr
    assert str(other / "keys" / "vapid.pem") in done.stderr
    assert not (other / "keys").exists(), "and none is made"


async def test_one_role_for_everything_gets_the_statements_for_another_in_the_log_of_up(
    dispatcher: Any, tmp_path: Path
) -> None:
    assert (await dispatcher("secrets", "init")).returncode == 0
    done = await dispatcher("up", WARN_DATA_DIR=str(tmp_path / "machine-2"), WARN_API_PORT="0")
    assert done.returncode == 1, "it has no keys and goes no further"
    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    [said] = [line for line in lines if line["event"] == "audit_role_not_made"]
    assert said["level"] == "warning"
    assert said["statements"].startswith('CREATE ROLE "dispatcher_service" LOGIN PASSWORD')


async def test_addresses_of_servers_may_stand_in_files(
    dispatcher: Any, surroundings: Any, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    for name, url in (("DATABASE_URL", database_url), ("REDIS_URL", redis_url)):
        surroundings.delenv(name)
        (tmp_path / name).write_text(f"{url}\n")
        surroundings.setenv(f"{name}_FILE", str(tmp_path / name))
    for words in (("migrate",), ("secrets", "init"), ("source", "list")):
        done = await dispatcher(*words)
        assert done.returncode == 0, done.stderr


async def test_migrate_seals_what_an_older_version_left_in_the_clear(
    dispatcher: Any, database_url: str
) -> None:
    pool = await record.connect(database_url, size=1)
    await add_clear(pool, "+4915100000001", {}, channel="sms")
    done = await dispatcher("migrate")
    assert done.stdout.splitlines() == [
        "the record is at this version's schema",
        "sealed 1 row that an older version had left in the clear",
    ]
    assert "sealed 1 of 1 endpoint\n" in done.stderr
    assert done.returncode == 0
    await pool.close()


def test_all_that_a_process_imports_is_there_before_it_is_forked() -> None:
    names = ("api", "_api", "reading", "_reading", "citizens", "_citizens", "_serve", "worker", "_worker")
    bodies = [getattr(serve, name) for name in names]
    assert set().union(*map(imported_within, bodies)) == set(serve.PRELOADED)


def imported_within(function: Any) -> set[str]:
    """The modules that a function of the module imports."""
    found = set()
    for node in ast.walk(ast.parse(inspect.getsource(function))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{name.name}" for name in node.names}
            modules = {name for name in names if find_spec(name)} if is_package(node.module) else set()
            found |= modules or {node.module or ""}
    return found


def is_package(name: str | None) -> bool:
    spec = find_spec(name or "")
    return spec is not None and spec.submodule_search_locations is not None
