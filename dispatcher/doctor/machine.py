"""Judge this machine: disk, clock, file descriptors, the data directory, ports. Pure."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from dispatcher.doctor.diagnosis import Diagnosis, Part, sound, unknown, warning, wrong

if TYPE_CHECKING:
    from collections.abc import Sequence

DISK_WRONG: Final = 512 * 1024**2
DISK_WARNING: Final = 4 * 1024**3
"""Bytes that are to be free where the data directory lies: `dispatcher up` keeps the record there, and a full disk
stops it at once."""
INODES: Final = 1000


class PortState(StrEnum):
    """What was found at an address at which a process is to listen."""

    FREE = "free"
    OURS = "ours"
    """A process answers there as ours do."""
    TAKEN = "taken"
    IMPOSSIBLE = "impossible"
    """Nobody can listen there: the address is not this machine's, or the port needs a privilege."""


@dataclass(frozen=True, slots=True)
class Port:
    """An address at which a process is to listen, and what was found there."""

    setting: str
    """Which settings say so: WARN_API_HOST, WARN_API_PORT."""
    address: str
    state: PortState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file or directory of the service's own: where it is, its mode, and whether it is a secret."""

    path: str
    mode: int
    is_secret: bool


@dataclass(frozen=True, slots=True)
class MachineCondition:
    """What was found on this machine. Sizes in bytes; None where it could not be found out."""

    data_dir: str
    free: int
    size: int
    free_files: int | None
    is_writable: bool
    clock_is_kept: bool | None
    """Whether the kernel says that something keeps its clock (adjtimex(2))."""
    connections_wanted: int
    connections: int
    """How many connections clients may have at once to an API process, by the limit of file descriptors."""
    files: Sequence[KeptFile] = ()
    ports: Sequence[Port] = ()


def diagnose_machine(machine: MachineCondition) -> list[Diagnosis]:
    """Return how the machine was found."""
    return [
        *_directory(machine),
        *_disk(machine),
        *_clock(machine),
        _descriptors(machine),
        *(_port(one) for one in machine.ports),
    ]


def diagnose_away(data_dir: str, seen: str) -> list[Diagnosis]:
    """Return how a machine was found whose data directory does not answer, or answers with an error: `seen` says
    which.
    """
    return [
        wrong(
            Part.DATA_DIRECTORY,
            f"{data_dir}: {seen}",
            "no process starts, and what runs stands still as soon as it needs what lies there",
            f"look at its drive (findmnt -T {data_dir}; dmesg): a network drive comes back with its server",
        ),
        unknown(Part.DISK, "its drive does not tell"),
    ]


def _directory(machine: MachineCondition) -> list[Diagnosis]:
    found = []
    if not machine.is_writable:
        found.append(
            wrong(
                Part.DATA_DIRECTORY,
                f"{machine.data_dir} cannot be written by this account",
                "processes find no place for keys, for what they announce and for their servers",
                "run this as the service's account; else chown the directory to it",
            )
        )
    for one in machine.files:
        if one.mode & (stat.S_IWGRP | stat.S_IWOTH):
            found.append(
                wrong(
                    Part.DATA_DIRECTORY,
                    f"others may write {one.path} ({stat.S_IMODE(one.mode):o})",
                    "whoever does so decides what the service signs and seals with",
                    f"chmod go-w {one.path}",
                )
            )
        elif one.is_secret and one.mode & (stat.S_IRGRP | stat.S_IROTH):
            found.append(
                wrong(
                    Part.DATA_DIRECTORY,
                    f"others may read {one.path} ({stat.S_IMODE(one.mode):o})",
                    "it is a secret: with it endpoints can be opened, or messages sent in the service's name",
                    f"chmod go-rwx {one.path}, and see several-machines.md before a secret is replaced",
                )
            )
    return found or [sound(Part.DATA_DIRECTORY, machine.data_dir)]


def _disk(machine: MachineCondition) -> list[Diagnosis]:
    seen = f"{machine.free / 1024**3:.1f} of {machine.size / 1024**3:.1f} GiB are free at {machine.data_dir}"
    why = "where the disk is full nothing is accepted any more; `dispatcher up` keeps the record here, too"
    mend = "make room, or let WARN_DATA_DIR lie on a larger disk"
    if machine.free < DISK_WRONG:
        return [wrong(Part.DISK, seen, why, mend)]
    if machine.free_files is not None and machine.free_files < INODES:
        return [
            wrong(
                Part.DISK, f"{machine.free_files} more files fit there", why, "remove what is many and small"
            )
        ]
    if machine.free < DISK_WARNING:
        return [warning(Part.DISK, seen, why, mend)]
    return [sound(Part.DISK, seen)]


def _clock(machine: MachineCondition) -> list[Diagnosis]:
    if machine.clock_is_kept is None:
        return []
    if machine.clock_is_kept:
        return [sound(Part.CLOCK, "kept by NTP, as the kernel says")]
    return [
        warning(
            Part.CLOCK,
            "the kernel knows nobody who keeps it right",
            "it drifts some seconds a week: push services and providers refuse tokens of another time",
            "run chrony or systemd-timesyncd; where the host keeps it, as for some containers, this is in order",
        )
    ]


def _descriptors(machine: MachineCondition) -> Diagnosis:
    if machine.connections >= machine.connections_wanted:
        return sound(Part.DESCRIPTORS, f"enough for {machine.connections_wanted} connections of clients")
    return warning(
        Part.DESCRIPTORS,
        f"enough for {machine.connections} connections of clients, and {machine.connections_wanted} are wanted",
        "for one more, the connection that has waited longest is closed",
        "raise the hard limit: LimitNOFILE=65536 in the unit, or ulimit -Hn",
    )


def _port(one: Port) -> Diagnosis:
    match one.state:
        case PortState.FREE:
            return sound(Part.PORTS, f"{one.address} is free")
        case PortState.OURS:
            return sound(Part.PORTS, f"{one.address}: a process of the service answers")
        case PortState.TAKEN:
            return wrong(
                Part.PORTS,
                f"{one.address} is taken by another program, or by another kind of process",
                "the process that is to listen there ends again and again",
                f"end that program, or set {one.setting} to a port of its own",
            )
        case PortState.IMPOSSIBLE:
            return wrong(
                Part.PORTS,
                f"nothing can listen on {one.address}: {one.reason}",
                "the process that is to listen there ends again and again",
                f"set {one.setting}",
            )
