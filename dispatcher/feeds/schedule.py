"""Decides when to ask a source again, and when what it says counts as unknown. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from dispatcher.feeds.configuration import Feed, FeedSettings

BACKOFF_CAP_S = 300.0
"""The longest back-off: a source that fails is asked at least this often, as its first answer after an outage is what
people wait for."""
DETAIL_BACKOFF_CAP_S = 600.0


def next_poll(
    settings: FeedSettings,
    now: datetime,
    failures: int,
    retry_after_s: float | None,
    random: Callable[[], float],
) -> datetime:
    """Return when to ask next. After an answer: the interval, give or take the jitter. After failures: doubled each
    time up to a cap. Never before the time that the source asked for. `random` is uniform in [0, 1).
    """
    wait = settings.interval_s
    if failures:
        wait = min(wait * 2.0 ** min(failures - 1, 20), max(wait, BACKOFF_CAP_S))
    wait *= 1 + settings.jitter * (2 * random() - 1)
    return now + timedelta(seconds=max(wait, retry_after_s or 0.0))


def next_try(settings: FeedSettings, now: datetime, tries: int, pause_s: float = 0.0) -> datetime:
    """Return when to ask again for a message that is listed and not there; never within the pause that was asked
    for.
    """
    wait = settings.interval_s * 2.0 ** min(max(0, tries - 3), 20)
    return now + timedelta(seconds=max(pause_s, min(wait, max(settings.interval_s, DETAIL_BACKOFF_CAP_S))))


def stale_since(settings: FeedSettings, succeeded_at: datetime | None, now: datetime) -> datetime | None:
    """Return since when nobody knows what the source says; None while it is known. Never polled yet: since now."""
    if succeeded_at is None:
        return now
    return succeeded_at if now - succeeded_at > settings.stale_after else None


def silent_since(feed: Feed, succeeded_at: datetime | None, now: datetime) -> datetime | None:
    """Return since when nobody knows what a feed says; None while it is known. Of one that pushes and whose operator
    does not say how long it may be silent, it is known from its first delivery on.
    """
    return stale_since(feed.settings, succeeded_at, now) if feed.is_watched or succeeded_at is None else None
