"""Steps are noted where traces are wanted, and cost nothing elsewhere."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from dispatcher.metrics.process import SpanOutcome
from dispatcher.model.vocabulary import CANARY_PREFIX, State
from dispatcher.traces import tracer as tracers
from dispatcher.traces.context import trace_id_of
from dispatcher.traces.tracer import NO_TRACES, Tracer
from tests.delivery.test_leased_batch import lease
from tests.support.histories import until
from tests.support.messages import stored
from tests.traces.conftest import Collector
from tests.traces.test_context import GOOD, SPAN, TRACE
from tests.traces.test_spans import ALERT, pending

SECOND = 10**9
CANARY = CANARY_PREFIX + ALERT


def batch(alert_id: str = ALERT) -> Any:
    return replace(lease([State.PENDING]), alert_id=alert_id)


async def test_without_a_collector_nothing_is_noted_and_nothing_is_made() -> None:
    assert not NO_TRACES.is_on
    assert NO_TRACES.begin() == 0
    NO_TRACES.accepted(stored(), 0)
    NO_TRACES.reported("sms", {(ALERT, "delivered"): 1})
    assert NO_TRACES.planning(pending()) is NO_TRACES.delivering(batch()), "the same one for all"
    assert NO_TRACES._tallies == {}
    await NO_TRACES.flush()
    await NO_TRACES.run()
    await NO_TRACES.aclose()


async def test_each_step_is_a_span_of_its_time(collector: Collector) -> None:
    tracer = collector.tracer()
    tracer.accepted(stored(id=ALERT), tracer.begin())
    with tracer.planning(pending()):
        pass
    with tracer.delivering(batch()):
        pass
    await tracer.flush()
    found = collector.received
    assert [one.name for one in found] == ["accept", "plan", "deliver"]
    assert {one.trace_id for one in found} == {trace_id_of(ALERT).hex()}
    assert [one.end_ns - one.start_ns for one in found] == 3 * [SECOND]
    assert len({one.span_id for one in found}) == 3
    assert {one.parent_id for one in found[1:]} == {found[0].span_id}


async def test_what_ends_a_step_is_named_by_its_type_and_goes_on(collector: Collector) -> None:
    tracer = collector.tracer()
    with pytest.raises(ValueError, match="4915550123456"), tracer.delivering(batch()):
        raise ValueError("+4915550123456")
    await tracer.flush()
    [one] = collector.received
    assert one.failed
    assert one.attributes["error.type"] == "ValueError"
    assert b"4915550123456" not in collector.side.seen[0].body


async def test_a_date_that_is_set_back_makes_no_step_end_before_it_began(collector: Collector) -> None:
    times = iter([2 * SECOND, SECOND])
    tracer = Tracer(collector.exporter, now=lambda: next(times))
    with tracer.planning(pending()):
        pass
    await tracer.flush()
    [one] = collector.received
    assert one.start_ns == one.end_ns == 2 * SECOND


@pytest.mark.parametrize(("wanted", "links"), [(True, ((TRACE, SPAN, 1),)), (False, ())])
async def test_a_senders_context_is_a_link_only_where_that_is_wanted(
    collector: Collector, wanted: bool, links: Any
) -> None:
    tracer = collector.tracer(links_senders=wanted)
    tracer.accepted(stored(id=ALERT), tracer.begin(), sender=[GOOD])
    await tracer.flush()
    [one] = collector.received
    assert one.links == links
    assert one.trace_id == trace_id_of(ALERT).hex(), "the trace stays the alert's"


async def test_reports_are_one_span_of_an_alert_and_gateway(collector: Collector) -> None:
    tracer = collector.tracer()
    for _ in range(500):
        tracer.reported("sms-1", {(ALERT, "delivered"): 2, ("B", "failed"): 1})
    tracer.reported("sms-2", {(ALERT, "failed"): 1})
    await tracer.flush()
    await tracer.flush()
    counts = {
        (one.attributes["warn.alert.id"], one.attributes["warn.gateway"]): {
            name.rpartition(".")[2]: value for name, value in one.attributes.items() if "reports" in name
        }
        for one in collector.received
    }
    assert counts == {
        (ALERT, "sms-1"): {"delivered": 1000},
        ("B", "sms-1"): {"failed": 500},
        (ALERT, "sms-2"): {"failed": 1},
    }
    assert len(collector.received) == 3
    assert collector.received[0].end_ns - collector.received[0].start_ns == 499 * SECOND


async def test_reports_of_no_more_than_so_many_alerts_are_counted(collector: Collector) -> None:
    tracer = collector.tracer()
    for n in range(tracers.TALLIES_MAX + 5):
        tracer.reported("sms", {(f"alert {n}", "delivered"): 1})
    assert len(tracer._tallies) == tracers.TALLIES_MAX
    tracer.reported("sms", {("alert 0", "delivered"): 1})
    assert tracer._tallies["alert 0", "sms"].verdicts == {"delivered": 2}


async def test_a_step_that_cannot_be_written_ends_no_process(collector: Collector) -> None:
    """`run` is one of the parts whose end ends the worker, and whose end nobody sees in the API."""
    tracer = collector.tracer()
    collector.exporter.pause_s = 0.0
    tracer.accepted(stored(id=ALERT, source_id="\ud800"), tracer.begin())
    running = asyncio.create_task(tracer.run())

    async def lost() -> bool:
        return running.done() or collector.outcomes[SpanOutcome.FAILED] == 1

    await until(lost)
    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    tracer.accepted(stored(id=ALERT), tracer.begin())
    await tracer.aclose()
    assert [one.trace_id for one in collector.received] == [trace_id_of(ALERT).hex()]


async def test_a_canary_is_not_traced(collector: Collector) -> None:
    tracer = collector.tracer()
    with tracer.planning(pending(id=CANARY)), tracer.delivering(batch(CANARY)):
        tracer.reported("sms", {(CANARY, "delivered"): 1})
    await tracer.flush()
    assert collector.side.seen == []


async def test_a_mistake_in_a_span_is_not_the_steps(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*_: Any, **_more: Any) -> Any:
        raise LookupError("a mistake")

    for name in ("accepted_span", "delivered_span", "reported_span"):
        monkeypatch.setattr(tracers, name, wrong)
    tracer = collector.tracer()
    tracer.accepted(stored(id=ALERT), tracer.begin())
    with tracer.delivering(batch()):
        pass
    tracer.reported("sms", {(ALERT, "delivered"): 1})
    await tracer.flush()
    assert collector.outcomes == {SpanOutcome.FAILED: 3}
