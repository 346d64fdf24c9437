"""Many runs of one fault, in one district or each in its own, and their sum."""

from __future__ import annotations

import random
import shutil
import statistics
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ops.lab.demo.standing import Tail
from ops.lab.district import District, Layout, gateway_records
from ops.lab.faults.judgement import Judged, judge_cases
from ops.lab.faults.trial import Case, Trial
from ops.lab.population import Plan
from ops.lab.verdict import MUST_BE_ZERO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

SETTINGS = {"WARN_BATCH_SIZE": "50", "WARN_SLICE_SIZE": "10", "WARN_JOBS_PER_LANE": "4"}
"""Small enough that a small district keeps both workers busy for a while: some twenty batches, and at most forty
sends in flight in a process, where the service's own defaults allow four hundred."""
COUNTED = ("doubled", *MUST_BE_ZERO)


@dataclass(frozen=True, slots=True)
class Fault:
    """One entry of the catalogue."""

    name: str
    code: str
    title: str
    act: Callable[[Trial], None]
    """Carries one run out on a district that is well."""
    settings: Mapping[str, str] = field(default_factory=dict)
    layout: Layout = field(default_factory=Layout)
    fresh: bool = False
    """Every run needs a district of its own."""
    surround: Callable[[Path], Any] | None = None
    """A context around the district, given its directory."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be run."""

    runs: int
    seed: int
    subscriptions: int
    out: Path


def run(fault: Fault, order: Order, say: Callable[[str], None]) -> dict[str, Any]:
    """All runs, judged and summed, as the JSON object that is printed. Raises TrialError, ServiceError,
    StandinError."""
    judged: list[Judged] = []
    for number, numbers in enumerate(_groups(fault, order.runs)):
        home = order.out / fault.name / str(number)
        shutil.rmtree(home, ignore_errors=True)
        judged += _one_district(fault, order, home, numbers, say)
    return summary(fault, order, judged)


def _groups(fault: Fault, runs: int) -> list[Sequence[int]]:
    return [[number] for number in range(runs)] if fault.fresh else [range(runs)]


def _one_district(
    fault: Fault, order: Order, home: Path, numbers: Sequence[int], say: Callable[[str], None]
) -> list[Judged]:
    plan = Plan(order.seed, order.subscriptions, order.subscriptions // 20)
    layout = replace(fault.layout, plan=plan, decrypt="later", settings={**SETTINGS, **fault.settings})
    cases = []
    with District(home, layout) as district:
        tail = Tail(gateway.ledger for gateway in district.gateways.values())
        for number in numbers:
            case = Case(number, datetime.now(UTC))
            trial = Trial(district, tail, random.Random(f"{order.seed}|{fault.name}|{number}"), case)
            fault.act(trial)
            trial.conclude()
            cases.append(case)
            say(f"{fault.name} run {number + 1}: settled, recovery {case.recovery_s}")
        recipients = district.recipients
    # only now: whatever would have been sent late is in the ledgers too
    if cases:
        cases[-1].ended_at = datetime.now(UTC)
    return judge_cases(cases, recipients, tuple(gateway_records(home)))


def summary(fault: Fault, order: Order, judged: Sequence[Judged]) -> dict[str, Any]:
    """The sum over all runs; `failures` name the run."""
    totals = [one.verdict.total for one in judged]
    recovery = [seconds for one in judged for seconds in one.case.recovery_s]
    failures = [f"run {one.case.number}: {text}" for one in judged for text in one.failures]
    return {
        "fault": fault.name,
        "code": fault.code,
        "title": fault.title,
        "runs": len(judged),
        "seed": order.seed,
        "keys": sum(total.expected for total in totals),
        "accepted": sum(total.accepted for total in totals),
        "bound": sum(one.case.bound for one in judged),
        **{name: sum(getattr(total, name) for total in totals) for name in COUNTED},
        "recovery_s": _spread(recovery),
        "criteria": {name: _worst(name, judged) for name in _names(judged)},
        "failures": failures,
        "ok": bool(judged) and not failures,
    }


def _spread(values: Sequence[float]) -> dict[str, float]:
    if not values:
        return {}
    return {"median": round(statistics.median(values), 3), "max": max(values), "n": len(values)}


def _names(judged: Sequence[Judged]) -> Iterator[str]:
    yield from dict.fromkeys(name for one in judged for name in one.case.findings)


def _worst(name: str, judged: Sequence[Judged]) -> dict[str, float | bool]:
    found = [one.case.findings[name] for one in judged if name in one.case.findings]
    worst = max(found, key=lambda one: one.value - one.limit)
    return {"worst": worst.value, "limit": worst.limit, "ok": all(one.ok for one in found)}
