"""What is counted, and that it is there before it is first needed."""

from collections import Counter
from typing import Any

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from dispatcher.metrics import CHANNELS, Metrics
from dispatcher.metrics.delivery import KNOWN_GATEWAYS_MAX
from dispatcher.metrics.histograms import LATENCY_BUCKETS_S, SummedHistogram
from dispatcher.model.vocabulary import Lane, Reason, State


def samples(metrics: Any) -> dict[Any, Any]:
    """What is counted, by name and labels: what Prometheus is shown, without writing and reading it."""
    return _by_name_and_labels(metrics.registry.collect())


def _by_name_and_labels(families: Any) -> dict[Any, Any]:
    return {(s.name, frozenset(s.labels.items())): s.value for f in families for s in f.samples}


def test_what_prometheus_is_shown_is_what_is_counted() -> None:
    metrics = Metrics()
    metrics.know_source('one with "quotes", and \\')
    shown = _by_name_and_labels(text_string_to_metric_families(generate_latest(metrics.registry).decode()))
    counted = samples(metrics)
    assert shown.keys() == counted.keys()
    # Of what the process takes meanwhile there is more each time; what is not known, NaN, equals nothing but its name.
    differing = {one for one in shown if repr(shown[one]) != repr(counted[one])}
    assert {one for one in differing if not one[0].startswith("process_")} == set()


def test_every_series_with_a_known_set_of_labels_exists_from_the_start() -> None:
    shown = samples(Metrics())
    for channel in CHANNELS:
        assert shown["warn_endpoints_removed_total", frozenset({("channel", channel)})] == 0
        assert shown["warn_gateways_paused", frozenset({("channel", channel)})] == 0
        for lane in Lane:
            for state in State:
                labels = frozenset({("channel", channel), ("lane", lane), ("outcome", state.name.lower())})
                assert (("warn_deliveries_total", labels) in shown) is state.terminal
    for function in ("plan", "deliver", "reconcile"):
        assert shown["warn_jobs_failed_total", frozenset({("function", function)})] == 0


def test_a_known_source_shows_every_reason_at_zero() -> None:
    metrics = Metrics()
    metrics.know_source("leitstelle")
    shown = samples(metrics)
    for reason in Reason:
        labels = frozenset({("source", "leitstelle"), ("reason", reason)})
        assert shown["warn_alerts_received_total", labels] == 0
    assert shown["warn_alerts_repeated_total", frozenset({("source", "leitstelle")})] == 0


def test_a_gateway_that_reports_shows_every_verdict_at_zero() -> None:
    metrics = Metrics()
    metrics.know_reports("sms", "sms-1", ("delivered", "failed"), ("too-large",))
    shown = samples(metrics)
    for verdict in ("delivered", "failed"):
        labels = frozenset({("channel", "sms"), ("gateway", "sms-1"), ("verdict", verdict)})
        assert shown["warn_delivery_reports_total", labels] == 0
    refused = frozenset({("gateway", "sms-1"), ("problem", "too-large")})
    assert shown["warn_delivery_report_requests_refused_total", refused] == 0
    assert (
        shown["warn_delivered_latency_seconds_count", frozenset({("channel", "sms"), ("lane", "flash")})] == 0
    )


def test_gateways_beyond_the_limit_share_one_label() -> None:
    metrics = Metrics()
    names = [f"https://gateway-{n}.example" for n in range(KNOWN_GATEWAYS_MAX)]
    assert [metrics.gateway_label("webpush", name) for name in names] == names
    assert metrics.gateway_label("webpush", "https://one-more.example") == "other"
    assert metrics.gateway_label("webpush", names[0]) == names[0]
    assert metrics.gateway_label("app", "https://one-more.example") == "https://one-more.example"


def test_a_meter_counts_into_the_registry_it_is_given_and_two_do_not_mix() -> None:
    registry = CollectorRegistry()
    metrics, other = Metrics(registry), Metrics()
    metrics.enqueue_failures.inc()
    assert metrics.registry is registry
    assert samples(metrics)["warn_enqueue_failures_total", frozenset()] == 1
    assert samples(other)["warn_enqueue_failures_total", frozenset()] == 0


def test_objectives_have_their_own_bucket_edges() -> None:
    metrics = Metrics()
    edges = {
        dict(labels)["le"]
        for name, labels in samples(metrics)
        if name == "warn_delivery_latency_seconds_bucket"
    }
    assert {"10.0", "60.0", "300.0", "+Inf"} <= edges


def test_many_observations_at_once_count_like_one_by_one() -> None:
    amounts = [0.0, 0.05, 0.05, 0.050001, 1.0, 899.0, 900.0, 900.1, 1e9, 1e9, 1e9]
    together, apart = CollectorRegistry(), CollectorRegistry()
    SummedHistogram("x", "x", buckets=LATENCY_BUCKETS_S, registry=together).observe_many(Counter(amounts))
    one_by_one = Histogram("x", "x", buckets=LATENCY_BUCKETS_S, registry=apart)
    for amount in amounts:
        one_by_one.observe(amount)
    assert exposed(together) == exposed(apart)


def exposed(registry: Any) -> list[Any]:
    return [line for line in generate_latest(registry).splitlines() if b"_created" not in line]


def test_no_group_hides_a_method_of_another() -> None:
    """They share one object: a second method of a name would silently take the first one's place."""
    names = [name for group in Metrics.__bases__ for name in vars(group) if not name.startswith("__")]
    assert len(names) > len(Metrics.__bases__)
    assert len(names) == len(set(names))
