"""The clock that constructors default to."""

from datetime import UTC

from channels.clock import utc_now


def test_the_clock_is_aware():
    assert utc_now().tzinfo is UTC
