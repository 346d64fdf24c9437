"""Measures how fast one processor sends Web Pushes: ours, pywebpush's and npm's senders, and the bare HTTP client.

All send the same payload to the same subscriptions of the same sink over TLS, each as a process on one processor,
the sink on another. A round measures all of them one after another; what is printed are medians of the rounds and
of the rounds' ratios. A sample of what the sink took is decrypted by the lab's user agents.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from rich.console import Console
from rich.table import Table

from channels.webpush.vapid import generate_key
from ops.lab.bench.senders.job import Job, Keys, base64url
from ops.lab.gateways.standins.webpush import UndecryptableError, decrypt
from ops.lab.gateways.state import UserAgent
from ops.lab.world.certificate import write_certificate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ROOT = Path(__file__).parents[3]
MODULES = ROOT / "var" / "bench" / "npm"
PAYLOAD = json.dumps({"v": 1, "headline": "Hochwasser", "text": "Meiden Sie die Ufer der Rur. " * 13})
USER_AGENTS = 64
"""The number of key pairs; endpoints share them in turn, so that a sampled body can be tried on all."""
SENT_FAST, SENT_SLOW = 30_000, 1_500
SENDER_TIMEOUT_S = 300
NPM_TIMEOUT_S = 120
H1, H2 = "http/1.1", "h2"


@dataclass(frozen=True, slots=True)
class Sender:
    """A sender: the command behind `python -m`, its protocol, and how many pushes it sends."""

    name: str
    protocol: str
    module: str
    arguments: tuple[str, ...]
    count: int
    checked: bool = False
    """Whether what it sends can be decrypted: a bare client's bodies are noise."""


SENDERS = (
    Sender("ours_h2", H2, "own", (), SENT_FAST, checked=True),
    Sender("ours_h1", H1, "own", (), SENT_FAST, checked=True),
    Sender("ours_fresh_h2", H2, "own", ("fresh",), SENT_FAST // 4, checked=True),
    Sender("ours_stalled_h2", H2, "own", ("stalled",), SENT_FAST, checked=True),
    Sender("bare_client_h2", H2, "bare", ("client",), SENT_FAST),
    Sender("bare_client_h1", H1, "bare", ("client",), SENT_FAST),
    Sender("bare_libcurl_h2", H2, "bare", ("libcurl",), SENT_FAST),
    Sender("bare_libcurl_h1", H1, "bare", ("libcurl",), SENT_FAST),
    Sender("pywebpush_async", H1, "pywebpush_ways", ("async",), SENT_SLOW, checked=True),
    Sender("pywebpush_session", H1, "pywebpush_ways", ("session",), SENT_SLOW, checked=True),
)
NPM = Sender("npm_web_push", H1, "npm", (), SENT_SLOW, checked=True)


@dataclass(frozen=True, slots=True)
class Measurement:
    """Measures one run of one sender."""

    per_s: float
    cpu_us: float
    """Processor time of the sender per push."""
    sink_busy: float
    """The share of the time that the sink's processor worked for it: near 1 the sink was the limit."""


class SinkProcess:
    """The sink as a process."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.origin: str = self._line()["origin"]

    def report(self) -> dict[str, Any]:
        """Read the counters since the start, and the bodies sampled since the last report."""
        assert self._process.stdin
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
        return self._line()

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found


@contextmanager
def running_sink(certificate: Path, key: Path, protocols: str, cpu: int | None) -> Iterator[SinkProcess]:
    """Start a sink that offers these protocols; it ends with its standard input."""
    command = [sys.executable, "-m", "ops.lab.bench.sink", "--cert", str(certificate), "--key", str(key)]
    command += ["--protocols", protocols, *(["--cpu", str(cpu)] if cpu is not None else [])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as process:
        yield SinkProcess(process)


@cache
def processors() -> tuple[int | None, int | None]:
    """Choose a processor for the sender and one for the sink; none where there is only one. Once for all, since this
    process may be confined to one of them later.
    """
    free = sorted(os.sched_getaffinity(0))
    return (free[0], free[1]) if len(free) > 1 else (None, None)


def new_user_agent(number: int) -> UserAgent:
    private = ec.generate_private_key(ec.SECP256R1())
    scalar = private.private_numbers().private_value.to_bytes(32, "big")
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return UserAgent(str(number), base64url(scalar), base64url(point), base64url(os.urandom(16)))


def install_npm() -> Path | None:
    """Install npm's `web-push` if that can be done. Returns where it is; None without Node or without a registry."""
    found = MODULES / "node_modules"
    if shutil.which("node") is None:
        return None
    if not (found / "web-push").exists() and shutil.which("npm") is not None:
        MODULES.mkdir(parents=True, exist_ok=True)
        command = [
            "npm",
            "install",
            "--silent",
            "--no-audit",
            "--no-fund",
            "--prefix",
            str(MODULES),
            "web-push@3",
        ]
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(command, check=False, capture_output=True, timeout=NPM_TIMEOUT_S)
    return found if (found / "web-push").exists() else None


def command_of(sender: Sender, job_file: Path, pem: str, modules: Path | None) -> list[str]:
    if sender is not NPM:
        return [
            sys.executable,
            "-m",
            f"ops.lab.bench.senders.{sender.module}",
            str(job_file),
            *sender.arguments,
        ]
    key = load_pem_private_key(pem.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    scalar = key.private_numbers().private_value.to_bytes(32, "big")
    script = ROOT / "ops" / "lab" / "bench" / "senders" / "npm_web_push.cjs"
    return ["node", str(script), str(modules), str(job_file), base64url(point), base64url(scalar)]


class Testbed:
    """Holds what all runs share: sinks, subscriptions, a key, and where files go."""

    def __init__(self, folder: Path, stack: ExitStack, scale: float, modules: Path | None = None) -> None:
        """`modules` is where npm's `web-push` is, if it is to be measured."""
        self._folder = folder
        self._scale = scale
        self._cpu, sink_cpu = processors()
        self._pem = generate_key().decode()
        self._agents = [new_user_agent(number) for number in range(USER_AGENTS)]
        certificate, key = write_certificate(folder, datetime.now(UTC))
        self._ca_file = str(certificate)
        self._sinks = {
            protocol: stack.enter_context(running_sink(certificate, key, offered, sink_cpu))
            for protocol, offered in ((H1, H1), (H2, f"{H2},{H1}"))
        }
        self._modules = modules

    def measure(self, sender: Sender) -> Measurement:
        """Run one sender. Raises `AssertionError` where something did not arrive, or cannot be read."""
        sink = self._sinks[sender.protocol]
        job_file = self._folder / "job.json"
        job = Job(
            origin=sink.origin,
            ca_file=self._ca_file,
            vapid_pem=self._pem,
            payload=PAYLOAD,
            count=max(500, int(sender.count * self._scale)),
            keys=tuple(Keys(agent.public, agent.auth) for agent in self._agents),
            cpu=self._cpu,
        )
        job_file.write_bytes(msgspec.json.encode(job))
        before = sink.report()
        command = command_of(sender, job_file, self._pem, self._modules)
        pin = None if self._cpu is None else partial(os.sched_setaffinity, 0, {self._cpu})
        ran = subprocess.run(
            command, stdout=subprocess.PIPE, timeout=SENDER_TIMEOUT_S, check=True, cwd=ROOT, preexec_fn=pin
        )
        after = sink.report()
        said = json.loads(ran.stdout.splitlines()[-1])
        assert said["count"] <= after["count"] - before["count"]
        if sender.checked:
            self._check(after["bodies"])
        return Measurement(
            per_s=said["count"] / said["wall_s"],
            cpu_us=said["cpu_s"] / said["count"] * 1e6,
            sink_busy=(after["cpu_s"] - before["cpu_s"])
            / (after["count"] - before["count"])
            * said["count"]
            / said["wall_s"],
        )

    def _check(self, bodies: Sequence[str]) -> None:
        assert bodies
        for body in bodies:
            assert self._readable(base64.b64decode(body)), "no user agent can read what was sent"

    def _readable(self, body: bytes) -> bool:
        for agent in self._agents:
            with suppress(UndecryptableError):
                return decrypt(agent, body) == PAYLOAD.encode()
        return False


def run(rounds: int, scale: float, say: Callable[[str], None]) -> dict[str, list[Measurement]]:
    """Run all senders `rounds` times. Returns the measurements by name, in the order of the rounds."""
    found: dict[str, list[Measurement]] = {}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        modules = install_npm()
        testbed = Testbed(Path(folder), stack, scale, modules)
        ways = (*SENDERS, NPM) if modules else SENDERS
        for number in range(rounds):
            for sender in ways:
                measured = testbed.measure(sender)
                found.setdefault(sender.name, []).append(measured)
                say(f"round {number + 1} {sender.name}: {measured.per_s:,.0f}/s, {measured.cpu_us:.1f} us")
    return found


def ratio(found: Mapping[str, list[Measurement]], ours: str, theirs: Sequence[str]) -> float | None:
    """Return the median over the rounds of our rate over the best of theirs."""
    present = [found[name] for name in theirs if name in found]
    if not present:
        return None
    best = [max(measured.per_s for measured in one) for one in zip(*present, strict=True)]
    return round(float(median(mine.per_s / other for mine, other in zip(found[ours], best, strict=True))), 3)


def processor_ratio(found: Mapping[str, list[Measurement]], ours: str, theirs: Sequence[str]) -> float | None:
    """Return the same as `ratio` for processor time: what it would be if each had its processor to itself and never
    waited."""
    present = [found[name] for name in theirs if name in found]
    if not present:
        return None
    best = [min(measured.cpu_us for measured in one) for one in zip(*present, strict=True)]
    ratios = [other / mine.cpu_us for mine, other in zip(found[ours], best, strict=True)]
    return round(float(median(ratios)), 3)


def rate(found: Mapping[str, list[Measurement]], *names: str) -> float | None:
    """Return the best of the senders' median rates."""
    rates = [median(measured.per_s for measured in found[name]) for name in names if name in found]
    return round(max(rates)) if rates else None


BARE = tuple(sender.name for sender in SENDERS if sender.name.startswith("bare_"))
PYWEBPUSH = ("pywebpush_async", "pywebpush_session")


def summary(found: Mapping[str, list[Measurement]]) -> dict[str, Any]:
    """Return the object that `--json` prints."""
    ours = "ours_h2"
    return {
        "ours_per_s": rate(found, ours),
        "bare_client_per_s": rate(found, *BARE),
        "pywebpush_async_per_s": rate(found, "pywebpush_async"),
        "pywebpush_session_per_s": rate(found, "pywebpush_session"),
        "npm_web_push_per_s": rate(found, "npm_web_push"),
        "ratio_pywebpush": ratio(found, ours, PYWEBPUSH),
        "ratio_npm": ratio(found, ours, ["npm_web_push"]),
        "ratio_bare": ratio(found, ours, BARE),
        "processor_ratio_pywebpush": processor_ratio(found, ours, PYWEBPUSH),
        "processor_ratio_npm": processor_ratio(found, ours, ["npm_web_push"]),
        "processor_ratio_bare": processor_ratio(found, ours, BARE),
        "protocols": {
            "h2": _protocol(found, "h2"),
            "http/1.1": _protocol(found, "h1"),
        },
        "ratio_stalled": ratio(found, "ours_stalled_h2", [ours]),
        "ours_fresh_per_s": rate(found, "ours_fresh_h2"),
        "rounds": len(found[ours]),
        "ways": {name: _detail(measured) for name, measured in found.items()},
    }


def _protocol(found: Mapping[str, list[Measurement]], short: str) -> dict[str, Any]:
    ours, libcurl, client = f"ours_{short}", f"bare_libcurl_{short}", f"bare_client_{short}"
    return {
        "ours_per_s": rate(found, ours),
        "bare_client_per_s": rate(found, client),
        "bare_libcurl_per_s": rate(found, libcurl),
        "ratio_pywebpush": ratio(found, ours, PYWEBPUSH),
        "ratio_npm": ratio(found, ours, ["npm_web_push"]),
        "ratio_bare_client": ratio(found, ours, [client]),
        "ratio_bare_libcurl": ratio(found, ours, [libcurl]),
    }


def _detail(measured: list[Measurement]) -> dict[str, float]:
    return {
        "per_s": round(median(one.per_s for one in measured)),
        "cpu_us": round(median(one.cpu_us for one in measured), 1),
        "sink_busy": round(median(one.sink_busy for one in measured), 2),
    }


def show(result: Mapping[str, Any]) -> None:
    table = Table(
        "way", "pushes/s", "processor us each", "sink busy", title=f"{result['rounds']} rounds, medians"
    )
    for name, one in result["ways"].items():
        table.add_row(name, f"{one['per_s']:,}", f"{one['cpu_us']}", f"{one['sink_busy']:.0%}")
    console = Console()
    console.print(table)
    console.print({name: value for name, value in result.items() if "ratio_" in name})
    console.print(result["protocols"])


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="ops.lab.bench webpush", description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="send so many times the usual number")
    options = parser.parse_args(argv)

    def say(line: str) -> None:
        if not options.json:
            print(line, file=sys.stderr, flush=True)

    result = summary(run(options.rounds, options.scale, say))
    if options.json:
        print(json.dumps(result))
    else:
        show(result)
    return 0
