"""Secrets, keys and boundaries: which are as they should be, and what to do about the others."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from dispatcher.access.fingerprints import Agreement
from dispatcher.access.signing_plan import SigningKey
from dispatcher.doctor.diagnosis import Grade
from dispatcher.doctor.holdings import (
    BoundariesCondition,
    SecretCondition,
    diagnose_backup,
    diagnose_boundaries,
    diagnose_followed,
    diagnose_secret,
    diagnose_signing,
    diagnose_subject,
)

NOW = datetime(2026, 11, 1, tzinfo=UTC)
NEW = BoundariesCondition("VG250-EW", date(2026, 1, 1), 396, 396)


@pytest.mark.parametrize(
    ("agreement", "grade"),
    [
        (Agreement.SAME, Grade.SOUND),
        (Agreement.NONE, Grade.SOUND),
        (Agreement.NOT_NOTED, Grade.WARNING),
        (Agreement.MISSING_HERE, Grade.WRONG),
        (Agreement.DIFFERENT, Grade.WRONG),
    ],
)
def test_a_secret_is_the_services_or_says_what_to_do(agreement: Agreement, grade: Grade) -> None:
    found = diagnose_secret(SecretCondition("pepper", "var/keys/pepper", agreement))
    assert found.grade is grade
    assert bool(found.mend) is (grade is not Grade.SOUND)


def test_without_a_contact_apple_refuses_every_message() -> None:
    reached = diagnose_subject("mailto:warnung@kreis.example", is_placeholder=False, unreachable="")
    assert reached.grade is Grade.SOUND
    assert diagnose_subject("mailto:x", is_placeholder=True, unreachable="").grade is Grade.WARNING
    nobody = diagnose_subject(
        "mailto:x@localhost", is_placeholder=False, unreachable="localhost reaches nobody"
    )
    assert (nobody.grade, nobody.seen) == (Grade.WRONG, "localhost reaches nobody")


def key(days: int) -> SigningKey:
    return SigningKey("f" * 64, b"", NOW - timedelta(days=300), NOW + timedelta(days=days))


@pytest.mark.parametrize(
    ("keys", "grade"),
    [
        ([], Grade.SOUND),
        ([key(200)], Grade.SOUND),
        ([key(20)], Grade.WARNING),
        ([key(20), key(400)], Grade.SOUND),
        ([key(-1)], Grade.WRONG),
        ([replace(key(200), revoked_at=NOW)], Grade.WRONG),
    ],
)
def test_a_key_that_signs_has_a_successor_in_time(keys: list[SigningKey], grade: Grade) -> None:
    assert diagnose_signing(keys, NOW).grade is grade


def test_boundaries_are_new_and_know_how_many_live_there() -> None:
    (found,) = diagnose_boundaries(NEW, NOW.date())
    assert found.grade is Grade.SOUND
    (found,) = diagnose_boundaries(replace(NEW, vintage=date(2025, 5, 1)), NOW.date())
    assert (found.grade, "as of 2025-05-01" in found.seen) == (Grade.WARNING, True)
    (found,) = diagnose_boundaries(replace(NEW, with_population=390), NOW.date())
    assert found.seen == "no number of inhabitants: 6 of 396 municipalities"
    (found,) = diagnose_boundaries(None, NOW.date())
    assert found.grade is Grade.UNKNOWN


def test_who_follows_what_there_is_no_more_is_counted_and_the_first_are_named() -> None:
    assert diagnose_followed({}) == []
    (found,) = diagnose_followed({"05358012": 1})
    assert (found.grade, found.seen) == (
        Grade.WARNING,
        "1 endpoint follows 1 municipality that the boundaries do not have: 05358012",
    )
    (found,) = diagnose_followed({f"053580{number:02}": 2 for number in range(12)})
    assert found.seen.startswith("24 endpoints follow 12 municipalities that")
    assert found.seen.endswith(", 05358009 and 2 more")


def test_a_backup_is_of_last_night_or_asked_for() -> None:
    assert diagnose_backup(NOW - timedelta(hours=47), NOW).grade is Grade.SOUND
    old = diagnose_backup(NOW - timedelta(hours=49), NOW)
    assert (old.grade, old.seen) == (Grade.WARNING, "the last one was made 2026-10-29 23:00 UTC")
    assert diagnose_backup(None, NOW).seen == "none was made by `dispatcher backup`"
