"""Measures one run of a sender: a process on one processor, the sink on another, and all that arrived counted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).parents[4]
SENDER_TIMEOUT_S = 300


@dataclass(frozen=True, slots=True)
class Measurement:
    """Measures one run of one sender."""

    per_s: float
    cpu_us: float
    """Processor time of the sender per message."""
    sink_busy: float
    """The share of the time that the sink's processor worked for it: near 1 the sink was the limit."""
    own_share: float | None = None
    """The share of the messages that went by HTTP/2 of our own, the rest by libcurl; None for another's client."""


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
def running_sink(
    certificate: Path, key: Path, protocols: str, cpu: int | None, answer: str = "push"
) -> Iterator[SinkProcess]:
    """Start a sink that offers these protocols, and answers as that kind of service; it ends with its standard
    input.
    """
    command = [sys.executable, "-m", "ops.lab.bench.sink", "--cert", str(certificate), "--key", str(key)]
    command += [
        "--protocols",
        protocols,
        "--answer",
        answer,
        *(["--cpu", str(cpu)] if cpu is not None else []),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as process:
        yield SinkProcess(process)


@cache
def processors() -> tuple[int | None, int | None]:
    """Choose a processor for the sender and one for the sink; none where there is only one. Once for all, since this
    process may be confined to one of them later.
    """
    free = sorted(os.sched_getaffinity(0))
    return (free[0], free[1]) if len(free) > 1 else (None, None)


def measure(
    sink: SinkProcess, command: Sequence[str], environment: Mapping[str, str] | None = None
) -> tuple[Measurement, list[str]]:
    """Run one sender on its processor, `environment` added to ours. Returns the measurement, and a sample of the bodies
    that arrived, in Base64. Raises `AssertionError` where something did not arrive.
    """
    cpu, _ = processors()
    pin = None if cpu is None else partial(os.sched_setaffinity, 0, {cpu})
    before = sink.report()
    ran = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        timeout=SENDER_TIMEOUT_S,
        check=True,
        cwd=ROOT,
        preexec_fn=pin,
        env={**os.environ, **(environment or {})},
    )
    after = sink.report()
    said = json.loads(ran.stdout.splitlines()[-1])
    arrived = after["count"] - before["count"]
    assert said["count"] <= arrived
    return Measurement(
        per_s=said["count"] / said["wall_s"],
        cpu_us=said["cpu_s"] / said["count"] * 1e6,
        sink_busy=(after["cpu_s"] - before["cpu_s"]) / arrived * said["count"] / said["wall_s"],
        own_share=said["own"] / said["count"] if "own" in said else None,
    ), after["bodies"]


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


def detail(measured: Sequence[Measurement]) -> dict[str, float]:
    """Return the medians of one sender's rounds; of our own client also the least that went by HTTP/2 of our own."""
    shares = [one.own_share for one in measured if one.own_share is not None]
    own = {"own_share": round(min(shares), 3)} if shares else {}
    return {
        "per_s": round(median(one.per_s for one in measured)),
        "cpu_us": round(median(one.cpu_us for one in measured), 1),
        "sink_busy": round(median(one.sink_busy for one in measured), 2),
        **own,
    }
