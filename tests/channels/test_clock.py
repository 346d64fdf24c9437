"""The clocks that constructors default to."""

import time
from datetime import UTC, datetime

from channels.clock import elapsed, utc_now


def test_the_present_is_aware_and_in_utc() -> None:
    before = datetime.now(UTC)
    now = utc_now()
    assert before <= now <= datetime.now(UTC)
    assert now.tzinfo is UTC


def test_what_has_elapsed_counts_while_the_machine_is_suspended() -> None:
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert before <= elapsed() <= time.clock_gettime(time.CLOCK_BOOTTIME)
