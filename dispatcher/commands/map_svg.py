"""A map of an alert and the municipalities it reaches, as SVG text: no script, no font, nothing from elsewhere."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np
import shapely

from dispatcher.targeting.outcome import MatchReason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapely.geometry.base import BaseGeometry

    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.targeting.outcome import Affected, Match

WIDTH = 900.0
MARGIN = 24.0
FOOTER = 44.0
# The margin around the affected municipalities, as a share of the picture: neighbours that are not affected are seen
# too.
SURROUNDINGS = 0.08
# The most names in a picture: above it nobody can read one.
MAX_LABELS = 60
CORNERS_PER_UNIT = 2
STYLE = """
.land{fill:#f4f4f1;stroke:#b5b5ad;stroke-width:.6}
.geometry{fill:#f2a65a;stroke:#7a4a12;stroke-width:.8}
.geocode{fill:#8fb8de;stroke:#1f4e79;stroke-width:.8}
.both{fill:#e07a5f;stroke:#6d2b1a;stroke-width:.8}
.alert{fill:#b00020;fill-opacity:.12;stroke:#b00020;stroke-width:1.6}
text{font:11px sans-serif;fill:#1b1b1b}
.name{text-anchor:middle;paint-order:stroke;stroke:#fff;stroke-width:2.5px}
"""
LEGEND = {
    MatchReason.GEOMETRY: "im gezeichneten Gebiet",
    MatchReason.GEOCODE: "durch Schlüssel benannt",
    MatchReason.BOTH: "beides",
}


class Frame:
    """Converts metres to picture units: x to the right, y down, the whole view in `WIDTH`."""

    def __init__(self, bounds: tuple[float, float, float, float]) -> None:
        x0, y0, x1, y1 = bounds
        pad = SURROUNDINGS * max(x1 - x0, y1 - y0, 1_000.0)
        self.view = (x0 - pad, y0 - pad, x1 + pad, y1 + pad)
        self.scale = (WIDTH - 2 * MARGIN) / (self.view[2] - self.view[0])
        self.height = (self.view[3] - self.view[1]) * self.scale + 2 * MARGIN + FOOTER

    def path(self, geometry: BaseGeometry) -> str:
        """Return the `d` of a path, with one corner per half a picture unit."""
        shown = shapely.clip_by_rect(geometry, *self.view)
        parts = (part for part in shapely.get_parts(shown) if part.geom_type == "Polygon")
        rings = (ring for part in parts for ring in (part.exterior, *part.interiors))
        return "".join(self._ring(ring) for ring in rings)

    def at(self, x: float, y: float) -> tuple[float, float]:
        return MARGIN + (x - self.view[0]) * self.scale, MARGIN + (self.view[3] - y) * self.scale

    def _ring(self, ring: BaseGeometry) -> str:
        corners = shapely.get_coordinates(ring)
        grid = np.rint(corners * self.scale * CORNERS_PER_UNIT)
        seen = corners[np.append(True, (np.diff(grid, axis=0) != 0).any(axis=1))]
        return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in (self.at(*corner) for corner in seen)) + "Z"


def svg(match: Match, boundaries: Boundaries, title: str = "") -> str:
    """Draw the picture of a match; without any geometry and municipality, of the whole data."""
    reached = {boundaries.index_by_ags[found.ags]: found for found in match.affected}
    shown = [boundaries.border[index] for index in reached]
    if match.geometry is not None:
        shown.append(match.geometry)
    x0, y0, x1, y1 = shapely.total_bounds(np.array(shown or list(boundaries.border), dtype=object))
    frame = Frame((float(x0), float(y0), float(x1), float(y1)))
    body = [
        *_units(frame, reached, boundaries),
        *_alert(frame, match),
        *_names(frame, reached, boundaries),
        *_footer(frame, boundaries),
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {frame.height:.0f}" role="img">',
            f"<title>{escape(title or 'Warngebiet')}</title>",
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
        what = f"{escape(found.name)} ({found.ags}): {found.share:.1%}"
        path = frame.path(boundaries.border[index])
        yield f'<path class="{found.reason.value}" d="{path}"><title>{what}</title></path>'


def _alert(frame: Frame, match: Match) -> Iterator[str]:
    if match.geometry is not None:
        yield f'<path class="alert" fill-rule="evenodd" d="{frame.path(match.geometry)}"/>'


def _names(frame: Frame, reached: dict[int, Affected], boundaries: Boundaries) -> Iterator[str]:
    if len(reached) > MAX_LABELS:
        return
    for index, found in reached.items():
        place = shapely.point_on_surface(boundaries.border[index])
        x, y = frame.at(place.x, place.y)
        yield f'<text class="name" x="{x:.1f}" y="{y:.1f}">{escape(found.name)} {found.share:.0%}</text>'


def _footer(frame: Frame, boundaries: Boundaries) -> Iterator[str]:
    y = frame.height - FOOTER + 14
    for number, (reason, meaning) in enumerate(LEGEND.items()):
        x = MARGIN + 200 * number
        yield f'<rect class="{reason.value}" x="{x:.0f}" y="{y - 10:.0f}" width="14" height="12"/>'
        yield f'<text x="{x + 20:.0f}" y="{y:.0f}">{meaning}</text>'
    source = boundaries.provenance
    credit = f"{source.attribution} · Gebietsstand {source.vintage}"
    yield f'<text x="{MARGIN:.0f}" y="{y + 20:.0f}">{escape(credit)}</text>'
