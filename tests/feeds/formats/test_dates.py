"""Dates in every form that feeds use."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dispatcher.feeds.formats.dates import read_date
from ops.lab.faults.feeds import scenario
from tests.support.feed_messages import (
    NOW,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-12T22:00:00+08:00", datetime(2026, 1, 12, 14, 0, tzinfo=UTC)),
        ("Mon, 12 Jan 2026 22:00:00 +0800", datetime(2026, 1, 12, 14, 0, tzinfo=UTC)),
        ("2026/1/12 下午 10:00:00", datetime(2026, 1, 12, 22, 0, tzinfo=UTC)),
        ("2026/1/12 上午 12:30:00", datetime(2026, 1, 12, 0, 30, tzinfo=UTC)),
        ("2026/1/12 10:00 PM", datetime(2026, 1, 12, 22, 0, tzinfo=UTC)),
        ("2026/1/12 10:00", datetime(2026, 1, 12, 10, 0, tzinfo=UTC)),
        ("Mon, 12 Jan 2026 22:00:00 -0000", datetime(2026, 1, 12, 22, 0, tzinfo=UTC)),
        ("2026/13/45 10:00", None),
        ("Sun, 99999999999999999999 Nov 2026 12:01:00 GMT", None),
        ("Sun, 22 Nov 99999999999999999999 12:01:00 GMT", None),
        ("Sun, 22 Nov 2026 12:01:00 +99999999999999", None),
        ("soon", None),
        ("", None),
    ],
)
def test_dates_in_every_format_that_feeds_use(text: str, expected: Any) -> None:
    found = read_date(text)
    assert found == expected
    assert found is None or found.utcoffset() is not None


def test_dates_agree_with_the_clock() -> None:
    assert read_date(NOW.isoformat()) - NOW == timedelta(0)


@pytest.mark.parametrize("dates", list(scenario.DateFormat))
def test_every_way_to_write_a_time_is_read(dates: scenario.DateFormat) -> None:
    assert read_date(dates.write(NOW)) == NOW
    assert read_date(dates.value) == NOW + timedelta(hours=1)


@pytest.mark.no_cover  # tracing would be what it measures
def test_a_long_text_is_no_date_and_is_not_looked_at() -> None:
    """Three parts of the pattern may all be blanks: of a thousand of them it would try each way to share them."""
    started = time.process_time()
    assert read_date("2026/1/12" + " " * 100_000 + "x") is None
    assert read_date("2026/1/12" + " " * 90 + "x") is None
    assert time.process_time() - started < 1.0
