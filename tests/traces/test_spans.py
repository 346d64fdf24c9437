"""What is said of each step."""

from dataclasses import replace
from typing import Any

from dispatcher.model.alerts import PendingAlert
from dispatcher.model.vocabulary import Lane, Reason, State
from dispatcher.traces.context import SpanContext, root_of, trace_id_of
from dispatcher.traces.spans import (
    Span,
    SpanKind,
    SpanTime,
    accepted_span,
    delivered_span,
    planned_span,
    reported_span,
)
from tests.delivery.test_leased_batch import lease
from tests.support.messages import HOUR, NOW, stored

ALERT = "01JDQ3Z6W8R5K2M4N7P9S1T3V5"
TIME, OWN = SpanTime(1, 2), b"12345678"
NEEDLE = "nadel-7f3a"
SENDER = SpanContext(b"t" * 16, b"s" * 8, 1)


def other_label(_channel: str, _gateway: str) -> str:
    return "other"


def pending(**changes: Any) -> PendingAlert:
    values: dict[str, Any] = {
        "id": ALERT,
        "chain_id": ALERT,
        "lane": Lane.FLASH,
        "reason": Reason.CANCEL,
        "expires": NOW + HOUR,
        "stopped": False,
        "source_id": "leitstelle",
        "audience": 0,
        "approved": None,
        "planned_to": 0,
        "changed": False,
        "over": False,
        "again": True,
    }
    return PendingAlert(**values | changes)


def all_spans() -> list[Span]:
    """One of each, of an alert whose every text is a needle."""
    texts = ("sender", "identifier", "event", "headline", "event_key", "attribution", "held_for")
    alert = stored(id=ALERT, **dict.fromkeys(texts, NEEDLE), hazards=(NEEDLE,))
    batch = replace(lease([State.PENDING]), alert_id=ALERT, gateway=NEEDLE)
    return [
        accepted_span(alert, TIME, OWN, None, repeated=False),
        planned_span(pending(severity=NEEDLE), TIME, OWN),
        delivered_span(batch, other_label, TIME, OWN),
        reported_span(ALERT, "sms", {"delivered": 3}, TIME, OWN),
    ]


def test_all_are_of_the_alerts_trace_below_its_first_span() -> None:
    first, *others = all_spans()
    assert (first.span_id, first.parent_id) == (root_of(trace_id_of(ALERT)), b"")
    for one in others:
        assert (one.trace_id, one.parent_id, one.span_id) == (first.trace_id, first.span_id, OWN)
    assert [one.name for one in (first, *others)] == ["accept", "plan", "deliver", "reports"]
    assert {one.attributes["warn.alert.id"] for one in (first, *others)} == {ALERT}


def test_no_text_of_a_message_is_said() -> None:
    assert NEEDLE in repr(stored(headline=NEEDLE)), "the negative control"
    assert not any(NEEDLE in repr(one) for one in all_spans())


def test_the_same_message_again_is_another_span_of_the_same_trace() -> None:
    again = accepted_span(stored(id=ALERT), TIME, OWN, SENDER, repeated=True)
    assert (again.span_id, again.parent_id) == (OWN, root_of(trace_id_of(ALERT)))
    assert again.link == SENDER
    assert again.attributes["warn.repeated"] is True


def test_what_is_said_of_a_batch() -> None:
    outcomes = [State.PENDING, State.RETRY, State.ACCEPTED, State.GONE]
    span = delivered_span(replace(lease(outcomes), alert_id=ALERT), other_label, TIME, OWN)
    assert span.kind is SpanKind.CONSUMER
    assert span.attributes == {
        "warn.alert.id": ALERT,
        "warn.source.id": "centre",
        "warn.lane": "priority",
        "warn.batch.id": 1,
        "warn.batch.lease": 1,
        "warn.kind": "alert",
        "warn.channel": "webpush",
        "warn.gateway": "other",
        "warn.recipients": 4,
        "warn.recipients.open": 2,
    }
    assert all(type(value) in (str, int, bool) for value in span.attributes.values())


def test_reports_are_counted_by_what_they_say() -> None:
    span = reported_span(ALERT, "sms", {"failed": 1, "delivered": 998}, TIME, OWN)
    assert span.attributes["warn.reports.delivered"] == 998
    assert span.attributes["warn.reports.failed"] == 1
