"""What an alert covers exactly, for subscribers whose watched area is smaller than a municipality."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from dispatcher.boundaries.build import polygonal
from dispatcher.boundaries.projection import EUROPE_EQUAL_AREA, project

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.targeting.outcome import Match


def target_of(
    match: Match,
    boundaries: Boundaries,
    concerned: Collection[str],
    permitted: Callable[[str], bool] | None = None,
) -> bytes:
    """Return what the shapes of a match cover as WKB in EPSG:3035; b"" for nothing.

    `concerned`: the municipalities (AGS) of the match that are meant; what lies in others of the match is left out.
    `permitted`: whether the source may warn a municipality; what lies in none that it may is cut off, however the shape
    got there: the rule lets an imprecise edge reach into neighbours and drops them, but a follower of a point is found
    by the shape alone. None for a source that may warn everywhere.

    The cut is exact. A follower whose stored point lies beyond it because it was rounded is found by the tolerance with
    which points are matched (`PRIVATE_TOLERANCE_M`), so that nothing is lost at the border.
    Municipalities that only codes name are not in it: a subscriber there is found by the municipality.
    """
    if match.geometry is None or not concerned:
        return b""
    left_out = {found.ags for found in match.affected} - set(concerned)
    if permitted is None:
        shape = _without(match.geometry, match, left_out, boundaries)
    else:
        shape = _within(match.geometry, boundaries, lambda ags: ags not in left_out and permitted(ags))
    if shape.is_empty:
        return b""
    if boundaries.crs != EUROPE_EQUAL_AREA:
        shape = project(shape, EUROPE_EQUAL_AREA, boundaries.crs)
    return bytes(shapely.to_wkb(shape))


def _without(
    shape: BaseGeometry, match: Match, left_out: Collection[str], boundaries: Boundaries
) -> BaseGeometry:
    if not left_out:
        return shape
    kept = {found.ags for found in match.affected} - set(left_out)
    fewer, cut = (kept, shapely.intersection) if len(kept) < len(left_out) else (left_out, shapely.difference)
    borders = boundaries.border[[boundaries.index_by_ags[ags] for ags in sorted(fewer)]]
    return polygonal(cut(shape, shapely.union_all(np.asarray(borders))))


def _within(shape: BaseGeometry, boundaries: Boundaries, allowed: Callable[[str], bool]) -> BaseGeometry:
    """Return what of the shape lies in municipalities that are allowed. Only those that it meets are looked at."""
    met = np.sort(boundaries.tree.query(shape, predicate="intersects"))
    inside = [index for index in met if allowed(boundaries.units.ags[index])]
    return polygonal(shapely.intersection(shape, _together(boundaries.border[inside])))


def _together(units: NDArray[np.object_]) -> BaseGeometry:
    """Return the union of municipalities. They fit together without gap or overlap, which makes it thirty times as
    fast, in data that is as it should be; in other data they are put together one by one.
    """
    if shapely.coverage_is_valid(units):
        return shapely.coverage_union_all(units)
    return shapely.union_all(units)
