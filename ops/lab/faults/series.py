"""Runs one fault many times, in one district or each time in its own, and sums the results."""

from __future__ import annotations

import random
import shutil
import statistics
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ops.lab.faults.judgement import JoinedRun, judge_cases
from ops.lab.faults.trial import AWAY, Trial, TrialError, TrialRecord
from ops.lab.gateways.launch import StandinError
from ops.lab.world.district import District, Layout, gateway_records
from ops.lab.world.ledger import Tail
from ops.lab.world.population import PopulationPlan
from ops.lab.world.service import ServiceError
from ops.lab.world.verdict import MUST_BE_ZERO, Counts, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

SETTINGS = {
    "WARN_BATCH_SIZE": "50",
    "WARN_SLICE_SIZE": "10",
    "WARN_JOBS_PER_LANE": "4",
    "WARN_REQUEST_TIMEOUT_S": "2",
    "WARN_HTTP2_POOL_AFTER": "1",
}
"""Batches and slices are small enough that a small district keeps both workers busy for a while: some twenty batches,
and at most forty sends in flight in a process, where the service's own defaults allow four hundred. A gateway that
hangs is given up sooner than after the usual ten seconds. And although a process has only some sixty pushes of a
warning for each push service, most take the path of a mass send, over connections of our own HTTP/2."""
SHARED_RUNS_MAX = 3
"""The most runs of each fault in a shared district. With more, every fault gets a district of its own, so that ledgers
and records stay small."""
COUNTED = ("doubled", *MUST_BE_ZERO)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault in the catalogue."""

    name: str
    code: str
    title: str
    act: Callable[[Trial], None]
    """Carries one run out on a district that is well."""
    settings: Mapping[str, str] = field(default_factory=dict)
    layout: Layout = field(default_factory=Layout)
    control: bool = False
    """A negative control: the service is sabotaged, and the run is well if the lab reports a loss."""
    breaks: str = ""
    """The criterion that a control must break, where it is no loss."""
    fresh: bool = False
    """Every run needs a district of its own."""
    surround: Callable[[Path], AbstractContextManager[Mapping[str, str]]] | None = None
    """A context around the district, given its directory; it yields the settings that the service needs for it."""

    @property
    def world(self) -> object:
        """Return a value that is equal for faults that can share a district."""
        layout = self.layout
        return (
            self.surround,
            layout.workers,
            layout.command,
            tuple(layout.standins),
            tuple(self.settings.items()),
        )


@dataclass(frozen=True, slots=True)
class Order:
    """Says what is to be run."""

    seeds: tuple[int, ...]
    """One for each run of every fault."""
    subscriptions: int
    out: Path

    @property
    def runs(self) -> int:
        """How many runs of each fault."""
        return len(self.seeds)


def run(faults: Sequence[Fault], order: Order, say: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    """Run each fault, judge and sum the runs, and yield the JSON objects that are printed. A run that could not be
    carried out proves nothing: it counts as a failure."""
    found: dict[str, list[JoinedRun]] = {fault.name: [] for fault in faults}
    for place, planned in enumerate(_groups(faults, order)):
        home = order.out / str(place)
        shutil.rmtree(home, ignore_errors=True)
        try:
            judged = _one_district(order, home, planned, say)
        except (ServiceError, StandinError, TrialError) as error:
            say(f"{planned[0][0].name}: {error}")
            judged = [_not_run(number, str(error)) for _, number in planned]
        for (fault, _), one in zip(planned, judged, strict=True):
            found[fault.name].append(one)
        for fault in {fault.name: fault for fault, _ in planned}.values():
            if len(found[fault.name]) == order.runs:
                yield summary(fault, order, found[fault.name])


def _groups(faults: Sequence[Fault], order: Order) -> list[list[tuple[Fault, int]]]:
    """Group the runs that share a district, as (fault, number of the run)."""
    groups: dict[object, list[tuple[Fault, int]]] = {}
    for fault in faults:
        for number in range(order.runs):
            key = (fault.name, number) if fault.fresh else fault.world
            if order.runs > SHARED_RUNS_MAX:
                key = (key, fault.name)
            groups.setdefault(key, []).append((fault, number))
    return list(groups.values())


def _one_district(
    order: Order, home: Path, planned: Sequence[tuple[Fault, int]], say: Callable[[str], None]
) -> list[JoinedRun]:
    fault = planned[0][0]
    seed, people = order.seeds[planned[0][1]], order.subscriptions
    plan = PopulationPlan(seed, people, people // 20, standins=tuple(fault.layout.standins))
    cases: list[TrialRecord] = []
    reasons: list[str] = []
    with ExitStack() as stack:
        around = stack.enter_context(fault.surround(home)) if fault.surround else {}
        settings = {**SETTINGS, **fault.settings, **around}
        layout = replace(fault.layout, plan=plan, decrypt="later", settings=settings)
        district = stack.enter_context(District(home, layout))
        tail = Tail(gateway.ledger for gateway in district.gateways.values())
        for fault, number in planned:
            cases.append(case := TrialRecord(len(cases), number, datetime.now(UTC)))
            chance = random.Random(f"{order.seeds[number]}|{fault.name}|{number}")
            reasons.append(_carry_out(fault, Trial(district, tail, chance, case)))
            say(f"{fault.name} {number + 1}/{order.runs}: {reasons[-1] or 'settled'} {case.recovery_s or ''}")
        recipients = district.recipients
        stack.callback(shutil.rmtree, home / "service", ignore_errors=True)
        district.stop()
        # only now, so that what was sent late is in the ledgers too
        cases[-1].ended_at = datetime.now(UTC)
        chains = {sent.chain: sent.id for case in cases for sent in case.sent}
        judged = judge_cases(cases, recipients, tuple(gateway_records(home, chains)))
    return [replace(one, reason=reason) for one, reason in zip(judged, reasons, strict=True)]


def _not_run(number: int, reason: str) -> JoinedRun:
    return JoinedRun(TrialRecord(0, number, datetime.now(UTC)), Verdict({}, Counts()), reason)


def _carry_out(fault: Fault, trial: Trial) -> str:
    """Carry the run out. Returns why it could not be; empty: it was."""
    try:
        fault.act(trial)
        trial.conclude()
    except (TrialError, StandinError, *AWAY) as error:
        trial.case.ended_at = datetime.now(UTC)
        return f"{type(error).__name__}: {error}"
    return ""


def summary(fault: Fault, order: Order, judged: Sequence[JoinedRun]) -> dict[str, Any]:
    """Sum all runs up; `failures` name the run."""
    totals = [one.verdict.total for one in judged]
    recovery = [seconds for one in judged for seconds in one.case.recovery_s]
    failures = [f"run {one.case.run}: {text}" for one in judged for text in one.failures]
    return {
        "fault": fault.name,
        "code": fault.code,
        "title": fault.title,
        "runs": len(judged),
        "seeds": order.seeds,
        "keys": sum(total.expected for total in totals),
        "accepted": sum(total.accepted for total in totals),
        "bound": sum(one.case.bound for one in judged),
        **{name: sum(getattr(total, name) for total in totals) for name in COUNTED},
        "recovery_s": _spread(recovery),
        "criteria": {name: _worst(name, judged) for name in _names(judged)},
        "failures": failures,
        "ok": bool(judged) and all(_found(fault, one) for one in judged)
        if fault.control
        else bool(judged) and not failures,
    }


def _found(fault: Fault, one: JoinedRun) -> bool:
    """Return whether the lab found what is wrong with a sabotaged service."""
    if fault.breaks:
        return fault.breaks in one.case.findings and not one.case.findings[fault.breaks].ok
    return bool(one.verdict.total.lost or one.verdict.total.false_delivered)


def _spread(values: Sequence[float]) -> dict[str, float]:
    if not values:
        return {}
    return {"median": round(statistics.median(values), 3), "max": max(values), "n": len(values)}


def _names(judged: Sequence[JoinedRun]) -> Iterator[str]:
    yield from dict.fromkeys(name for one in judged for name in one.case.findings)


def _worst(name: str, judged: Sequence[JoinedRun]) -> dict[str, float | bool]:
    found = [one.case.findings[name] for one in judged if name in one.case.findings]
    worst = max(found, key=lambda one: one.value - one.limit)
    return {"worst": worst.value, "limit": worst.limit, "ok": all(one.ok for one in found)}
