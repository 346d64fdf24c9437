"""The panels of the service's health."""

from typing import Any

import pytest

from dispatcher.console.health.picture import (
    LINES_MAX,
    ROW_STEPS,
    STEP_MINUTES,
    HealthLine,
    measured_last,
    panels,
    rows,
)
from dispatcher.metrics.histograms import LATENCY_BUCKETS_S
from dispatcher.model.health.measures import HealthMinute, Measure, Reading

SMS = Reading(Measure.REACHED, ("sms",))
HELD = Reading(Measure.HELD)


def minutes(*readings: dict[Reading, float]) -> list[HealthMinute]:
    return [HealthMinute(60 * number, one) for number, one in enumerate(readings)]


def lines(found: Any, title: str) -> dict[tuple[str, ...], tuple[float | None, ...]]:
    [panel] = [one for one in found if one.title == title]
    return {one.labels: one.values for one in panel.lines}


def test_counts_are_by_the_minutes_in_which_somebody_measured() -> None:
    step = [{SMS: 10, HELD: 0}, {HELD: 0}, {SMS: 5}, {}, {}]
    found = panels(minutes(*step, *[{HELD: 0}] * 5, *[{}] * 5))
    assert lines(found, "health_reached") == {("sms",): (5.0, 0.0, None)}


def test_of_a_state_the_highest_of_a_step_counts_and_a_gap_stays_one() -> None:
    feed = Reading(Measure.FEED_AGE, ("dwd",))
    found = panels(minutes({feed: 60}, {feed: 300}, {}, {}, {feed: 120}, *[{}] * 5, {feed: 30}))
    assert lines(found, "health_feeds") == {("dwd",): (5.0, None, 0.5)}


@pytest.mark.parametrize(
    ("buckets", "likely"),
    [({4: 95, 7: 5}, 1), ({4: 94, 7: 6}, 10), ({13: 1}, 900), ({}, None)],
)
def test_a_latency_is_the_bound_within_which_95_percent_lie(
    buckets: dict[int, int], likely: float | None
) -> None:
    readings: dict[Reading, float] = {
        Reading(Measure.WITHIN, ("flash", str(bucket))): count for bucket, count in buckets.items()
    }
    assert LATENCY_BUCKETS_S[4] == 1
    found = lines(panels(minutes(readings)), "health_latency")
    assert found == ({} if likely is None else {("flash",): (likely,)})


def test_what_another_version_wrote_of_a_latency_is_left_out() -> None:
    odd: dict[Reading, float] = {
        Reading(Measure.WITHIN, labels): 1 for labels in (("flash", "99"), ("flash", "x"), ("flash",))
    }
    assert lines(panels(minutes(odd)), "health_latency") == {}


def test_a_share_is_unknown_where_a_gateway_was_asked_nothing_and_the_lowest_is_first() -> None:
    def answers(gateway: str, taken: int, refused: int) -> dict[Reading, float]:
        labels = ("sms", gateway)
        return {Reading(Measure.TAKEN, labels): taken, Reading(Measure.REFUSED, labels): refused}

    found = panels(minutes({**answers("a", 9, 1), **answers("b", 1, 3)}, *[{HELD: 0}] * STEP_MINUTES))
    [panel] = [one for one in found if one.title == "health_gateways"]
    assert [(one.labels, one.values) for one in panel.lines] == [
        (("sms", "b"), (25.0, None)),
        (("sms", "a"), (90.0, None)),
    ]
    assert panel.worst_is_least


def test_more_lines_than_can_be_told_apart_are_counted() -> None:
    many: dict[Reading, float] = {
        Reading(Measure.FEED_AGE, (str(number),)): 60 * number for number in range(9)
    }
    [panel] = [one for one in panels(minutes(many)) if one.title == "health_feeds"]
    assert (len(panel.lines), panel.left_out) == (LINES_MAX, 3)
    assert panel.lines[0].labels == ("8",)
    assert panel.lines[0].latest == 8


def test_a_row_has_the_worst_of_half_an_hour() -> None:
    line = HealthLine(("a",), (1.0, None, 7.0, *[None] * (ROW_STEPS - 3), None))
    assert rows(line, worst_is_least=False) == [7.0, None]
    assert rows(line, worst_is_least=True) == [1.0, None]


def test_it_is_known_when_somebody_measured_last() -> None:
    assert measured_last(minutes({HELD: 1}, {}, {})) == 0
    assert measured_last(minutes({}, {})) is None
