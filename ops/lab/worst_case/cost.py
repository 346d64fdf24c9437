"""Measures what reading a body costs: processor time, and by how much the process grows at its peak."""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cap
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.targeting.match import match

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of processor time, and bytes."""

    seconds: float
    growth: int


def read(body: bytes) -> None:
    """Read and check a body as a submission is."""
    try:
        alerts = cap.parse(body).alerts
    except cap.CapError:
        return
    for alert in alerts:
        cap.check(alert, cap.STRICT)


def read_and_match(body: bytes) -> None:
    """Read a body, check it, and find whom it concerns in the data of the package."""
    try:
        alerts = cap.parse(body).alerts
    except cap.CapError:
        return
    for alert in alerts:
        cap.check(alert, cap.STRICT)
        match(list(cap.normalise(alert).areas()), Boundaries.default())


def cost(body: bytes, read: Callable[[bytes], None] = read) -> Cost:
    """Return what it costs to read the body. Linux only: the peak is that of /proc (proc(5), VmHWM)."""
    gc.collect()
    gc.freeze()  # else the collector goes through all that the process had before, again and again
    try:
        return _cost(body, read)
    finally:
        gc.unfreeze()


def _cost(body: bytes, read: Callable[[bytes], None]) -> Cost:
    _CLEAR.write_text("5")  # forgets the peak so far
    before, started = _resident("VmRSS"), time.process_time()
    read(body)
    return Cost(time.process_time() - started, _resident("VmHWM") - before)


def _resident(name: str) -> int:
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024
