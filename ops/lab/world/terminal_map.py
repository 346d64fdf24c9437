"""A map of the district for a terminal: one letter for each municipality that is warned."""

from __future__ import annotations

import string
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import shapely

from dispatcher.boundaries.municipalities import Boundaries
from ops.lab.world.population import INHABITANTS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

ROWS = 16
"""Lines: with the names below it fits a terminal of 24."""
HEIGHT_TO_WIDTH = 2.0
"""Of a character cell, near enough."""
LEGEND_COLUMNS = 76
SPARED, ABROAD = "·", " "


def draw(warned: Collection[str]) -> list[str]:
    """Return the lines of a map of Kreis Düren, north up, and below it what its letters mean. `warned` are AGS."""
    names = {unit.ags: unit.name for unit in Boundaries.default().municipalities}
    letters = dict(zip(sorted(warned, key=names.__getitem__), string.ascii_uppercase, strict=False))
    picture = ["".join(_mark(ags, letters) for ags in row).rstrip() for row in _cells()]
    legend = [f"{letter} {names[ags]}" for ags, letter in letters.items()]
    return [*picture, *_folded([*legend, f"{SPARED} not warned"])]


def _mark(ags: str, letters: Mapping[str, str]) -> str:
    return letters.get(ags, SPARED) if ags in INHABITANTS else ABROAD


@cache
def _cells() -> tuple[tuple[str, ...], ...]:
    """Return the municipality (AGS, "" for none) at the middle of each cell, row by row."""
    boundaries = Boundaries.default()
    x0, y0, x1, y1 = shapely.total_bounds(
        [boundaries.border[boundaries.index_by_ags[ags]] for ags in INHABITANTS]
    )
    size = (y1 - y0) / ROWS
    columns = round((x1 - x0) / size * HEIGHT_TO_WIDTH)
    across = x0 + (np.arange(columns) + 0.5) * size / HEIGHT_TO_WIDTH
    return tuple(_row(boundaries, across, y1 - (row + 0.5) * size) for row in range(ROWS))


def _row(boundaries: Boundaries, across: NDArray[np.float64], y: float) -> tuple[str, ...]:
    points = shapely.points(across, np.full(len(across), y))
    inputs, units = boundaries.tree.query(points, predicate="intersects")
    found = dict(zip(inputs.tolist(), units.tolist(), strict=True))
    return tuple(
        boundaries.municipalities[found[number]].ags if number in found else ""
        for number in range(len(across))
    )


def _folded(words: list[str]) -> list[str]:
    lines = [""]
    for word in words:
        longer = f"{lines[-1]}   {word}".lstrip(" ") if lines[-1] else word
        if len(longer) > LEGEND_COLUMNS:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
