"""What the benchmarks of senders share: a processor for the sender and one for the sinks, a certificate, jobs as files,
rounds, and what is said of it.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from rich.console import Console
from rich.table import Table

from ops.lab.bench.senders.measurement import measure, processors, running_sink
from ops.lab.world.certificate import write_certificate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import ExitStack
    from pathlib import Path

    from ops.lab.bench.senders.job import AnyJob
    from ops.lab.bench.senders.measurement import Measurement

LEAST = 500
"""Messages that a sender sends at least: less than a second of the slowest."""


class SinkPlan(NamedTuple):
    """Says what a sink offers and how it answers."""

    protocols: str
    """Those that it offers in the TLS handshake, with commas."""
    answer: str = "push"


class SenderTestbed:
    """Holds what all runs of a benchmark's senders share."""

    def __init__(self, folder: Path, stack: ExitStack, scale: float, sinks: Mapping[str, SinkPlan]) -> None:
        """The sinks, by name, run until the end of `stack`; all files go into `folder`."""
        folder.mkdir(exist_ok=True)
        self._job_file = folder / "job.json"
        self._scale = scale
        self.cpu, sink_cpu = processors()
        certificate, key = write_certificate(folder, datetime.now(UTC))
        self.ca_file = str(certificate)
        self._sinks = {
            name: stack.enter_context(running_sink(certificate, key, plan.protocols, sink_cpu, plan.answer))
            for name, plan in sinks.items()
        }

    def origin(self, sink: str) -> str:
        """Return where a sink listens."""
        return self._sinks[sink].origin

    def count(self, usual: int) -> int:
        """Return how many messages are sent where it would be so many at a scale of 1."""
        return max(LEAST, int(usual * self._scale))

    def run(
        self,
        sink: str,
        job: AnyJob,
        command: Callable[[str], Sequence[str]],
        environment: Mapping[str, str] | None = None,
    ) -> tuple[Measurement, list[bytes]]:
        """Run one sender, whose command is made of the path of the job's file. Returns the measurement and a sample of
        the bodies that the sink took. Raises `AssertionError` where something did not arrive.
        """
        self._job_file.write_bytes(msgspec.json.encode(job))
        measured, bodies = measure(self._sinks[sink], command(str(self._job_file)), environment)
        assert bodies
        return measured, [base64.b64decode(body) for body in bodies]


def module(name: str, *arguments: str) -> Callable[[str], list[str]]:
    """Return the command of a sender that is a module here, for `SenderTestbed.run`."""
    return lambda job: [sys.executable, "-m", f"ops.lab.bench.senders.{name}", job, *arguments]


def in_rounds(
    rounds: int, ways: Iterable[tuple[str, Callable[[], Measurement]]], say: Callable[[str], None]
) -> dict[str, list[Measurement]]:
    """Run all ways `rounds` times. Returns the measurements by name, in the order of the rounds."""
    taken: dict[str, list[Measurement]] = {}
    every = tuple(ways)
    for number in range(rounds):
        for name, way in every:
            measured = way()
            taken.setdefault(name, []).append(measured)
            say(f"round {number + 1} {name}: {measured.per_s:,.0f}/s, {measured.cpu_us:.1f} us")
    return taken


def parser_of(name: str, about: str) -> argparse.ArgumentParser:
    """Return a parser with the options that all have."""
    parser = argparse.ArgumentParser(prog=f"ops.lab.bench {name}", description=about.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="send so many times the usual number")
    return parser


def saying(options: argparse.Namespace) -> Callable[[str], None]:
    """Return what says how far it is: nothing where one JSON object is asked for."""

    def say(line: str) -> None:
        if not options.json:
            print(line, file=sys.stderr, flush=True)

    return say


def show(result: Mapping[str, Any], unit: str, *, as_json: bool) -> None:
    """Print the object, or its `ways` as a table with their ratios below; `unit` is what is sent."""
    if as_json:
        print(json.dumps(result))
        return
    table = Table(
        "way",
        f"{unit}/s",
        "processor us each",
        "sink busy",
        "by our own HTTP/2",
        title=f"{result['rounds']} rounds, medians",
    )
    for name, one in result["ways"].items():
        own = f"{one['own_share']:.0%}" if "own_share" in one else ""
        table.add_row(name, f"{one['per_s']:,}", f"{one['cpu_us']}", f"{one['sink_busy']:.0%}", own)
    console = Console()
    console.print(table)
    console.print({name: value for name, value in result.items() if "ratio_" in name})
