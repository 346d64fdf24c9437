"""A map of an alert and the municipalities it reaches, as SVG text: no script, no font, nothing from elsewhere."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import shapely

from channels.characters import one_line
from dispatcher.commands.matching.table import share_text
from dispatcher.model.sentences.sentence import Said
from dispatcher.targeting.outcome import MatchReason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapely.geometry.base import BaseGeometry

    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.targeting.outcome import Affected, Match

WIDTH = 900.0
MARGIN = 24.0
FOOTER = 66.0
HEADER = 26.0
# The margin around the affected municipalities, as a share of the picture: neighbours that are not affected are seen
# too.
SURROUNDINGS = 0.08
# The most names in a picture: above it nobody can read one.
MAX_LABELS = 60
CORNERS_PER_UNIT = 2
ROOM_FOR_A_NAME = 2_500.0
"""Square picture units that a neighbour must have to be named: some 100 by 25."""
STYLE = """
.land{fill:#f4f4f1;stroke:#b5b5ad;stroke-width:.6}
.geometry{fill:#f2a65a;stroke:#7a4a12;stroke-width:.8}
.geocode{fill:#8fb8de;stroke:#1f4e79;stroke-width:.8}
.both{fill:#e07a5f;stroke:#6d2b1a;stroke-width:.8}
.alert{fill:none;stroke:#b00020;stroke-width:2.2;stroke-dasharray:6 3}
.scale{fill:none;stroke:#1b1b1b;stroke-width:1.4}
text{font:11px sans-serif;fill:#1b1b1b}
.name{text-anchor:middle;paint-order:stroke;stroke:#fff;stroke-width:2.5px}
.neighbour{fill:#77776f}
.headline{font:bold 16px sans-serif}
"""
LEGEND = {
    MatchReason.GEOMETRY.value: Said("im gezeichneten Gebiet", "in the drawn area"),
    MatchReason.GEOCODE.value: Said("durch Schlüssel benannt", "named by a code"),
    MatchReason.BOTH.value: Said("beides", "both"),
    "alert": Said("gezeichnetes Gebiet", "the drawn area"),
    "land": Said("nicht betroffen", "not concerned"),
}
"""What each colour and line means, by its class."""
UNTITLED = Said("Warngebiet", "Warning area")
VINTAGE = Said("Gebietsstand", "boundaries as of")
LEGEND_STEP = 172
HEADLINE_CHARACTERS = 90
SCALE_SHARE = 0.25
"""The most that the scale bar takes of the view's width; its length is 1, 2 or 5 times a power of ten, in metres."""


class Frame:
    """Converts metres to picture units: x to the right, y down, the whole view in `WIDTH`."""

    def __init__(self, bounds: tuple[float, float, float, float]) -> None:
        x0, y0, x1, y1 = bounds
        pad = SURROUNDINGS * max(x1 - x0, y1 - y0, 1_000.0)
        self.view = (x0 - pad, y0 - pad, x1 + pad, y1 + pad)
        self.scale = (WIDTH - 2 * MARGIN) / (self.view[2] - self.view[0])
        self.height = (self.view[3] - self.view[1]) * self.scale + 2 * MARGIN + HEADER + FOOTER

    def path(self, geometry: BaseGeometry) -> str:
        """Return the `d` of a path, with one corner per half a picture unit."""
        shown = shapely.clip_by_rect(geometry, *self.view)
        parts = (part for part in shapely.get_parts(shown) if part.geom_type == "Polygon")
        rings = (ring for part in parts for ring in (part.exterior, *part.interiors))
        return "".join(self._ring(ring) for ring in rings)

    def at(self, x: float, y: float) -> tuple[float, float]:
        return MARGIN + (x - self.view[0]) * self.scale, MARGIN + HEADER + (self.view[3] - y) * self.scale

    def _ring(self, ring: BaseGeometry) -> str:
        corners = shapely.get_coordinates(ring)
        grid = np.rint(corners * self.scale * CORNERS_PER_UNIT)
        seen = corners[np.append(True, (np.diff(grid, axis=0) != 0).any(axis=1))]
        return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in (self.at(*corner) for corner in seen)) + "Z"


def svg(match: Match, boundaries: Boundaries, title: str = "", language: str = "de") -> str:
    """Draw the picture of a match; without any geometry and municipality, of the whole data. `title` is its headline,
    which may be a stranger's.
    """
    title = one_line(title) or UNTITLED.in_language(language)
    reached = {boundaries.index_by_ags[found.ags]: found for found in match.affected}
    shown = [boundaries.border[index] for index in reached]
    if match.geometry is not None:
        shown.append(match.geometry)
    x0, y0, x1, y1 = shapely.total_bounds(np.array(shown or list(boundaries.border), dtype=object))
    frame = Frame((float(x0), float(y0), float(x1), float(y1)))
    body = [
        *_units(frame, reached, boundaries),
        *_alert(frame, match),
        *_neighbours(frame, reached, boundaries),
        *_names(frame, reached, boundaries, language),
        f'<text class="headline" x="{MARGIN:.0f}" y="24">{escape(title[:HEADLINE_CHARACTERS])}</text>',
        *_footer(frame, boundaries, language),
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {frame.height:.0f}" role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>{STYLE}</style>",
            *body,
            "</svg>\n",
        ]
    )


def _units(frame: Frame, reached: dict[int, Affected], boundaries: Boundaries) -> Iterator[str]:
    visible = set(boundaries.tree.query(shapely.box(*frame.view)).tolist())
    for index in sorted(visible - reached.keys()):
        yield f'<path class="land" d="{frame.path(boundaries.border[index])}"/>'
    for index, found in reached.items():
        what = f"{escape(found.name)} ({found.ags}): {share_text(found.share)}"
        path = frame.path(boundaries.border[index])
        yield f'<path class="{found.reason.value}" d="{path}"><title>{what}</title></path>'


def _alert(frame: Frame, match: Match) -> Iterator[str]:
    if match.geometry is not None:
        yield f'<path class="alert" fill-rule="evenodd" d="{frame.path(match.geometry)}"/>'


def _names(
    frame: Frame, reached: dict[int, Affected], boundaries: Boundaries, language: str
) -> Iterator[str]:
    if len(reached) > MAX_LABELS:
        return
    for index, found in reached.items():
        label = f"{found.name} {share_text(found.share, language)}"
        yield _label(frame, boundaries.border[index], label, "name")


def _neighbours(frame: Frame, reached: dict[int, Affected], boundaries: Boundaries) -> Iterator[str]:
    """Name the municipalities around, where what is seen of them has room for a name."""
    view = shapely.box(*frame.view)
    around = sorted(set(boundaries.tree.query(view).tolist()) - reached.keys())
    if len(around) > MAX_LABELS:
        return
    for index in around:
        seen = shapely.intersection(boundaries.border[index], view)
        if seen.area * frame.scale**2 > ROOM_FOR_A_NAME:
            yield _label(frame, seen, boundaries.municipalities[index].name, "name neighbour")


def _label(frame: Frame, geometry: BaseGeometry, text: str, class_: str) -> str:
    place = shapely.point_on_surface(geometry)
    x, y = frame.at(place.x, place.y)
    return f'<text class="{class_}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def _footer(frame: Frame, boundaries: Boundaries, language: str) -> Iterator[str]:
    y = frame.height - FOOTER + 14
    for number, (class_, meaning) in enumerate(LEGEND.items()):
        x = MARGIN + LEGEND_STEP * number
        yield f'<rect class="{class_}" x="{x:.0f}" y="{y - 10:.0f}" width="14" height="12"/>'
        yield f'<text x="{x + 20:.0f}" y="{y:.0f}">{meaning.in_language(language)}</text>'
    yield from _scale(frame, y + 20)
    source = boundaries.provenance
    credit = f"{source.attribution} · {VINTAGE.in_language(language)} {source.vintage}"
    yield f'<text x="{MARGIN:.0f}" y="{y + 42:.0f}">{escape(credit)}</text>'


def _scale(frame: Frame, y: float) -> Iterator[str]:
    """Draw the scale bar with its length."""
    metres = scale_length(SCALE_SHARE * (frame.view[2] - frame.view[0]))
    end = MARGIN + metres * frame.scale
    yield f'<path class="scale" d="M{MARGIN:.1f},{y - 6:.1f}v6H{end:.1f}v-6"/>'
    name = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    yield f'<text x="{end + 8:.1f}" y="{y:.1f}">{name}</text>'


def scale_length(most_m: float) -> float:
    """Return the longest of 1, 2, 5, 10, 20, … metres that is no longer than this."""
    power = 10.0 ** math.floor(math.log10(most_m))
    return max(factor * power for factor in (1, 2, 5) if factor * power <= most_m)
