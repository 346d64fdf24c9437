"""What the settings say of traces."""

from dataclasses import replace
from typing import Any

import pytest

from dispatcher.metrics import Metrics
from dispatcher.model.vocabulary import State
from dispatcher.settings import Settings, SettingsError
from dispatcher.traces.tracer import NO_TRACES
from dispatcher.wiring.http_client import http_client
from dispatcher.wiring.traces.tracing import require_collector, tracer_of
from dispatcher.wiring.webpush import push_services
from tests.channels.far_side import answer, far_side
from tests.delivery.test_leased_batch import lease
from tests.metrics.test_registry import samples
from tests.support.messages import stored
from tests.support.otlp import spans_in


async def test_without_a_collector_there_are_no_traces(env: Any) -> None:
    http = http_client(Settings())
    assert tracer_of(Settings(), http, Metrics(), "worker") is NO_TRACES
    require_collector(Settings())
    await http.aclose()


@pytest.mark.parametrize(("name", "process"), [("", "api"), ("worker-2", "worker-2")])
async def test_a_process_says_which_it_is_and_counts_what_it_sent(env: Any, name: str, process: str) -> None:
    async with far_side(answer(200)) as side:
        env.setenv("WARN_TRACES_URL", f"{side.origin}/v1/traces")
        env.setenv("WARN_ALLOWED_ORIGINS", f"traces={side.origin}")
        env.setenv("WARN_PROCESS_NAME", name)
        require_collector(Settings())
        http, metrics = http_client(Settings()), Metrics()
        tracer = tracer_of(Settings(), http, metrics, "api")
        tracer.accepted(stored(), tracer.begin())
        await tracer.aclose()
        await http.aclose()
        assert [one.process for one in spans_in(side.seen[0].body)] == [process]
        assert samples(metrics)["warn_trace_spans_total", frozenset({("outcome", "sent")})] == 1


async def test_a_push_server_that_nobody_has_named_is_not_named_here(env: Any) -> None:
    """Where every host may be subscribed, one may be a citizen's own and be called after him."""
    async with far_side(answer(200)) as side:
        env.setenv("WARN_TRACES_URL", f"{side.origin}/v1/traces")
        env.setenv("WARN_ALLOWED_ORIGINS", f"traces={side.origin},push=http://10.0.0.5:8080")
        env.setenv("WARN_PUSH_HOSTS", "*,push.kreis.example")
        http = http_client(Settings())
        tracer = tracer_of(Settings(), http, Metrics(), "worker", push_services(Settings()))
        origins = (
            "https://ntfy.max-mustermann.example",
            "https://push.kreis.example",
            "https://fcm.googleapis.com",
            "http://10.0.0.5:8080",
        )
        for origin in origins:
            with tracer.delivering(replace(lease([State.PENDING]), gateway=origin)):
                pass
        with tracer.delivering(replace(lease([State.PENDING]), channel="app", gateway="https://app.example")):
            pass
        await tracer.aclose()
        await http.aclose()
        named = [one.attributes["warn.gateway"] for one in spans_in(side.seen[0].body)]
    assert named == ["other", *origins[1:], "https://app.example"]


@pytest.mark.parametrize(
    "url", ["http://collector.example/GEHEIM", "GEHEIM", "https://collector.example:4318/GEHEIM"]
)
def test_a_collector_that_can_never_be_reached_stops_the_start(env: Any, url: str) -> None:
    env.setenv("WARN_TRACES_URL", url)
    with pytest.raises(SettingsError, match="WARN_TRACES_URL") as error:
        require_collector(Settings())
    assert "GEHEIM" not in str(error.value)
