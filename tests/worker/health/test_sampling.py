"""What the page of the service's health takes out of a process' metrics."""

from dispatcher.metrics import Metrics
from dispatcher.model.health.measures import Measure, Reading
from dispatcher.worker.health.sampling import added, counted, standing

NOW = 1_800_000_000.0


def test_outcomes_answers_and_latencies_are_counted_by_what_people_ask_for() -> None:
    metrics = Metrics()
    for outcome, count in (("accepted", 5), ("delivered", 2), ("rejected", 1), ("dead", 3), ("gone", 9)):
        metrics.deliveries.labels("sms", "flash", outcome).inc(count)
    metrics.attempts.labels("sms", "a", "accepted").inc(7)
    metrics.attempts.labels("sms", "a", "unavailable").inc(2)
    metrics.latency.labels("sms", "flash").observe_many({0.2: 4, 7.0: 3, 9000.0: 1})
    found = counted(metrics)
    assert found[Reading(Measure.REACHED, ("sms",))] == 7
    assert found[Reading(Measure.LOST, ("sms",))] == 4, "who has left is not lost"
    assert (found[Reading(Measure.TAKEN, ("sms", "a"))], found[Reading(Measure.REFUSED, ("sms", "a"))]) == (
        7,
        2,
    )
    within = {one.labels[1]: count for one, count in found.items() if one.measure is Measure.WITHIN if count}
    assert within == {"2": 4, "7": 3, "13": 1}
    before = dict(found)
    metrics.attempts.labels("sms", "a", "accepted").inc()
    assert added(before, counted(metrics)) == {Reading(Measure.TAKEN, ("sms", "a")): 1}


def test_only_whoever_leads_says_how_all_stands() -> None:
    metrics = Metrics()
    metrics.know_feed("dwd", patience_s=60)
    metrics.know_feed("mowas", patience_s=60)
    metrics.feed_last_success.labels("dwd").set(NOW - 30)
    metrics.oldest_open.labels("flash").set(NOW - 12)
    metrics.retries_scheduled.labels("sms").set(4)
    metrics.show_held(1, 1)
    assert standing(metrics, NOW, leads=False, minds_feeds=False) == {}
    feeds = standing(metrics, NOW, leads=False, minds_feeds=True)
    assert feeds == {Reading(Measure.HELD): 2, Reading(Measure.FEED_AGE, ("dwd",)): 30}
    swept = standing(metrics, NOW, leads=True, minds_feeds=False)
    assert swept[Reading(Measure.WAITING, ("flash",))] == 12
    assert swept[Reading(Measure.WAITING, ("routine",))] == 0
    assert swept[Reading(Measure.RETRIES, ("sms",))] == 4
    assert Reading(Measure.HELD) not in swept
