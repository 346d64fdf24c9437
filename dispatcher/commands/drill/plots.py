"""Draw what a drill came to, as SVG within a page: no script, no font, nothing from elsewhere. Pure."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final, NamedTuple

from channels.characters import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH: Final = 720
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 14, 34
COLOURS: Final = ("#1f4e79", "#b45309", "#2f6b3a", "#7a2e6f", "#5b5b57", "#0f6f78")
"""Told apart on paper and by people who tell few colours apart: each line has a pattern and a name of its own, too."""
DASHES: Final = ("", "7 4", "2 3", "9 3 2 3", "12 4", "1 4")
BAR: Final = 16
LONGEST_NAME: Final = 34


class Series(NamedTuple):
    """A line in a plot: its name, and points of (seconds, count)."""

    name: str
    points: Sequence[Sequence[float]]


class Bar(NamedTuple):
    """A row of bars: its name, and for each measure its count, the first being the whole."""

    name: str
    counts: Sequence[int]


def text_of(value: object) -> str:
    """Return a stranger's text as text of a page: one line, no markup, nothing that turns a direction."""
    return escape(one_line(str(value)), quote=True)


def curves(series: Sequence[Series], title: str, x_name: str) -> str:
    """Return a plot of how many were reached after how many seconds; empty where there is no point."""
    points = [point for one in series for point in one.points]
    if not points:
        return ""
    height = 240
    most_x = max(1.0, *(x for x, _ in points))
    most_y = max(1.0, *(y for _, y in points))

    def x(value: float) -> float:
        return round(LEFT + value / most_x * (WIDTH - LEFT - RIGHT), 1)

    def y(value: float) -> float:
        return round(height - BOTTOM - value / most_y * (height - TOP - BOTTOM), 1)

    parts = [_frame(height, title)]
    parts.extend(
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(share * most_y)}" y2="{y(share * most_y)}"/>'
        f'<text class="y" x="{LEFT - 6}" y="{y(share * most_y) + 4}">{share * most_y:.0f}</text>'
        f'<text class="x" x="{x(share * most_x)}" y="{height - BOTTOM + 16}">{share * most_x:.1f}</text>'
        for share in (0, 0.25, 0.5, 0.75, 1)
    )
    for number, one in enumerate(series):
        path = f"M{x(0)},{y(0)}" + "".join(f"H{x(at)}V{y(count)}" for at, count in one.points)
        parts.append(
            f'<path class="line" d="{path}H{x(most_x)}" stroke="{COLOURS[number % len(COLOURS)]}"'
            f' stroke-dasharray="{DASHES[number % len(DASHES)]}"/>'
        )
    parts.append(f'<text class="x" x="{WIDTH - RIGHT - 40}" y="{height - 4}">{text_of(x_name)}</text></svg>')
    return "".join(parts) + _legend([one.name for one in series], lines=True)


def bars(rows: Sequence[Bar], measures: Sequence[str], title: str) -> str:
    """Return rows of bars, each as long as its count; empty where there is nobody."""
    most = max((count for row in rows for count in row.counts), default=0)
    if not most:
        return ""
    left, step = 210, BAR * len(measures) + 10
    height = TOP + step * len(rows) + 6
    parts = [_frame(height, title)]
    for number, row in enumerate(rows):
        above = TOP + number * step
        name = one_line(row.name)
        shown = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
        parts.append(f'<text class="y" x="{left - 8}" y="{above + step / 2:.0f}">{text_of(shown)}</text>')
        for which, count in enumerate(row.counts):
            width = round(count / most * (WIDTH - left - 60), 1)
            top, colour = above + which * BAR, COLOURS[which % len(COLOURS)]
            parts.append(
                f'<rect x="{left}" y="{top}" width="{width}" height="{BAR - 3}" fill="{colour}"/>'
                f'<text x="{left + width + 5}" y="{top + BAR - 5}">{count}</text>'
            )
    return "".join(parts) + "</svg>" + _legend(list(measures), lines=False)


def _frame(height: float, title: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" height="{height:.0f}" role="img"'
        f' aria-label="{text_of(title)}"><title>{text_of(title)}</title>'
    )


def _legend(names: Sequence[str], *, lines: bool) -> str:
    found = [
        '<li><svg width="34" height="10" aria-hidden="true">'
        f'<line x1="1" x2="33" y1="5" y2="5" stroke="{COLOURS[number % len(COLOURS)]}" stroke-width="4"'
        f' stroke-dasharray="{DASHES[number % len(DASHES)] if lines else ""}"/></svg> {text_of(name)}</li>'
        for number, name in enumerate(names)
    ]
    return f'<ul class="legend">{"".join(found)}</ul>'
