"""Fetches messages behind the links of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatcher.feeds.entry import LIMITS
from dispatcher.feeds.fetch import FetchError, fetch
from dispatcher.model.vocabulary import FeedResult

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from dispatcher.feeds.configuration import Feed
    from dispatcher.feeds.fetch import Client
    from dispatcher.metrics import Metrics


class Details:
    """Fetches linked messages, never conditionally: a message is fetched because its list says that it is new."""

    def __init__(self, client: Client, metrics: Metrics, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._metrics = metrics
        self._clock = clock

    async def get(self, feed: Feed, url: str) -> bytes:
        """Fetch one message. Raises `FetchError`."""
        self._metrics.feed_requests.labels(feed.name).inc()
        fetched = await fetch(
            self._client,
            url,
            {},
            timeout_s=feed.settings.timeout_s,
            max_bytes=LIMITS.max_bytes,
            now=self._clock(),
        )
        if not fetched.body:
            raise FetchError(FeedResult.REFUSED, "empty")
        return fetched.body
