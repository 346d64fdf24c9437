"""F1, F5 (frozen worker), F18: workers that die, sleep or are replaced in mid-send."""

from __future__ import annotations

import json
import os
import signal
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dispatcher.model.retry_policy import DEFAULT_POLICY
from ops.lab.faults.lease_watch import LeaseWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ops.lab.faults.trial import Trial

LEASE_S = DEFAULT_POLICY.lease.duration_s
"""Seconds that a lease lasts: the workers of the lab run with the default policy."""
RESUMES_WITHIN_S = 10.0
SWEPT_WITHIN_S = 3.0
"""How long the reconciler may need to find an expired lease: it sweeps every second; the rest is for a busy machine."""
LOOKS_FOR_S = 40.0


def kill_one(trial: Trial) -> None:
    """Send SIGKILL to one worker, drawn by lot."""
    strike(trial, [trial.chance.choice(workers(trial))], _kill)


def kill_all(trial: Trial) -> None:
    """Send SIGKILL to all workers at once."""
    strike(trial, workers(trial), _kill)


def workers(trial: Trial) -> list[str]:
    """Return the workers' names."""
    return [f"worker-{number + 1}" for number in range(trial.district.layout.workers)]


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def strike(trial: Trial, names: Sequence[str], end: Callable[[int], None]) -> None:
    """End each of these workers at a random instant of a sending by `end`, which is given its process id. Other
    workers must lease their batches in time."""
    with LeaseWatch(trial.service) as watch:
        trial.warn()
        trial.await_moment()
        pids = trial.service.pids()
        for name in names:
            end(pids[name])
            trial.allow(trial.in_flight_max())
        held = watch.held()  # a lease outlives its holder
        killed_at, killed_s = datetime.now(UTC), time.monotonic()
        resumed = watch.resumed(held, killed_s, LOOKS_FOR_S)
    for name in names:
        trial.service.wait_replaced(name, pids[name])
    if resumed != 0.0:
        _judge_resumption(trial, LOOKS_FOR_S if resumed is None else resumed, names, killed_at)


def _judge_resumption(trial: Trial, resumed_s: float, names: Sequence[str], killed_at: datetime) -> None:
    """Hold the criterion. Where a worker is left, it has ten seconds. Where none is, the lease and the start of a new
    one come first, which takes as long as the machine is slow."""
    trial.recovered(resumed_s)
    if len(names) < trial.district.layout.workers:
        trial.hold("resumes_s", resumed_s, RESUMES_WITHIN_S)
        return
    back_s = (_first_serving(trial, killed_at) - killed_at).total_seconds()
    trial.hold("resumes_after_lease_and_restart_s", resumed_s - max(LEASE_S, back_s), SWEPT_WITHIN_S)


def _first_serving(trial: Trial, since: datetime) -> datetime:
    """Return when the first worker began to serve after `since`, by the service's own log."""
    lines = trial.service.log.read_text("utf-8").splitlines()
    logged = [json.loads(line) for line in lines if '"worker_serving"' in line]
    return min(at for one in logged if (at := datetime.fromisoformat(one["timestamp"])) > since)


def freeze_one(trial: Trial) -> None:
    """Send SIGSTOP to one worker for longer than its lease, then SIGCONT: its fencing token must be refused."""
    trial.warn()
    name = trial.chance.choice(workers(trial))
    trial.await_moment()
    pid = trial.service.pids()[name]
    os.kill(pid, signal.SIGSTOP)
    stopped_s = time.monotonic()
    try:
        trial.allow(trial.in_flight_max())
        trial.settle(LEASE_S + LOOKS_FOR_S)
        trial.recovered(time.monotonic() - stopped_s)
        time.sleep(max(0.0, LEASE_S + 1 - (time.monotonic() - stopped_s)))
    finally:
        os.kill(pid, signal.SIGCONT)
    trial.service.wait_ready()
    time.sleep(1.0)  # what it would still send, it sends now
    trial.hold("frozen_worker_died", float(trial.service.pids().get(name) != pid), 0)


def roll(trial: Trial) -> None:
    """Send SIGTERM to every worker and to the API, one after the other, as when a new version is rolled out."""
    trial.warn()
    trial.await_moment()
    for name in [*workers(trial), "api"]:
        pid = trial.service.pids()[name]
        os.kill(pid, signal.SIGTERM)
        trial.service.wait_replaced(name, pid)
