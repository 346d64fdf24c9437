"""Keep the service's parts on one machine running: start them, start again what dies, stop them in order.

The parts are processes of their own, so that one that crashes takes nothing else with it. None outlives the
supervisor, however that ends, and none is touched by a terminal's Ctrl-C: that reaches the supervisor alone,
which passes it on once, as SIGTERM.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import structlog

from dispatcher.embedded.errors import EmbeddedError
from dispatcher.embedded.forks import PYTHON_MODULE, fork_module
from dispatcher.embedded.parent_death import with_parent_death_signal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import FrameType

    from dispatcher.embedded.forks import Fork

_STOP_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Command:
    """What to run, and under which name, e.g. `worker-1`. `env`, if given, is its whole environment. `forked`: a module
    of Python is run in a fork of this process, for the sake of all that this one has imported.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] | None = None
    forked: bool = False


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before starting again what died, in seconds: doubling from `first` to `cap`, and from
    the beginning after a life of at least `forgiven_after`.
    """

    first: float = 0.2
    cap: float = 30.0
    forgiven_after: float = 60.0

    def delay(self, deaths: int) -> float:
        """Return the pause after so many deaths in a row, at least 1."""
        return min(self.cap, self.first * 2.0 ** min(deaths - 1, 30))  # more is beyond any cap


class SupervisedService(Protocol):
    """What can be started again: a command's process, or an embedded server."""

    @property
    def name(self) -> str: ...

    @property
    def pid(self) -> int | None:
        """The process if it runs."""

    def start(self) -> object:
        """Start it. Raises OSError or EmbeddedError."""

    def reap(self) -> int:
        """Collect the process, which has ended; returns its exit status as `subprocess` reports it."""

    def leave(self) -> None:
        """Let go, in a fork, of what the forking process holds for it."""


class _Program:
    """A command as a process in a session of its own, among which kernels share out processors. Signals go only to what
    was started and is not reaped.
    """

    _process: subprocess.Popen[bytes] | Fork

    def __init__(self, command: Command, leave: Callable[[], None]) -> None:
        """`leave` lets go, in a fork, of what the forking process holds."""
        self._command = command
        self._leave = leave
        self._pid: int | None = None

    @property
    def name(self) -> str:
        return self._command.name

    @property
    def pid(self) -> int | None:
        return self._pid

    def start(self) -> None:
        command = self._command
        if command.forked and tuple(command.argv[:2]) == PYTHON_MODULE:
            self._process = fork_module(command.argv, command.env, self._leave)
        else:
            self._process = subprocess.Popen(
                # SIGKILL: without a supervisor nobody would see to it that a polite request is followed.
                with_parent_death_signal(command.argv, death_signal=signal.SIGKILL),
                stdin=subprocess.DEVNULL,
                env=command.env,
                start_new_session=True,
            )
        self._pid = self._process.pid

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        """Kill it with all that it started, as long as that stayed in its group."""
        for kill in (os.kill, os.killpg):  # a fork that has only just begun has no group yet
            with suppress(ProcessLookupError):
                kill(self._process.pid, signal.SIGKILL)

    def reap(self) -> int:
        self.kill()
        self._pid = None
        return self._process.wait()

    def leave(self) -> None:
        """Nothing is held for it but what the supervisor itself holds."""


@dataclass(slots=True)
class _Watch:
    """What is known of a service: it runs (`pidfd`), or waits for its next start (`due`)."""

    service: SupervisedService
    pidfd: int | None = None
    due: float | None = None
    started: float = 0.0
    deaths_in_a_row: int = 0
    restarts: int = 0


class Supervisor:
    """Runs `commands` until a signal asks it to stop.

    `servers` are what the commands rely on: running already, started again here when they die (all else waits
    meanwhile), stopped by the caller that started them, after the commands. `grace`, in seconds, is what a command
    gets from SIGTERM to SIGKILL. `state_file` shows which process is which, while `run` runs: a JSON
    object, pids by name. `restarts_file` shows in the same way how often each was started again.
    """

    def __init__(  # noqa: PLR0913 - each has its default
        self,
        commands: Sequence[Command],
        *,
        servers: Sequence[SupervisedService] = (),
        backoff: Backoff = Backoff(),
        grace: float = 25.0,
        state_file: Path | None = None,
        restarts_file: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._programs = {
            program: _Watch(program) for program in (_Program(one, self._leave) for one in commands)
        }
        self._watches = [*(_Watch(server) for server in servers), *self._programs.values()]
        self._backoff = backoff
        self._grace = grace
        self._state_file = state_file
        self._restarts_file = restarts_file
        self._clock = clock
        self._selector = selectors.DefaultSelector()
        self._stopping = False
        self._pids: dict[str, int] = {}

    def pids(self) -> Mapping[str, int]:
        """Return what runs now, by name; from any thread."""
        return self._pids

    def restarts(self) -> Mapping[str, int]:
        """Return how often each was started again, by name; from any thread."""
        return {watch.service.name: watch.restarts for watch in self._watches}

    def run(self) -> int:
        """Run until SIGTERM, SIGINT or SIGHUP, then stop the commands. Returns 0 if they all ended in time,
        1 if some had to be killed. Call it once, and in the main thread.
        """
        with self._selector, _stop_signals() as signals:
            self._selector.register(signals, selectors.EVENT_READ, signals)
            try:
                for watch in self._watches:
                    self._begin(watch)
                while not self._stopping:
                    self._wait(self._until_next_start())
                    self._start_due()
            finally:
                in_time = self._stop()
        return 0 if in_time else 1

    def _begin(self, watch: _Watch) -> None:
        """Start it unless it runs, and watch it; a start that fails counts as a death."""
        watch.due = None
        watch.started = self._clock()
        try:
            if watch.service.pid is None:
                watch.service.start()
            watch.pidfd = os.pidfd_open(watch.service.pid or 0)
        except (OSError, EmbeddedError) as error:
            self._postpone(watch, str(error))
        else:
            self._selector.register(watch.pidfd, selectors.EVENT_READ, watch)
            self._publish()

    def _leave(self) -> None:
        """Let go, in a fork, of all that the supervisor waits for, and its servers hold."""
        for key in list(self._selector.get_map().values()):
            os.close(key.fd)
        self._selector.close()
        os.close(signal.set_wakeup_fd(-1))
        for watch in self._watches:
            watch.service.leave()

    def _postpone(self, watch: _Watch, reason: str) -> None:
        now = self._clock()
        if now - watch.started >= self._backoff.forgiven_after:
            watch.deaths_in_a_row = 0
        watch.deaths_in_a_row += 1
        delay = self._backoff.delay(watch.deaths_in_a_row)
        watch.due = now + delay
        log.error("program_down", program=watch.service.name, reason=reason, next_start_in_s=delay)

    def _until_next_start(self) -> float | None:
        due = [watch.due for watch in self._watches if watch.due is not None]
        return max(0.0, min(due) - self._clock()) if due else None

    def _start_due(self) -> None:
        for watch in self._watches:
            if not self._stopping and watch.due is not None and watch.due <= self._clock():
                watch.restarts += 1
                log.warning("program_restarting", program=watch.service.name, restarts=watch.restarts)
                self._begin(watch)
                self._publish()

    def _wait(self, seconds: float | None) -> None:
        """Wait until a process has ended or a signal has come, and note it."""
        for key, _ in self._selector.select(seconds):
            if isinstance(key.data, _Watch):
                self._reap(key.data, key.fd)
            elif not _STOP_SIGNALS.isdisjoint(key.data.recv(4096)):
                self._stopping = True

    def _reap(self, watch: _Watch, pidfd: int) -> None:
        self._selector.unregister(pidfd)
        os.close(pidfd)
        watch.pidfd = None
        status = watch.service.reap()
        self._publish()
        if self._stopping:
            log.info("program_stopped", program=watch.service.name, status=status)
        else:
            self._postpone(watch, f"ended with status {status}")

    def _running(self) -> list[_Program]:
        return [program for program, watch in self._programs.items() if watch.pidfd is not None]

    def _stop(self) -> bool:
        """End all commands; says whether each did so by itself, within the grace."""
        self._stopping = True
        running = self._running()
        log.info("supervisor_stopping", programs=[each.name for each in running], grace_s=self._grace)
        for program in running:
            program.terminate()
        deadline = self._clock() + self._grace
        while self._running() and (left := deadline - self._clock()) > 0:
            self._wait(left)
        late = self._running()
        for program in late:
            log.error("program_killed", program=program.name)
            program.kill()
        while self._running():
            self._wait(None)
        self._clean_up()
        return not late

    def _clean_up(self) -> None:
        for watch in self._watches:
            if watch.pidfd is not None:  # a server's: it runs on
                os.close(watch.pidfd)
                watch.pidfd = None
        for file in (self._state_file, self._restarts_file):
            if file:
                file.unlink(missing_ok=True)

    def _publish(self) -> None:
        self._pids = {
            watch.service.name: pid for watch in self._watches if (pid := watch.service.pid) is not None
        }
        _show(self._state_file, {"supervisor": os.getpid(), **self._pids})
        _show(self._restarts_file, self.restarts())


def _show(file: Path | None, counts: Mapping[str, int]) -> None:
    """Replace a file's content: nobody ever reads half of it."""
    if file is None:
        return
    draft = file.with_suffix(".new")
    try:
        draft.write_text(json.dumps(counts, indent=2) + "\n", "utf-8")
        draft.replace(file)
    except OSError as error:  # a full disk must not stop the service
        log.warning("state_file_not_written", file=file.name, reason=str(error))


@contextmanager
def _stop_signals() -> Iterator[socket.socket]:
    """Yield a socket that receives the number of each signal that asks to stop, as one byte, in place of its usual
    effect. A SIGHUP that the caller ignores (nohup) stays ignored.
    """
    reader, writer = socket.socketpair()
    with reader, writer:
        reader.setblocking(False)
        writer.setblocking(False)
        before_fd = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        before = {
            number: signal.signal(number, _noted)
            for number in _STOP_SIGNALS
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN
        }
        try:
            yield reader
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(before_fd)


def _noted(number: int, frame: FrameType | None) -> None:
    """Do nothing: the wake-up socket has the signal already."""
