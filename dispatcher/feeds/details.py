"""Fetches messages behind the links of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from dispatcher.feeds.entry import LIMITS
from dispatcher.feeds.fetch import AddressForbidden, FetchError, fetch
from dispatcher.model.vocabulary import FeedResult

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from channels.http.addresses import Exemptions
    from dispatcher.feeds.configuration import Feed
    from dispatcher.feeds.fetch import Client
    from dispatcher.metrics import Metrics

log = structlog.get_logger()


class Details:
    """Fetches linked messages, never conditionally: a message is fetched because its list says that it is new."""

    def __init__(
        self, client: Client, exemptions: Exemptions, metrics: Metrics, clock: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._exemptions = exemptions
        self._forbidden: set[tuple[str, str]] = set()
        """The feeds and reasons that the log has: strangers write links, and a line for each would fill it."""
        self._metrics = metrics
        self._clock = clock

    async def get(self, feed: Feed, url: str) -> bytes:
        """Fetch one message. Raises `FetchError`."""
        self._metrics.feed_requests.labels(feed.name).inc()
        try:
            fetched = await fetch(
                self._client,
                url,
                {},
                policy=self._exemptions.policy_of_feed(feed.settings.urls),
                timeout_s=feed.settings.timeout_s,
                max_bytes=LIMITS.max_bytes,
                now=self._clock(),
            )
        except AddressForbidden as forbidden:
            self._note(feed.name, forbidden.detail)
            raise
        if not fetched.body:
            raise FetchError(FeedResult.REFUSED, "empty")
        return fetched.body

    def _note(self, feed: str, reason: str) -> None:
        self._metrics.feed_links_refused.labels(feed, reason).inc()
        if (feed, reason) not in self._forbidden:
            self._forbidden.add((feed, reason))
            log.warning("feed_link_refused", feed=feed, reason=reason)
