"""What is found on the machine becomes a line that says why it matters and how it is mended."""

import stat
from dataclasses import replace
from typing import Any

import pytest

from dispatcher.doctor.diagnosis import Diagnosis, Grade, Part
from dispatcher.doctor.machine import (
    KeptFile,
    MachineCondition,
    Port,
    PortState,
    diagnose_away,
    diagnose_machine,
)

GIB = 1024**3
GOOD = MachineCondition(
    data_dir="var",
    free=20 * GIB,
    size=50 * GIB,
    free_files=10**6,
    is_writable=True,
    clock_is_kept=True,
    connections_wanted=1000,
    connections=1000,
)
KEY = KeptFile("var/keys/pepper", stat.S_IFREG | 0o600, is_secret=True)
STATE = KeptFile("var", stat.S_IFDIR | 0o755, is_secret=False)


def against(condition: MachineCondition) -> list[Diagnosis]:
    """Return what is not sound."""
    return [one for one in diagnose_machine(condition) if one.grade is not Grade.SOUND]


def test_a_good_machine_is_sound() -> None:
    assert not against(replace(GOOD, files=(KEY, STATE)))


@pytest.mark.parametrize(
    ("changed", "part", "grade", "seen"),
    [
        ({"is_writable": False}, Part.DATA_DIRECTORY, Grade.WRONG, "var cannot be written"),
        ({"free": 100 * 1024**2}, Part.DISK, Grade.WRONG, "0.1 of 50.0 GiB are free"),
        ({"free": 2 * GIB}, Part.DISK, Grade.WARNING, "2.0 of 50.0 GiB are free"),
        ({"free_files": 12}, Part.DISK, Grade.WRONG, "12 more files"),
        ({"free_files": 0, "free": 3 * GIB}, Part.DISK, Grade.WRONG, "0 more files"),
        ({"clock_is_kept": False}, Part.CLOCK, Grade.WARNING, "nobody who keeps it right"),
        ({"connections": 400}, Part.DESCRIPTORS, Grade.WARNING, "400 connections of clients, and 1000"),
        (
            {"files": (replace(KEY, mode=stat.S_IFREG | 0o640),)},
            Part.DATA_DIRECTORY,
            Grade.WRONG,
            "others may read var/keys/pepper (640)",
        ),
        (
            {"files": (replace(STATE, mode=stat.S_IFDIR | 0o777),)},
            Part.DATA_DIRECTORY,
            Grade.WRONG,
            "others may write var (777)",
        ),
        (
            {"ports": (Port("WARN_API_PORT", "127.0.0.1:8080", PortState.TAKEN),)},
            Part.PORTS,
            Grade.WRONG,
            "127.0.0.1:8080 is taken by another program",
        ),
        (
            {"ports": (Port("WARN_API_PORT", "1.2.3.4:8080", PortState.IMPOSSIBLE, "no such address"),)},
            Part.PORTS,
            Grade.WRONG,
            "nothing can listen on 1.2.3.4:8080: no such address",
        ),
    ],
)
def test_what_is_against_it_says_why_and_what_to_do(
    changed: dict[str, Any], part: Part, grade: Grade, seen: str
) -> None:
    (found,) = against(replace(GOOD, **changed))
    assert (found.part, found.grade) == (part, grade)
    assert seen in found.seen
    assert found.why
    assert found.mend


@pytest.mark.parametrize("state", [PortState.FREE, PortState.OURS])
def test_a_port_that_is_free_or_ours_is_sound(state: PortState) -> None:
    assert not against(replace(GOOD, ports=(Port("WARN_API_PORT", "127.0.0.1:8080", state),)))


def test_a_kernel_that_says_nothing_of_its_clock_gets_no_line() -> None:
    assert Part.CLOCK not in {one.part for one in diagnose_machine(replace(GOOD, clock_is_kept=None))}


def test_a_drive_that_does_not_answer_is_wrong_and_nothing_is_known_of_its_disk() -> None:
    directory, disk = diagnose_away("/srv/warn", "no answer in 20 s")
    assert (directory.part, directory.grade, disk.grade) == (Part.DATA_DIRECTORY, Grade.WRONG, Grade.UNKNOWN)
    assert directory.seen == "/srv/warn: no answer in 20 s"
    assert "findmnt -T /srv/warn" in directory.mend
