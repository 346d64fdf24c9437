"""Measures how fast one processor sends by APNs: ours, aioapns, and our Web Push in the same run.

All send the same notice to the same phones over TLS, each as a process on one processor, the sink on another. aioapns
has to get its `apns-id` back, so that its sink reads what it is sent; what arrives there of both is compared, header by
header and member by member.
"""

from __future__ import annotations

import base64
import json
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from channels.apns.message import Interruption, headers, template
from channels.clock import utc_now
from ops.lab.bench import webpush
from ops.lab.bench.senders.apns.job import ApnsJob, device_token
from ops.lab.bench.senders.apns.own import notice
from ops.lab.bench.senders.measurement import detail, processor_ratio, rate, ratio
from ops.lab.bench.senders.testbed import SenderTestbed, SinkPlan, in_rounds, module, parser_of, saying, show

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ops.lab.bench.senders.measurement import Measurement

TOPIC = "de.warn-lab.app"
TTL_S = 3_600
TTL_TOLERANCE_S = 300
"""How far apart two expirations may be that were written while the other was sending."""
SENT_FAST, SENT_SLOW = 30_000, 3_000
OURS, AIOAPNS, WEBPUSH = "ours", "aioapns", "webpush"
FAST, READ = "apns", "apns-read"
"""The sinks: one that keeps up with ours, and one that reads header blocks."""
NEVER_COMPARED = frozenset(
    {":authority", "accept", "host", "content-type", "content-length", "user-agent", "apns-id"}
)
"""What is each sender's own: aioapns writes `host`, and says nothing of the content's type."""


class ApnsTestbed:
    """Holds what all runs share: sinks, phones, notice and key."""

    def __init__(self, folder: Path, stack: ExitStack, scale: float) -> None:
        plans = {answer: SinkPlan("h2", answer) for answer in (FAST, READ)}
        self._shared = SenderTestbed(folder, stack, scale, plans)
        signing = ec.generate_private_key(ec.SECP256R1())
        self._key = signing.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    def job(self, answer: str, count: int) -> ApnsJob:
        """Return what is to be sent to one of the sinks."""
        made = ApnsJob(
            origin=self._shared.origin(answer),
            ca_file=self._shared.ca_file,
            topic=TOPIC,
            key=self._key,
            key_id="LABKEY0001",
            team_id="WARNLAB001",
            document=webpush.PAYLOAD,
            payload="",
            title="Hochwasser",
            text="Meiden Sie die Ufer der Rur.",
            collapse_id="k" * 32,
            ttl_s=TTL_S,
            count=self._shared.count(count),
            cpu=self._shared.cpu,
        )
        payload = template(notice(made), Interruption.TIME_SENSITIVE).body(None)
        return msgspec.structs.replace(made, payload=payload.decode())

    def ours(self) -> Measurement:
        """Run ours, first to have it looked at. Raises `AssertionError` where something did not arrive or differs."""
        self._run("apns.own", READ, 0)
        return self._run("apns.own", FAST, SENT_FAST)

    def aioapns(self) -> Measurement:
        """Run aioapns. Raises as `ours` does."""
        return self._run("apns.aioapns_way", READ, SENT_SLOW)

    def _run(self, sender: str, answer: str, count: int) -> Measurement:
        job = self.job(answer, count)
        measured, samples = self._shared.run(answer, job, module(sender))
        for sample in samples if answer == READ else ():
            others = differences(json.loads(sample), job)
            assert not others, f"{sender} sends {others}"
        return measured


def differences(sample: Mapping[str, Any], job: ApnsJob) -> list[str]:
    """Return in which headers and members a request differs from what was to be sent, in order."""
    told = {name: value for name, value in sample["headers"].items() if name not in NEVER_COMPARED}
    number = told.get(":path", "").rpartition("/")[2]
    is_phone = len(number) == 64 and int(number, 16) < job.count
    now = utc_now()
    wanted = {
        ":method": "POST",
        ":scheme": "https",
        ":path": f"/3/device/{device_token(int(number, 16)) if is_phone else ''}",
        **headers(notice(job), job.topic, now),
    }
    del wanted["content-type"]
    wanted["apns-expiration"] = "in time"
    if 0 <= now.timestamp() + job.ttl_s - int(told.get("apns-expiration", 0)) <= TTL_TOLERANCE_S:
        told["apns-expiration"] = "in time"
    kind, _, token = told.pop("authorization", "").partition(" ")
    wrong = [name for name in told.keys() | wanted if told.get(name) != wanted.get(name)]
    if kind != "bearer" or not _is_signed_by(token, job):
        wrong.append("authorization")
    if json.loads(sample["body"]) != json.loads(job.payload):
        wrong.append("body")
    return sorted(wrong)


def _is_signed_by(token: str, job: ApnsJob) -> bool:
    """Return whether a provider token says that it is of the job's key and team."""
    try:
        head, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2])
    except ValueError:
        return False
    return (head["alg"], head["kid"], claims["iss"]) == ("ES256", job.key_id, job.team_id)


def run(rounds: int, scale: float, say: Callable[[str], None]) -> dict[str, list[Measurement]]:
    """Run all senders `rounds` times. Returns the measurements by name, in the order of the rounds."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        testbed = ApnsTestbed(Path(folder, "apns"), stack, scale)
        pushes = webpush.WebPushTestbed(Path(folder, "webpush"), stack, scale)
        ways = (
            (OURS, testbed.ours),
            (AIOAPNS, testbed.aioapns),
            (WEBPUSH, partial(pushes.measure, webpush.READY)),
        )
        return in_rounds(rounds, ways, say)


def summary(taken: Mapping[str, list[Measurement]]) -> dict[str, Any]:
    """Return the object that `--json` prints."""
    return {
        "ours_per_s": rate(taken, OURS),
        "ratio_best_python": ratio(taken, OURS, [AIOAPNS]),
        "ratio_webpush": ratio(taken, OURS, [WEBPUSH]),
        "processor_ratio_best_python": processor_ratio(taken, OURS, [AIOAPNS]),
        "processor_ratio_webpush": processor_ratio(taken, OURS, [WEBPUSH]),
        "webpush_per_s": rate(taken, WEBPUSH),
        "peers": {AIOAPNS: rate(taken, AIOAPNS)},
        "rounds": len(taken[OURS]),
        "ways": {name: detail(measured) for name, measured in taken.items()},
    }


def main(argv: Sequence[str]) -> int:
    """Run the command line."""
    options = parser_of("apns", __doc__).parse_args(argv)
    result = summary(run(options.rounds, options.scale, saying(options)))
    show(result, "messages", as_json=options.json)
    return 0
