"""What a worker shows of what it finds: the doctor's own grades, in numbers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import isnan

import pytest

from dispatcher.doctor.certificates import Certificate
from dispatcher.doctor.diagnosis import Grade, Part
from dispatcher.doctor.peers import Obstacle, Reached
from dispatcher.doctor.queue import QueueCondition
from dispatcher.doctor.record import NOT_TOLD, FollowingServer
from dispatcher.doctor.running import (
    FIGURES,
    LEVELS,
    SHOWN,
    Examined,
    ExaminedSubject,
    Figure,
    not_looked_at,
    of_certificates,
    of_machine,
    of_queue,
    of_record,
)
from tests.doctor.test_machine import GOOD as MACHINE
from tests.doctor.test_peers import OURS, REACHED
from tests.doctor.test_queue import INFO
from tests.doctor.test_record import GOOD as RECORD

NOW = datetime(2026, 11, 30, tzinfo=UTC)


def record(**changed: object) -> Examined:
    return of_record(replace(RECORD, **changed), 48, [], NOW)


def test_what_is_good_is_sound_in_every_part() -> None:
    for subject, examined in (
        (ExaminedSubject.MACHINE, of_machine(MACHINE)),
        (ExaminedSubject.RECORD, record()),
        (ExaminedSubject.QUEUE, of_queue(QueueCondition.of_info(INFO))),
    ):
        assert {examined.grade(part) for part in SHOWN[subject]} == {Grade.SOUND}
        assert set(examined.figures) == set(FIGURES[subject])


@pytest.mark.parametrize(
    ("free", "grade"), [(10**12, Grade.SOUND), (2 * 1024**3, Grade.WARNING), (100 * 1024**2, Grade.WRONG)]
)
def test_a_disk_has_the_doctors_grade_and_shows_its_bytes(free: int, grade: Grade) -> None:
    examined = of_machine(replace(MACHINE, free=free, size=10**13))
    assert examined.grade(Part.DISK) is grade
    assert examined.figures[Figure.DISK_FREE_BYTES] == free


def test_what_the_kernel_says_of_the_clock_is_not_shown() -> None:
    assert Part.CLOCK not in of_machine(replace(MACHINE, clock_is_kept=False)).found


@pytest.mark.parametrize(
    ("offset_s", "grade"), [(-0.2, Grade.SOUND), (-1.5, Grade.WARNING), (9.0, Grade.WRONG)]
)
def test_a_clock_has_the_doctors_grade_and_shows_its_seconds(offset_s: float, grade: Grade) -> None:
    examined = record(offset_s=offset_s)
    assert examined.grade(Part.CLOCK) is grade
    assert examined.figures[Figure.CLOCK_OFFSET_S] == offset_s


def test_where_no_standby_is_nothing_is_said_of_one() -> None:
    examined = record()
    assert examined.grade(Part.STANDBY) is Grade.SOUND
    assert examined.figures[Figure.STANDBYS] == 0
    assert isnan(examined.figures[Figure.STANDBY_LAG_S])


@pytest.mark.parametrize(
    ("lags", "grade", "shown"),
    [((None,), Grade.SOUND, 0.0), ((0.5, 31.0), Grade.WARNING, 31.0), ((2.0, None), Grade.SOUND, 2.0)],
)
def test_the_last_of_the_standbys_counts(lags: tuple[float | None, ...], grade: Grade, shown: float) -> None:
    examined = record(standbys=tuple(FollowingServer("b", "streaming", lag) for lag in lags))
    assert examined.grade(Part.STANDBY) is grade
    assert examined.figures[Figure.STANDBYS] == len(lags)
    assert examined.figures[Figure.STANDBY_LAG_S] == shown


def test_a_standby_that_the_role_is_not_told_of_counts_and_has_no_lag() -> None:
    examined = record(standbys=(FollowingServer("b", NOT_TOLD, None),))
    assert examined.grade(Part.STANDBY) is Grade.UNKNOWN
    assert examined.figures[Figure.STANDBYS] == 1
    assert isnan(examined.figures[Figure.STANDBY_LAG_S])


def test_a_standby_that_catches_up_is_not_said_to_have_all() -> None:
    examined = record(standbys=(FollowingServer("b", "catchup", None),))
    assert examined.grade(Part.STANDBY) is Grade.WARNING
    assert isnan(examined.figures[Figure.STANDBY_LAG_S])


def test_a_slot_that_is_left_is_a_warning_though_no_standby_is_there() -> None:
    assert record(left_slots=("db2",)).grade(Part.STANDBY) is Grade.WARNING


def test_a_queue_that_evicts_is_wrong() -> None:
    condition = QueueCondition.of_info({**INFO, "maxmemory_policy": "allkeys-lru"})
    assert of_queue(condition).grade(Part.QUEUE) is Grade.WRONG


@pytest.mark.parametrize("subject", ExaminedSubject)
def test_what_was_not_looked_at_has_no_grade_and_no_figure(subject: ExaminedSubject) -> None:
    examined = not_looked_at(subject, "TimeoutError")
    assert {examined.grade(part) for part in SHOWN[subject]} == {Grade.UNKNOWN}
    assert set(examined.figures) == set(FIGURES[subject])
    assert all(isnan(value) for value in examined.figures.values())


def test_graver_is_higher() -> None:
    assert [LEVELS[grade] for grade in (Grade.UNKNOWN, Grade.SOUND, Grade.WARNING, Grade.WRONG)] == [
        -1,
        0,
        1,
        2,
    ]


def shown(*reached: Reached) -> tuple[Grade, float]:
    """The grade of the certificates of one part, and in how many days the first to be renewed ends."""
    examined = of_certificates(reached, NOW)
    return examined.grade, (examined.ends_at_s - NOW.timestamp()) / 86_400


def ending_in(days: float) -> Reached:
    ends = NOW + timedelta(days=days)
    return replace(REACHED, chain=(Certificate(ends - timedelta(days=90), ends),))


def test_of_several_certificates_the_end_of_the_first_to_be_renewed_is_shown() -> None:
    assert shown(ending_in(60), ending_in(30)) == (Grade.SOUND, 30)
    assert shown(ending_in(60), ending_in(10), ending_in(30)) == (Grade.WARNING, 10)
    short = replace(REACHED, chain=(replace(ending_in(3).chain[0], begins_at=NOW - timedelta(days=3)),))
    assert shown(short, ending_in(10)) == (Grade.WARNING, 10)


def test_who_is_not_reached_hides_no_other() -> None:
    away = replace(OURS, obstacle=Obstacle.TIME, detail="no answer in 5 s")
    assert shown(away, ending_in(10)) == (Grade.WARNING, 10)
    assert shown(away, ending_in(60)) == (Grade.UNKNOWN, 60)
    grade, days = shown(away)
    assert grade is Grade.UNKNOWN
    assert isnan(days)


def test_what_kept_us_from_connecting_as_it_has_ended_ends_now() -> None:
    assert shown(ending_in(60), replace(REACHED, obstacle=Obstacle.ENDED, detail="ended")) == (Grade.WRONG, 0)


def test_where_nobody_is_there_all_is_sound() -> None:
    grade, days = shown()
    assert grade is Grade.SOUND
    assert isnan(days)
