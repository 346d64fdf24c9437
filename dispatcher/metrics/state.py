"""How the installation stands: the backlog, the record, the queue, this process."""

from __future__ import annotations

from importlib.metadata import version
from math import nan
from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge, Histogram, Info

from dispatcher.metrics.channels import CHANNELS
from dispatcher.metrics.histograms import LAG_BUCKETS_S
from dispatcher.model.vocabulary import Lane

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry


class StateMetrics:
    """Shows what waits and what is there."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._backlog(registry)
        self._process(registry)
        self._publication(registry)
        self._examination(registry)
        self._show_channels()

    def _backlog(self, registry: CollectorRegistry) -> None:
        self.batches_open = Gauge(
            "warn_batches_open", "Batches with recipients not yet settled.", ("lane",), registry=registry
        )
        self.oldest_open = Gauge(
            "warn_oldest_open_batch_timestamp_seconds",
            "Since when the batch is due that has waited for a worker, or been worked on, for longest; 0 if none is.",
            ("lane",),
            registry=registry,
        )
        self.retries_scheduled = Gauge(
            "warn_retries_scheduled",
            "Recipients waiting for another attempt, but for those whose device is away: that is no fault.",
            ("channel",),
            registry=registry,
        )
        self.dead_letters = Gauge(
            "warn_dead_letters",
            "Recipients rejected or given up, of alerts not yet expired.",
            ("channel",),
            registry=registry,
        )
        self.subscriptions = Gauge(
            "warn_subscriptions",
            "Endpoints that have not ended. A person may have several, and those count in each of their channels; as "
            "of the last minute.",
            ("channel",),
            registry=registry,
        )
        self.people = Gauge(
            "warn_people",
            "People who are told of warnings, each once, whatever endpoints they have; as of the last minute.",
            registry=registry,
        )
        self.unaccounted = Gauge(
            "warn_recipients_unaccounted",
            "Recipients without a terminal state a minute after their alert expired. Must be 0.",
            registry=registry,
        )
        self.gateways_paused = Gauge(
            "warn_gateways_paused", "Gateways paused now.", ("channel",), registry=registry
        )

    def _process(self, registry: CollectorRegistry) -> None:
        self.queue_up = Gauge("warn_queue_up", "Whether Redis answers.", registry=registry)
        self.record_up = Gauge("warn_record_up", "Whether PostgreSQL answers.", registry=registry)
        self.reconciled_at = Gauge(
            "warn_last_reconciliation_timestamp_seconds",
            "When this process last swept the record; 0 while another process does it.",
            registry=registry,
        )
        self.enqueue_failures = Counter(
            "warn_enqueue_failures",
            "Wake-ups that Redis did not take; the reconciler enqueues again.",
            registry=registry,
        )
        self.event_loop_lag = Histogram(
            "warn_event_loop_lag_seconds",
            "How late this process came to a timer of its event loop: nothing else of it moved meanwhile.",
            buckets=LAG_BUCKETS_S,
            registry=registry,
        )
        self.event_loop_blocked = Counter(
            "warn_event_loop_blocked",
            "Times that the event loop was held for 20 ms or longer, by cause: work in the loop, or a wait for a call, "
            "another thread or the processor.",
            ("cause",),
            registry=registry,
        )
        for cause in ("work", "wait"):
            self.event_loop_blocked.labels(cause)
        self.build = Info("warn_build", "The running version.", registry=registry)
        self.build.info({"version": version("cap-dispatcher")})

        self.boundaries_as_of = Gauge(
            "warn_boundaries_timestamp_seconds",
            "The day as of which the boundaries of municipalities are that this process matches warnings with; 0 where "
            "it has none.",
            registry=registry,
        )

    def _publication(self, registry: CollectorRegistry) -> None:
        self.published_as_of = Gauge(
            "warn_published_as_of_timestamp_seconds",
            "When this API process last read from the record which warnings are in force, by the record's clock; 0 "
            "before the first time, and in a worker.",
            registry=registry,
        )
        self.published_messages = Gauge(
            "warn_published_messages_bytes",
            "What the messages of warnings in force, and of those that were so until an hour ago, take of this "
            "process' memory: all of them as they are kept (`packed`), and those that are `parsed`, which has a bound.",
            ("state",),
            registry=registry,
        )
        for state in ("packed", "parsed"):
            self.published_messages.labels(state)
        self.published_messages_parsed = Counter(
            "warn_published_messages_parsed_again",
            "Messages that were asked for and had to be parsed once more, as there was no room to keep them so. Where "
            "it goes up all the time, answers take longer.",
            registry=registry,
        )
        self.unknown_alerts_refused = Counter(
            "warn_unknown_alerts_refused",
            "Requests for a warning that this process does not know, refused at once (503) as too many waited for the "
            "next look at the record.",
            registry=registry,
        )

    def _examination(self, registry: CollectorRegistry) -> None:
        self.diagnosis = Gauge(
            "warn_diagnosis",
            "How this worker found a part of what the service stands on, within the last five minutes: 0 sound, 1 a "
            "warning, 2 wrong, -1 not looked at. `dispatcher doctor` says what, why it matters and how it is mended.",
            ("part",),
            registry=registry,
        )
        self.disk_free = Gauge(
            "warn_disk_free_bytes",
            "What is free where the data directory of this worker lies; NaN where nobody looked.",
            registry=registry,
        )
        self.clock_offset = Gauge(
            "warn_clock_offset_seconds",
            "By how much the record's clock is ahead of this worker's; NaN where nobody looked.",
            registry=registry,
        )
        self.standbys = Gauge(
            "warn_record_standbys",
            "Servers that follow the record; NaN where nobody looked. Every worker shows the same.",
            registry=registry,
        )
        self.standby_lag = Gauge(
            "warn_record_standby_lag_seconds",
            "How far the last of them is behind; NaN where none follows, or the service's role is not told.",
            registry=registry,
        )
        for gauge in (self.disk_free, self.clock_offset, self.standbys, self.standby_lag):
            gauge.set(nan)
        self.certificate_diagnosis = Gauge(
            "warn_certificate_diagnosis",
            "How this worker found TLS certificates, within the last twenty minutes, by whose they are (`public`, "
            "`console`: the service's own): 0 sound, 1 should have been renewed by now, 2 cannot wait, or ended, -1 "
            "not known, as somebody was not reached. Who is not reached is as last seen, for a day, if that was to be "
            "renewed.",
            ("part",),
            registry=registry,
        )
        self.certificate_end = Gauge(
            "warn_certificate_end_timestamp_seconds",
            "When the one of them ends that is to be renewed first; NaN where none is known.",
            ("part",),
            registry=registry,
        )
        self.examinations_failed = Counter(
            "warn_examinations_failed",
            "Looks of a worker at its machine, the record, the queue or certificates that ended in an error.",
            ("subject",),
            registry=registry,
        )

    def _show_channels(self) -> None:
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
