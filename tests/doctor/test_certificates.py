"""How long certificates still last, against how long they were to last."""

from datetime import UTC, datetime, timedelta

import pytest

from dispatcher.doctor.certificates import Certificate, first_to_renew
from dispatcher.doctor.diagnosis import Grade

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WRONG, WARNING, SOUND = Grade.WRONG, Grade.WARNING, Grade.SOUND


def lasting(lifetime: timedelta, left: timedelta, authority: str = "") -> Certificate:
    return Certificate(NOW + left - lifetime, NOW + left, authority)


@pytest.mark.parametrize(
    ("lifetime", "left", "grade"),
    [
        # By hand, once a year, and an authority of five years.
        (398 * DAY, 15 * DAY, SOUND),
        (398 * DAY, 13 * DAY, WARNING),
        (1826 * DAY, 13 * DAY, WARNING),
        (398 * DAY, 25 * HOUR, WARNING),
        (398 * DAY, 23 * HOUR, WRONG),
        # By ACME: of 90 and of 47 days, renewed when a third is left, and of six, when half is.
        (90 * DAY, 29 * DAY, SOUND),
        (90 * DAY, 13 * DAY, WARNING),
        (47 * DAY, 15 * DAY, SOUND),
        (47 * DAY, 12 * DAY, SOUND),
        (47 * DAY, 11 * DAY, WARNING),
        (160 * HOUR, 79 * HOUR, SOUND),
        (160 * HOUR, 41 * HOUR, SOUND),
        (160 * HOUR, 39 * HOUR, WARNING),
        (160 * HOUR, 13 * HOUR, WRONG),
        # Of an authority in the house that gives each a day.
        (DAY, 8 * HOUR, SOUND),
        (DAY, 5 * HOUR, WARNING),
        (DAY, HOUR, WRONG),
        # Ended, and never good.
        (90 * DAY, 0 * DAY, WRONG),
        (90 * DAY, -400 * DAY, WRONG),
        (-DAY, -DAY, WRONG),
    ],
)
def test_a_share_of_the_lifetime_says_whether_it_is_late(
    lifetime: timedelta, left: timedelta, grade: Grade
) -> None:
    assert lasting(lifetime, left).grade(NOW) is grade


def test_an_authority_of_a_week_that_is_renewed_when_a_fifth_is_left_is_not_late() -> None:
    grades = [lasting(7 * DAY, left * HOUR, "house").grade(NOW) for left in (34, 29, 27, 13)]
    assert grades == [SOUND, SOUND, WARNING, WRONG]
    assert lasting(7 * DAY, 34 * HOUR).grade(NOW) is WARNING


def test_what_is_to_be_renewed_first_is_not_always_what_ends_first() -> None:
    short, late = lasting(160 * HOUR, 3 * DAY), lasting(398 * DAY, 10 * DAY)
    assert first_to_renew([short, late], NOW) is late
    assert first_to_renew([short, lasting(90 * DAY, 80 * DAY)], NOW) is short
    assert first_to_renew([], NOW) is None


def test_an_authority_is_named() -> None:
    assert lasting(90 * DAY, 2 * DAY).sentence(NOW) == "its certificate ends on 2026-11-03 12:00 UTC"
    ended = lasting(90 * DAY, -DAY, "R11").sentence(NOW)
    assert ended == "the certificate of its authority R11 ended on 2026-10-31 12:00 UTC"
