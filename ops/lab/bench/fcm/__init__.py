"""Measures how fast one processor sends by FCM: ours, the libraries that others use, and our Web Push in the same run.

All send the same notice to the same phones of the same sink over TLS, each as a process on one processor, the sink on
another, each with an access token that it has. What arrived from each is compared with ours, member by member.
"""

from __future__ import annotations

import json
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from channels.base import Notice, Urgency
from channels.fcm.message import DOCUMENT_BYTES, MEMBER, android
from ops.lab.bench import webpush
from ops.lab.bench.senders import peers
from ops.lab.bench.senders.fcm.job import FcmJob, registration_token
from ops.lab.bench.senders.measurement import ROOT, detail, processor_ratio, rate, ratio
from ops.lab.bench.senders.testbed import (
    SenderTestbed,
    SinkPlan,
    in_rounds,
    module,
    parser_of,
    saying,
    show,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ops.lab.bench.senders.measurement import Measurement

VERSIONS = {
    "pyfcm": "2.1.1",
    "firebase-admin": "7.7.0",
    "async-firebase": "6.4.0",
    "npm firebase-admin": "13.10.0",
}
"""npm's 14 needs a newer Node than Debian has."""
PROJECT = "warn-lab-1"
ACCESS_TOKEN = f"ya29.{'k' * 1000}"
"""As long as Google's."""
TTL_S = 3_600
TTL_TOLERANCE_S = 300
"""By so much what a sender says may be less than what it was told: ours says what is left."""
SENT_FAST, SENT_SLOW = 30_000, 1_500
OURS = "ours"
WEBPUSH = "webpush"
SINK = "fcm"


@dataclass(frozen=True, slots=True)
class FcmSender:
    """One way to send by FCM."""

    name: str
    language: str
    command: tuple[str, ...]
    """The module behind `python -m`, or the script for Node, and what it is told besides the job."""
    count: int = SENT_SLOW
    is_peer: bool = True
    """Whether it is another's, which is installed for this."""


WAYS = (
    FcmSender(OURS, "python", ("own",), SENT_FAST, is_peer=False),
    FcmSender("pyfcm_session", "python", ("pyfcm_ways", "session")),
    FcmSender("pyfcm_async", "python", ("pyfcm_ways", "async")),
    FcmSender("firebase_admin_threads", "python", ("firebase_admin_ways", "threads")),
    FcmSender("firebase_admin_async", "python", ("firebase_admin_ways", "async")),
    FcmSender("async_firebase", "python", ("async_firebase_way",)),
    FcmSender("npm_firebase_admin", "npm", ("firebase_admin.cjs",)),
)
PYTHONS = tuple(way.name for way in WAYS if way.is_peer and way.language == "python")


class FcmTestbed:
    """Holds what all runs share: the sink, the phones and the notice."""

    def __init__(self, folder: Path, stack: ExitStack, scale: float, found: peers.Peers) -> None:
        self._found = found
        self._shared = SenderTestbed(folder, stack, scale, {SINK: SinkPlan("h2,http/1.1", "fcm")})

    def ways(self) -> tuple[FcmSender, ...]:
        """Return those that are installed here."""
        return tuple(way for way in WAYS if not way.is_peer or self._found.has(way.language))

    def measure(self, way: FcmSender) -> Measurement:
        """Run one sender. Raises `AssertionError` where something did not arrive, or is not what ours is."""
        job = FcmJob(
            origin=self._shared.origin(SINK),
            ca_file=self._shared.ca_file,
            project=PROJECT,
            access_token=ACCESS_TOKEN,
            payload=webpush.PAYLOAD,
            android=android(NOTICE, TTL_S),
            ttl_s=TTL_S,
            count=self._shared.count(way.count),
            cpu=self._shared.cpu,
        )
        measured, bodies = self._shared.run(SINK, job, *self._command(way))
        for body in bodies:
            others = differences(json.loads(body), job)
            assert not others, f"{way.name} sends {others}"
        return measured

    def _command(self, way: FcmSender) -> tuple[Callable[[str], list[str]], dict[str, str]]:
        name, *arguments = way.command
        if way.language == "npm":
            script = ROOT / "ops" / "lab" / "bench" / "senders" / "fcm" / name
            return lambda job: ["node", str(script), str(self._found.npm), job], {}
        command = module(f"fcm.{name}", *arguments)
        if not way.is_peer:
            return command, {}
        # requests and httpx know other authorities by these alone
        ca_file = self._shared.ca_file
        trusting = {"REQUESTS_CA_BUNDLE": ca_file, "SSL_CERT_FILE": ca_file}
        return command, {"PYTHONPATH": str(self._found.python), **trusting}


NOTICE = Notice(
    alert_id="01JD8Z0000000000000000TEST",
    collapse_key="k" * 32,
    title="",
    text="",
    payload=webpush.PAYLOAD.encode(),
    language="de",
    urgency=Urgency.HIGH,
    deadline=datetime.max.replace(tzinfo=UTC),
)
assert len(NOTICE.payload) <= DOCUMENT_BYTES


def differences(body: dict[str, Any], job: FcmJob) -> list[str]:
    """Return the members by which a request differs from what was to be sent: by their paths, in order."""
    message = body.get("message", {})
    number = str(message.get("token", "")).partition(":")[0]
    is_phone = number.isdecimal() and int(number) < job.count
    wanted = {
        "validate_only": False,  # what is meant where nothing is said of it
        "message": {
            "token": registration_token(int(number)) if is_phone else "",
            "data": {MEMBER: job.payload},
            "android": {**job.android, "ttl": TTL_S},
        },
    }
    told = {"validate_only": False, **dict(_flat(body))}
    if "message.android.ttl" in told:
        told["message.android.ttl"] = _seconds(told["message.android.ttl"])
    expected = dict(_flat(wanted))
    return sorted(path for path in told.keys() | expected if told.get(path) != expected.get(path))


def _flat(value: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    found = []
    for name, one in value.items():
        path = f"{before}{name}"
        found += _flat(one, f"{path}.") if isinstance(one, dict) else [(path, one)]
    return found


def _seconds(ttl: str) -> float | str:
    """Return what is to be compared of a duration: what was to be sent, if it is that or a little less."""
    try:
        seconds = float(ttl.removesuffix("s"))
    except ValueError:
        return ttl
    return TTL_S if 0 <= TTL_S - seconds <= TTL_TOLERANCE_S else ttl


def run(
    rounds: int, scale: float, found: peers.Peers, say: Callable[[str], None]
) -> dict[str, list[Measurement]]:
    """Run all senders `rounds` times. Returns the measurements by name, in the order of the rounds."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        testbed = FcmTestbed(Path(folder, "fcm"), stack, scale, found)
        pushes = webpush.WebPushTestbed(Path(folder, "webpush"), stack, scale)
        ways = [(way.name, partial(testbed.measure, way)) for way in testbed.ways()]
        return in_rounds(rounds, [*ways, (WEBPUSH, partial(pushes.measure, webpush.READY))], say)


def summary(taken: Mapping[str, list[Measurement]]) -> dict[str, Any]:
    """Return the object that `--json` prints."""
    others = [name for name in taken if name not in (OURS, WEBPUSH)]
    return {
        "ours_per_s": rate(taken, OURS),
        "ratio_best_python": ratio(taken, OURS, PYTHONS),
        "ratio_webpush": ratio(taken, OURS, [WEBPUSH]),
        "ratio_npm": ratio(taken, OURS, ["npm_firebase_admin"]),
        "processor_ratio_best_python": processor_ratio(taken, OURS, PYTHONS),
        "processor_ratio_webpush": processor_ratio(taken, OURS, [WEBPUSH]),
        "webpush_per_s": rate(taken, WEBPUSH),
        "peers": {name: rate(taken, name) for name in others},
        "versions": VERSIONS,
        "rounds": len(taken[OURS]),
        "ways": {name: detail(measured) for name, measured in taken.items()},
    }


def main(argv: Sequence[str]) -> int:
    """Run the command line."""
    parser = parser_of("fcm", __doc__)
    parser.add_argument("--alone", action="store_true", help="install no other library, and measure none")
    options = parser.parse_args(argv)
    found = peers.Peers() if options.alone else peers.install("fcm", VERSIONS)
    result = summary(run(options.rounds, options.scale, found, saying(options)))
    show(result, "messages", as_json=options.json)
    return 0
