"""A collector, and what hands spans to it."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from channels.http.addresses import AddressPolicy
from channels.http.client import HttpClient
from dispatcher.metrics.process import SpanOutcome
from dispatcher.traces.exporter import SpanExporter
from dispatcher.traces.tracer import Tracer
from tests.channels.far_side import FarSide, answer, far_side
from tests.support.otlp import Received, spans_in

PATH = "/v1/traces"


@dataclass
class Collector:
    """What takes spans, the exporter that hands them over, and what became of them."""

    side: FarSide
    exporter: SpanExporter
    outcomes: Counter[SpanOutcome]

    @property
    def received(self) -> list[Received]:
        """The spans of all requests, taken or not."""
        return [span for one in self.side.seen for span in spans_in(one.body)]

    def tracer(self, *, links_senders: bool = False) -> Tracer:
        """What notes steps for it, by a clock that goes on by a second each time it is looked at."""
        ticks = iter(range(10**18, 2 * 10**18, 10**9))
        return Tracer(self.exporter, links_senders=links_senders, now=lambda: next(ticks))


@pytest.fixture
def timeout_s() -> float:
    """How long the exporter waits for an answer: one that comes may be late on a busy machine."""
    return 30.0


@pytest.fixture
async def collector(timeout_s: float) -> AsyncIterator[Collector]:
    outcomes: Counter[SpanOutcome] = Counter()

    def count(outcome: SpanOutcome, spans: int) -> None:
        outcomes[outcome] += spans

    async with far_side(answer(200)) as side:
        policy = AddressPolicy(frozenset({side.origin}))
        http = HttpClient(AddressPolicy(reserved=frozenset({side.origin})))
        resource = {
            "service.name": "cap-dispatcher",
            "service.version": "1",
            "service.instance.id": "worker-1",
        }
        exporter = SpanExporter(side.origin + PATH, http, policy, resource, count, timeout_s=timeout_s)
        yield Collector(side, exporter, outcomes)
        await http.aclose()
