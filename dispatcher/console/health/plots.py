"""Lay out a panel as lines of a drawing: no colour and no style, which are the style sheet's. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dispatcher.console.health.picture import HealthPanel

WIDTH: Final = 640
HEIGHT: Final = 220
LEFT, RIGHT, TOP, BOTTOM = 84, 36, 16, 40
"""Room for numbers that are twice as large on a telephone."""
DOT: Final = 3
_NICE: Final = (1, 2, 5, 10)


class Mark(NamedTuple):
    """A number beside an axis, and where it stands on it."""

    at: float
    value: float


class Plot(NamedTuple):
    """A drawing of `WIDTH` by `HEIGHT`."""

    lines: list[list[str]]
    """Of each line the pieces between which nothing is known, as points for a polyline."""
    marks: list[Mark]
    """Of the upright axis."""
    ticks: list[tuple[float, int]]
    """Of the other axis: where each of the steps stands at which a row of the table begins, and its number."""


def plot(panel: HealthPanel, steps: int, every: int) -> Plot:
    """Lay a panel out over so many steps, with a tick at every so many of them."""
    most = _top([value for one in panel.lines for value in one.values if value is not None])
    between = (WIDTH - LEFT - RIGHT) / max(steps - 1, 1)

    def x(step: int) -> float:
        return round(LEFT + step * between, 1)

    def y(value: float) -> float:
        return round(HEIGHT - BOTTOM - value / most * (HEIGHT - TOP - BOTTOM), 1)

    return Plot(
        [
            [_points(piece, x(start), between, y) for start, piece in _pieces(one.values)]
            for one in panel.lines
        ],
        [Mark(y(share * most), share * most) for share in (0, 0.5, 1)],
        [(x(step), step) for step in range(0, steps, every)],
    )


def _points(piece: Sequence[float], start: float, between: float, y: Callable[[float], float]) -> str:
    if len(piece) == 1:
        return f"{start},{y(piece[0])} {round(start + DOT, 1)},{y(piece[0])}"
    return " ".join(f"{round(start + at * between, 1)},{y(value)}" for at, value in enumerate(piece))


def _pieces(values: Sequence[float | None]) -> Iterator[tuple[int, list[float]]]:
    """Yield each stretch of known values, and where it begins."""
    piece: list[float] = []
    for at, value in enumerate([*values, None]):
        if value is not None:
            piece.append(value)
        elif piece:
            yield at - len(piece), piece
            piece = []


def _top(values: Sequence[float]) -> float:
    """Return a round number that no value exceeds."""
    highest, power = max(values, default=0.0), 1.0
    if highest <= 1:
        return 1.0
    while highest > 10 * power:
        power *= 10
    return next(nice * power for nice in _NICE if nice * power >= highest)
