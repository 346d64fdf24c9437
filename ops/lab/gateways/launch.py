"""Starting a stand-in from a program, talking to its control interface, ending it."""

from __future__ import annotations

import http.client
import select
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from ops.lab.gateways.reports import ReportSummary
from ops.lab.gateways.smpp.outbox import ReceiptSummary as SmppReceipts

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Self

READY_WITHIN_S = 30.0
"""How long a stand-in may take to start: a large population takes some seconds to load."""
ANSWER_WITHIN_S = 10.0
STOPS_WITHIN_S = 10.0


class StandinError(Exception):
    """A stand-in did not start, or refused a control request."""


class Ready(msgspec.Struct, frozen=True):
    """What a stand-in prints once it listens."""

    channel: str
    url: str
    urls: tuple[str, ...]
    ports: tuple[int, ...]
    pid: int
    ledger: str
    control: str = ""
    """Where it takes control requests, if not at `url`."""


@dataclass(slots=True)
class Standin:
    """A running stand-in. As a context manager it is stopped at the end."""

    process: subprocess.Popen[bytes]
    ready: Ready
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    """The client's side, for a stand-in that serves HTTPS."""

    @property
    def url(self) -> str:
        return self.ready.url

    @property
    def ledger(self) -> Path:
        return Path(self.ready.ledger)

    def set_faults(self, *rules: dict[str, Any]) -> list[str]:
        """Put these rules in force, with fresh counters. Returns their names. Raises StandinError for a bad rule."""
        names: list[str] = msgspec.json.decode(self._control("PUT", "faults", msgspec.json.encode(rules)))
        return names

    def clear_faults(self) -> None:
        """Let every request through again."""
        self._control("DELETE", "faults")

    def keep_texts(self, number: int) -> None:
        """From now on write down, of each message, the texts of the first so many that are accepted. Raises
        StandinError.
        """
        self._control("PUT", "texts", msgspec.json.encode(number))

    def report(self, **plan: Any) -> None:
        """Have each message taken from now on reported on, see `ops.lab.gateways.reports.ReportPlan`. Raises
        StandinError for a bad plan."""
        self._control("PUT", "reports", msgspec.json.encode(plan))

    def reports(self) -> ReportSummary:
        """Return what was reported since, and how much is still under way. Raises StandinError where no reports were
        asked for."""
        return msgspec.json.decode(self._control("GET", "reports"), type=ReportSummary)

    def report_no_more(self) -> None:
        """Report on no more messages."""
        self._control("DELETE", "reports")

    def grant(self, **terms: Any) -> None:
        """Of an SMS centre: put these terms in force, see `ops.lab.gateways.smpp.terms.Terms`. Raises StandinError."""
        self._control("PUT", "terms", msgspec.json.encode(terms))

    def receipt(self, **plan: Any) -> None:
        """Of an SMS centre: have what it takes from now on receipted, see `ops.lab.gateways.smpp.receipts.ReceiptPlan`.
        Raises StandinError for a bad plan."""
        self._control("PUT", "receipts", msgspec.json.encode(plan))

    def receipt_no_more(self) -> None:
        """Of an SMS centre: receipt nothing more."""
        self._control("DELETE", "receipts")

    def receipts(self) -> SmppReceipts:
        """Return what it receipted since. Raises StandinError where no receipts were asked for."""
        return msgspec.json.decode(self._control("GET", "receipts"), type=SmppReceipts)

    def part_from_clients(self, how: str) -> None:
        """Of an SMS centre: end all sessions, by `unbind` or `close`."""
        self._control("POST", how)

    def stats(self) -> dict[str, Any]:
        """Return the gateway's counters since its start."""
        found: dict[str, Any] = msgspec.json.decode(self._control("GET", "stats"))
        return found

    def stop(self, within_s: float = STOPS_WITHIN_S) -> int:
        """Send SIGTERM, and SIGKILL where that does not end it in time. Returns the exit status."""
        self.process.terminate()
        try:
            return self._wait(within_s)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """Send SIGKILL. Returns the exit status."""
        self.process.kill()
        return self._wait(STOPS_WITHIN_S)

    def _wait(self, within_s: float) -> int:
        status = self.process.wait(within_s)
        if self.process.stdout:
            self.process.stdout.close()
        return status

    def _control(self, method: str, path: str, body: bytes = b"") -> bytes:
        parts = urlsplit(self.ready.control or self.url)
        assert parts.hostname
        connection = (
            http.client.HTTPSConnection(parts.hostname, parts.port, timeout=ANSWER_WITHIN_S, context=self.tls)
            if parts.scheme == "https"
            else http.client.HTTPConnection(parts.hostname, parts.port, timeout=ANSWER_WITHIN_S)
        )
        try:
            connection.request(method, f"/_control/{path}", body)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        if response.status >= 300:
            raise StandinError(content.decode())
        return content

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(
    channel: str,
    *,
    ledger: Path,
    state: Path,
    options: Sequence[str] = (),
    tls: ssl.SSLContext | None = None,
) -> Standin:
    """Start a stand-in and wait until it listens. Its errors go to our standard error.

    It dies with the calling thread. Raises StandinError when it ends or stays silent instead.
    """
    command = [
        sys.executable,
        "-m",
        "ops.lab.gateways",
        channel,
        "--ledger",
        str(ledger),
        "--state",
        str(state),
    ]
    root = Path(__file__).parents[3]
    # a group of its own: a terminal's Ctrl-C is for its parent, which ends it after its senders
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, cwd=root, process_group=0)
    assert process.stdout
    said, _, _ = select.select([process.stdout], [], [], READY_WITHIN_S)
    line = process.stdout.readline() if said else b""
    if not line:
        process.kill()
        process.wait()
        process.stdout.close()
        raise StandinError(f"the {channel} stand-in did not start")
    return Standin(process, msgspec.json.decode(line, type=Ready), tls)
