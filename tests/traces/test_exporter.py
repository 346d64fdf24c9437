"""Spans reach a collector, wait for one that is away, and are counted where they are lost."""

import asyncio
from collections import Counter
from functools import partial
from typing import Any

import pytest
import structlog

from dispatcher.metrics.process import SpanOutcome
from dispatcher.traces import exporter
from tests.channels.far_side import answer, hang, reset
from tests.traces.conftest import PATH, Collector
from tests.traces.test_protobuf import span

MOST = exporter.TOGETHER_MAX


def put(collector: Collector, count: int, first: int = 0) -> list[str]:
    names = [f"step {n}" for n in range(first, first + count)]
    for name in names:
        collector.exporter.put(partial(span, name=name))
    return names


async def test_spans_are_handed_over_in_their_order_some_at_once(collector: Collector) -> None:
    names = put(collector, 2 * MOST + 1)
    await collector.exporter.flush()
    assert [one.name for one in collector.received] == names
    assert [(one.method, one.target) for one in collector.side.seen] == 3 * [("POST", PATH)]
    assert {one.headers["content-type"] for one in collector.side.seen} == {"application/x-protobuf"}
    assert collector.outcomes == {SpanOutcome.SENT: 2 * MOST + 1}


async def test_nothing_is_posted_where_nothing_waits(collector: Collector) -> None:
    await collector.exporter.flush()
    assert collector.side.seen == []


@pytest.mark.parametrize(
    ("react", "timeout_s"), [(answer(503), 30.0), (answer(429), 30.0), (reset, 30.0), (hang, 0.3)]
)
async def test_what_is_not_taken_now_is_sent_again(collector: Collector, react: Any) -> None:
    names = put(collector, 3)
    collector.side.react = react
    with structlog.testing.capture_logs() as logs:
        for n in range(1, 8):
            await collector.exporter.flush()
            assert collector.exporter.pause_s == min(exporter.INTERVAL_S * 2**n, exporter.PAUSE_MAX_S)
        assert collector.outcomes == Counter()
        collector.side.seen.clear()
        collector.side.react = answer(200)
        names += put(collector, 1, 3)
        await collector.exporter.flush()
    assert [one.name for one in collector.received] == names
    assert collector.outcomes == {SpanOutcome.SENT: 4}
    assert collector.exporter.pause_s == exporter.INTERVAL_S
    assert [one["event"] for one in logs] == ["traces_not_taken", "traces_taken_again"], "once each"


@pytest.mark.parametrize("status", [400, 401, 404, 413, 500])
async def test_what_is_refused_is_lost_and_the_next_is_tried(collector: Collector, status: int) -> None:
    put(collector, MOST + 1)
    collector.side.react = answer(status)
    await collector.exporter.flush()
    assert len(collector.side.seen) == 2
    assert collector.outcomes == {SpanOutcome.REFUSED: MOST + 1}


async def test_a_mistake_loses_its_own_request_and_no_other(collector: Collector) -> None:
    """A lone surrogate cannot be written in UTF-8."""
    unwritable = "+4915550123456 \ud800"
    put(collector, MOST - 1)
    collector.exporter.put(partial(span, name=unwritable))
    names = put(collector, 1, MOST)
    with structlog.testing.capture_logs() as logs:
        await collector.exporter.flush()
        assert [one.name for one in collector.received] == names
        assert collector.outcomes == {SpanOutcome.FAILED: MOST, SpanOutcome.SENT: 1}
        collector.exporter.put(partial(span, name=unwritable))
        await collector.exporter.aclose()
    assert collector.outcomes[SpanOutcome.FAILED] == MOST + 1
    assert [(one["event"], one.get("reason")) for one in logs] == [
        ("traces_not_taken", "UnicodeEncodeError"),
        ("traces_taken_again", None),
        ("traces_not_taken", "UnicodeEncodeError"),
    ]


async def test_a_full_queue_loses_what_comes_and_says_so(collector: Collector) -> None:
    put(collector, exporter.WAITING_MAX + 5)
    assert collector.outcomes == {SpanOutcome.QUEUE_FULL: 5}
    await collector.exporter.flush()
    assert collector.outcomes[SpanOutcome.SENT] == exporter.WAITING_MAX


async def test_an_exporter_that_is_cancelled_keeps_what_it_had_in_hand(collector: Collector) -> None:
    collector.side.react = hang
    put(collector, 2)
    flushing = asyncio.create_task(collector.exporter.flush())
    await collector.side.arrived.wait()
    flushing.cancel()
    await asyncio.gather(flushing, return_exceptions=True)
    collector.side.react = answer(200)
    await collector.exporter.flush()
    assert collector.outcomes == {SpanOutcome.SENT: 2}


async def test_the_end_hands_over_what_is_left(collector: Collector) -> None:
    put(collector, 2)
    await collector.exporter.aclose()
    assert collector.outcomes == {SpanOutcome.SENT: 2}


async def test_the_end_waits_for_no_collector_that_hangs(collector: Collector) -> None:
    collector.side.react = hang
    put(collector, 2)
    async with asyncio.timeout(10 * exporter.LAST_S):
        await collector.exporter.aclose()
    assert collector.outcomes == {SpanOutcome.UNSENT: 2}
