"""Which municipalities a shape concerns: the matching rule, as one pure function with its thresholds.

Real alerts are of two kinds. Some are drawn along municipal borders, more or less exactly ("Kreis Düren"),
and overlap every neighbour by a sliver; others are drawn around a hazard, and cut municipalities anywhere. A
share of area cannot serve both: any share that suppresses slivers misses the flood corridor. So the shape
decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from dispatcher.targeting.boundaries import Boundaries

# GEOS reads every vertex of the alert for every overlay; above this, cutting the alert to the unit first is
# twice as fast (measured).
CLIP_ABOVE_VERTICES = 2_000


@dataclass(frozen=True, slots=True)
class Rule:
    """Thresholds of the rule, and the bounds that keep one alert from costing or reaching everything."""

    inset_m: float = 100.0
    """A contact shallower than this is a border line. 0 keeps every touch of more than 1 m²."""
    covered: float = 0.9
    partial_above: float = 0.2
    partial_below: float = 0.8
    whole: float = 0.98
    partial_ratio: float = 0.1
    """Border-drawn: a unit covered to `covered`, and at most this ratio of the cut units cut in the
    middle."""
    kept_share: float = 0.2
    """A border-drawn alert keeps units with this share of their area, or `alert_share` of its own."""
    alert_share: float = 0.1
    hazard_area_m2: float = 50_000.0
    """A hazard keeps any unit it overlaps by so much, however shallow: a flooded river is often the
    border."""
    min_radius_m: float = 100.0
    """What a circle of radius 0, a point, is widened to."""
    max_vertices: int = 200_000
    max_shapes: int = 2_000
    max_area_km2: float = 1_000_000.0
    """Nearly three times Germany; anything larger is a mistake until a person says otherwise."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """The units a shape overlaps: their indices, the share of each unit, and the share of the shape."""

    indices: NDArray[np.intp]
    share: NDArray[np.float64]
    alert_share: NDArray[np.float64]
    kept: NDArray[np.bool_]
    follows_borders: bool


def overlap(shape: BaseGeometry, boundaries: Boundaries, rule: Rule) -> Overlap:
    """Measure a valid shape, in the CRS of the boundaries, against every unit it reaches, and apply the
    rule.
    """
    shapely.prepare(shape)
    indices = np.sort(boundaries.tree.query(shape, predicate="intersects"))
    units = boundaries.border[indices]
    inside = shapely.covers(shape, units)
    area = np.where(inside, boundaries.area_m2[indices], 0.0)
    cut = np.flatnonzero(~inside)
    area[cut] = _overlap_areas(shape, units[cut])
    share = np.minimum(area / boundaries.area_m2[indices], 1.0)
    alert_share = area / shape.area
    follows = follows_borders(share, rule)
    kept = inside | (alert_share >= rule.alert_share)
    if follows:
        kept |= share >= rule.kept_share
    else:
        kept |= area >= rule.hazard_area_m2
        open_question = np.flatnonzero(~kept)
        kept[open_question] = _reaches_inside(
            shape, indices[open_question], area[open_question], boundaries, rule
        )
    return Overlap(indices, share, alert_share, kept, follows)


def follows_borders(share: NDArray[np.float64], rule: Rule) -> bool:
    """Whether the shape is drawn along the borders of units, judged by how it cuts them."""
    if not (share >= rule.covered).any():
        return False
    cut = (share > 0) & (share < rule.whole)
    halfway = (share > rule.partial_above) & (share < rule.partial_below)
    return bool(halfway.sum() <= rule.partial_ratio * cut.sum())


def _reaches_inside(
    shape: BaseGeometry,
    indices: NDArray[np.intp],
    area: NDArray[np.float64],
    boundaries: Boundaries,
    rule: Rule,
) -> NDArray[np.bool_]:
    if rule.inset_m <= 0:
        return area > 1.0
    insets = boundaries.insets(indices, rule.inset_m)
    return np.asarray(shapely.intersects(shape, insets), dtype=bool)


def _overlap_areas(shape: BaseGeometry, units: NDArray[np.object_]) -> NDArray[np.float64]:
    if not len(units):
        return np.zeros(0)
    if shapely.get_num_coordinates(shape) <= CLIP_ABOVE_VERTICES:
        return np.asarray(shapely.area(shapely.intersection(shape, units)), np.float64)
    return np.array([_clipped_area(shape, unit) for unit in units])


def _clipped_area(shape: BaseGeometry, unit: BaseGeometry) -> float:
    near = shapely.clip_by_rect(shape, *unit.bounds)
    if not near.is_valid:
        near = shape
    return float(shapely.intersection(near, unit).area)
