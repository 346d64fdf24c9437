"""What a worker finds is shown, what cannot be looked at is shown as such, and neither ends the process."""

import asyncio
import re
from math import isnan
from typing import Any

from structlog.testing import capture_logs

from dispatcher.doctor.diagnosis import Diagnosis, Grade, Part, sound
from dispatcher.doctor.running import SHOWN, Examined, ExaminedSubject, Figure
from dispatcher.metrics import Metrics
from dispatcher.worker.health.examination import SelfExamination, label
from tests.metrics.test_registry import samples
from tests.ops.expressions import RULES
from tests.support.histories import until

FULL = Diagnosis(Part.DISK, Grade.WRONG, "0.1 of 9.0 GiB are free at /var", "why", "mend")


def machine(disk: Diagnosis, free: float) -> Examined:
    found = {Part.DISK: (disk,), Part.DATA_DIRECTORY: (sound(Part.DATA_DIRECTORY, "/var"),)}
    return Examined(found, {Figure.DISK_FREE_BYTES: free})


class Machine:
    """What is found of the machine next: something, or an error that is raised."""

    def __init__(self, *found: Examined | Exception) -> None:
        self._found = iter(found)

    async def __call__(self) -> Examined:
        found = next(self._found)
        if isinstance(found, Exception):
            raise found
        return found


def level(metrics: Metrics, part: Part = Part.DISK) -> float:
    value: float = samples(metrics)["warn_diagnosis", frozenset({("part", label(part))})]
    return value


def free(metrics: Metrics) -> float:
    value: float = samples(metrics)["warn_disk_free_bytes", frozenset()]
    return value


def failed(metrics: Metrics) -> float:
    value: float = samples(metrics)["warn_examinations_failed_total", frozenset({("subject", "machine")})]
    return value


async def test_before_the_first_look_nothing_is_known() -> None:
    metrics = Metrics()
    SelfExamination({ExaminedSubject.MACHINE: Machine()}, metrics)
    assert (level(metrics), level(metrics, Part.DATA_DIRECTORY), failed(metrics)) == (-1, -1, 0)
    assert isnan(free(metrics))


async def test_a_finding_is_shown_and_said_once_and_its_end_too() -> None:
    metrics, good = Metrics(), machine(sound(Part.DISK, "8.0 of 9.0 GiB are free at /var"), 8e9)
    bad = machine(FULL, 1e8)
    examination = SelfExamination({ExaminedSubject.MACHINE: Machine(good, bad, bad, good)}, metrics)
    seen = []
    with capture_logs() as said:
        for _ in range(4):
            await examination.examine()
            seen.append((level(metrics), free(metrics)))
    assert seen == [(0, 8e9), (2, 1e8), (2, 1e8), (0, 8e9)]
    assert [(one["log_level"], one["part"], one["grade"], one["seen"]) for one in said] == [
        ("warning", "disk", "wrong", FULL.seen),
        ("info", "disk", "sound", "8.0 of 9.0 GiB are free at /var"),
    ]


async def test_a_look_that_fails_is_counted_and_says_no_word_of_its_error() -> None:
    metrics, bad = Metrics(), machine(FULL, 1e8)
    error = OSError("cannot connect to redis://:geheim@127.0.0.1")
    examination = SelfExamination({ExaminedSubject.MACHINE: Machine(bad, error, bad)}, metrics)
    with capture_logs() as said:
        await examination.examine()
        await examination.examine()
        assert (level(metrics), failed(metrics)) == (-1, 1)
        assert isnan(free(metrics))
        await examination.examine()
    assert (level(metrics), free(metrics), failed(metrics)) == (2, 1e8, 1)
    assert "geheim" not in repr(said)
    assert [one["error"] for one in said if one["event"] == "examination_failed"] == ["OSError"]


async def test_a_look_that_hangs_is_given_up_and_keeps_no_other_back() -> None:
    async def hangs() -> Examined:
        await asyncio.Event().wait()
        raise AssertionError

    metrics = Metrics()
    looks: Any = {ExaminedSubject.QUEUE: hangs, ExaminedSubject.MACHINE: Machine(machine(FULL, 1e8))}
    await SelfExamination(looks, metrics, asked_s=0.01).examine()
    assert (level(metrics, Part.QUEUE), level(metrics)) == (-1, 2)
    assert samples(metrics)["warn_examinations_failed_total", frozenset({("subject", "queue")})] == 1


async def test_it_looks_at_once_and_goes_on_until_it_is_cancelled() -> None:
    metrics = Metrics()
    examination = SelfExamination({ExaminedSubject.MACHINE: Machine(machine(FULL, 1e8))}, metrics)
    running = asyncio.create_task(examination.run())

    async def is_shown() -> bool:
        return level(metrics) == 2

    await until(is_shown)
    running.cancel()
    assert isinstance((await asyncio.gather(running, return_exceptions=True))[0], asyncio.CancelledError)


def parts_named(rules: str) -> set[str]:
    """The parts of which rules ask how they were found."""
    found = re.findall(r'warn_diagnosis\{part=~?"([\w|]+)"\}', rules)
    return {name for names in found for name in names.split("|")}


def test_every_part_that_is_shown_has_an_alert_and_no_alert_asks_for_another() -> None:
    rules = "".join(file.read_text(encoding="utf-8") for file in RULES)
    assert parts_named(rules) == {label(part) for parts in SHOWN.values() for part in parts}


def test_a_part_that_a_rule_misspells_is_noticed() -> None:
    assert parts_named('warn_diagnosis{part="dsik"} == 2 or warn_diagnosis{part=~"a|b"} > 0') == {
        "dsik",
        "a",
        "b",
    }
