"""When to ask again, and when nobody knows any more."""

from datetime import timedelta
from typing import Any

import pytest

from dispatcher.feeds.configuration import FeedSettings, feed_of
from dispatcher.feeds.schedule import next_poll, next_try, silent_since, stale_since
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


@pytest.mark.parametrize(
    ("settings", "age_s", "silent"),
    [
        ({"adapter": "push"}, None, True),
        ({"adapter": "push"}, 86_400, False),
        ({"adapter": "push", "stale_after_s": 60}, 61, True),
        ({"adapter": "single", "urls": ("https://feed.example",)}, 86_400, True),
        ({"adapter": "single", "urls": ("https://feed.example",)}, 60, False),
    ],
)
def test_a_feed_that_pushes_is_silent_until_its_first_delivery_and_then_only_where_it_is_said(
    settings: Any, age_s: float | None, *, silent: bool
) -> None:
    feed = feed_of(FeedSettings(name="mowas", **settings))
    succeeded_at = None if age_s is None else NOW - timedelta(seconds=age_s)
    assert (silent_since(feed, succeeded_at, NOW) is not None) is silent


def test_since_when_nobody_knows() -> None:
    assert stale_since(SETTINGS, None, NOW) == NOW
    assert stale_since(SETTINGS, NOW - timedelta(seconds=600), NOW) is None
    late = NOW - timedelta(seconds=601)
    assert stale_since(SETTINGS, late, NOW) == late


@pytest.mark.parametrize(
    ("interval_s", "failures", "seconds"),
    [(60, 3, 240), (60, 4, 300), (600, 1, 600), (600, 5, 600), (60, 10**6, 300)],
)
def test_a_source_that_fails_is_asked_at_least_every_five_minutes_or_as_often_as_before(
    interval_s: float, failures: int, seconds: float
) -> None:
    settings = SETTINGS.model_copy(update={"interval_s": interval_s})
    assert next_poll(settings, NOW, failures, None, lambda: 0.5) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("random", [0.0, 0.25, 0.999])
def test_polls_scatter_by_the_jitter_and_no_more(random: float) -> None:
    wait = (next_poll(SETTINGS, NOW, 0, None, lambda: random) - NOW).total_seconds()
    assert wait == pytest.approx(60 * (0.9 + 0.2 * random))


def test_a_rare_poll_is_rare_for_missing_messages_too() -> None:
    settings = SETTINGS.model_copy(update={"interval_s": 3600})
    assert next_try(settings, NOW, 50) == NOW + timedelta(seconds=3600)
