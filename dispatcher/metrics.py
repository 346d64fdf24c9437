"""Define what the service counts. Names follow Prometheus' naming practice; no label ever holds an alert, an endpoint,
a number or anything else without a small fixed set of values. The record, not these, has the totals of record.
"""

from __future__ import annotations

from bisect import bisect_left
from importlib.metadata import version
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info

from dispatcher.model.vocabulary import FeedResult, Lane, Reason, State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LATENCY_BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900)
"""Upper bounds of latencies; 10, 60 and 300 s are those that the objectives name."""

REQUEST_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
CHANNELS = ("app", "sms_http", "webpush")
KNOWN_GATEWAYS_MAX = 64
"""Gateways with a label of their own, as each multiplies the time series; the rest is counted as `other`."""
FEED_RESULTS = tuple(result for result in FeedResult if result is not FeedResult.NEVER)
"""The results that a poll can have: something new, nothing new, no answer, an HTTP error, an answer that is no list,
our own mistake."""


class SummedHistogram(Histogram):
    """A histogram that takes many observations at once: a mass send has too many for one call each."""

    def observe_many(self, amounts: Mapping[float, int]) -> None:
        """Observe each of the amounts as often as the mapping says."""
        self._sum.inc(sum(amount * times for amount, times in amounts.items()))
        for amount, times in amounts.items():
            self._buckets[bisect_left(self._upper_bounds, amount)].inc(times)


class Metrics:
    """All metrics of one process, in a registry of its own."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._gateways: set[str] = set()
        self._intake()
        self._delivery()
        self._state()
        self._feeds()

    def _intake(self) -> None:
        self.alerts_received = Counter(
            "warn_alerts_received",
            "Alerts accepted into the record, by what was decided.",
            ("source", "reason"),
            registry=self.registry,
        )
        self.alerts_repeated = Counter(
            "warn_alerts_repeated",
            "Submissions of an identity and content already accepted.",
            ("source",),
            registry=self.registry,
        )
        self.reads_shed = Counter(
            "warn_reads_shed",
            "Reads of the API that were turned away so that submissions need not wait.",
            registry=self.registry,
        )
        self.alerts_rejected = Counter(
            "warn_alerts_rejected",
            "Submissions refused, by problem type.",
            ("problem",),
            registry=self.registry,
        )
        self.accept_seconds = Histogram(
            "warn_accept_duration_seconds",
            "From the last byte of a submission to the commit.",
            buckets=REQUEST_BUCKETS_S,
            registry=self.registry,
        )
        self.match_seconds = Histogram(
            "warn_geo_match_duration_seconds",
            "Matching an alert's areas to municipalities.",
            buckets=REQUEST_BUCKETS_S,
            registry=self.registry,
        )
        self.plan_seconds = Histogram(
            "warn_plan_duration_seconds",
            "Freezing an alert's audience into batches.",
            buckets=LATENCY_BUCKETS_S,
            registry=self.registry,
        )

    def _delivery(self) -> None:
        self.deliveries = Counter(
            "warn_deliveries",
            "Recipients that reached a terminal state. Accepted is by the gateway, not by the person.",
            ("channel", "lane", "outcome"),
            registry=self.registry,
        )
        self.attempts = Counter(
            "warn_delivery_attempts",
            "Answers of gateways, by class.",
            ("channel", "gateway", "result"),
            registry=self.registry,
        )
        self.latency = SummedHistogram(
            "warn_delivery_latency_seconds",
            "From acceptance of the alert to acceptance by the gateway, per recipient.",
            ("channel", "lane"),
            buckets=LATENCY_BUCKETS_S,
            registry=self.registry,
        )
        self.delivery_reports = Counter(
            "warn_delivery_reports",
            "Delivery reports of gateways, by what became of them. Delivered and failed: the first final one.",
            ("channel", "gateway", "verdict"),
            registry=self.registry,
        )
        self.reports_refused = Counter(
            "warn_delivery_report_requests_refused",
            "Requests of gateways that were to report and were refused as a whole, by problem type.",
            ("gateway", "problem"),
            registry=self.registry,
        )
        self.delivered_latency = Histogram(
            "warn_delivered_latency_seconds",
            "From acceptance of the alert to the gateway's report that a recipient's phone has it.",
            ("channel", "lane"),
            buckets=LATENCY_BUCKETS_S,
            registry=self.registry,
        )
        self.leases_lost = Counter(
            "warn_leases_lost",
            "Batches that another worker took over while this one still held them.",
            registry=self.registry,
        )
        self.endpoints_removed = Counter(
            "warn_endpoints_removed",
            "Subscriptions ended because the gateway said they are gone.",
            ("channel",),
            registry=self.registry,
        )
        self.removals_withheld = Counter(
            "warn_endpoint_removals_withheld",
            "Batches whose gone subscriptions were kept, because too many were called gone.",
            ("channel",),
            registry=self.registry,
        )
        self.retries_withheld = Counter(
            "warn_retries_withheld",
            "Batches released because too many of a gateway's retries had failed: they are tried again later.",
            ("channel", "gateway"),
            registry=self.registry,
        )
        self.gateway_pauses = Counter(
            "warn_gateway_pauses",
            "Times that a gateway was paused for a while, by reason.",
            ("channel", "gateway", "reason"),
            registry=self.registry,
        )
        self.jobs_failed = Counter(
            "warn_jobs_failed",
            "Jobs that ended in an unforeseen error; the reconciler enqueues again.",
            ("function",),
            registry=self.registry,
        )
        self.precomputed_keys = Gauge(
            "warn_precomputed_keys",
            "Web Push subscriptions for which this process holds a message key made ahead of time.",
            registry=self.registry,
        )
        self.precomputed_keys_used = Counter(
            "warn_precomputed_keys_used",
            "Web Push messages encrypted, by whether a message key was ready or none and it was made then.",
            ("agreement",),
            registry=self.registry,
        )
        for agreement in ("ready", "none"):
            self.precomputed_keys_used.labels(agreement)
        for channel in CHANNELS:
            for lane in Lane:
                self.latency.labels(channel, lane)
                for state in State:
                    if state.terminal:
                        self.deliveries.labels(channel, lane, state.name.lower())
            self.endpoints_removed.labels(channel)
            self.removals_withheld.labels(channel)
        for function in ("plan", "deliver", "reconcile", "feeds"):
            self.jobs_failed.labels(function)

    def _state(self) -> None:
        self.batches_open = Gauge(
            "warn_batches_open", "Batches with recipients not yet settled.", ("lane",), registry=self.registry
        )
        self.oldest_open = Gauge(
            "warn_oldest_open_batch_timestamp_seconds",
            "Creation of the oldest open batch that may be worked on; 0 if there is none.",
            ("lane",),
            registry=self.registry,
        )
        self.retries_scheduled = Gauge(
            "warn_retries_scheduled",
            "Recipients waiting for another attempt.",
            ("channel",),
            registry=self.registry,
        )
        self.dead_letters = Gauge(
            "warn_dead_letters",
            "Recipients rejected or given up, of alerts not yet expired.",
            ("channel",),
            registry=self.registry,
        )
        self.subscriptions = Gauge(
            "warn_subscriptions", "Active subscriptions.", ("channel",), registry=self.registry
        )
        self.unaccounted = Gauge(
            "warn_recipients_unaccounted",
            "Recipients without a terminal state a minute after their alert expired. Must be 0.",
            registry=self.registry,
        )
        self.gateways_paused = Gauge(
            "warn_gateways_paused", "Gateways paused now.", ("channel",), registry=self.registry
        )
        self.queue_up = Gauge("warn_queue_up", "Whether Redis answers.", registry=self.registry)
        self.record_up = Gauge("warn_record_up", "Whether PostgreSQL answers.", registry=self.registry)
        self.reconciled_at = Gauge(
            "warn_last_reconciliation_timestamp_seconds",
            "When this process last swept the record; 0 while another process does it.",
            registry=self.registry,
        )
        self.enqueue_failures = Counter(
            "warn_enqueue_failures",
            "Wake-ups that Redis did not take; the reconciler enqueues again.",
            registry=self.registry,
        )
        self.build = Info("warn_build", "The running version.", registry=self.registry)
        self.build.info({"version": version("cap-dispatcher")})
        for lane in Lane:
            self.batches_open.labels(lane)
            self.oldest_open.labels(lane)
        for channel in CHANNELS:
            for gauge in (
                self.retries_scheduled,
                self.dead_letters,
                self.subscriptions,
                self.gateways_paused,
            ):
                gauge.labels(channel)

    def _feeds(self) -> None:
        self.feed_messages = Counter(
            "warn_feed_messages",
            "Messages of feeds, by what became of them.",
            ("feed", "reason"),
            registry=self.registry,
        )
        self.feed_polls = Counter(
            "warn_feed_polls", "Polls of a feed, by result.", ("feed", "result"), registry=self.registry
        )
        self.feed_requests = Counter(
            "warn_feed_requests", "HTTP requests for a feed.", ("feed",), registry=self.registry
        )
        self.feed_last_success = Gauge(
            "warn_feed_last_success_timestamp_seconds",
            "The last poll of the feed that could be used as a whole.",
            ("feed",),
            registry=self.registry,
        )
        self.feed_last_change = Gauge(
            "warn_feed_last_change_timestamp_seconds",
            "The last poll that brought something new.",
            ("feed",),
            registry=self.registry,
        )
        self.feed_stale = Gauge(
            "warn_feed_stale",
            "1: what the source says now is not known. Never to be read as: there are no warnings.",
            ("feed",),
            registry=self.registry,
        )
        self.feed_patience = Gauge(
            "warn_feed_patience_seconds",
            "Without a usable answer for so long, nobody knows what the source says.",
            ("feed",),
            registry=self.registry,
        )
        self.feed_frozen_after = Gauge(
            "warn_feed_frozen_after_seconds",
            "A source that answers and brings nothing new for so long is rather frozen than calm.",
            ("feed",),
            registry=self.registry,
        )
        self.feed_entries = Gauge(
            "warn_feed_entries", "Entries that the source lists.", ("feed",), registry=self.registry
        )
        self.feed_quarantined = Counter(
            "warn_feed_quarantined",
            "Messages or bodies that nobody could read, kept for replay.",
            ("feed",),
            registry=self.registry,
        )
        self.unmatched = Counter(
            "warn_areas_unmatched",
            "Shapes, codes and areas of submitted alerts that led to no municipality.",
            ("kind",),
            registry=self.registry,
        )
        for kind in ("area", "circle", "geocode", "polygon"):
            self.unmatched.labels(kind)
        self.alerts_held = Gauge(
            "warn_alerts_held", "Messages that wait for a person.", registry=self.registry
        )
        self.held_expired = Counter(
            "warn_held_expired",
            "Messages that expired while they waited for a person.",
            registry=self.registry,
        )

    def know_feed(self, feed: str, *, patience_s: float | None, frozen_after_s: float | None = None) -> None:
        """Show a feed's numbers from the start. Without `patience_s` it cannot be late, like a feed that pushes."""
        for result in FEED_RESULTS:
            self.feed_polls.labels(feed, result)
        for reason in Reason:
            self.feed_messages.labels(feed, reason)
        self.feed_requests.labels(feed)
        self.feed_quarantined.labels(feed)
        self.feed_last_change.labels(feed)
        self.feed_entries.labels(feed)
        if patience_s is not None:
            self.feed_last_success.labels(feed)
            self.feed_stale.labels(feed)
            self.feed_patience.labels(feed).set(patience_s)
        if frozen_after_s is not None:
            self.feed_frozen_after.labels(feed).set(frozen_after_s)

    def know_reports(
        self, channel: str, gateway: str, verdicts: Sequence[str], problems: Sequence[str]
    ) -> None:
        """Show the counters of a gateway that reports from the start."""
        for verdict in verdicts:
            self.delivery_reports.labels(channel, gateway, verdict)
        for problem in problems:
            self.reports_refused.labels(gateway, problem)
        for lane in Lane:
            self.delivered_latency.labels(channel, lane)

    def know_source(self, source: str) -> None:
        """Show a source's counters from the start, so that their first increase is seen."""
        self.alerts_repeated.labels(source)
        for reason in Reason:
            self.alerts_received.labels(source, reason)

    def count_closed(self, state: State, recipients: Mapping[tuple[str, str], int]) -> None:
        """Count recipients, by channel and lane, that got a terminal state without another attempt."""
        for (channel, lane), count in recipients.items():
            self.deliveries.labels(channel, lane, state.name.lower()).inc(count)

    def gateway_label(self, gateway: str) -> str:
        """Return `gateway`, or `other` once there are too many for a label."""
        if gateway not in self._gateways and len(self._gateways) >= KNOWN_GATEWAYS_MAX:
            return "other"
        self._gateways.add(gateway)
        return gateway
