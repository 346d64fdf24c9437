"""What is counted of feeds, and how old what they said is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge

from dispatcher.model.vocabulary import FeedResult, Reason

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

FEED_RESULTS = tuple(result for result in FeedResult if result is not FeedResult.NEVER)
"""The results that a poll can have: something new, nothing new, no answer, an HTTP error, an answer that is no list,
our own mistake."""


class FeedMetrics:
    """Counts polls and messages, and shows how stale a feed is."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._polls(registry)
        self._ages(registry)

    def _polls(self, registry: CollectorRegistry) -> None:
        self.feed_messages = Counter(
            "warn_feed_messages",
            "Messages of feeds, by what became of them.",
            ("feed", "reason"),
            registry=registry,
        )
        self.feed_polls = Counter(
            "warn_feed_polls", "Polls of a feed, by result.", ("feed", "result"), registry=registry
        )
        self.feed_requests = Counter(
            "warn_feed_requests", "HTTP requests for a feed.", ("feed",), registry=registry
        )
        self.feed_links_refused = Counter(
            "warn_feed_links_refused",
            "Links of a feed, or redirects behind them, that led where its requests must not go, by reason.",
            ("feed", "reason"),
            registry=registry,
        )
        self.feed_entries = Gauge(
            "warn_feed_entries", "Entries that the source lists.", ("feed",), registry=registry
        )
        self.feed_entries_unread = Gauge(
            "warn_feed_entries_unread",
            "Entries that the source lists and nobody has been able to fetch or read.",
            ("feed",),
            registry=registry,
        )
        self.feed_quarantined = Counter(
            "warn_feed_quarantined",
            "Messages or bodies that nobody could read, kept for replay.",
            ("feed",),
            registry=registry,
        )
        self.feed_quarantine_items = Gauge(
            "warn_feed_quarantine_items",
            "Of these, what lies aside now: neither taken in later nor discarded. 0 while another process polls.",
            ("feed",),
            registry=registry,
        )

    def _ages(self, registry: CollectorRegistry) -> None:
        self.feed_last_success = Gauge(
            "warn_feed_last_success_timestamp_seconds",
            "The last poll of the feed that could be used as a whole.",
            ("feed",),
            registry=registry,
        )
        self.feed_last_change = Gauge(
            "warn_feed_last_change_timestamp_seconds",
            "The last poll that brought something new.",
            ("feed",),
            registry=registry,
        )
        self.feed_stale = Gauge(
            "warn_feed_stale",
            "1: what the source says now is not known; of a feed that pushes, until its first delivery. Never to be "
            "read as: there are no warnings.",
            ("feed",),
            registry=registry,
        )
        self.feed_patience = Gauge(
            "warn_feed_patience_seconds",
            "Without a usable answer for so long, nobody knows what the source says.",
            ("feed",),
            registry=registry,
        )
        self.feed_frozen_after = Gauge(
            "warn_feed_frozen_after_seconds",
            "A source that answers and brings nothing new for so long is rather frozen than calm.",
            ("feed",),
            registry=registry,
        )

    def know_feed(self, feed: str, *, patience_s: float | None, frozen_after_s: float | None = None) -> None:
        """Show a feed's numbers from the start. Without `patience_s` it cannot be late, like a feed that pushes."""
        for result in FEED_RESULTS:
            self.feed_polls.labels(feed, result)
        for reason in Reason:
            self.feed_messages.labels(feed, reason)
        self.feed_requests.labels(feed)
        self.feed_quarantined.labels(feed)
        self.feed_quarantine_items.labels(feed)
        self.feed_last_change.labels(feed)
        self.feed_entries.labels(feed)
        self.feed_entries_unread.labels(feed)
        self.feed_stale.labels(feed)
        if patience_s is not None:
            self.feed_last_success.labels(feed)
            self.feed_patience.labels(feed).set(patience_s)
        if frozen_after_s is not None:
            self.feed_frozen_after.labels(feed).set(frozen_after_s)
