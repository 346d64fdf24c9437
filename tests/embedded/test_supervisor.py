"""The supervisor with real processes. Each of them reports to the test by a datagram when it starts, so that
the test waits for what happens and never for time to pass.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from dispatcher.embedded import EmbeddedError, EmbeddedValkey
from dispatcher.embedded.supervisor import Backoff, Command, Supervisor

QUICK = Backoff(first=0.01, cap=0.02)

REPORT = """
import os, signal, socket, subprocess, sys, time
def report(text):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.sendto(f"{name} {text}".encode(), address)
name, address = sys.argv[1:3]
"""
OBEDIENT = REPORT + "report(os.getpid()); signal.pause()"
STUBBORN = (
    REPORT + "signal.signal(signal.SIGTERM, signal.SIG_IGN); report(os.getpid())\nwhile True: signal.pause()"
)
TIDY = (
    REPORT
    + """
signal.signal(signal.SIGTERM, lambda *_: (report('goodbye'), sys.exit(0)))
report(os.getpid())
signal.pause()
"""
)
WITH_CHILD = REPORT + "child = subprocess.Popen(['sleep', '1000']); report(child.pid); signal.pause()"


class Reports:
    """What the processes say, in order."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(20)

    def command(self, name: str, source: str, **options: Any) -> Command:
        return Command(name, [sys.executable, "-c", source, name, str(self.path)], **options)

    def next(self) -> tuple[str, str]:
        name, _, text = self._socket.recv(1000).decode().partition(" ")
        return name, text

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def reports(servers_dir: Path, tmp_path: Path) -> Iterator[Reports]:
    reports = Reports(servers_dir / f"{tmp_path.name}.sock")
    yield reports
    reports.close()


@pytest.fixture(autouse=True)
def _hangups_arrive() -> Iterator[None]:
    """Also where `nohup` has the tests ignore them, and so the supervisor, which leaves that as it finds it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def run_while(
    supervisor: Supervisor, operate: Callable[[], None], *, end: signal.Signals = signal.SIGTERM
) -> int:
    """Run the supervisor while an operator does something and then asks it to stop; returns its status.

    The supervisor has installed its handlers before the first report of a process can reach the operator.
    """
    failures: list[BaseException] = []

    def operator() -> None:
        try:
            operate()
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
            failures.append(error)
        os.kill(os.getpid(), end)

    thread = threading.Thread(target=operator)
    thread.start()
    status = supervisor.run()
    thread.join()
    if failures:
        raise failures[0]
    return status


def eventually(condition: Callable[[], bool]) -> bool:
    """For the supervisor's own account, which may lag behind the first words of a process it has started."""
    deadline = time.monotonic() + 20
    while not (met := condition()) and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    return met


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("asked_by", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_asked_to_stop_it_lets_every_command_end_by_itself(reports: Reports, asked_by: Any) -> None:
    supervisor = Supervisor([reports.command(name, TIDY) for name in ("api", "worker-1")])
    pids = {}

    def operate() -> None:
        pids.update(reports.next() for _ in range(2))
        assert eventually(lambda: {name: str(pid) for name, pid in supervisor.pids().items()} == pids)

    assert run_while(supervisor, operate, end=asked_by) == 0
    assert sorted(reports.next() for _ in range(2)) == [("api", "goodbye"), ("worker-1", "goodbye")]
    assert not any(alive(int(pid)) for pid in pids.values())
    assert supervisor.pids() == {}
    assert supervisor.restarts() == {"api": 0, "worker-1": 0}


def test_a_terminals_ctrl_c_cannot_reach_the_commands(reports: Reports) -> None:
    def operate() -> None:
        pid = int(reports.next()[1])
        assert os.getpgid(pid) == os.getsid(pid) == pid

    assert run_while(Supervisor([reports.command("api", OBEDIENT)]), operate) == 0


def test_what_dies_is_started_again_and_counted(reports: Reports) -> None:
    supervisor = Supervisor(
        [reports.command("api", OBEDIENT), reports.command("worker-1", OBEDIENT)], backoff=QUICK
    )

    def operate() -> None:
        first = dict(reports.next() for _ in range(2))
        os.kill(int(first["worker-1"]), signal.SIGKILL)
        name, pid = reports.next()
        assert name == "worker-1"
        assert pid != first["worker-1"]
        assert eventually(lambda: supervisor.pids() == {"api": int(first["api"]), "worker-1": int(pid)})

    assert run_while(supervisor, operate) == 0
    assert supervisor.restarts() == {"api": 0, "worker-1": 1}


def test_an_end_that_nobody_asked_for_is_a_death_even_with_status_0(reports: Reports) -> None:
    supervisor = Supervisor([reports.command("once", REPORT + "report(os.getpid())")], backoff=QUICK)

    def operate() -> None:
        assert len({reports.next() for _ in range(3)}) == 3

    assert run_while(supervisor, operate) == 0
    assert supervisor.restarts()["once"] >= 2


def test_a_command_that_cannot_run_is_tried_again_and_holds_up_nobody(reports: Reports) -> None:
    supervisor = Supervisor(
        [Command("broken", ["/no/such/program"]), reports.command("api", TIDY)], backoff=QUICK
    )
    assert run_while(supervisor, reports.next) == 0
    assert reports.next() == ("api", "goodbye")


def test_what_does_not_stop_in_time_is_killed_and_the_status_says_so(reports: Reports) -> None:
    pids = []

    def operate() -> None:
        pids.append(int(reports.next()[1]))

    assert run_while(Supervisor([reports.command("worker-1", STUBBORN)], grace=0.1), operate) == 1
    assert not alive(pids[0])


def test_what_a_command_started_goes_with_it(reports: Reports, ended: Callable[[int], bool]) -> None:
    supervisor = Supervisor([reports.command("worker-1", WITH_CHILD)], backoff=QUICK)

    def operate() -> None:
        grandchild = os.pidfd_open(int(reports.next()[1]))
        assert eventually(lambda: "worker-1" in supervisor.pids())
        os.kill(supervisor.pids()["worker-1"], signal.SIGKILL)
        assert ended(grandchild)
        reports.next()

    assert run_while(supervisor, operate) == 0


def test_a_command_gets_the_environment_it_asks_for(reports: Reports, env: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("WARN_")]:
        env.delenv(name)
    env.setenv("WARN_OURS", "1")
    source = REPORT + "report([n for n in os.environ if n.startswith('WARN_')]); signal.pause()"
    seen = []

    def operate() -> None:
        seen.extend(reports.next() for _ in range(2))

    commands = [reports.command("heir", source), reports.command("own", source, env={"WARN_X": "1"})]
    assert run_while(Supervisor(commands), operate) == 0
    assert sorted(seen) == [("heir", "['WARN_OURS']"), ("own", "['WARN_X']")]


def test_the_state_file_follows_what_runs_and_goes_at_the_end(reports: Reports, tmp_path: Path) -> None:
    state = tmp_path / "pids.json"
    supervisor = Supervisor([reports.command("worker-1", OBEDIENT)], backoff=QUICK, state_file=state)

    def operate() -> None:
        for _ in range(2):
            pid = int(reports.next()[1])
            expected = {"supervisor": os.getpid(), "worker-1": pid}
            assert eventually(lambda: state.exists() and json.loads(state.read_text()) == expected)  # noqa: B023 - at once
            os.kill(pid, signal.SIGKILL)
        reports.next()

    assert run_while(supervisor, operate) == 0
    assert list(tmp_path.iterdir()) == []


def test_how_often_each_was_started_again_is_written_down_while_it_runs(
    reports: Reports, tmp_path: Path
) -> None:
    file = tmp_path / "restarts.json"
    commands = [reports.command("api", OBEDIENT), reports.command("worker-1", OBEDIENT)]
    supervisor = Supervisor(commands, backoff=QUICK, restarts_file=file)

    def operate() -> None:
        first = dict(reports.next() for _ in range(2))
        assert json.loads(file.read_bytes()) == {"api": 0, "worker-1": 0}
        os.kill(int(first["worker-1"]), signal.SIGKILL)
        reports.next()
        assert eventually(lambda: json.loads(file.read_bytes()) == {"api": 0, "worker-1": 1})

    assert run_while(supervisor, operate) == 0
    assert not file.exists()


def test_a_state_file_that_cannot_be_written_stops_nothing(reports: Reports, tmp_path: Path) -> None:
    supervisor = Supervisor([reports.command("api", OBEDIENT)], state_file=tmp_path / "none" / "pids.json")
    assert run_while(supervisor, reports.next) == 0


def test_a_signal_of_somebody_else_stops_nothing(reports: Reports) -> None:
    supervisor = Supervisor([reports.command("api", OBEDIENT)], backoff=QUICK)
    seen = []
    before = signal.signal(signal.SIGUSR1, lambda *_: seen.append("USR1"))

    def operate() -> None:
        pid = int(reports.next()[1])
        os.kill(os.getpid(), signal.SIGUSR1)
        os.kill(pid, signal.SIGKILL)
        reports.next()

    assert run_while(supervisor, operate) == 0
    signal.signal(signal.SIGUSR1, before)
    assert seen == ["USR1"]
    assert supervisor.restarts() == {"api": 1}


def test_the_callers_signal_handlers_are_back_afterwards(reports: Reports) -> None:
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    assert run_while(Supervisor([reports.command("api", OBEDIENT)]), reports.next) == 0
    assert [signal.getsignal(number) for number in numbers] == before


class ReportingValkey(EmbeddedValkey):
    """Says when it has started, and fails as often as it is told to."""

    def __init__(self, data_dir: Path, *, failures: int = 0) -> None:
        super().__init__(data_dir, durable=False)
        self.failures = failures
        self.starts = 0
        self.restarted = threading.Event()

    def start(self) -> Any:
        if self.starts and self.failures:
            self.failures -= 1
            raise EmbeddedError("no memory left")
        url = super().start()
        self.starts += 1
        if self.starts == 2:
            self.restarted.set()
        return url


@pytest.mark.parametrize("failures", [0, 2])
def test_a_server_that_dies_is_started_again_and_outlives_the_supervisor(
    servers_dir: Path, tmp_path: Path, reports: Reports, failures: int
) -> None:
    with ReportingValkey(servers_dir / tmp_path.name, failures=failures) as server:
        first = server.pid
        supervisor = Supervisor([reports.command("api", OBEDIENT)], servers=[server], backoff=QUICK)

        def operate() -> None:
            reports.next()
            assert supervisor.pids()["valkey"] == first
            os.kill(first, signal.SIGKILL)
            assert server.restarted.wait(20)

        assert run_while(supervisor, operate) == 0
        assert supervisor.restarts()["valkey"] == failures + 1
        assert server.pid not in {first, None}
        with redis.Redis.from_url(server.url) as client:
            assert client.ping()


def test_a_killed_supervisor_leaves_no_process(
    python: Callable[..., subprocess.Popen[str]], ended: Callable[[int], bool], reports: Reports
) -> None:
    source = """
        import sys
        from dispatcher.embedded.supervisor import Command, Supervisor

        Supervisor([Command(name, [sys.executable, "-c", *sys.argv[1:2], name, sys.argv[2]])
                    for name in ("api", "worker-1")]).run()
    """
    supervisor = python(source, STUBBORN, reports.path)
    pidfds = [os.pidfd_open(int(reports.next()[1])) for _ in range(2)]
    supervisor.kill()
    assert [ended(pidfd) for pidfd in pidfds] == [True, True]


def test_ctrl_c_at_a_terminal_is_a_clean_stop_with_status_0(
    python: Callable[..., subprocess.Popen[str]], reports: Reports
) -> None:
    """The whole foreground group gets a terminal's SIGINT."""
    source = """
        import sys
        from dispatcher.embedded.supervisor import Command, Supervisor

        sys.exit(Supervisor([Command("api", [sys.executable, "-c", sys.argv[1], "api", sys.argv[2]])]).run())
    """
    supervisor = python(source, TIDY, reports.path, start_new_session=True)
    reports.next()
    os.killpg(supervisor.pid, signal.SIGINT)
    assert supervisor.wait(20) == 0
    assert reports.next() == ("api", "goodbye")


def test_the_hangup_that_nohup_ignores_stays_ignored(
    python: Callable[..., subprocess.Popen[str]], reports: Reports
) -> None:
    source = """
        import signal, sys
        from dispatcher.embedded.supervisor import Command, Supervisor

        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        sys.exit(Supervisor([Command("api", [sys.executable, "-c", sys.argv[1], "api", sys.argv[2]])]).run())
    """
    supervisor = python(source, TIDY, reports.path)
    _, pid = reports.next()
    supervisor.send_signal(signal.SIGHUP)
    os.kill(int(pid), signal.SIGTERM)
    assert reports.next() == ("api", "goodbye")
    assert reports.next()[1] not in {pid, "goodbye"}
    supervisor.terminate()
    assert supervisor.wait(20) == 0


@pytest.mark.parametrize(
    ("deaths", "seconds"), [(1, 0.2), (2, 0.4), (3, 0.8), (8, 25.6), (9, 30.0), (10**6, 30.0)]
)
def test_the_pause_doubles_up_to_its_cap(deaths: Any, seconds: float) -> None:
    assert Backoff().delay(deaths) == pytest.approx(seconds)


def test_deaths_after_a_long_life_are_not_added_up(reports: Reports) -> None:
    """Twelve doublings of the first pause would take longer than anybody waits here."""
    forgiving = Backoff(first=0.01, cap=1000.0, forgiven_after=0.0)
    supervisor = Supervisor([reports.command("api", REPORT + "report(os.getpid())")], backoff=forgiving)

    def operate() -> None:
        for _ in range(13):
            reports.next()

    assert run_while(supervisor, operate) == 0
