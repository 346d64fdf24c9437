"""What embedded servers have in common: a data directory held by one owner, a process that ends with its
parent, readiness that was seen and not assumed, an orderly stop.

    data_dir/       the caller's alone; as root, the server's account may pass through
      data/         the server's own files, its account's alone
      run/          its socket, its account's alone
      server.log    what it prints (server.log.1: the one before)
      server.lock   locked by the running server itself

and what says who may speak to it (see `authentication`): pg_hba.conf and pg_ident.conf, or secret and users.acl.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING, ClassVar, Self, TypedDict

import structlog

from dispatcher.embedded.account import (
    Account,
    former_account,
    hand_over,
    own_directory,
    permit_tree,
    permit_way,
    private_directory,
    server_account,
)
from dispatcher.embedded.errors import (
    DataDirectoryInUseError,
    EmbeddedError,
    ExtraMissingError,
    ServerFailedError,
)
from dispatcher.embedded.locks import lock_directory, lock_file
from dispatcher.embedded.parent_death import with_parent_death_signal
from dispatcher.embedded.sockets import socket_directory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

_READY_POLL = 0.02  # seconds between two looks at a starting server
_LOG_LIMIT = 10_000_000  # bytes; a longer log is set aside at the next start
_LOG_LINES = 15  # quoted in an error

# Nothing of the caller's environment reaches a server: PGPORT, PGDATA or a locale would change what it does.
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}

log = structlog.get_logger(__name__)


def installed(package: str, file: str, url_variable: str) -> Path:
    """Return the file, given as a pattern, in the wheel that brings a server. Raises ExtraMissingError."""
    spec = find_spec(package)
    places = spec.submodule_search_locations if spec else None
    found = [path for place in places or [] for path in sorted(Path(place).resolve().glob(file))]
    if not found:
        raise ExtraMissingError(
            f"{package.replace('_', '-')} with its server for this machine is not installed: install"
            f" cap-dispatcher[embedded], or set {url_variable} to a server of your own"
        )
    return found[0]


class EmbeddedServer(ABC):
    """One server on one data directory. Start it from a thread that lives as long as it shall: the server
    receives its `death_signal` when that thread ends (see `parent_death`).
    """

    name: ClassVar[str]
    socket_name: ClassVar[str]
    death_signal: ClassVar[signal.Signals]
    stop_sequence: ClassVar[
        Sequence[tuple[signal.Signals, float]]
    ]  # before SIGKILL; seconds to wait for each
    remains_patience: ClassVar[float] = 30.0  # seconds for one whose dispatcher was killed to finish its stop

    def __init__(self, data_dir: Path, *, durable: bool = True, start_timeout: float = 60.0) -> None:
        """`durable=False` gives up what was written before a power cut, for speed: for tests.
        `start_timeout`, in seconds, has to cover the recovery after a crash.
        """
        self._home = data_dir.resolve()
        self._data = self._home / "data"
        self._prepared_socket_dir: Path | None = None
        self._durable = durable
        self._start_timeout = start_timeout
        self._account: Account | None = None
        self._claim: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The running server's process, or None."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @property
    @abstractmethod
    def url(self) -> str:
        """How clients reach the server once it was started; the same after every start."""

    def start(self) -> str:
        """Start the server and wait until it answers; returns its URL. After a crash: start it again.

        Raises ExtraMissingError, DataDirectoryInUseError, ServerFailedError or another EmbeddedError.
        """
        if self.pid is not None:
            raise EmbeddedError(f"this {self.name} runs already, as process {self.pid}")
        programs = self._programs()
        try:
            self._claim_home()
            # The lock passes to the server and its children and ends with the last of them, so that no server
            # meets the remains of one that was killed, or whose dispatcher was.
            lock = self._lock_data()
            try:
                self._prepare(programs)
                self._process = self._spawn(lock)
            finally:
                os.close(lock)
            self._await_answer(self._process)
        except OSError as error:
            self.stop()
            raise EmbeddedError(f"{self.name} cannot use {self._home}: {error}") from error
        except BaseException:
            self.stop()
            raise
        log.info("embedded_server_started", server=self.name, pid=self.pid, durable=self._durable)
        return self.url

    def reap(self) -> int:
        """Collect the server's process, which has ended by itself; returns its status."""
        return self._process.wait() if self._process is not None else 0

    def leave(self) -> None:
        """Let go, in a fork, of the data directory: it is the forking process that holds it, and stops the server."""
        if self._claim is not None:
            os.close(self._claim)
            self._claim = None
        self._process = None

    def stop(self) -> None:
        """Stop the server if it runs, politely first, and release the data directory. It is safe to repeat."""
        if self._process is not None:
            self._end(self._process)
            self._process = None
        if self._claim is not None:
            os.close(self._claim)
            self._claim = None
        prepared = self._prepared_socket_dir
        if prepared is not None and prepared.parent != self._home:
            with suppress(OSError):  # never made, or a socket is left in it
                prepared.rmdir()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @abstractmethod
    def _programs(self) -> Sequence[Path]:
        """Return the directories that the server's account must be able to read. Raises ExtraMissingError."""

    @abstractmethod
    def _command(self) -> Sequence[str]:
        """Return the server's executable and its arguments."""

    @abstractmethod
    def _answers(self) -> bool:
        """Return whether the server accepts connections and commands now."""

    @abstractmethod
    def _create_data(self, data: Path) -> None:
        """Fill the new, empty directory `data`, if the server does not do so itself."""

    @abstractmethod
    def _require_authentication(self) -> None:
        """Write what says who may speak to the server, before each start."""

    def _creating_account(self) -> Account | None:
        """Return the account that creates the data, before they are handed to the server's. Raises EmbeddedError."""
        return self._account

    def _claim_home(self) -> None:
        if self._claim is not None:
            return
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._claim = lock_directory(self._home)
        if self._claim is None:
            raise DataDirectoryInUseError(
                f"another dispatcher runs {self.name} in {self._home}: stop it, or use another data directory"
            )

    @property
    def _socket_dir(self) -> Path:
        """Where the socket is, or would be if the server were started now. Raises EmbeddedError for no place."""
        temp_dir = Path(tempfile.gettempdir()).resolve()
        return self._prepared_socket_dir or socket_directory(
            self._home / "run", self.socket_name, temp_dir=temp_dir
        )

    def _prepare(self, programs: Sequence[Path]) -> None:
        self._prepared_socket_dir = self._socket_dir
        self._account = server_account(self._data, euid=os.geteuid())
        own_directory(self._home, self._account)
        if self._account:
            permit_way(self._data, self._account)
            permit_way(self._socket_dir, self._account)
            for directory in programs:
                permit_tree(directory, self._account)
            if former := former_account(self._data):
                log.warning("data_handed_over", path=str(self._data), uid=self._account.uid)
                hand_over(self._data, former, self._account)
        private_directory(self._socket_dir, self._account)
        if not self._data.exists():
            self._create()
        self._require_authentication()

    def _create(self) -> None:
        """Create the data, which take their name only when complete: a creation that was cut short is done again."""
        draft = self._home / "data.new"
        if draft.exists():
            shutil.rmtree(draft)
        creator = self._creating_account()
        own_directory(self._home, creator)
        self._create_data(private_directory(draft, creator))
        if creator and self._account:
            hand_over(draft, creator, self._account)
        own_directory(self._home, self._account)
        draft.rename(self._data)
        directory = os.open(self._home, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def _run(self, command: Sequence[str], *, timeout: float) -> None:
        """Run a command that creates the data, as the account for that. Raises ServerFailedError."""
        with self._open_log() as log_file:
            try:
                subprocess.run(
                    with_parent_death_signal(
                        command, death_signal=signal.SIGKILL, account=self._creating_account()
                    ),
                    **_popen_options(log_file),
                    timeout=timeout,
                    check=True,
                )
            except subprocess.SubprocessError as error:
                raise self._failure(f"could not create its data: {error}") from error

    def _lock_data(self) -> int:
        lock = lock_file(self._home / "server.lock", patience=self.remains_patience)
        if lock is None:
            raise DataDirectoryInUseError(
                f"a {self.name} of an earlier dispatcher still works on {self._home}"
            )
        return lock

    def _spawn(self, lock: int) -> subprocess.Popen[bytes]:
        with self._open_log() as log_file:
            return subprocess.Popen(
                with_parent_death_signal(
                    self._command(), death_signal=self.death_signal, account=self._account
                ),
                **_popen_options(log_file),
                pass_fds=[lock],
                start_new_session=True,  # a terminal's Ctrl-C is for us, who stop the servers last
            )

    def _await_answer(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + self._start_timeout
        while not self._answers():
            try:
                code = process.wait(_READY_POLL)
            except subprocess.TimeoutExpired:
                if time.monotonic() > deadline:
                    raise self._failure(f"gave no answer within {self._start_timeout:g} s") from None
            else:
                raise self._failure(f"ended at once, with status {code}")

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        for stop_sequence, patience in self.stop_sequence:
            process.send_signal(stop_sequence)  # nothing happens if it has ended
            with suppress(subprocess.TimeoutExpired):
                code = process.wait(patience)
                log.info("embedded_server_stopped", server=self.name, pid=process.pid, status=code)
                return
            log.warning(
                "embedded_server_slow_to_stop", server=self.name, pid=process.pid, asked=stop_sequence.name
            )
        process.kill()
        process.wait()
        log.error("embedded_server_killed", server=self.name, pid=process.pid)

    def _open_log(self) -> IO[bytes]:
        path = self._home / "server.log"
        if path.exists() and path.stat().st_size > _LOG_LIMIT:
            path.replace(self._home / "server.log.1")
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        return os.fdopen(os.open(path, flags, 0o600), "ab")

    def _failure(self, what: str) -> ServerFailedError:
        lines = (self._home / "server.log").read_text("utf-8", "replace").splitlines()[-_LOG_LINES:]
        return ServerFailedError("\n  ".join([f"{self.name} {what}; the last lines of its log:", *lines]))


class _PopenOptions(TypedDict):
    stdin: int
    stdout: IO[bytes]
    stderr: IO[bytes]
    env: Mapping[str, str]
    cwd: str


def _popen_options(log_file: IO[bytes]) -> _PopenOptions:
    return {
        "stdin": subprocess.DEVNULL,
        "stdout": log_file,
        "stderr": log_file,
        "env": ENVIRONMENT,
        "cwd": "/",
    }
