"""Let a worker look at its machine, the record and the queue while it runs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from dispatcher.doctor.running import (
    Examined,
    ExaminedSubject,
    of_machine,
    of_queue,
    of_record,
)
from dispatcher.store.signing_keys import listed_keys
from dispatcher.wiring.doctor.machine import machine_condition
from dispatcher.wiring.doctor.own_thread import OwnThread
from dispatcher.wiring.doctor.queue import queue_condition
from dispatcher.wiring.doctor.record import connections_needed, record_condition
from dispatcher.worker.health.examination import SelfExamination

if TYPE_CHECKING:
    from arq.connections import ArqRedis

    from dispatcher.doctor.machine import MachineCondition
    from dispatcher.metrics import Metrics
    from dispatcher.settings import Settings
    from dispatcher.store.record import Pool


def self_examination(settings: Settings, pool: Pool, client: ArqRedis, metrics: Metrics) -> SelfExamination:
    """Return what looks every few minutes at the doctor's parts that cost little and reach nobody else."""
    own_thread = OwnThread(partial(machine_condition, settings, at_ports=False))
    looks = {
        ExaminedSubject.MACHINE: partial(_machine, own_thread),
        ExaminedSubject.RECORD: partial(_record, settings, pool),
        ExaminedSubject.QUEUE: partial(_queue, client),
    }
    return SelfExamination(looks, metrics)


async def _machine(condition: OwnThread[MachineCondition]) -> Examined:
    return of_machine(await condition())


async def _record(settings: Settings, pool: Pool) -> Examined:
    condition = await record_condition(pool)
    keys, now = await listed_keys(pool)
    return of_record(condition, connections_needed(settings), keys, now)


async def _queue(client: ArqRedis) -> Examined:
    return of_queue(await queue_condition(client))
