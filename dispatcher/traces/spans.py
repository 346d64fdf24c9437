"""Say what is told of each step of an alert. Pure, and the one place that does: ids of alerts, sources and batches,
words of closed lists, numbers. No text that a person wrote, nobody's address or number, nothing of what an exception
says.

A step is that of a batch or of an alert, never of a recipient.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from dispatcher.model.vocabulary import TERMINAL_OUTCOMES
from dispatcher.traces.context import root_of, trace_id_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatcher.model.alerts import PendingAlert, StoredAlert
    from dispatcher.model.batches import Lease
    from dispatcher.traces.context import SpanContext

Attributes: TypeAlias = Mapping[str, str | int | bool]

ACCEPT: Final = "accept"
PLAN: Final = "plan"
DELIVER: Final = "deliver"
REPORTS: Final = "reports"


class SpanKind(IntEnum):
    """What a span is to its parent, by OTLP's numbers."""

    INTERNAL = 1
    SERVER = 2
    CONSUMER = 5
    """Somebody took a job that its parent had left for whoever comes."""


class SpanTime(NamedTuple):
    """When a step began and ended, in nanoseconds since 1970 by the process' date, and the type of what ended it."""

    start_ns: int
    end_ns: int
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """One step of one alert."""

    trace_id: bytes
    span_id: bytes
    parent_id: bytes
    """Empty: it is the first one."""
    name: str
    kind: SpanKind
    time: SpanTime
    attributes: Attributes
    link: SpanContext | None = None


def accepted_span(
    alert: StoredAlert, time: SpanTime, span_id: bytes, sender: SpanContext | None, *, repeated: bool
) -> Span:
    """Return the first span of an alert; of the same message again a later one."""
    trace_id = trace_id_of(alert.id)
    root = root_of(trace_id)
    attributes: Attributes = {
        "warn.alert.id": alert.id,
        "warn.source.id": alert.source_id,
        "warn.lane": str(alert.lane),
        "warn.reason": str(alert.reason),
        "warn.state": str(alert.state),
        "warn.repeated": repeated,
    }
    own, parent = (span_id, root) if repeated else (root, b"")
    return Span(trace_id, own, parent, ACCEPT, SpanKind.SERVER, time, attributes, sender)


def planned_span(alert: PendingAlert, time: SpanTime, span_id: bytes) -> Span:
    """Return the span of one planning of an alert."""
    attributes: Attributes = {
        "warn.alert.id": alert.id,
        "warn.source.id": alert.source_id,
        "warn.lane": str(alert.lane),
        "warn.reason": str(alert.reason),
        "warn.again": alert.again,
    }
    return _later(alert.id, PLAN, SpanKind.CONSUMER, time, span_id, attributes)


def delivered_span(lease: Lease, label: Callable[[str, str], str], time: SpanTime, span_id: bytes) -> Span:
    """Return the span of the work on a batch under one lease: a retry is another. `label` returns what is said of a
    gateway, by channel and gateway: a citizen's own push server is called after its owner.
    """
    attributes: Attributes = {
        "warn.alert.id": lease.alert_id,
        "warn.source.id": lease.source_id,
        "warn.lane": str(lease.lane),
        "warn.batch.id": lease.batch_id,
        "warn.batch.lease": lease.token,
        "warn.kind": str(lease.kind),
        "warn.channel": lease.channel,
        "warn.gateway": label(lease.channel, lease.gateway),
        "warn.recipients": len(lease.recipients),
        "warn.recipients.open": len(lease.outcomes.translate(None, TERMINAL_OUTCOMES)),
    }
    return _later(lease.alert_id, DELIVER, SpanKind.CONSUMER, time, span_id, attributes)


def reported_span(
    alert_id: str, gateway: str, verdicts: Mapping[str, int], time: SpanTime, span_id: bytes
) -> Span:
    """Return the span of all reports that a gateway brought of an alert in some seconds, with how many said what."""
    counts = {f"warn.reports.{verdict}": count for verdict, count in sorted(verdicts.items())}
    attributes: Attributes = {"warn.alert.id": alert_id, "warn.gateway": gateway, **counts}
    return _later(alert_id, REPORTS, SpanKind.INTERNAL, time, span_id, attributes)


def _later(
    alert_id: str, name: str, kind: SpanKind, time: SpanTime, span_id: bytes, attributes: Attributes
) -> Span:
    trace_id = trace_id_of(alert_id)
    return Span(trace_id, span_id, root_of(trace_id), name, kind, time, attributes)
