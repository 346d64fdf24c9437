"""Measures how fast one processor sends Web Pushes: ours, pywebpush's and npm's senders, and the bare HTTP client.

All send the same payload to the same subscriptions of the same sink over TLS, each as a process on one processor,
the sink on another. A round measures all of them one after another; what is printed are medians of the rounds and
of the rounds' ratios. A sample of what the sink took is decrypted by the lab's user agents.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from rich.console import Console

from channels.webpush.vapid import generate_key
from ops.lab.bench.senders import h2load, testbed
from ops.lab.bench.senders.job import Job, Keys, base64url
from ops.lab.bench.senders.measurement import ROOT, Measurement, detail, processor_ratio, rate, ratio
from ops.lab.bench.senders.testbed import SenderTestbed, SinkPlan, in_rounds, parser_of, saying
from ops.lab.gateways.standins.webpush import UndecryptableError, decrypt
from ops.lab.gateways.state import UserAgent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MODULES = ROOT / "var" / "bench" / "npm"
PAYLOAD = json.dumps({"v": 1, "headline": "Hochwasser", "text": "Meiden Sie die Ufer der Rur. " * 13})
USER_AGENTS = 64
"""The number of key pairs; endpoints share them in turn, so that a sampled body can be tried on all."""
SENT_FAST, SENT_SLOW = 30_000, 1_500
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
READY = Sender("webpush_ready_h2", H2, "own", ("ready",), SENT_FAST)
"""What another channel's rate is compared with."""
H2LOAD = Sender("h2load", H2, "h2load", (), SENT_FAST)
"""The ceiling, where it is installed: a load generator in C, which reads no answer but its status."""
NPM = Sender("npm_web_push", H1, "npm", (), SENT_SLOW, checked=True)


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


def command_of(sender: Sender, pem: str, modules: Path | None) -> Callable[[str], list[str]]:
    if sender is not NPM:
        return testbed.module(sender.module, *sender.arguments)
    key = load_pem_private_key(pem.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    scalar = key.private_numbers().private_value.to_bytes(32, "big")
    script = ROOT / "ops" / "lab" / "bench" / "senders" / "npm_web_push.cjs"
    return lambda job: ["node", str(script), str(modules), job, base64url(point), base64url(scalar)]


class WebPushTestbed:
    """Holds what all runs share: sinks, subscriptions and a key."""

    def __init__(self, folder: Path, stack: ExitStack, scale: float, modules: Path | None = None) -> None:
        """`modules` is where npm's `web-push` is, if it is to be measured."""
        plans = {H1: SinkPlan(H1), H2: SinkPlan(f"{H2},{H1}")}
        self._shared = SenderTestbed(folder, stack, scale, plans)
        self._pem = generate_key().decode()
        self._agents = [new_user_agent(number) for number in range(USER_AGENTS)]
        self._modules = modules

    def measure(self, sender: Sender) -> Measurement:
        """Run one sender. Raises `AssertionError` where something did not arrive, or cannot be read."""
        job = Job(
            origin=self._shared.origin(sender.protocol),
            ca_file=self._shared.ca_file,
            vapid_pem=self._pem,
            payload=PAYLOAD,
            count=self._shared.count(sender.count),
            keys=tuple(Keys(agent.public, agent.auth) for agent in self._agents),
            cpu=self._shared.cpu,
        )
        command = command_of(sender, self._pem, self._modules)
        measured, bodies = self._shared.run(sender.protocol, job, command)
        for body in bodies if sender.checked else ():
            assert self._readable(body), "no user agent can read what was sent"
        return measured

    def _readable(self, body: bytes) -> bool:
        for agent in self._agents:
            with suppress(UndecryptableError):
                return decrypt(agent, body) == PAYLOAD.encode()
        return False


def run(rounds: int, scale: float, say: Callable[[str], None]) -> dict[str, list[Measurement]]:
    """Run all senders `rounds` times. Returns the measurements by name, in the order of the rounds."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        modules = install_npm()
        pushes = WebPushTestbed(Path(folder), stack, scale, modules)
        more = [*([H2LOAD] if shutil.which(h2load.PROGRAM) else []), *([NPM] if modules else [])]
        senders = (*SENDERS, *more)
        ways = [(sender.name, partial(pushes.measure, sender)) for sender in senders]
        return in_rounds(rounds, ways, say)


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
        "h2load_per_s": rate(found, "h2load"),
        "ratio_h2load": ratio(found, ours, ["h2load"]),
        "processor_ratio_h2load": processor_ratio(found, ours, ["h2load"]),
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
        "ways": {name: detail(measured) for name, measured in found.items()},
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


def main(argv: Sequence[str]) -> int:
    options = parser_of("webpush", __doc__).parse_args(argv)
    result = summary(run(options.rounds, options.scale, saying(options)))
    testbed.show(result, "pushes", as_json=options.json)
    if not options.json:
        Console().print(result["protocols"])
    return 0
