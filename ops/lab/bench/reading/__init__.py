"""Measures what anybody may read: requests a second against an application that returns constant bytes and against a
route that serialises, submissions beside a crowd, streams, readers that take next to nothing, and a crowd through a
cache.

The reading process has a processor to itself where there are two; what reads shares the other with all the rest.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import median
from typing import Any

from dispatcher.embedded import embedded
from ops.lab.bench import report
from ops.lab.bench.fixtures.aside import peer
from ops.lab.bench.fixtures.warning import in_memory
from ops.lab.bench.reading.trial import FULL, Trial, read
from ops.lab.world.service import Service


def rates(trial: Trial, rounds: int, seconds: float) -> list[tuple[float, float, float]]:
    """Read from the service, from constant bytes and from a plain route in turn; requests a second of each."""
    listed = trial.listed()
    found = []
    with (
        peer("plain_list", "bare", given=listed) as bare,
        peer("plain_list", "fastapi", given=listed) as serialised,
    ):
        for port in (trial.port, bare, serialised):
            read(port, 0.5)  # the first time everything is slower
        for _ in range(rounds):
            ours, constant, slow = (read(port, seconds) for port in (trial.port, bare, serialised))
            found.append((ours, constant, slow))
    return found


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure all of it on one service."""
    with in_memory() as folder, embedded(Path(folder) / "servers") as servers:
        settings = {
            "DATABASE_URL": servers.database_url,
            "REDIS_URL": servers.redis_url,
            "WARN_WORKERS": "1",
            "WARN_READING_PROCESSES": "1",
            "WARN_READING_PORT": "0",
            "WARN_STREAMS": str(max(1, options.streams)),
        }
        service = Service(Path(folder) / "service", settings)
        service.start()
        try:
            trial = Trial(service, options.warnings)
            trial.pin()
            streams = trial.streams(options.streams)
            found = rates(trial, options.rounds, options.seconds)
            per_s = median(ours for ours, _, _ in found)
            quiet = trial.submitter.submit_for(options.submitting / 2)
            beside, beside_per_s = trial.beside(options.submitting, FULL * per_s)
            quiet += trial.submitter.submit_for(options.submitting / 2)
            slow = trial.slow(options.slow, options.seconds)
            crowd = trial.crowd(options.crowd, options.crowd_seconds) if options.crowd else {}
        finally:
            service.stop()
    p99 = {"beside": report.quantile(beside, 0.99), "quiet": report.quantile(quiet, 0.99)}
    return {
        "per_s": round(per_s),
        "ratio_bare_asgi": round(median(ours / bare for ours, bare, _ in found), 2),
        "ratio_fastapi": round(median(ours / slow for ours, _, slow in found), 1),
        "submission_p99_ratio": round(p99["beside"] / p99["quiet"], 2),
        **streams,
        **slow,
        **crowd,
        "submission_p99_ms": round(p99["beside"] * 1000, 1),
        "submissions": len(beside),
        "beside_share": round(beside_per_s / per_s, 2),
        "bare_asgi_per_s": round(median(bare for _, bare, _ in found)),
        "fastapi_per_s": round(median(slow for _, _, slow in found)),
        "warnings": options.warnings,
        "rounds": options.rounds,
    }


def main(argv: list[str]) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="ops.lab.bench reading", description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--warnings", type=int, default=5, help="in force in the municipality that is read")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each reading")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--streams", type=int, default=10_000, help="three quarters of the descriptors of a process at most"
    )
    parser.add_argument(
        "--submitting", type=float, default=60.0, help="seconds of submissions, quiet and beside"
    )
    parser.add_argument("--slow", type=int, default=10_000, help="readers that take a byte a second")
    parser.add_argument(
        "--crowd", type=int, default=0, help="requests through a real nginx; 250000 is what has been promised"
    )
    parser.add_argument("--crowd-seconds", type=float, default=60.0, help="in which these are sent")
    options = parser.parse_args(argv)
    report.show("reading", run(options), as_json=options.json)
    return 0
