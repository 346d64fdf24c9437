"""F1, F5 (frozen worker), F18: workers that die, sleep or are replaced in mid-send."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

from dispatcher.model import LEASE
from ops.lab.faults.lease_watch import LeaseWatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.lab.faults.trial import Trial

RESUMES_WITHIN_S = 10.0
LOOKS_FOR_S = 40.0


def kill_one(trial: Trial) -> None:
    """SIGKILL to one worker, drawn by lot."""
    _kill(trial, [trial.chance.choice(workers(trial))])


def kill_all(trial: Trial) -> None:
    """SIGKILL to all workers at once."""
    _kill(trial, workers(trial))


def workers(trial: Trial) -> list[str]:
    """Their names."""
    return [f"worker-{number + 1}" for number in range(trial.district.layout.workers)]


def _kill(trial: Trial, names: Sequence[str]) -> None:
    with LeaseWatch(trial.service) as watch:
        trial.warn()
        trial.await_moment()
        pids = trial.service.pids()
        held = watch.held()
        for name in names:
            os.kill(pids[name], signal.SIGKILL)
            trial.allow(trial.in_flight_max())
        resumed = watch.resumed(held, time.monotonic(), LOOKS_FOR_S)
    _resumed(trial, resumed)
    for name in names:
        trial.service.wait_replaced(name, pids[name])


def _resumed(trial: Trial, seconds: float | None) -> None:
    if seconds != 0.0:
        trial.recovered(LOOKS_FOR_S if seconds is None else seconds)
        trial.hold("resumes_s", LOOKS_FOR_S if seconds is None else seconds, RESUMES_WITHIN_S)


def freeze_one(trial: Trial) -> None:
    """SIGSTOP to one worker for longer than its lease, then SIGCONT: it must find itself fenced off."""
    trial.warn()
    name = trial.chance.choice(workers(trial))
    trial.await_moment()
    pid = trial.service.pids()[name]
    os.kill(pid, signal.SIGSTOP)
    stopped_s = time.monotonic()
    try:
        trial.allow(trial.in_flight_max())
        trial.settle(LEASE.total_seconds() + LOOKS_FOR_S)
        trial.recovered(time.monotonic() - stopped_s)
        time.sleep(max(0.0, LEASE.total_seconds() + 1 - (time.monotonic() - stopped_s)))
    finally:
        os.kill(pid, signal.SIGCONT)
    trial.service.wait_ready()
    time.sleep(1.0)  # whatever it would still send, it sends now
    trial.hold("frozen_worker_died", float(trial.service.pids().get(name) != pid), 0)


def roll(trial: Trial) -> None:
    """SIGTERM to every worker and to the API, one after the other, as a new version is rolled out."""
    trial.warn()
    trial.await_moment()
    for name in [*workers(trial), "api"]:
        pid = trial.service.pids()[name]
        os.kill(pid, signal.SIGTERM)
        trial.service.wait_replaced(name, pid)
