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
"""How long a run of a control waits: longer than a service with a reconciler needs to resume everything."""
EARLY = 0.4
"""The latest share of the sending at which a control strikes: it must not pass because it came too late."""


def flush(trial: Trial) -> None:
    """Send FLUSHALL to the queue of a service without a reconciler, which enqueues nothing again."""
    trial.warn()
    with queue(trial.service) as client:
        client.flushall()
        trial.await_share(trial.chance.uniform(0, EARLY))
        client.flushall()
    for name in workers(trial):  # jobs that were taken already would go on without the queue
        pid = trial.service.kill(name)
        trial.service.wait_replaced(name, pid)
    trial.allow(trial.in_flight_max() * trial.district.layout.workers)
    trial.give_up_after(GIVES_UP_AFTER_S)


def kill(trial: Trial) -> None:
    """Send SIGKILL to all workers at once."""
    trial.warn()
    trial.await_share(trial.chance.uniform(0.05, EARLY))
    pids = trial.service.pids()
    for name in workers(trial):
        os.kill(pids[name], signal.SIGKILL)
    trial.allow(trial.in_flight_max() * trial.district.layout.workers)
    for name in workers(trial):
        trial.service.wait_replaced(name, pids[name])
