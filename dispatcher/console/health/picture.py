"""Make the panels of the service's health out of what was measured minute by minute. Pure."""

from __future__ import annotations

from collections import defaultdict
from math import inf
from typing import TYPE_CHECKING, Final, NamedTuple

from dispatcher.metrics.histograms import LATENCY_BUCKETS_S
from dispatcher.model.health.measures import Measure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from dispatcher.model.health.measures import HealthMinute

    Labels = tuple[str, ...]
    Values = list[float | None]

STEP_MINUTES: Final = 5
ROW_STEPS: Final = 6
"""Steps in one row of a table: half an hour."""
LINES_MAX: Final = 6
"""As many lines are told apart in one panel."""
LIKELY: Final = 0.95
MINUTE_S: Final = 60


class HealthLine(NamedTuple):
    """One line of a panel. A value is None where nobody measured, or where there was nothing to measure."""

    labels: tuple[str, ...]
    values: tuple[float | None, ...]

    @property
    def latest(self) -> float | None:
        """Return the value of the last step."""
        return self.values[-1] if self.values else None


class HealthPanel(NamedTuple):
    """One plot: the names of its title and of its unit in the catalogue, and its lines, the highest first."""

    title: str
    unit: str
    lines: list[HealthLine]
    left_out: int
    """Further lines, all with smaller values."""
    worst_is_least: bool = False
    """Whether a low value is what one looks for."""


def panels(minutes: Sequence[HealthMinute]) -> list[HealthPanel]:
    """Return the panels over these minutes, the oldest first."""
    steps = [minutes[at : at + STEP_MINUTES] for at in range(0, len(minutes), STEP_MINUTES)]
    held = {**_highest(steps, Measure.HELD), **_highest(steps, Measure.SMS_HELD)}
    return [
        _panel("health_reached", "per_minute", _per_minute(steps, Measure.REACHED)),
        _panel("health_lost", "per_minute", _per_minute(steps, Measure.LOST)),
        _panel("health_latency", "seconds", _latencies(steps)),
        _panel("health_waiting", "seconds", _highest(steps, Measure.WAITING)),
        _panel("health_retries", "people", _highest(steps, Measure.RETRIES)),
        _panel("health_gateways", "percent", _shares(steps), worst_is_least=True),
        _panel("health_feeds", "minutes", _highest(steps, Measure.FEED_AGE, MINUTE_S)),
        _panel("health_persons", "count", held),
    ]


def measured_last(minutes: Sequence[HealthMinute]) -> int | None:
    """Return when the last minute began in which somebody measured; None where nobody did."""
    return next((one.started for one in reversed(minutes) if one.readings), None)


def rows(line: HealthLine, *, worst_is_least: bool) -> list[float | None]:
    """Return the worst value of each row of a table; None where nothing is known."""
    worst: Callable[[Iterable[float]], float] = min if worst_is_least else max
    parts = (line.values[at : at + ROW_STEPS] for at in range(0, len(line.values), ROW_STEPS))
    known = ([one for one in part if one is not None] for part in parts)
    return [worst(part) if part else None for part in known]


def _panel(
    title: str, unit: str, found: Mapping[Labels, Values], *, worst_is_least: bool = False
) -> HealthPanel:
    lines = [HealthLine(labels, tuple(values)) for labels, values in found.items()]
    lines = [one for one in lines if any(value is not None for value in one.values)]

    def worst(one: HealthLine) -> tuple[float, tuple[str, ...]]:
        known = [value for value in one.values if value is not None]
        return (min(known) if worst_is_least else -max(known)), one.labels

    lines.sort(key=worst)
    return HealthPanel(
        title, f"health_unit_{unit}", lines[:LINES_MAX], len(lines[LINES_MAX:]), worst_is_least
    )


def _per_minute(steps: Sequence[Sequence[HealthMinute]], measure: Measure) -> dict[Labels, Values]:
    """Return a count in each step, by the minutes of it in which somebody measured."""
    found = _sums(steps, measure)
    lasted = [sum(bool(one.readings) for one in step) for step in steps]
    return {
        labels: [total / minutes if minutes else None for total, minutes in zip(totals, lasted, strict=True)]
        for labels, totals in found.items()
    }


def _sums(steps: Sequence[Sequence[HealthMinute]], measure: Measure) -> dict[Labels, list[float]]:
    found: dict[Labels, list[float]] = defaultdict(lambda: [0.0] * len(steps))
    for at, step in enumerate(steps):
        for minute in step:
            for reading, value in minute.readings.items():
                if reading.measure is measure:
                    found[reading.labels][at] += value
    return dict(found)


def _highest(
    steps: Sequence[Sequence[HealthMinute]], measure: Measure, divisor: float = 1
) -> dict[Labels, Values]:
    """Return the highest state in each step. What has no labels is called as it is measured."""
    found: dict[Labels, Values] = defaultdict(lambda: [None] * len(steps))
    for at, step in enumerate(steps):
        for minute in step:
            for reading, value in minute.readings.items():
                if reading.measure is measure:
                    values = found[reading.labels or (measure.value,)]
                    values[at] = max(values[at] or 0.0, value / divisor)
    return dict(found)


def _latencies(steps: Sequence[Sequence[HealthMinute]]) -> dict[Labels, Values]:
    """Return within which time 95 % were taken in each step, by lane: as the bound of the bucket in which that lies."""
    bounds = [*LATENCY_BUCKETS_S, inf]
    by_lane: dict[str, list[list[float]]] = defaultdict(lambda: [[0.0] * len(bounds) for _ in steps])
    for labels, totals in _sums(steps, Measure.WITHIN).items():
        lane, number = labels if len(labels) == 2 else ("", "")
        if number.isascii() and number.isdigit() and int(number) < len(bounds):
            for at, total in enumerate(totals):
                by_lane[lane][at][int(number)] += total
    return {(lane,): [_likely(step, bounds) for step in buckets] for lane, buckets in by_lane.items()}


def _likely(buckets: Sequence[float], bounds: Sequence[float]) -> float | None:
    total, up_to = sum(buckets), 0.0
    if not total:
        return None
    for count, bound in zip(buckets, bounds, strict=True):
        up_to += count
        if up_to >= LIKELY * total:
            return min(bound, bounds[-2])
    return bounds[-2]


def _shares(steps: Sequence[Sequence[HealthMinute]]) -> dict[Labels, Values]:
    """Return which share of its answers said that a gateway took the message, in percent."""
    taken, refused = _sums(steps, Measure.TAKEN), _sums(steps, Measure.REFUSED)
    nothing = [0.0] * len(steps)
    return {
        labels: [
            100 * yes / (yes + no) if yes + no else None
            for yes, no in zip(taken.get(labels, nothing), refused.get(labels, nothing), strict=True)
        ]
        for labels in {*taken, *refused}
    }
