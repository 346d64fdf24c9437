"""Commands as processes that need not import the service first: one process has, and each command is forked from it.

A command finds what `python -m` gives it: arguments, environment, directory, files and exit status of its own, and a
`__main__`. What it may find otherwise is what Python takes from the environment before it runs anything (`PYTHON...`).
"""

import atexit
import gc
import importlib
import os
import pkgutil
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import msgspec

from dispatcher.runtime import gc_tuning

ROOT = Path(__file__).parents[2]
REQUEST_BYTES = 150_000
"""A packet of a Unix socket holds no more than some 200 kB; an environment has a tenth of that."""
STARTS_WITHIN_S = 60.0
"""How long the server may take to import everything on a busy machine; 2 s on one that is not."""


class Command(msgspec.Struct, frozen=True):
    """What is to run, and in which surroundings."""

    module: str
    arguments: list[str]
    environment: dict[str, str]
    directory: str


class CommandServer:
    """The side of the tests. Runs one command at a time."""

    def __init__(self, server: socket.socket) -> None:
        self._server = server

    def run(
        self,
        *arguments: str,
        environment: Mapping[str, str],
        module: str = "dispatcher",
        directory: Path | None = None,
        within_s: float = 60.0,
    ) -> subprocess.CompletedProcess[str]:
        """Run `python -m module` with these arguments and nothing on its standard input: as `subprocess.run` does with
        `capture_output` and `text`. Raises `subprocess.TimeoutExpired` after killing what runs too long.
        """
        command = Command(module, list(arguments), dict(environment), str(directory or Path.cwd()))
        with Path(os.devnull).open("rb") as nothing, ThreadPoolExecutor(2) as readers:
            ends = [os.pipe() for _ in range(2)]
            said = [readers.submit(_read, reading) for reading, _ in ends]
            files = [nothing.fileno(), *(writing for _, writing in ends)]
            try:
                socket.send_fds(self._server, [msgspec.json.encode(command)], files)
            finally:
                for writing in files[1:]:
                    os.close(writing)
            status = self._status(command, within_s)
            output, errors = (one.result() for one in said)
        return subprocess.CompletedProcess(["python", "-m", module, *arguments], status, output, errors)

    def _status(self, command: Command, within_s: float) -> int:
        pid = self._answer(STARTS_WITHIN_S)
        try:
            return self._answer(within_s)
        except TimeoutError:
            os.kill(
                pid, signal.SIGKILL
            )  # a process that has ended as well is there until the server has said so
            self._answer(None)
            raise subprocess.TimeoutExpired([command.module, *command.arguments], within_s) from None

    def _answer(self, within_s: float | None) -> int:
        self._server.settimeout(within_s)
        if not (answer := self._server.recv(100)):
            raise ConnectionError("the server of the commands has ended; its last words are among the errors")
        return int(answer)


def _read(reading: int) -> str:
    with open(reading, encoding="utf-8") as pipe:
        return pipe.read()


@contextmanager
def command_server(*packages: str) -> Iterator[CommandServer]:
    """A server that runs within the block, and imports every module of these packages before it serves."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with its:
            process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(its.fileno()), *packages],
                cwd=ROOT,
                pass_fds=[its.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        try:
            yield CommandServer(ours)
        finally:
            ours.close()
            process.wait(STARTS_WITHIN_S)


def import_all(names: list[str]) -> None:
    """Import every module of some packages but those that do something when they are: programs and migrations."""
    for package in map(importlib.import_module, names):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith(".__main__") and ".migrations." not in found.name:
                importlib.import_module(found.name)


def _next_command(requests: socket.socket) -> tuple[Command, list[int]] | None:
    """Fork a process for each command that is asked for, and report its number and its exit status. Returns in each of
    these with its command, and in the server without one as soon as nobody can ask any more.
    """
    while True:
        message, files, _, _ = socket.recv_fds(requests, REQUEST_BYTES, 3)
        if not message:
            return None
        if (pid := os.fork()) == 0:
            requests.close()
            return msgspec.json.decode(message, type=Command), files
        for file in files:
            os.close(file)
        with suppress(BrokenPipeError):
            requests.send(str(pid).encode())
            _, status = os.waitpid(pid, 0)
            requests.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(command: Command, files: list[int]) -> NoReturn:
    """Give this process the surroundings of the command, and run it."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(command.environment)
    time.tzset()
    os.chdir(command.directory)
    _measure_coverage()
    sys.path[0] = command.directory
    sys.argv[1:] = command.arguments
    _leave(_status_of(command.module))


def _status_of(module: str) -> int:
    """Run a module as a program. Returns its exit status; what is more than a number is left to Python's own end."""
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code is not None and not isinstance(end.code, int):
            raise
        return end.code or 0
    return 0


def _leave(status: int) -> NoReturn:
    """End as Python does, but for taking all apart that was imported: that takes longer than most commands."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    gc.collect()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status & 0xFF)


def _measure_coverage() -> None:
    """As coverage itself has each Python do that begins, if its environment says so."""
    if "COVERAGE_PROCESS_CONFIG" in os.environ:
        import coverage

        coverage.process_startup(force=True)


def main() -> None:
    """Import what is to be, and serve; in a forked process: be the command."""
    with gc_tuning.paused():
        import_all(sys.argv[2:])
    gc.collect()
    gc.freeze()  # or each command would go through all of it once more at its end
    if (found := _next_command(socket.socket(fileno=int(sys.argv[1])))) is not None:
        _become(*found)


if __name__ == "__main__":
    main()
