"""F12 to F14, F16: a recipient whose request kills its worker, wrong clocks, a full disk, too few descriptors."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ops.lab.faults.cap_messages import Variant
from ops.lab.faults.cases.servers import SMALL, asking
from ops.lab.faults.process_overrides import ProcessOverrides, command
from ops.lab.faults.trial import AGAIN_S, TrialError
from ops.lab.gateways.standins.webpush import STANDIN as PUSH
from ops.lab.world.messages import UPPER_RUR
from ops.lab.world.population import watching
from ops.lab.world.records import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ops.lab.faults.cap_messages import CapMessage, Chain
    from ops.lab.faults.trial import Trial
    from ops.lab.world.population import Recipient

LIBRARY = Path("/usr/lib")
FAKETIME = "libfaketimeMT.so.1"
SKEW_LIFETIME = timedelta(minutes=30)
"""The warning's lifetime, shorter than the clocks are off: a process that judges expiry by its own clock is found out.
"""
DISK_BYTES = 160 * 1024 * 1024
"""Size of the file system: PostgreSQL's fresh data and write-ahead log, and some tens of MB."""
FULL_FOR_S = 5.0
DIES_AT_MOST = 6
POISON_WITHIN_S = 150.0
LOOK_EVERY_S = 0.005
ANSWERS_AGAIN_WITHIN_S = 20.0


def poison(trial: Trial) -> None:
    """Kill the worker at every request for one recipient: the gateway holds that request, and as soon as it has come
    in, the only worker gets SIGKILL. The recipient must be given up, all others served."""
    victim = trial.chance.choice([one for one in _concerned(trial) if one.channel == PUSH.channel])
    trial.case.excused.add(victim.ref)
    rule = {"name": "poison", "match": {"recipient_prefix": victim.ref}, "action": {"kind": "hang"}}
    trial.gateways({name: [rule] for name in trial.district.named(PUSH)})
    sent = trial.warn()
    deaths, began_s = 0, time.monotonic()
    while not _given_up(trial, sent.id, victim.ref):
        if deaths > DIES_AT_MOST or time.monotonic() - began_s > POISON_WITHIN_S:
            raise TrialError("the poisoned recipient is never given up")
        if any(entry.fault == "poison" for entry in trial.look()):
            pid = trial.service.kill("worker-1")
            deaths += 1
            trial.allow(trial.in_flight_max())
            trial.service.wait_replaced("worker-1", pid)
        time.sleep(LOOK_EVERY_S)
    trial.hold("deaths", deaths, 3)
    trial.settle()
    trial.recovered(time.monotonic() - began_s)
    [listed] = trial.service.commands(["dead-letters", "list", "--json", "--alert", sent.id])
    letters = [json.loads(line) for line in listed.splitlines()]
    trial.hold("dead_letters_besides", float(abs(len(letters) - 1)), 0)


def _concerned(trial: Trial) -> list[Recipient]:
    return list(watching(trial.district.recipients, UPPER_RUR))


def _given_up(trial: Trial, alert_id: str, ref: str) -> bool:
    return any(line.recipient == ref and line.state == "dead" for line in trial.district.ledger(alert_id))


def few_descriptors(trial: Trial) -> None:
    """Give workers so few file descriptors that connections fail. A worker that does not even answer its probes any
    more is killed, as an orchestrator would do."""
    trial.warn()
    trial.settle()
    urls = {name: url for name, url in trial.service.urls().items() if name != "api"}
    give_up = time.monotonic() + ANSWERS_AGAIN_WITHIN_S
    while (mute := [name for name, url in urls.items() if not trial.service.ready_at(url)]) and (
        time.monotonic() < give_up
    ):
        time.sleep(AGAIN_S)
    trial.hold("mute_workers", float(len(mute)), 0)
    for name in mute:
        pid = trial.service.pids()[name]
        os.kill(pid, signal.SIGTERM)
        trial.service.wait_replaced(name, pid)


def wrong_clock(trial: Trial) -> None:
    """Send a warning whose lifetime is shorter than some process's clock is wrong."""
    trial.warn(trial.chain(Variant(lifetime=SKEW_LIFETIME)))
    trial.settle()


def faketime() -> Path | None:
    """Return the library that fakes a process's clock (Debian: libfaketime), None where it is not installed."""
    return next(iter(LIBRARY.glob(f"*/faketime/{FAKETIME}")), None)


def skewed(**by_process: str) -> tuple[str, ...]:
    """Return the command of a service with some processes' clocks off, e.g. worker="+1h". Monotonic clocks stay right:
    those no administrator can set."""
    library = faketime() or Path(FAKETIME)
    settings = ["env", f"LD_PRELOAD={library}", "FAKETIME_DONT_FAKE_MONOTONIC=1"]
    return command(
        {name: ProcessOverrides((*settings, f"FAKETIME={skew}")) for name, skew in by_process.items()}
    )


@contextmanager
def small_disk(home: Path) -> Iterator[Mapping[str, str]]:
    """Mount a file system of its own under the service's data directory. Needs root."""
    place = home / "service"
    place.mkdir(parents=True)
    size = f"size={DISK_BYTES},mode=0711"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", place], check=True, timeout=10)
    try:
        yield {}
    finally:
        subprocess.run(["umount", "--lazy", place], check=True, timeout=10)


def disk_full(trial: Trial) -> None:
    """Leave no room in the data directory for some seconds."""
    trial.warn()
    trial.await_moment()
    trial.allow(trial.in_flight_max() * trial.district.layout.workers)
    filler = trial.service.home / "filler"
    _fill(filler)
    with asking(trial):
        try:
            unanswered = _warn_for(trial, FULL_FOR_S)
        finally:
            filler.unlink()
    freed_s = time.monotonic()
    trial.warn(trial.chain(SMALL))
    trial.recovered(time.monotonic() - freed_s)
    for (
        message,
        chain,
    ) in unanswered:  # whether they were accepted is not known: as a control centre, send again
        trial.accepted(message, chain, trial.submit(message.xml))


def _warn_for(trial: Trial, seconds: float) -> list[tuple[CapMessage, Chain]]:
    """Submit one message after the other; those that were not accepted."""
    unanswered = []
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        chain = trial.chain(SMALL)
        message = chain.write(Kind.ALERT)
        try:
            trial.accepted(message, chain, trial.submit(message.xml, within_s=1.0))
        except TrialError:
            unanswered.append((message, chain))
    return unanswered


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(65_536))
