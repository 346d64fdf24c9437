"""When to ask again, and when nobody knows any more."""

from datetime import timedelta

import pytest

from dispatcher.feeds.configuration import FeedSettings
from dispatcher.feeds.schedule import next_poll, next_try, stale_since
from tests.support.feed_messages import NOW

SETTINGS = FeedSettings(name="x", adapter="dwd", urls=("https://x.example/",), interval_s=60, jitter=0.1)


@pytest.mark.parametrize(
    ("failures", "retry_after", "random", "seconds"),
    [(0, None, 0.5, 60), (0, None, 0.0, 54), (1, None, 0.5, 60), (2, None, 0.5, 120), (9, None, 0.5, 300),
     (1, 200.0, 0.5, 200), (0, 5.0, 0.5, 60)],
)  # fmt: skip
def test_when_to_ask_again(failures: int, retry_after: float | None, random: float, seconds: float) -> None:
    assert next_poll(SETTINGS, NOW, failures, retry_after, lambda: random) == NOW + timedelta(seconds=seconds)


def test_a_missing_message_is_asked_for_less_and_less() -> None:
    waits = [(next_try(SETTINGS, NOW, tries) - NOW).total_seconds() for tries in (1, 3, 4, 5, 50)]
    assert waits == [60, 60, 120, 240, 600]


def test_a_pause_that_was_asked_for_is_kept() -> None:
    assert next_try(SETTINGS, NOW, 1, 200.0) == NOW + timedelta(seconds=200)
    assert next_try(SETTINGS, NOW, 50, 200.0) == NOW + timedelta(seconds=600)


def test_since_when_nobody_knows() -> None:
    assert stale_since(SETTINGS, None, NOW) == NOW
    assert stale_since(SETTINGS, NOW - timedelta(seconds=600), NOW) is None
    late = NOW - timedelta(seconds=601)
    assert stale_since(SETTINGS, late, NOW) == late
