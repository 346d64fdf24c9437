"""What is shown of processes: what this one takes of the machine, what became of its traces, and how often the
supervisor started which again.
"""

from __future__ import annotations

import json
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from prometheus_client import Counter, ProcessCollector
from prometheus_client.core import CounterMetricFamily

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from prometheus_client import CollectorRegistry

RESTARTS_FILE: Final = "restarts.json"
"""Where the supervisor writes down, in the data directory, how often it started each program again."""


class SpanOutcome(StrEnum):
    """What became of a span of a trace."""

    SENT = "sent"
    """It was handed over to the collector, which may still reject it: its `partial_success` is not read."""
    REFUSED = "refused"
    """The collector refused the request that it was in."""
    QUEUE_FULL = "queue_full"
    """Too many waited for a collector that does not answer, or is too slow."""
    FAILED = "failed"
    """They could not be written or posted, by a mistake of the service's own."""
    UNSENT = "unsent"
    """The process ended before the collector took it."""


class Restarts:
    """Shows the supervisor's counts. Every process does: one that dies again and again shows nothing itself."""

    _labelnames = ("program",)  # as the library's own collectors name theirs, for the reference page

    def __init__(self, file: Path | None) -> None:
        """`file` is the supervisor's; None where there is no supervisor."""
        self._file = file

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Yield one counter, of all programs."""
        family = CounterMetricFamily(
            "warn_process_restarts",
            "Times that `dispatcher up` started a process of its own, or a server, again after it had ended by "
            "itself. Every process shows the counts of all.",
            labels=self._labelnames,
        )
        for program, count in self._counts().items():
            family.add_metric([program], count)
        yield family

    def _counts(self) -> dict[str, int]:
        if self._file is not None:
            with suppress(OSError, ValueError):
                counts: dict[str, int] = json.loads(self._file.read_bytes())
                return counts
        return {}


class ProcessMetrics:
    """Shows this process' memory, processor time, descriptors and start (`process_…`), and counts spans."""

    def __init__(self, registry: CollectorRegistry) -> None:
        ProcessCollector(registry=registry)
        self.trace_spans = Counter(
            "warn_trace_spans",
            "Spans of traces, by what became of them: all but `sent` are lost. None without `WARN_TRACES_URL`.",
            ("outcome",),
            registry=registry,
        )
        for outcome in SpanOutcome:
            self.trace_spans.labels(outcome)
