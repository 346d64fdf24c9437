"""The gravest grade is the one of the whole."""

import pytest

from dispatcher.doctor.diagnosis import Diagnosis, Grade, Part, overall, sound, unknown, warning, wrong

SOUND = sound(Part.CLOCK, "kept")
UNKNOWN = unknown(Part.SCHEMA, "not asked")
WARNING = warning(Part.DISK, "little is free", "it fills", "make room")
WRONG = wrong(Part.QUEUE, "none", "nobody hears", "start it")


@pytest.mark.parametrize(
    ("found", "grade"),
    [
        ([], Grade.SOUND),
        ([SOUND], Grade.SOUND),
        ([SOUND, UNKNOWN], Grade.UNKNOWN),
        ([UNKNOWN, WARNING, SOUND], Grade.WARNING),
        ([WARNING, WRONG, UNKNOWN], Grade.WRONG),
    ],
)
def test_the_gravest_grade_is_the_whole_ones(found: list[Diagnosis], grade: Grade) -> None:
    assert overall(found) is grade
