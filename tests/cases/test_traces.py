"""What a collector of traces gets of an alert, from the request to the reports, and what it never gets."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from dispatcher.model.vocabulary import State
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.traces.context import root_of, trace_id_of
from dispatcher.traces.tracer import NO_TRACES
from tests.api.conftest import SECRET
from tests.cases.conftest import TownOf
from tests.cases.test_nothing_in_the_clear import OWN, WORDS, answering, found, people
from tests.cases.test_sick_recipients import let_pass, round_of_work, states
from tests.cases.town import DUEREN, Town
from tests.channels.far_side import FarSide, answer, far_side, hang
from tests.channels.webpush import subscription as browser
from tests.support.otlp import Received, spans_in
from tests.support.sealed import ADDRESSES
from tests.support.submissions import warning
from tests.traces.test_context import GOOD, SPAN, TRACE

REPORTING = {"reports": {"secret": "geheimnis-des-gateways", "items": "reports"}}
KEY = f"wk_dueren_{SECRET}"


@dataclass
class Traced:
    """A town whose steps go to a collector."""

    town: Town
    collector: FarSide

    async def flush(self) -> list[Received]:
        """All spans that the collector has, once both processes have handed over theirs."""
        for tracer in (self.town.service.parts.tracer, self.town.worker.tracer):
            await tracer.flush()
        return [span for one in self.collector.seen for span in spans_in(one.body)]

    async def report(self, alert_id: str, recipient: int) -> None:
        body = {"reports": [{"client_ref": f"{alert_id}-{recipient}", "status": "DELIVRD"}]}
        answered = await self.town.service.request(
            "POST",
            "/v1/gateways/sms/reports",
            json.dumps(body).encode(),
            key=REPORTING["reports"]["secret"],
            content_type="application/json",
        )
        assert answered.status < 300, answered.body


@pytest.fixture
async def traced(town_of: TownOf) -> AsyncIterator[Traced]:
    async with far_side(answer(200)) as collector:
        exempt = (f"traces={collector.origin}",)
        url = f"{collector.origin}/v1/traces"
        async with town_of(REPORTING, exempt, traces_url=url, traces_link_senders=True) as town:
            yield Traced(town, collector)


async def test_an_alert_is_one_trace_from_the_request_to_the_reports(traced: Traced) -> None:
    town = traced.town
    for name, channel in (("anna", "app"), ("bert", "webpush"), ("carla", "sms")):
        await town.follow(name, DUEREN, channel=channel)
    refusing = answer(503)

    async def only_apps_fail(seen: Any, writer: Any) -> None:
        await (refusing if seen.target.startswith("/app/") else well)(seen, writer)

    well, town.gateways.react = town.gateways.react, only_apps_fail
    answered = await town.service.submit(warning(DUEREN), key=KEY, traceparent=GOOD)
    alert_id = answered.json["alert"]["id"]
    for _ in range(2):
        await round_of_work(town)
    town.gateways.react = well
    await let_pass(town)
    await town.worker.reconciler.sweep()  # the queue has lost all: the alert's id is in the record
    await round_of_work(town)
    [row] = await town.pool.fetch("SELECT recipients FROM batch WHERE channel = 'sms'")
    await traced.report(alert_id, row["recipients"][0])

    spans = await traced.flush()
    assert {span.trace_id for span in spans} == {trace_id_of(alert_id).hex()}
    root = root_of(trace_id_of(alert_id)).hex()
    assert {span.parent_id for span in spans if span.span_id != root} == {root}
    by_name = Counter((span.process, span.name) for span in spans)
    assert by_name == {
        ("api", "accept"): 1,
        ("worker", "plan"): 1,
        ("worker", "deliver"): 4,
        ("api", "reports"): 1,
    }
    [accept] = [span for span in spans if span.name == "accept"]
    assert (accept.span_id, accept.parent_id, accept.links) == (root, "", ((TRACE, SPAN, 1),))
    batches: dict[str, list[int]] = {"app": [], "webpush": [], "sms": []}
    for span in spans:
        if span.name == "deliver":
            batches[span.attributes["warn.channel"]].append(span.attributes["warn.recipients.open"])
    assert batches == {"app": [1, 1], "webpush": [1], "sms": [1]}, "a retry is one span more"
    [reports] = [span for span in spans if span.name == "reports"]
    assert reports.attributes["warn.reports.delivered"] == 1


async def test_the_same_message_again_and_a_correction_have_their_traces(traced: Traced) -> None:
    one = warning(DUEREN)
    first = (await traced.town.service.submit(one, key=KEY)).json["alert"]["id"]
    assert (await traced.town.service.submit(one, key=KEY)).status == 200
    path = f"/v1/alerts/{first}/correct?what=false-alarm"
    corrected = (await traced.town.service.request("POST", path, key=KEY)).json["alert"]["id"]
    refused = await traced.town.service.submit(b"<alert/>", key=KEY)
    assert refused.status == 400
    spans = await traced.flush()
    assert [(span.attributes["warn.alert.id"], span.attributes["warn.repeated"]) for span in spans] == [
        (first, False),
        (first, True),
        (corrected, False),
    ]


async def test_what_a_feed_brings_is_traced(traced: Traced) -> None:
    town = traced.town
    await town.follow("anna", DUEREN)
    await town.poll("open", warning(DUEREN, sender="somebody@else.example"))
    await town.work()
    alert_id = await town.pool.fetchval("SELECT id FROM alert")
    spans = await traced.flush()
    assert {span.trace_id for span in spans} == {trace_id_of(alert_id).hex()}
    assert [span.name for span in spans][:1] == ["accept"]


async def test_no_collector_learns_of_a_person_or_a_text(traced: Traced) -> None:
    """As `test_nothing_in_the_clear`: on every channel somebody well, refused, gone and failing, at gateways that
    repeat what they were asked.
    """
    town, everybody = traced.town, people(traced.town)
    numbers = [one.address for one in everybody if one.channel == "sms"]
    texts = ("Giftwolke-nadel", "Fenster-nadel", "meldung-nadel")
    secrets = [*numbers, *WORDS, browser.UA_PUBLIC, browser.AUTH, OWN, KEY, SECRET, *texts]
    town.gateways.react = answering(numbers)
    await Subscriptions(town.pool, ADDRESSES).add_many(everybody)
    message = warning(DUEREN, headline=texts[0], instruction=texts[1], severity="Severe", identifier=texts[2])
    answered = await town.service.submit(
        message, key=KEY, traceparent=GOOD, tracestate=f"x={texts[0]}", baggage="a=b"
    )
    alert_id = answered.json["alert"]["id"]
    for _ in range(4):
        await round_of_work(town)
        await let_pass(town)
        await town.worker.reconciler.sweep()
    for row in await town.pool.fetch(
        "SELECT unnest(recipients) AS recipient FROM batch WHERE channel = 'sms'"
    ):
        await traced.report(alert_id, row["recipient"])
    spans = await traced.flush()
    assert {"accept", "plan", "deliver", "reports"} == {span.name for span in spans}
    assert len(town.gateways.seen) >= len(everybody)
    everything = b"".join(one.body + json.dumps(one.headers).encode() for one in traced.collector.seen)
    assert found(everything, secrets) == []
    assert town.gateways.origin.encode() in everything, "a gateway is named as in metrics"
    planted = everything + f"{texts[1]} {numbers[0]}".encode()
    assert found(planted, secrets) == [numbers[0], texts[1]], "the negative control"


async def test_a_collector_that_hangs_holds_up_no_warning(traced: Traced) -> None:
    """The negative control is `flush` itself, which does wait for the collector."""
    town, traced.collector.react = traced.town, hang
    await town.follow("anna", DUEREN)
    tracers = (town.service.parts.tracer, town.worker.tracer)
    await town.accepted(warning(DUEREN, headline="Sturm"))
    await round_of_work(town)
    waiting = [asyncio.create_task(tracer.flush()) for tracer in tracers]
    await traced.collector.arrived.wait()
    await town.work()
    assert await town.accepted(warning(DUEREN, headline="Giftwolke", event="Giftwolke")) == "first_notice"
    await town.work()
    assert await states(town) == {State.ACCEPTED: 2}
    assert [headline for _, headline in town.heard("anna")] == ["Sturm", "Giftwolke"]
    assert not any(task.done() for task in waiting), "all of it was done while the collector was silent"
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_without_a_collector_nothing_is_noted(town: Town) -> None:
    assert town.worker.tracer is None
    assert town.worker.planner._tracer is NO_TRACES
    assert town.service.parts.tracer is NO_TRACES
