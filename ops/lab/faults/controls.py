"""The negative controls: the faults that a sabotaged service does not survive."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from ops.lab.faults.cases.servers import queue
from ops.lab.faults.cases.workers import workers

if TYPE_CHECKING:
    from ops.lab.faults.trial import Trial

GIVES_UP_AFTER_S = 12.0
"""Longer than a service with a reconciler needs to resume everything."""
EARLY = 0.4
"""At the latest instant so much is still to be sent: a control must not pass because it came too late."""


def flush(trial: Trial) -> None:
    """FLUSHALL, and nobody who would ring again."""
    trial.warn()
    with queue(trial.service) as client:
        client.flushall()
        trial.await_share(trial.chance.uniform(0, EARLY))
        client.flushall()
    for name in workers(trial):  # jobs in hand would go on without the queue
        pid = trial.service.kill(name)
        trial.service.wait_replaced(name, pid)
    trial.allow(trial.in_flight_max() * trial.district.layout.workers)
    trial.give_up_after(GIVES_UP_AFTER_S)


def kill(trial: Trial) -> None:
    """SIGKILL to all workers at once."""
    trial.warn()
    trial.await_share(trial.chance.uniform(0.05, EARLY))
    pids = trial.service.pids()
    for name in workers(trial):
        os.kill(pids[name], signal.SIGKILL)
    trial.allow(trial.in_flight_max() * trial.district.layout.workers)
    for name in workers(trial):
        trial.service.wait_replaced(name, pids[name])
