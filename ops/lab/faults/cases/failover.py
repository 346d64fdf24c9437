"""F6: the queue's primary is cut off, Sentinels elect another. F25: the record's primary is cut off, its synchronous
standby is promoted. Both need root and iptables."""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dispatcher.embedded.errors import EmbeddedError
from ops.lab.faults.cases.network import cut_off, cut_off_address
from ops.lab.faults.cases.servers import (
    GOES_ON_WITHIN_S,
    LOOKS_FOR_S,
    SMALL,
    asking,
    first_s,
    unharmed,
    workers_ready,
)
from ops.lab.faults.trial import LOOK_EVERY_S, TrialError
from ops.lab.world import queue_group, record_group

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from ops.lab.faults.trial import Trial

DIRECTORY = "queue"
RECORD_DIRECTORY = "record"
ELECTED_WITHIN_S = 20.0
"""How long an election may take: a second until the primary counts as down, an election, and another one where votes
were split."""
DEMOTED_WITHIN_S = 30.0
"""How long the demotion may take: a Sentinel waits ten seconds before it makes a former primary follow the new one."""
DOWN_S = 2.0
"""How long the record's primary is away before somebody, or something, promotes the standby."""
ACCEPTS_WITHIN_S = 5.0
"""How soon after the promotion a warning is accepted: a broken connection shows after three seconds, one to a server
that says nothing is given up after one."""
ALL_FIND_WITHIN_S = 10.0
"""How soon after it every process says that it is ready, and a warning reaches its first recipient."""


@contextmanager
def group(home: Path) -> Iterator[Mapping[str, str]]:
    """Start a primary, a replica and three Sentinels beside the district; its service uses them."""
    try:
        with queue_group.running(home / DIRECTORY) as group:
            yield {"REDIS_URL": group.url}
    except queue_group.QueueGroupError as error:
        raise TrialError(str(error)) from error


def partition(trial: Trial) -> None:
    """Let nothing pass to or from the primary: not for us, not for its replica, not for the Sentinels. Another primary
    is elected; then the network is back, and the former primary takes itself for one until a Sentinel demotes it."""
    servers = queue_group.found_in(trial.district.home / DIRECTORY)
    former = _primary(servers)
    before = trial.service.pids()
    trial.warn()
    trial.await_moment()
    with asking(trial):
        with cut_off(former):
            cut_s = time.monotonic()
            gap = trial.warn(trial.chain(SMALL))
            trial.hold("workers_called_ready", float(workers_ready(trial)), 0)
            _carried(lambda: servers.await_new_primary(former, ELECTED_WITHIN_S))
            elected_s, elected_at = time.monotonic(), datetime.now(UTC)
            trial.hold("elected_s", elected_s - cut_s, ELECTED_WITHIN_S)
            fresh = trial.warn(trial.chain(SMALL))
            trial.hold("all_ready_s", _all_ready_s(trial, elected_s), GOES_ON_WITHIN_S)
            for sent in (gap, fresh):
                trial.recovered(first_s(trial, sent, elected_at))
            trial.hold("goes_on_s", max(trial.case.recovery_s), GOES_ON_WITHIN_S)
        _goes_on(trial, "beside_former_s")
        _carried(lambda: servers.await_replica(former, DEMOTED_WITHIN_S))
        _goes_on(trial, "after_demotion_s")
    unharmed(trial, before)


def _primary(servers: queue_group.QueueGroup) -> int:
    port = servers.primary()
    if port is None:
        raise TrialError("the Sentinels name no primary")
    return port


def _carried(step: Callable[[], object]) -> None:
    """Raise TrialError where no server was elected or demoted: then nothing was tried."""
    try:
        step()
    except queue_group.QueueGroupError as error:
        raise TrialError(str(error)) from error


def _goes_on(trial: Trial, name: str) -> None:
    """Measure how long a warning that is submitted now takes to its first recipient."""
    began_at = datetime.now(UTC)
    sent = trial.warn(trial.chain(SMALL))
    trial.hold(name, first_s(trial, sent, began_at), GOES_ON_WITHIN_S)


def _all_ready_s(trial: Trial, since_s: float) -> float:
    """Wait until every process says that it is ready, and return the seconds; workers are not ready while they cannot
    reach the queue."""
    urls = list(trial.service.urls().values())
    while not all(trial.service.ready_at(url) for url in urls):
        if time.monotonic() - since_s > LOOKS_FOR_S:
            break
        time.sleep(LOOK_EVERY_S)
    return time.monotonic() - since_s


@contextmanager
def record(home: Path) -> Iterator[Mapping[str, str]]:
    """Start a primary and a synchronous standby beside the district; its service uses them."""
    try:
        with record_group.running(home / RECORD_DIRECTORY) as group:
            yield {"DATABASE_URL": group.url, "WARN_DATABASE_OWNER_URL": group.owner_url}
    except (record_group.RecordGroupError, EmbeddedError) as error:
        raise TrialError(str(error)) from error
    finally:
        shutil.rmtree(home / RECORD_DIRECTORY, ignore_errors=True)


def promotion(trial: Trial) -> None:
    """Let nothing pass to or from the record's primary: not for us, not for its standby. The standby is promoted; then
    the network is back, and the former primary still takes itself for one."""
    servers = record_group.found_in(trial.district.home / RECORD_DIRECTORY)
    before = trial.service.pids()
    trial.warn()
    trial.await_moment()
    trial.allow(trial.in_flight_max() * trial.district.layout.workers)
    with asking(trial):
        with cut_off_address(servers.primary):
            time.sleep(DOWN_S)
            try:
                servers.promote()
            except record_group.RecordGroupError as error:
                raise TrialError(str(error)) from error
            promoted_s, promoted_at = time.monotonic(), datetime.now(UTC)
            fresh = trial.warn(trial.chain(SMALL))
            trial.hold("accepts_s", time.monotonic() - promoted_s, ACCEPTS_WITHIN_S)
            trial.hold("all_ready_s", _all_ready_s(trial, promoted_s), ALL_FIND_WITHIN_S)
            trial.hold("first_s", first_s(trial, fresh, promoted_at), ALL_FIND_WITHIN_S)
        _goes_on(trial, "beside_former_s")
    trial.settle()
    trial.recovered(time.monotonic() - promoted_s)
    unharmed(trial, before)
