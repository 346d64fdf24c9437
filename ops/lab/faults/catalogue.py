"""Every fault by name."""

from __future__ import annotations

from ops.lab.faults import workers
from ops.lab.faults.series import Fault

FAULTS = (
    Fault("worker-kill", "F1", "SIGKILL to one worker in mid-send", workers.kill_one),
    Fault("workers-kill", "F1", "SIGKILL to all workers in mid-send", workers.kill_all),
    Fault("worker-freeze", "F5", "one worker frozen for longer than its lease", workers.freeze_one),
    Fault("rolling-restart", "F18", "SIGTERM to workers and API in turn", workers.roll),
)


def named(name: str) -> tuple[Fault, ...]:
    """The fault of that name, all of that code, or `all`. Raises KeyError."""
    found = tuple(fault for fault in FAULTS if name in {"all", fault.name} or fault.code == name.upper())
    if not found:
        raise KeyError(name)
    return found
