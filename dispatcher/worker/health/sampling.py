"""Take out of a process' metrics what the page of the service's health shows. Pure, but for the metrics it reads."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from dispatcher.metrics.histograms import LATENCY_BUCKETS_S
from dispatcher.model.health.measures import Measure, Reading
from dispatcher.model.vocabulary import DEAD_LETTERS, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prometheus_client.metrics import MetricWrapperBase
    from prometheus_client.metrics_core import Metric
    from prometheus_client.samples import Sample

    from dispatcher.metrics import Metrics

_MEASURE_OF: Final = {
    **{one.name.lower(): Measure.REACHED for one in State if one.reached},
    **{one.name.lower(): Measure.LOST for one in (*DEAD_LETTERS, State.EXPIRED)},
}
"""What an outcome counts as. Who has left, or is told by a later message, is neither."""
_TAKEN: Final = "accepted"


def counted(metrics: Metrics) -> dict[Reading, int]:
    """Return what this process has counted since it began."""
    found: dict[Reading, int] = defaultdict(int)
    for one in _samples(metrics.deliveries, "_total"):
        measure = _MEASURE_OF.get(one.labels["outcome"])
        if measure is not None:
            found[Reading(measure, (one.labels["channel"],))] += int(one.value)
    for one in _samples(metrics.attempts, "_total"):
        measure = Measure.TAKEN if one.labels["result"] == _TAKEN else Measure.REFUSED
        found[Reading(measure, (one.labels["channel"], one.labels["gateway"]))] += int(one.value)
    for lane, buckets in _latencies(metrics).items():
        for number, count in enumerate(buckets):
            found[Reading(Measure.WITHIN, (lane, str(number)))] += count
    return dict(found)


def standing(metrics: Metrics, now: float, *, leads: bool, minds_feeds: bool) -> dict[Reading, float]:
    """Return how the whole installation stands, as far as this process says it: `leads` where it sweeps the record,
    `minds_feeds` where it polls the feeds, and counts what is held. `now` is in seconds since 1970. Whoever led before
    still shows what it knew then, and says nothing.
    """
    found: dict[Reading, float] = {}
    if leads:
        for one in _samples(metrics.oldest_open):
            age = max(0.0, now - one.value) if one.value else 0.0
            found[Reading(Measure.WAITING, (one.labels["lane"],))] = age
        for one in _samples(metrics.retries_scheduled):
            found[Reading(Measure.RETRIES, (one.labels["channel"],))] = one.value
        found[Reading(Measure.SMS_HELD)] = sum(one.value for one in _samples(metrics.sms_held))
    if minds_feeds:
        found[Reading(Measure.HELD)] = sum(one.value for one in _samples(metrics.alerts_held))
        for one in _samples(metrics.feed_last_success):
            if one.value:
                found[Reading(Measure.FEED_AGE, (one.labels["feed"],))] = max(0.0, now - one.value)
    return found


def added(before: Mapping[Reading, int], now: Mapping[Reading, int]) -> dict[Reading, int]:
    """Return what was counted since."""
    return {one: count - before.get(one, 0) for one, count in now.items() if count > before.get(one, 0)}


def _latencies(metrics: Metrics) -> dict[str, list[int]]:
    """Return how many were reached within each bucket, not within those below it, by lane; the last is beyond all."""
    bounds = [*LATENCY_BUCKETS_S, float("inf")]
    number = {bound: index for index, bound in enumerate(bounds)}
    found: dict[str, list[int]] = {}
    for one in _samples(metrics.latency, "_bucket"):
        up_to = found.setdefault(one.labels["lane"], [0] * len(bounds))
        up_to[number[float(one.labels["le"])]] += int(one.value)
    return {
        lane: [count - (up_to[index - 1] if index else 0) for index, count in enumerate(up_to)]
        for lane, up_to in found.items()
    }


def _samples(metric: MetricWrapperBase, ending: str = "") -> Iterator[Sample]:
    families: list[Metric] = list(metric.collect())
    for family in families:
        for sample in family.samples:
            if sample.name == family.name + ending:
                yield sample
