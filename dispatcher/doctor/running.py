"""Choose what a running service shows of what it finds when it looks at what it stands on, in numbers. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from math import nan
from typing import TYPE_CHECKING, Final

from dispatcher.doctor.certificates import first_to_renew
from dispatcher.doctor.diagnosis import Diagnosis, Grade, Part, overall
from dispatcher.doctor.holdings import diagnose_signing
from dispatcher.doctor.machine import diagnose_machine
from dispatcher.doctor.peers import Obstacle, diagnose_certificates
from dispatcher.doctor.queue import diagnose_queue
from dispatcher.doctor.record import diagnose_server

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from dispatcher.access.signing_plan import SigningKey
    from dispatcher.doctor.certificates import Certificate
    from dispatcher.doctor.machine import MachineCondition
    from dispatcher.doctor.peers import Peer, Reached
    from dispatcher.doctor.queue import QueueCondition, UntoldQueue
    from dispatcher.doctor.record import RecordCondition

LEVELS: Final = {Grade.UNKNOWN: -1, Grade.SOUND: 0, Grade.WARNING: 1, Grade.WRONG: 2}
"""A grade as a number, the gravest highest; below zero is what was not looked at."""


class ExaminedSubject(StrEnum):
    """What is asked in one go, and fails as one."""

    MACHINE = "machine"
    RECORD = "record"
    QUEUE = "queue"


class Figure(StrEnum):
    """What is shown as it was measured."""

    DISK_FREE_BYTES = "disk_free_bytes"
    CLOCK_OFFSET_S = "clock_offset_s"
    STANDBYS = "standbys"
    STANDBY_LAG_S = "standby_lag_s"


SHOWN: Final[Mapping[ExaminedSubject, tuple[Part, ...]]] = {
    ExaminedSubject.MACHINE: (Part.DISK, Part.DATA_DIRECTORY),
    ExaminedSubject.RECORD: (Part.RECORD, Part.STANDBY, Part.CLOCK, Part.SIGNING),
    ExaminedSubject.QUEUE: (Part.QUEUE,),
}
"""The parts that are shown of each. Not shown is what the kernel says of the clock, as that is in order where a host
keeps it, and the limit of descriptors, which is an API process' own; the audit trail's protection and the last backup
have metrics of their own.
"""
FIGURES: Final[Mapping[ExaminedSubject, tuple[Figure, ...]]] = {
    ExaminedSubject.MACHINE: (Figure.DISK_FREE_BYTES,),
    ExaminedSubject.RECORD: (Figure.CLOCK_OFFSET_S, Figure.STANDBYS, Figure.STANDBY_LAG_S),
    ExaminedSubject.QUEUE: (),
}
CERTIFICATES_OF: Final = (
    Part.PUBLIC,
    Part.CONSOLE,
    Part.GATEWAY,
    Part.FEED,
    Part.MAIL,
    Part.PROVIDER,
    Part.ANCHOR,
    Part.CALLBACK,
)
"""Whose certificates are looked at, in this order: first our own, last those that may be hundreds. Not those of push
services: nobody here can ask for their renewal, and that nobody is reached there calls by itself.
"""


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found of one subject: the parts that are shown, each with its diagnoses, and figures; NaN where one is
    not known.
    """

    found: Mapping[Part, tuple[Diagnosis, ...]]
    figures: Mapping[Figure, float] = field(default_factory=dict)

    def grade(self, part: Part) -> Grade:
        """Return the gravest grade of a part; what has no diagnosis, as standbys where there are none, is sound."""
        return overall(self.found[part])


def not_looked_at(subject: ExaminedSubject, seen: str) -> Examined:
    """Return that nothing is known of a subject; `seen` says why."""
    return Examined(
        {part: (Diagnosis(part, Grade.UNKNOWN, seen),) for part in SHOWN[subject]},
        dict.fromkeys(FIGURES[subject], nan),
    )


def of_machine(machine: MachineCondition) -> Examined:
    """Return what is shown of this machine."""
    figures = {Figure.DISK_FREE_BYTES: float(machine.free)}
    return _examined(ExaminedSubject.MACHINE, diagnose_machine(machine), figures)


def of_record(record: RecordCondition, needed: int, keys: Sequence[SigningKey], now: datetime) -> Examined:
    """Return what is shown of the record, of which `keys` sign, and whose time is `now`. `needed` is how many
    connections the processes of this machine may have.
    """
    lags = [one.known_lag_s for one in record.standbys]
    return _examined(
        ExaminedSubject.RECORD,
        [*diagnose_server(record, needed), diagnose_signing(keys, now)],
        {
            Figure.CLOCK_OFFSET_S: record.offset_s,
            Figure.STANDBYS: float(len(record.standbys)),
            Figure.STANDBY_LAG_S: max((one for one in lags if one is not None), default=nan),
        },
    )


def of_queue(queue: QueueCondition | UntoldQueue) -> Examined:
    """Return what is shown of the queue."""
    return _examined(ExaminedSubject.QUEUE, diagnose_queue(queue), {})


@dataclass(frozen=True, slots=True)
class ExaminedCertificates:
    """What was found of the certificates of one part: of each peer a diagnosis, or of none where nobody could look; and
    when the one ends that is to be renewed first, in seconds since 1970; NaN where none is known.
    """

    found: tuple[tuple[Peer | None, Diagnosis], ...] = ()
    ends_at_s: float = nan

    @property
    def grade(self) -> Grade:
        """Return the gravest grade; where there is no peer with TLS, all is sound."""
        return overall(one for _, one in self.found)


def of_certificates(reached: Sequence[Reached], now: datetime) -> ExaminedCertificates:
    """Return what is shown of the certificates of the peers of one part. One that has ended kept us from connecting, so
    that its end was not told: it counts as ending now.
    """
    chain: list[Certificate] = [one for peer in reached for one in peer.chain]
    ended = any(peer.obstacle is Obstacle.ENDED for peer in reached)
    first = first_to_renew(chain, now)
    ends_at = now if ended else first.ends_at if first else None
    return ExaminedCertificates(
        tuple((one.peer, diagnose_certificates(one, now)) for one in reached),
        nan if ends_at is None else ends_at.timestamp(),
    )


def _examined(
    subject: ExaminedSubject, found: Sequence[Diagnosis], figures: Mapping[Figure, float]
) -> Examined:
    by_part = {part: tuple(one for one in found if one.part is part) for part in SHOWN[subject]}
    return Examined(by_part, figures)
