"""The job that every sender gets, and the measurement that it prints."""

from __future__ import annotations

import os
import resource
import time
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from dispatcher.runtime import gc_tuning

if TYPE_CHECKING:
    from collections.abc import Callable

TIMEOUT_S = 30.0
ENCRYPTION_BYTES = 103
"""Bytes that encryption adds to a payload (RFC 8188 and 8291)."""
CONCURRENCY = 100
WARM_UP = 300
"""Pushes that are not timed: connections, caches and, for ours, the connections of a mass send exist afterwards."""


class Keys(msgspec.Struct, frozen=True):
    """A subscription's keys as a browser hands them out."""

    p256dh: str
    auth: str


class AnyJob(msgspec.Struct, frozen=True, kw_only=True):
    """What all jobs have."""

    cpu: int | None = None
    """The processor to stay on."""


SomeJob = TypeVar("SomeJob", bound=AnyJob)


class Job(AnyJob, frozen=True):
    """Send `payload` `count` times, to as many endpoints below `origin`."""

    origin: str
    ca_file: str
    vapid_pem: str
    payload: str
    count: int
    keys: tuple[Keys, ...]

    def subscription(self, number: int) -> tuple[str, Keys]:
        """Return the endpoint's URL and keys."""
        return f"{self.origin}/push/{number:032}", self.keys[number % len(self.keys)]


class Timing:
    """Measures the time on the clock and on the processor between `start` and `stop`."""

    def __init__(self, own: Callable[[], int] | None = None) -> None:
        """`own` says how many messages went by connections of our own so far."""
        self._own = own

    def start(self) -> None:
        self._own_before = self._own() if self._own else 0
        self._wall, self._cpu = time.perf_counter(), _cpu_s()

    def stop(self, count: int) -> None:
        """Print the measurement."""
        measured: dict[str, Any] = {
            "count": count,
            "wall_s": time.perf_counter() - self._wall,
            "cpu_s": _cpu_s() - self._cpu,
        }
        if self._own is not None:
            measured["own"] = self._own() - self._own_before
        print(msgspec.json.encode(measured).decode(), flush=True)


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def read_job(path: str, kind: type[SomeJob]) -> SomeJob:
    """Read the job in a file, and move this process to the processor it names, with a worker's garbage collection."""
    job = msgspec.json.decode(Path(path).read_bytes(), type=kind)
    if job.cpu is not None:
        os.sched_setaffinity(0, {job.cpu})
    gc_tuning.configure()
    return job


def claims() -> dict[str, Any]:
    """Return VAPID's claims, fresh for each message: pywebpush writes into them."""
    return {"sub": "mailto:leitstelle@example.org"}


def headers() -> dict[str, Any]:
    """Return the other headers that every push of ours has."""
    return {"Urgency": "high", "Topic": "k" * 32}


def base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
