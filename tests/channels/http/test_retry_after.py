"""Retry-After in all its forms."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.http.retry_after import MAX_WAIT_S, parse_retry_after

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0.0),
        (" 120 ", 120.0),
        ("86401", MAX_WAIT_S),
        ("1000000000", MAX_WAIT_S),
        ("9" * 20, MAX_WAIT_S),
        ("9" * 21, None),
        ("-1", None),
        ("1.5", None),
        ("1e3", None),
        ("٣", None),
        ("Sun, 22 Nov 2026 12:01:00 GMT", 60.0),
        ("Sunday, 22-Nov-26 12:01:00 GMT", 60.0),
        ("Sun Nov 22 12:01:00 2026", 60.0),
        ("Sun, 22 Nov 2026 11:59:00 GMT", 0.0),
        ("Sun, 22 Nov 2026 12:01:00 -0000", 60.0),
        ("Sun, 22 Nov 2026 13:01:00 +0100", 60.0),
        ("Mon, 23 Nov 2026 12:00:00 GMT", 86_400.0),
        ("Mon, 23 Nov 2026 12:00:01 GMT", MAX_WAIT_S),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MAX_WAIT_S),
        ("Sun, 99 Nov 2026 12:01:00 GMT", None),
        ("Sun, 22 Nov 99999 12:01:00 GMT", None),
        ("Sun, 99999999999999999999 Nov 2026 12:01:00 GMT", None),
        ("Sun, 22 Nov 99999999999999999999 12:01:00 GMT", None),
        ("Sun, 22 Nov 2026 12:01:00 +99999999999999", None),
        ("later", None),
    ],
)
def test_forms(value: Any, seconds: Any) -> None:
    assert parse_retry_after(value, NOW) == seconds


def test_the_zone_of_now_does_not_matter() -> None:
    berlin = NOW.astimezone(timezone(timedelta(hours=1)))
    assert parse_retry_after("Sun, 22 Nov 2026 12:01:00 GMT", berlin) == 60.0


@given(st.text())
def test_never_fails_and_stays_within_its_bounds(value: Any) -> None:
    seconds = parse_retry_after(value, NOW)
    assert seconds is None or 0 <= seconds <= MAX_WAIT_S
