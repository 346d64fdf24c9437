"""The clock that constructors default to."""

from datetime import UTC, datetime

from channels.clock import utc_now


def test_the_present_is_aware_and_in_utc() -> None:
    before = datetime.now(UTC)
    now = utc_now()
    assert before <= now <= datetime.now(UTC)
    assert now.tzinfo is UTC
