"""The service under test: `dispatcher up` as a child process with a data directory of its own, seen from outside
only: its command line, its HTTP interface, its state file, its processes.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from dispatcher.embedded.parent_death import with_parent_death_signal
from dispatcher.model.vocabulary import FINAL_STATES
from dispatcher.runtime.listening import ADDRESSES, DIRECTORY
from ops.lab.world.commands import CommandLine
from ops.lab.world.records import ServiceRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).parents[3]
READY_WITHIN_S = 180.0
"""How long the service may take to start: a new record is made first; on a busy machine that alone takes half a
minute."""
STOPS_WITHIN_S = 60.0
"""How long the service may take to stop: the supervisor gives its processes 25 s, then come the two servers."""
COMMANDS_WITHIN_S = 300.0
ANSWER_WITHIN_S = 30.0
PROBED_WITHIN_S = 10.0
LOOK_EVERY_S = 0.05
LAST_WORDS = 4000
"""Characters of the log that are quoted when it does not start."""
FINAL = FINAL_STATES
UP = ("-m", "dispatcher", "up")


class ServiceError(Exception):
    """The service did not start, did not stop, or refused what it was asked for."""


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """The response to one request, and the two aware instants between which it was made."""

    status: int
    body: bytes
    began_at: datetime
    ended_at: datetime
    cookies: tuple[str, ...] = ()
    """What a browser is to keep, as the headers `Set-Cookie` have it."""

    def json(self) -> Any:
        """Parse the body as JSON. Raises ValueError."""
        return json.loads(self.body)

    @property
    def accepted(self) -> bool:
        """Return whether it is a 2xx: the service's promise."""
        return 200 <= self.status < 300

    @property
    def alert_id(self) -> str:
        """Return the service's id of a submitted alert. Raises KeyError where it was refused."""
        found: str = self.json()["alert"]["id"]
        return found


class Service:
    """The service under test, started by `start`, ended by `stop`; `log` has what its processes wrote."""

    def __init__(self, home: Path, settings: Mapping[str, str], command: Sequence[str] = UP) -> None:
        """`home` becomes its data directory. `settings` are environment variables (`WARN_...`); those of the
        caller do not reach it. `command` are the arguments for Python that start it."""
        self._command = command
        self.home = home.resolve()
        self.log = self.home.with_suffix(".log")
        self.key = ""
        """The API key that `submit`, `status` and the like use."""
        self._environment = {
            **{name: value for name, value in os.environ.items() if not _is_setting(name)},
            "WARN_DATA_DIR": str(self.home),
            "WARN_API_PORT": "0",
            "WARN_FCM_CHECKS": "0",  # what is seen at the gateways is the same by day and at night
            **settings,
        }
        self._processes = 1 + sum(
            int(self._environment.get(name, usual))
            for name, usual in (
                ("WARN_WORKERS", "2"),
                ("WARN_READING_PROCESSES", "0"),
                ("WARN_CITIZENS_PROCESSES", "0"),
            )
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        """Return the environment in which `python -m dispatcher ...` uses this service's record."""
        return self._environment

    def start(self) -> None:
        """Start it and wait until API and workers are ready. Raises ServiceError. From the main thread: it
        gets SIGTERM when the thread that called this ends."""
        self.home.mkdir(parents=True, exist_ok=True)
        command = with_parent_death_signal([sys.executable, *self._command], death_signal=signal.SIGTERM)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=dict(self._environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
            )
        self.wait_ready()

    def wait_ready(self, within_s: float = READY_WITHIN_S) -> None:
        """Wait until every process answers /readyz with 200. Raises ServiceError."""
        deadline = time.monotonic() + within_s
        while not self._ready():
            if self._process is None or self._process.poll() is not None:
                raise ServiceError(f"the service ended at its start; {self._last_words()}")
            if time.monotonic() > deadline:
                raise ServiceError(f"the service is not ready after {within_s:.0f} s; {self._last_words()}")
            time.sleep(LOOK_EVERY_S)

    def _last_words(self) -> str:
        """Return the end of the log: a reader of the error may not have the file any more."""
        return f"{self.log} ends with:\n{self.log.read_text('utf-8', 'replace')[-LAST_WORDS:]}"

    def _ready(self) -> bool:
        urls = self.urls()
        if len(urls) != self._processes:
            return False
        return all(self.ready_at(url) for url in urls.values())

    @staticmethod
    def ready_at(url: str) -> bool:
        """Return whether the process behind one of `urls` answers /readyz with 200."""
        with suppress(OSError, http.client.HTTPException):
            return _request("GET", f"{url}/readyz", timeout_s=PROBED_WITHIN_S).status == 200
        return False

    def stop(self, within_s: float = STOPS_WITHIN_S) -> int:
        """Send SIGTERM, and SIGKILL if that does not end it in time. Returns the exit status. Its processes end with
        it."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.terminate()
        try:
            return process.wait(within_s)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait(within_s)

    def commands(self, *argvs: Sequence[str] | CommandLine) -> list[str]:
        """Run `dispatcher` commands one after the other. Returns what each printed. Raises ServiceError."""
        lines = (one if isinstance(one, CommandLine) else CommandLine(tuple(map(str, one))) for one in argvs)
        done = subprocess.run(
            [sys.executable, "-m", "ops.lab.world.commands"],
            cwd=ROOT,
            env=dict(self._environment),
            input=b"".join(msgspec.json.encode(line) + b"\n" for line in lines),
            capture_output=True,
            timeout=COMMANDS_WITHIN_S,
            check=False,
        )
        if done.returncode:
            raise ServiceError(f"dispatcher: {done.stderr.decode()[-2000:]}")
        return [json.loads(line)["output"] for line in done.stdout.splitlines()]

    def pids(self) -> dict[str, int]:
        """Return its processes by name: `supervisor`, `postgres`, `valkey`, `api`, `worker-1`, ..."""
        with suppress(FileNotFoundError):
            found: dict[str, int] = json.loads((self.home / "state.json").read_bytes())
            return found
        return {}

    def kill(self, name: str) -> int:
        """Send SIGKILL to one of its processes. Returns its pid. Raises KeyError where it does not run now."""
        pid = self.pids()[name]
        os.kill(pid, signal.SIGKILL)
        return pid

    def urls(self) -> dict[str, str]:
        """Return the URLs at which its processes serve probes and metrics, by name."""
        found = {}
        for file in sorted((self.home / DIRECTORY).glob("*.json")):
            with suppress(FileNotFoundError):  # it was taken away meanwhile
                [group] = json.loads(file.read_bytes())
                found[file.stem] = f"http://{group['targets'][0]}"
        return found

    @property
    def url(self) -> str:
        """Return the URL of the API. Raises KeyError while it is not up."""
        return self.url_of("api")

    def url_of(self, process: str) -> str:
        """Return where a process serves clients. Raises KeyError while it is not up."""
        try:
            found: str = json.loads((self.home / ADDRESSES / f"{process}.json").read_bytes())["url"]
        except FileNotFoundError:
            raise KeyError(process) from None
        return found

    def metrics(self) -> dict[str, str]:
        """Read the text of every process' /metrics that answers now, by name."""
        texts = {}
        for name, url in self.urls().items():
            with suppress(OSError, http.client.HTTPException):
                texts[name] = _request("GET", f"{url}/metrics").body.decode()
        return texts

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        key: str = "",
        content_type: str = "application/cap+xml",
    ) -> ApiResponse:
        """Make one request to the API with this key, by default its own `key`. Raises OSError or HTTPException where no
        answer came.
        """
        headers = {"Authorization": f"Bearer {key or self.key}", "Content-Type": content_type}
        return _request(method, self.url + path, body, headers)

    def visit(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> ApiResponse:
        """Make one request as a browser does, without a key. Follows no redirect. Raises like `request`."""
        return _request(method, self.url + path, body, headers)

    def submit(self, xml: bytes) -> ApiResponse:
        """Submit one CAP message; a refusal is an answer too. Raises like `request`."""
        return self.request("POST", "/v1/alerts", xml)

    def status(self, alert_id: str) -> dict[str, Any]:
        """Return the alert's progress, as the API reports it. Raises ServiceError, or like `request`."""
        found: dict[str, Any] = self._found(f"/v1/alerts/{alert_id}").json()
        return found

    def alert(self, alert_id: str) -> dict[str, Any]:
        """Return the alert's body of the API: cheaper than `status`, since no recipients are counted. Raises KeyError
        for one that is not among the newest 500, ServiceError, or like `request`."""
        listed = self._found("/v1/alerts?limit=500").json()["alerts"]
        found: dict[str, Any] = {one["id"]: one for one in listed}[alert_id]
        return found

    def wait_settled(self, alert_id: str, within_s: float) -> dict[str, Any]:
        """Wait until every recipient is accounted for, and return the alert. Raises ServiceError, or like `alert`."""
        deadline = time.monotonic() + within_s
        while (alert := self.alert(alert_id))["state"] not in FINAL:
            if time.monotonic() > deadline:
                raise ServiceError(f"alert {alert_id} is {alert['state']} after {within_s:.0f} s")
            time.sleep(LOOK_EVERY_S)
        return alert

    def wait_replaced(self, name: str, pid: int, within_s: float = READY_WITHIN_S) -> int:
        """Wait until another process than `pid` runs under `name` and all are ready. Returns its pid. Raises
        ServiceError."""
        deadline = time.monotonic() + within_s
        while (successor := self.pids().get(name, pid)) == pid:
            if time.monotonic() > deadline:
                raise ServiceError(f"nothing took the place of {name} within {within_s:.0f} s")
            time.sleep(LOOK_EVERY_S)
        self.wait_ready(within_s)
        return successor

    def ledger(self, alert_id: str) -> Iterator[ServiceRecord]:
        """Return what the service says became of every recipient of the alert: of those who were imported by their
        reference, of others by none.
        """
        return read_ledger(self._found(f"/v1/alerts/{alert_id}/ledger").body)

    def _found(self, path: str) -> ApiResponse:
        answer = self.request("GET", path)
        if not answer.accepted:
            raise ServiceError(f"GET {path}: {answer.status} {answer.body[:500]!r}")
        return answer


def read_ledger(body: bytes) -> Iterator[ServiceRecord]:
    """Read the service's ledger of an alert, as it answers it. Raises ValueError, KeyError."""
    for line in body.splitlines():
        entry = json.loads(line)
        yield ServiceRecord(
            entry["alert_id"], entry["ref"] or "", entry["channel"], entry["state"], entry["uncertain"]
        )


def _is_setting(name: str) -> bool:
    return name.startswith(("WARN_", "PG")) or name in {"DATABASE_URL", "REDIS_URL"}


def _request(
    method: str,
    url: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout_s: float = ANSWER_WITHIN_S,
) -> ApiResponse:
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_s)
    began_at = datetime.now(UTC)
    try:
        connection.request(method, target, body, dict(headers or {}))
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    cookies = tuple(response.headers.get_all("set-cookie", ()))
    return ApiResponse(response.status, content, began_at, datetime.now(UTC), cookies)
