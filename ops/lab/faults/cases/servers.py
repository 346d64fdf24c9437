"""F3 to F5, F7: the queue and the record killed, emptied, frozen, out of memory."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import redis

from dispatcher.embedded import EmbeddedValkey
from ops.lab.faults.cap_messages import Variant
from ops.lab.faults.trial import AGAIN_S, AWAY, NO_ANSWER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.lab.faults.trial import SentMessage, Trial
    from ops.lab.world.service import Service

GOES_ON_WITHIN_S = 5.0
ANSWERS_WITHIN_S = 5.0
FREEZE_S = 10.0
ASK_EVERY_S = 0.2
SMALL = Variant(places=frozenset({"05358012"}))
"""A warning for Heimbach, the smallest municipality, whose sending is over at once."""
TINY_MEMORY = "1mb"
LOOK_EVERY_S = 0.02
LOOKS_FOR_S = 30.0


@contextmanager
def queue(service: Service) -> Iterator[redis.Redis]:
    """Connect to the service's own queue server."""
    client = redis.Redis.from_url(EmbeddedValkey(service.home / "valkey").url, socket_timeout=5)
    with client:
        yield client


def queue_kill(trial: Trial) -> None:
    """Send SIGKILL to the queue server, which comes back with its append-only file."""
    _queue_dies(trial, emptied=False)


def queue_lost(trial: Trial) -> None:
    """Do the same, and remove its files."""
    _queue_dies(trial, emptied=True)


def _queue_dies(trial: Trial, *, emptied: bool) -> None:
    before = trial.service.pids()
    trial.warn()
    trial.await_moment()
    with asking(trial):
        if emptied:
            shutil.rmtree(trial.service.home / "valkey" / "data" / "appendonlydir", ignore_errors=True)
        pid = trial.service.kill("valkey")
        trial.service.wait_replaced("valkey", pid)
    _goes_on(trial)
    unharmed(trial, before)


def queue_flush(trial: Trial) -> None:
    """Send FLUSHALL: every job in the queue is lost."""
    trial.warn()
    trial.await_moment()
    flushed_s = time.monotonic()
    with queue(trial.service) as client:
        client.flushall()
    trial.settle()
    trial.recovered(time.monotonic() - flushed_s)


def queue_freeze(trial: Trial) -> None:
    """Stop the queue server: connections stay open, nothing answers."""
    before = trial.service.pids()
    trial.warn()
    trial.await_moment()
    pid = before["valkey"]
    os.kill(pid, signal.SIGSTOP)
    try:
        with asking(trial):
            trial.warn(trial.chain(SMALL))
            time.sleep(FREEZE_S)
            trial.hold("workers_called_ready", float(workers_ready(trial)), 0)
    finally:
        os.kill(pid, signal.SIGCONT)
    _goes_on(trial)
    unharmed(trial, before)


def queue_full(trial: Trial) -> None:
    """Leave the queue server no memory: it refuses every write."""
    before = trial.service.pids()
    with queue(trial.service) as client:
        trial.warn()
        trial.await_moment()
        client.config_set("maxmemory", TINY_MEMORY)
        try:
            with asking(trial):
                trial.warn(trial.chain(SMALL))
                time.sleep(GOES_ON_WITHIN_S)
        finally:
            client.config_set("maxmemory", "0")
    _goes_on(trial)
    unharmed(trial, before)


def record_kill(trial: Trial) -> None:
    """Send SIGKILL to PostgreSQL's first process."""
    _record_dies(trial, signal.SIGKILL)


def record_immediate(trial: Trial) -> None:
    """Send SIGQUIT to PostgreSQL's first process: an immediate shutdown, as `pg_ctl -m immediate` does."""
    _record_dies(trial, signal.SIGQUIT)


def _record_dies(trial: Trial, number: signal.Signals) -> None:
    before = trial.service.pids()
    trial.warn()
    trial.await_moment()
    trial.allow(trial.in_flight_max() * trial.district.layout.workers)
    killed_s = time.monotonic()
    os.kill(before["postgres"], number)
    with asking(trial):
        trial.warn(trial.chain(SMALL))  # every 2xx is a promise: what is lost of it counts
        trial.service.wait_replaced("postgres", before["postgres"])
    trial.settle()
    trial.recovered(time.monotonic() - killed_s)
    unharmed(trial, before)


def workers_ready(trial: Trial) -> bool:
    """Return whether a worker still reports that it reaches the queue."""
    urls = {name: url for name, url in trial.service.urls().items() if name != "api"}
    return any(trial.service.ready_at(url) for url in urls.values())


def _goes_on(trial: Trial) -> None:
    """Measure how long a new warning takes to its first recipient, now that the queue is back."""
    back_at = datetime.now(UTC)
    seconds = first_s(trial, trial.warn(trial.chain(SMALL)), back_at)
    trial.recovered(seconds)
    trial.hold("goes_on_s", seconds, GOES_ON_WITHIN_S)


def first_s(trial: Trial, sent: SentMessage, since: datetime) -> float:
    """Return the seconds until this very message reached its first recipient, by the service's own account; 0 where
    that was before. The gateways' ledgers would count other messages as well: sends of the one before still arrive."""
    give_up = time.monotonic() + LOOKS_FOR_S
    while time.monotonic() < give_up:
        with suppress(*AWAY):
            named = [one["first_accepted_at"] for one in trial.service.status(sent.id)["channels"]]
            if firsts := [datetime.fromisoformat(text) for text in named if text]:
                return max(0.0, (min(firsts) - since).total_seconds())
        trial.look()
        time.sleep(AGAIN_S)
    return LOOKS_FOR_S


def unharmed(trial: Trial, before: dict[str, int]) -> None:
    """Check that no process but the one that was struck ended."""
    now = trial.service.pids()
    own = [name for name in before if name == "api" or name.startswith("worker-")]
    trial.hold("processes_ended", float(sum(now.get(name) != before[name] for name in own)), 0)


@contextmanager
def asking(trial: Trial) -> Iterator[None]:
    """Submit an already accepted message again and again meanwhile: each answer must come in time, and be a 2xx
    or a 503."""
    over = threading.Event()
    waits: list[float] = []
    strange: list[int] = []
    xml = trial.case.sent[0].message.xml

    def ask() -> None:
        while not over.is_set():
            began_s = time.monotonic()
            with suppress(*NO_ANSWER, KeyError):
                answer = trial.service.submit(xml)
                if not answer.accepted and answer.status != 503:
                    strange.append(answer.status)
            waits.append(time.monotonic() - began_s)
            over.wait(ASK_EVERY_S)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        trial.hold("api_answers_s", max(waits, default=0.0), ANSWERS_WITHIN_S)
        trial.hold("api_strange_answers", float(len(strange)), 0)
