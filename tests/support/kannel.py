"""Debian's Kannel, bound by SMPP to an SMS centre: texts go in by HTTP, and what it did stands in its access log."""

import contextlib
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dispatcher.embedded.parent_death import with_parent_death_signal
from tests.support.programs import program

HOST = "127.0.0.1"
STARTS_WITHIN_S = 30.0
CONFIGURATION = """
group = core
admin-port = {admin}
admin-password = PASSWORD
admin-interface = 127.0.0.1
smsbox-port = {boxes}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
access-log = "{log}"

group = smsc
smsc = smpp
smsc-id = network
host = 127.0.0.1
port = {centre}
smsc-username = kreis
smsc-password = geheim
system-type = ""
transceiver-mode = true
reconnect-delay = 1
enquire-link-interval = 1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1

group = sms-service
keyword = default
text = "-"

{documented}"""
_LINE = re.compile(
    rb"^\S+ \S+ (?P<what>Sent SMS|Receive DLR) .*?\[FID:(?P<id>[^]]*)\].*?\[to:(?P<number>[^]]*)\] "
    rb"\[flags:-?\d+:(?P<coding>-?\d+):-?\d+:-?\d+:(?P<dlr>-?\d+)\] \[msg:(?P<octets>\d+):(?P<rest>.*)$",
    re.MULTILINE,
)
UCS2 = 2


@dataclass(frozen=True)
class Logged:
    """A line of the access log. Of octets that are no printable ASCII Kannel writes a dot each, see `masked`."""

    what: str
    id: str
    number: str
    text: str
    """Of UCS-2 the text itself, for it is written in hexadecimal."""
    report: int
    """What `%d` in a report's address stands for: 1 delivered, 2 failed, 8 taken by the centre, 16 refused by it."""


def masked(text: str) -> str:
    """The text as the access log has it, where it was not sent as UCS-2."""
    return "".join(chr(octet) if 0x20 <= octet < 0x7F else "." for octet in text.encode())


def read_log(log: bytes) -> list[Logged]:
    """The messages in an access log, in the order in which it has them."""
    found = []
    for line in _LINE.finditer(log):
        ucs2 = int(line["coding"]) == UCS2
        text = line["rest"][: int(line["octets"]) * (2 if ucs2 else 1)].decode()
        found.append(
            Logged(
                line["what"].decode(),
                line["id"].decode(),
                line["number"].decode(),
                bytes.fromhex(text).decode("utf-16-be") if ucs2 else text,
                int(line["dlr"]),
            )
        )
    return found


@dataclass(frozen=True)
class BoundKannel:
    """Where Kannel takes texts, and its log."""

    origin: str
    log: Path

    def lines(self, what: str) -> list[Logged]:
        return [line for line in read_log(self.log.read_bytes()) if line.what == what]

    def send(self, **parameters: str) -> tuple[int, str]:
        """Ask `sendsms`; its status and answer."""
        given = {
            "username": "warnung",
            "password": "PASSWORD",
            "from": "WARNUNG",
            "dlr-mask": "31",
            **parameters,
        }
        url = f"{self.origin}/cgi-bin/sendsms?{urllib.parse.urlencode(given)}"
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


def _await(port: int) -> None:
    end = time.monotonic() + STARTS_WITHIN_S
    while True:
        try:
            socket.create_connection((HOST, port)).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            return


@contextlib.contextmanager
def bound_kannel(home: Path, centre: int, documented: str) -> Iterator[BoundKannel]:
    """Kannel's two programs, bound to the centre at that port; `documented` are the groups of who may send."""
    listeners = [socket.create_server((HOST, 0)) for _ in range(3)]
    admin, boxes, sendsms = (one.getsockname()[1] for one in listeners)
    log, file = home / "access.log", home / "kannel.conf"
    values = {"admin": admin, "boxes": boxes, "sendsms": sendsms, "centre": centre, "log": log}
    file.write_text(CONFIGURATION.format(**values, documented=documented))
    for one in listeners:
        one.close()
    running: list[subprocess.Popen[bytes]] = []
    try:
        for name, port in (("bearerbox", boxes), ("smsbox", sendsms)):
            command = [program(name, "kannel"), "-v", "4", str(file)]
            running.append(
                subprocess.Popen(
                    with_parent_death_signal(command, death_signal=signal.SIGKILL),
                    cwd=home,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
            _await(port)
        yield BoundKannel(f"http://{HOST}:{sendsms}", log)
    finally:
        for process in reversed(running):
            process.kill()
            process.wait()
