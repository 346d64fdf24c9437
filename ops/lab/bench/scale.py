"""Computes what ten and eighty million recipients take: on paper, and by simulating the batches one by one.

The paper takes the longest of what each resource alone would need. The simulation lets batches wait for workers, for
the record and for the providers' quotas in the order in which the service leases them, so that it finds what
waiting for one another adds. Both start from figures measured by the other benchmarks; `ops/docs/scale.md` says which,
and what the result means for an installation.
"""

from __future__ import annotations

import argparse
import heapq
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ops.lab.bench import report

if TYPE_CHECKING:
    from collections.abc import Sequence

BATCH = 1000
SIZES = (10_000_000, 80_000_000)
"""Numbers of recipients: a large Land, and everybody in Germany with a phone."""
WITHIN_S = 600.0
"""The seconds within which all recipients are to be reached, where providers let us."""


@dataclass(frozen=True, slots=True)
class UnitRates:
    """Says what one worker, record, queue or network can do. The defaults are from `ops/docs/performance.md`."""

    worker_per_s: float = 30_300.0
    """Recipients a second of one worker on a processor of its own, ledger on (`dispatch`, one worker)."""
    record_us: float = 17.6
    """PostgreSQL's processor time for a recipient, the plan included (`dispatch`)."""
    record_cores: float = 8.0
    """Processors of one PostgreSQL server."""
    queue_us: float = 0.82
    """Redis' processor time for a recipient, the lanes' polling included (`dispatch`). It is one thread."""
    plan_per_s: float = 150_000.0
    """Recipients a second of the statements that freeze an audience, one transaction after another: 175,000 of two
    million (`large-record`)."""
    push_bytes: float = 1_100.0
    """Bytes on the wire for a push of 500 bytes: frames, TLS, TCP, the answer."""
    network_bytes_per_s: float = 1.25e9
    """Bytes a second of the network: ten gigabits."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider that reaches a share of the recipients, and how many a second it takes from us. Sources: delivery.md,
    6."""

    name: str
    share: float
    per_s: float = math.inf


FCM = 600_000 / 60
"""Messages a second of one project: the default quota of 600,000 a minute. Asked for 15 days ahead, it is raised; with
one project for each municipality's app it counts for each."""
ONE_PROJECT = (
    Provider("fcm", 0.6, FCM),
    Provider("apns", 0.3),
    Provider("webpush", 0.095),
    Provider("sms", 0.005, 1_000),
)
MANY_PROJECTS = (Provider("fcm", 0.6, 400 * FCM), *ONE_PROJECT[1:])
"""Providers for four hundred municipalities with a project each, as many as North Rhine-Westphalia has."""
MIXES = {"one project": ONE_PROJECT, "a project for each municipality": MANY_PROJECTS}


@dataclass(frozen=True, slots=True)
class Installation:
    """Says how many workers, records and queues there are."""

    workers: int
    records: int = 1
    """PostgreSQL servers, each with the municipalities of its own."""
    queues: int = 1


def on_paper(
    recipients: float, mix: Sequence[Provider], measured: UnitRates, has: Installation
) -> dict[str, float]:
    """Compute the seconds that each resource alone needs."""
    slowest = max(recipients * provider.share / provider.per_s for provider in mix)
    return {
        "workers": recipients / (measured.worker_per_s * has.workers),
        "record": recipients * measured.record_us / 1e6 / (measured.record_cores * has.records),
        "queue": recipients * measured.queue_us / 1e6 / has.queues,
        "plan": recipients / (measured.plan_per_s * has.records),
        "network": recipients * measured.push_bytes / measured.network_bytes_per_s,
        "provider": slowest,
    }


class Serial:
    """A server that takes one thing after another; it says when the next one is done."""

    def __init__(self, per_s: float) -> None:
        self._per_s = per_s
        self._free = 0.0

    def done(self, at: float, amount: float) -> float:
        self._free = max(self._free, at) + amount / self._per_s
        return self._free


def simulate(recipients: int, mix: Sequence[Provider], measured: UnitRates, has: Installation) -> list[float]:
    """Return when each batch is finished, in seconds after the alert's acceptance, in order. Providers' batches
    alternate, as the plan orders them; a batch whose provider is behind waits in the record and not with a worker."""
    record = Serial(measured.record_cores * has.records / measured.record_us * 1e6)
    queue = Serial(has.queues / measured.queue_us * 1e6)
    network = Serial(measured.network_bytes_per_s)
    quotas = [Serial(provider.per_s) for provider in mix]
    credit = [0.0] * len(mix)
    free = [0.0] * has.workers
    finished = []
    for number in range(math.ceil(recipients / BATCH)):
        planned = (number + 1) * BATCH / (measured.plan_per_s * has.records)
        credit = [have + provider.share for have, provider in zip(credit, mix, strict=True)]
        chosen = max(range(len(mix)), key=credit.__getitem__)
        credit[chosen] -= 1
        allowed = quotas[chosen].done(planned, BATCH) - BATCH / mix[chosen].per_s
        enqueued = queue.done(planned, BATCH)
        start = max(heapq.heappop(free), 0.0)
        begins = max(
            start, enqueued, allowed if mix[chosen].per_s < measured.worker_per_s * has.workers else 0.0
        )
        # A batch that waits for a quota holds no worker: its lease is released until the gateway's pause is over.
        waits = begins > max(start, enqueued)
        worked = (max(start, enqueued) if waits else begins) + BATCH / measured.worker_per_s
        written = record.done(worked, BATCH)
        sent = network.done(worked, BATCH * measured.push_bytes)
        heapq.heappush(free, max(worked, written))
        finished.append(max(written, sent, begins + BATCH / measured.worker_per_s))
    return sorted(finished)


def sized(recipients: float, measured: UnitRates) -> Installation:
    """Size an installation that reaches all recipients in `WITHIN_S`, with a third in reserve."""

    def needed(seconds_with_one: float) -> int:
        return max(1, math.ceil(seconds_with_one * 4 / 3 / WITHIN_S))

    alone = on_paper(recipients, [Provider("", 1.0)], measured, Installation(workers=1))
    # A record plans its own municipalities, one portion after another; the workers must not wait for the plan.
    records = max(needed(alone["record"]), needed(alone["plan"]))
    return Installation(needed(alone["workers"]), records, needed(alone["queue"]))


def scenario(
    recipients: int, name: str, measured: UnitRates, has: Installation | None = None
) -> dict[str, Any]:
    """Compute one size and mix, on paper and simulated."""
    mix, has = MIXES[name], has or sized(recipients, measured)
    paper = on_paper(recipients, mix, measured, has)
    finished = simulate(recipients, mix, measured, has)
    bound = max(paper, key=paper.__getitem__)
    return {
        "recipients": recipients,
        "mix": name,
        "workers": has.workers,
        "records": has.records,
        "queues": has.queues,
        "paper_s": round(paper[bound], 1),
        "bound": bound,
        "first_s": round(finished[0], 2),
        "half_s": round(report.quantile(finished, 0.5), 1),
        "p99_s": round(report.quantile(finished, 0.99), 1),
        "last_s": round(finished[-1], 1),
        "alone_s": {resource: round(seconds, 1) for resource, seconds in paper.items()},
    }


def run(measured: UnitRates) -> dict[str, Any]:
    """Compute every size and mix."""
    return {
        "scenarios": [scenario(size, mix, measured) for size in SIZES for mix in MIXES],
        "measured": {name: getattr(measured, name) for name in UnitRates.__slots__},
    }


def main(argv: list[str]) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="ops.lab.bench scale", description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true")
    for name in UnitRates.__slots__:
        parser.add_argument(f"--{name.replace('_', '-')}", type=float)
    options = parser.parse_args(argv)
    given = {name: value for name in UnitRates.__slots__ if (value := getattr(options, name)) is not None}
    result = run(replace(UnitRates(), **given))
    if options.json:
        report.show("scale", result, as_json=True)
        return 0
    for one in result["scenarios"]:
        report.show(f"{one['recipients']:,} recipients, {one['mix']}", one, as_json=False)
    return 0
