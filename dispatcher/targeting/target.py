"""What an alert covers exactly, for subscribers whose watched area is smaller than a municipality."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from dispatcher.boundaries.build import polygonal
from dispatcher.boundaries.projection import EUROPE_EQUAL_AREA, project

if TYPE_CHECKING:
    from collections.abc import Collection

    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.targeting.outcome import Match


def target_of(match: Match, boundaries: Boundaries, served: Collection[str]) -> bytes:
    """Return the shapes of a match as WKB in EPSG:3035, without municipalities (AGS) that are not `served`; b"" for
    none.

    Municipalities that only codes name are not in it: a subscriber there is found by the municipality.
    """
    if match.geometry is None or not served:
        return b""
    shape, kept = match.geometry, {found.ags for found in match.affected} & set(served)
    left_out = {found.ags for found in match.affected} - kept
    if left_out:
        fewer, cut = (
            (kept, shapely.intersection) if len(kept) < len(left_out) else (left_out, shapely.difference)
        )
        borders = boundaries.border[[boundaries.index_by_ags[ags] for ags in sorted(fewer)]]
        shape = polygonal(cut(shape, shapely.union_all(np.asarray(borders))))
    if shape.is_empty:
        return b""
    if boundaries.crs != EUROPE_EQUAL_AREA:
        shape = project(shape, EUROPE_EQUAL_AREA, boundaries.crs)
    return bytes(shapely.to_wkb(shape))
