"""F16: workers that have no memory left, killed by the kernel for it or refused it. Needs root.

The kernel's out-of-memory killer strikes where a control group is full: each worker has one of its own (version 1
of the kernel's control groups), and in mid-send a greedy neighbour is put beside it. Under a limit on its address space
a process is not killed: its allocations fail, again and again.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ops.lab.faults.cases.workers import strike, workers
from ops.lab.faults.process_overrides import ProcessOverrides, command
from ops.lab.faults.trial import LOOK_EVERY_S, TrialError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ops.lab.faults.trial import Trial

GROUPS = Path("/sys/fs/cgroup/memory")
PREFIX = "warn-lab-"
SLACK_BYTES = 4 << 20
"""Bytes that are left in the group when the neighbour is put into it."""
GREED_BYTES = 64 << 20
PREFERRED = "1000"
"""The kernel kills this one first, see proc_pid_oom_score_adj(5)."""
KILLED_WITHIN_S = 20.0
ENDS_WITHIN_S = 5.0
SLOW_S = 0.5
"""Latency of every gateway: the sending must outlast the second in which a worker may notice."""
PAGE_BYTES = resource.getpagesize()

_ENTER = f'group={GROUPS}/{PREFIX}$$; mkdir "$group" && echo $$ > "$group/cgroup.procs" && exec "$@"'
_HOG = """
import sys
with open(sys.argv[1], "w") as group:
    group.write("0")
greed = bytearray(int(sys.argv[2]))
greed[::4096] = b"1" * len(greed[::4096])
"""


def grouped() -> tuple[str, ...]:
    """Return the command of a service with every worker in a control group of its own, named after its process id."""
    return command({"worker": ProcessOverrides(("sh", "-c", _ENTER, "sh"))})


@contextmanager
def groups(_home: Path) -> Iterator[Mapping[str, str]]:
    """Remove the workers' groups afterwards. Raises TrialError where we may not make any."""
    probe = GROUPS / f"{PREFIX}{os.getpid()}"
    try:
        probe.mkdir()
        probe.rmdir()
    except OSError as error:
        raise TrialError(f"no control groups for memory (version 1) in {GROUPS}: {error}") from error
    try:
        yield {}
    finally:
        for group in GROUPS.glob(f"{PREFIX}*"):
            with suppress(OSError):  # of another process, which still runs
                group.rmdir()


def killed(trial: Trial) -> None:
    """The kernel kills one worker, drawn by lot, because its group is full."""
    strike(trial, [trial.chance.choice(workers(trial))], _fill_group)


def _fill_group(pid: int) -> None:
    group = GROUPS / f"{PREFIX}{pid}"
    try:
        Path(f"/proc/{pid}/oom_score_adj").write_text(PREFERRED, "ascii")
        limit = int((group / "memory.usage_in_bytes").read_text("ascii")) + SLACK_BYTES
        (group / "memory.limit_in_bytes").write_text(str(limit), "ascii")
        hog = [sys.executable, "-I", "-S", "-c", _HOG, str(group / "cgroup.procs"), str(GREED_BYTES)]
        subprocess.run(hog, check=False, timeout=KILLED_WITHIN_S)
    except (OSError, subprocess.SubprocessError) as error:
        raise TrialError(f"the worker's group cannot be filled: {error}") from error
    if "oom_kill 0" in (group / "memory.oom_control").read_text("ascii").splitlines():
        raise TrialError("the kernel killed nobody")


def starved(trial: Trial) -> None:
    """From a random instant on one worker, drawn by lot, gets no more memory than it has. It must end, and soon: a
    worker that goes on would lease batches that it cannot send, or give up recipients for its own trouble."""

    def refuse(pid: int) -> None:
        size = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[0]) * PAGE_BYTES
        resource.prlimit(pid, resource.RLIMIT_AS, (size, size))
        trial.hold("starved_ends_s", _ends_s(pid), ENDS_WITHIN_S)

    slow = {"name": "slow", "action": {"kind": "delay", "delay_s": SLOW_S}}
    trial.gateways({name: [slow] for name in trial.district.gateways})
    strike(trial, [trial.chance.choice(workers(trial))], refuse)


def _ends_s(pid: int) -> float:
    """Wait until the process has ended and return the seconds; a process that does not end is killed, as an
    orchestrator would do."""
    began_s = time.monotonic()
    while _lives(pid):
        if time.monotonic() - began_s > KILLED_WITHIN_S:
            with suppress(ProcessLookupError):
                os.kill(pid, 9)
            break
        time.sleep(LOOK_EVERY_S)
    return time.monotonic() - began_s


def _lives(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()[0] != "Z"
    return False
