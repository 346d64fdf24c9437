"""Show how the service was in the last hours, as all processes have noted it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from channels.characters import legible
from dispatcher.console.approvals import number
from dispatcher.console.health.picture import ROW_STEPS, STEP_MINUTES, measured_last, panels, rows
from dispatcher.console.health.plots import HEIGHT, LEFT, RIGHT, WIDTH, plot
from dispatcher.console.words import WORDS
from dispatcher.model.desk_time import desk_day
from dispatcher.model.health.boundaries_age import are_old
from dispatcher.queue.health_ring import RingUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import Response

    from dispatcher.access.principals import Principal
    from dispatcher.api.console.visits import Visit
    from dispatcher.console.health.picture import HealthPanel
    from dispatcher.console.health.plots import Plot
    from dispatcher.model.health.measures import HealthMinute

SILENT_S: Final = 120
"""So long after the last note something is wrong: each process that sends notes every ten seconds."""
SMALL: Final = 10
"""Below it a figure has one decimal place."""


class ShownPanel(NamedTuple):
    """A panel as the page has it."""

    panel: HealthPanel
    plot: Plot
    labels: list[str]
    """The names of its lines."""
    latest: list[str]
    """What each of them comes to now."""
    table: list[tuple[str, list[str]]]
    """When each row begins, and what each line came to at worst."""
    marks: list[tuple[float, str]]
    ticks: list[tuple[float, str]]


async def show(visit: Visit, reader: Principal) -> Response:
    """Show the last hours, or that nobody knows them."""
    del reader
    try:
        minutes = await visit.dependencies.health_ring.read()
    except RingUnavailable:
        return _page(visit)
    last = measured_last(minutes)
    is_silent = last is not None and minutes[-1].started - last > SILENT_S
    return _page(
        visit,
        # In a thread: six hours are some ten thousand readings.
        await asyncio.to_thread(_drawn, visit, minutes) if last is not None else [],
        None if last is None else datetime.fromtimestamp(last, UTC),
        is_away=False,
        is_silent=is_silent,
    )


def _page(
    visit: Visit,
    shown: Sequence[ShownPanel] = (),
    last: datetime | None = None,
    *,
    is_away: bool = True,
    is_silent: bool = False,
) -> Response:
    return visit.page(
        "health",
        shown=shown,
        last=last,
        is_away=is_away,
        is_silent=is_silent,
        boundaries=_boundaries(visit),
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=WIDTH - RIGHT,
    )


def _boundaries(visit: Visit) -> list[str]:
    """Say which boundaries of municipalities are in use and as of when, and that they are old where they are."""
    provenance = visit.dependencies.boundaries.provenance
    day = provenance.as_of.date()
    named = visit.word(
        "health_boundaries", source=legible(provenance.source), day=desk_day(day, visit.language)
    )
    is_old = are_old(day, datetime.now(UTC).date())
    return [named, visit.word("health_boundaries_old")] if is_old else [named]


def _drawn(visit: Visit, minutes: Sequence[HealthMinute]) -> list[ShownPanel]:
    return [_shown(visit, one, minutes) for one in panels(minutes)]


def _shown(visit: Visit, panel: HealthPanel, minutes: Sequence[HealthMinute]) -> ShownPanel:
    starts = [one.started for one in minutes[::STEP_MINUTES]]
    drawn = plot(panel, len(starts), ROW_STEPS)
    begins = [_clock(visit, one) for one in starts[::ROW_STEPS]]
    worst = [rows(one, worst_is_least=panel.worst_is_least) for one in panel.lines]
    return ShownPanel(
        panel,
        drawn,
        [_label(visit, one.labels) for one in panel.lines],
        [_figure(visit, one.latest) for one in panel.lines],
        [(begin, [_figure(visit, line[at]) for line in worst]) for at, begin in enumerate(begins)],
        [(one.at, _figure(visit, one.value)) for one in drawn.marks],
        # Each second one, or they would stand in each other on a telephone.
        [(at, _clock(visit, starts[step])) for at, step in drawn.ticks[::2]],
    )


def _label(visit: Visit, labels: Sequence[str]) -> str:
    """Return what a line is called: channels and lanes have names, gateways and feeds are called as configured."""
    names = [visit.word(name) if (name := f"health_label_{one}") in WORDS else one for one in labels]
    return ": ".join(names)


def _figure(visit: Visit, value: float | None) -> str:
    if value is None:
        return visit.word("health_unknown")
    if 0 < value < SMALL and round(value, 1) != round(value):
        written = f"{value:.1f}"
        return written.replace(".", ",") if visit.language == "de" else written
    return number(round(value), visit.language)


def _clock(visit: Visit, started: int) -> str:
    return f"{datetime.fromtimestamp(started, visit.parts.zone):%H:%M}"
