"""What is counted of sending: attempts, outcomes, reports, pauses, keys made ahead of time."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge, Histogram

from dispatcher.metrics.channels import CHANNELS
from dispatcher.metrics.histograms import LATENCY_BUCKETS_S, SummedHistogram
from dispatcher.model.vocabulary import Lane, State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prometheus_client import CollectorRegistry

KNOWN_GATEWAYS_MAX = 64
"""Gateways of a channel with a label of their own, as each multiplies the time series; the rest is counted as `other`.
Strangers choose the origins of their push services, and crowd no app and no SMS gateway out."""


class DeliveryMetrics:
    """Counts what becomes of recipients and of gateways."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._gateways: defaultdict[str, set[str]] = defaultdict(set)
        self._sends(registry)
        self._endpoints(registry)
        self._rates(registry)
        self._reports(registry)
        self._keys(registry)
        self._show_from_the_start()

    def _sends(self, registry: CollectorRegistry) -> None:
        self.deliveries = Counter(
            "warn_deliveries",
            "Recipients that reached a terminal state. Accepted is by the gateway, not by the person.",
            ("channel", "lane", "outcome"),
            registry=registry,
        )
        self.attempts = Counter(
            "warn_delivery_attempts",
            "Answers of gateways, by class.",
            ("channel", "gateway", "result"),
            registry=registry,
        )
        self.called_up = Counter(
            "warn_people_called_up",
            "People whose next endpoint was told of a warning, as the one before was not reached or did not confirm.",
            ("lane",),
            registry=registry,
        )
        self.muted = Counter(
            "warn_people_muted",
            "People who were not told of a warning because they do not want to hear of what is so slight.",
            ("lane",),
            registry=registry,
        )
        self.latency = SummedHistogram(
            "warn_delivery_latency_seconds",
            "From acceptance of the alert to acceptance by the gateway, per recipient.",
            ("channel", "lane"),
            buckets=LATENCY_BUCKETS_S,
            registry=registry,
        )
        self.leases_lost = Counter(
            "warn_leases_lost",
            "Batches that another worker took over while this one still held them.",
            registry=registry,
        )
        self.jobs_failed = Counter(
            "warn_jobs_failed",
            "Jobs that ended in an unforeseen error; the reconciler enqueues again.",
            ("function",),
            registry=registry,
        )

    def _endpoints(self, registry: CollectorRegistry) -> None:
        self.endpoints_removed = Counter(
            "warn_endpoints_removed",
            "Subscriptions ended because the gateway said they are gone, or as they fail at one alert after another.",
            ("channel",),
            registry=registry,
        )
        self.removals_withheld = Counter(
            "warn_endpoint_removals_withheld",
            "Batches whose gone or failing subscriptions were kept, because there were too many.",
            ("channel",),
            registry=registry,
        )
        self.retries_withheld = Counter(
            "warn_retries_withheld",
            "Batches released because too many of a gateway's retries had failed: they are tried again later.",
            ("channel", "gateway"),
            registry=registry,
        )
        self.gateway_pauses = Counter(
            "warn_gateway_pauses",
            "Times that a gateway was paused for a while, by reason.",
            ("channel", "gateway", "reason"),
            registry=registry,
        )

    def _rates(self, registry: CollectorRegistry) -> None:
        self.gateway_rate = Gauge(
            "warn_gateway_rate_per_second",
            "What may leave to a gateway in a second at most, in SMS parts or messages: as configured for this "
            "process, and as learnt from what was refused, together by all processes that share the account. "
            "The lower one holds; without either there is no limit.",
            ("channel", "gateway", "basis"),
            registry=registry,
        )
        self.gateway_wait = Counter(
            "warn_gateway_wait_seconds",
            "Seconds that batches waited for a gateway's rate or its requests in flight, added up over batches.",
            ("channel", "gateway"),
            registry=registry,
        )

    def _reports(self, registry: CollectorRegistry) -> None:
        self.delivery_reports = Counter(
            "warn_delivery_reports",
            "Delivery reports of gateways, by what became of them. Delivered and failed: with it the whole text is.",
            ("channel", "gateway", "verdict"),
            registry=registry,
        )
        self.reports_refused = Counter(
            "warn_delivery_report_requests_refused",
            "Requests of gateways that were to report and were refused as a whole, by problem type.",
            ("gateway", "problem"),
            registry=registry,
        )
        self.delivered_latency = Histogram(
            "warn_delivered_latency_seconds",
            "From acceptance of the alert to the gateway's report that a recipient's phone has it.",
            ("channel", "lane"),
            buckets=LATENCY_BUCKETS_S,
            registry=registry,
        )

    def _keys(self, registry: CollectorRegistry) -> None:
        self.precomputed_keys = Gauge(
            "warn_precomputed_keys",
            "Web Push subscriptions for which this process holds a message key made ahead of time.",
            registry=registry,
        )
        self.precomputed_keys_used = Counter(
            "warn_precomputed_keys_used",
            "Web Push messages encrypted, by whether a message key was ready or none and it was made then.",
            ("agreement",),
            registry=registry,
        )
        for agreement in ("ready", "none"):
            self.precomputed_keys_used.labels(agreement)

        self.messages_withdrawn = Counter(
            "warn_messages_withdrawn",
            "Web Push messages that were to be taken back, as the all-clear could not be handed over, by what became of"
            " them.",
            ("result",),
            registry=registry,
        )
        for result in ("withdrawn", "delivered", "refused", "unanswered", "unusable"):
            self.messages_withdrawn.labels(result)

        self.addresses_checked = Counter(
            "warn_addresses_checked",
            "Addresses of phones that were asked for at night, by what the push service said of them.",
            ("channel", "result"),
            registry=registry,
        )
        for result in ("valid", "gone", "unknown"):
            self.addresses_checked.labels("fcm", result)

    def _show_from_the_start(self) -> None:
        for lane in Lane:
            self.called_up.labels(lane)
            self.muted.labels(lane)
        for channel in CHANNELS:
            for lane in Lane:
                self.latency.labels(channel, lane)
                for state in State:
                    if state.terminal:
                        self.deliveries.labels(channel, lane, state.name.lower())
            self.endpoints_removed.labels(channel)
            self.removals_withheld.labels(channel)
        for function in ("plan", "deliver", "reconcile", "feeds", "canary", "approval-counts"):
            self.jobs_failed.labels(function)

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

    def count_closed(self, state: State, recipients: Mapping[tuple[str, str], int]) -> None:
        """Count recipients, by channel and lane, that got a terminal state without another attempt."""
        for (channel, lane), count in recipients.items():
            self.deliveries.labels(channel, lane, state.name.lower()).inc(count)

    def gateway_label(self, channel: str, gateway: str) -> str:
        """Return `gateway`, or `other` once the channel has too many for a label."""
        known = self._gateways[channel]
        if gateway not in known and len(known) >= KNOWN_GATEWAYS_MAX:
            return "other"
        known.add(gateway)
        return gateway
