"""What is counted of submissions: accepted, repeated, refused, held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge, Histogram

from dispatcher.metrics.histograms import LATENCY_BUCKETS_S, REQUEST_BUCKETS_S
from dispatcher.model.vocabulary import Reason

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry


class IntakeMetrics:
    """Counts what comes in and what is decided of it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._messages(registry)
        self._durations(registry)
        self._held(registry)

    def _messages(self, registry: CollectorRegistry) -> None:
        self.alerts_received = Counter(
            "warn_alerts_received",
            "Alerts accepted into the record, by what was decided.",
            ("source", "reason"),
            registry=registry,
        )
        self.alerts_repeated = Counter(
            "warn_alerts_repeated",
            "Submissions of an identity and content already accepted.",
            ("source",),
            registry=registry,
        )
        self.reads_shed = Counter(
            "warn_reads_shed",
            "Reads and sign-ups that the API turned away so that submissions need not wait.",
            registry=registry,
        )
        self.alerts_rejected = Counter(
            "warn_alerts_rejected",
            "Submissions refused, by problem type.",
            ("problem",),
            registry=registry,
        )
        self.exercises_rejected = Counter(
            "warn_exercises_rejected",
            "Submissions to the API of exercises that were refused, by problem type.",
            ("problem",),
            registry=registry,
        )
        self.quota_exceeded = Counter(
            "warn_quota_exceeded",
            "Submissions refused because their source had submitted as many as it may in an hour.",
            ("source",),
            registry=registry,
        )
        self.unmatched = Counter(
            "warn_areas_unmatched",
            "Shapes, codes and areas of submitted alerts that led to no municipality.",
            ("kind",),
            registry=registry,
        )
        for kind in ("area", "circle", "geocode", "polygon"):
            self.unmatched.labels(kind)
        self.readers_stopped = Counter(
            "warn_readers_stopped",
            "Readers stopped while they read a message or a list: it took too long, too much memory, or ended them.",
            ("reason",),
            registry=registry,
        )

    def _durations(self, registry: CollectorRegistry) -> None:
        self.accept_seconds = Histogram(
            "warn_accept_duration_seconds",
            "From the last byte of a submission to the commit.",
            buckets=REQUEST_BUCKETS_S,
            registry=registry,
        )
        self.match_seconds = Histogram(
            "warn_geo_match_duration_seconds",
            "Matching an alert's areas to municipalities.",
            buckets=REQUEST_BUCKETS_S,
            registry=registry,
        )
        self.plan_seconds = Histogram(
            "warn_plan_duration_seconds",
            "Freezing an alert's audience into batches.",
            buckets=LATENCY_BUCKETS_S,
            registry=registry,
        )

    def _held(self, registry: CollectorRegistry) -> None:
        self.alerts_held = Gauge(
            "warn_alerts_held",
            "Messages that wait for a person: for a second one's `approval` alone, or for a `decision` on a doubt.",
            ("awaits",),
            registry=registry,
        )
        self.show_held()
        self.oldest_approval = Gauge(
            "warn_oldest_approval_timestamp_seconds",
            "Since when the warning waits for a second person that has waited for longest; 0 if none does.",
            registry=registry,
        )
        self.approval_steps = Counter(
            "warn_approval_steps",
            "Reminders, escalations and releases of what nobody decided in time, as the policy of approval says; and "
            "what was only counted (`count`) once it waited.",
            ("step",),
            registry=registry,
        )
        for step in ("remind", "escalate", "release", "count"):
            self.approval_steps.labels(step)
        self.approvals_uncounted = Gauge(
            "warn_approvals_uncounted",
            "Warnings that wait for a second person while nobody has been able to count whom they would reach.",
            registry=registry,
        )
        self.held_expired = Counter(
            "warn_held_expired",
            "Messages that expired while they waited for a person.",
            registry=registry,
        )

    def show_held(self, approval: int = 0, decision: int = 0) -> None:
        """Show how many messages wait for a person, by what they wait for."""
        self.alerts_held.labels("approval").set(approval)
        self.alerts_held.labels("decision").set(decision)

    def know_source(self, source: str) -> None:
        """Show a source's counters from the start, so that their first increase is seen."""
        self.alerts_repeated.labels(source)
        self.quota_exceeded.labels(source)
        for reason in Reason:
            self.alerts_received.labels(source, reason)
