"""Which municipalities a shape concerns: the matching rule, as one pure function with its thresholds.

Real alerts are of two kinds. Some are drawn along municipal borders, more or less exactly ("Kreis Düren"),
and overlap every neighbour by a sliver; others are drawn around a hazard, and cut municipalities anywhere. A
share of area cannot serve both: any share that suppresses slivers misses the flood corridor. So the shape
decides which kind it is, and how deep its slivers may be: as deep as its edge strays from the borders it
follows, and no deeper. Measured tables and rejected rules: ops/docs/decisions/0011-matching-rule.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from cap.vocabulary import Severity
from dispatcher.boundaries.build import core
from dispatcher.targeting.shared_areas import common, shared_areas

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from dispatcher.boundaries.municipalities import Boundaries

# An edge is sampled no closer than the detail of the borders it is compared with.
EDGE_SPACING_M = 200.0
# Whether a sliver reaches a depth is looked for at its corners and along its edge, so many points per depth:
# distance changes no faster than position, so at most an eighth of the depth is overlooked.
DEPTH_STEPS = 4
TOUCH_M2 = 1.0


@dataclass(frozen=True, slots=True)
class MatchingRule:
    """Thresholds of the rule, and the bounds that keep one alert from costing or reaching everything."""

    alert_share: float = 0.1
    """Any unit that holds this share of the shape is kept: it decides for the smallest shapes."""

    inset_m: float = 100.0
    """A hazard keeps a unit it enters deeper than this; 0 keeps every touch of more than 1 m²."""
    hazard_area_m2: float = 50_000.0
    """A hazard keeps a unit it overlaps by this, however shallow: a flooded river is often the border."""
    hazard_share: float = 0.0
    """A hazard drops a unit below this share of the unit, unless `alert_share` keeps it."""

    covered: float = 0.9
    covering: float = 0.7
    whole: float = 0.98
    partial_above: float = 0.2
    partial_below: float = 0.8
    partial_ratio: float = 0.1
    """Drawn along borders: units `covered` that far, or single parts of them, make up this much of the shape
    (`covering`), and of the units cut (less than `whole`) at most this ratio is cut somewhere in the middle."""
    border_share: float = 0.2
    """A shape drawn along borders keeps a unit with this share of its area; below, depth decides."""
    border_floor_m: float = 200.0
    """No sliver shallower than this counts: twice the inset, for an outline that is simplified by up to 100 m
    against borders that are no more exact themselves."""
    noise_quantile: float = 0.8
    noise_factor: float = 4.0
    noise_margin: float = 1.2
    """The edge strays by `noise_margin` times its farthest sample, or `noise_factor` times this quantile of
    them if that is less: a bulge on an otherwise exact edge is a bulge, not imprecision."""
    exact_quantile: float = 0.6
    exact_m: float = 7.0
    """An edge of which this share strays no farther is exact (four decimals of a degree, what senders write, are
    6.6 m): what strays farther is drawn so. Around a small town a bulge is a third of the edge."""
    part_likeness: float = 0.3
    """An exclave is like the part of the unit that it draws: their common area is this much of their union."""
    own_share: float = 0.6
    """A piece of an area drawn along borders, an exclave, keeps a unit that holds this much of it."""
    tolerance_share: float = 0.25
    tolerance_max_m: float = 2_000.0
    """A shape that strays farther than this share of its own radius follows no borders."""
    edge_samples: int = 256

    min_radius_m: float = 100.0
    """What a circle of radius 0, a point, is widened to."""
    max_vertices: int = 200_000
    max_shapes: int = 2_000
    max_area_km2: float = 1_000_000.0
    """Nearly three times Germany; anything larger is a mistake until a person says otherwise."""

    def asked(self, inset_m: float | None, severity: Severity | None) -> MatchingRule:
        """Return the rule as a source wants it; None leaves it as it is."""
        rule = self if inset_m is None else replace(self, inset_m=inset_m)
        return rule if severity is None else rule.for_severity(severity)

    def for_severity(self, severity: Severity) -> MatchingRule:
        """Return the rule, more generous for Extreme (any touch of a hazard), sparing for Minor (5 % of a unit)."""
        if severity is Severity.EXTREME:
            return replace(self, inset_m=0.0)
        if severity is Severity.MINOR:
            return replace(self, hazard_share=0.05)
        return self


@dataclass(frozen=True, slots=True)
class Overlap:
    """The units a shape touches, in order of index, with what it covers of them and whether they are kept."""

    indices: NDArray[np.intp]
    area_m2: NDArray[np.float64]
    share: NDArray[np.float64]
    """The share of each unit's area."""
    alert_share: NDArray[np.float64]
    """The share of the shape's area."""
    kept: NDArray[np.bool_]
    tolerance_m: float | None
    """How far a shape drawn along borders strays from them; None for a hazard."""


def overlap(shape: BaseGeometry, boundaries: Boundaries, rule: MatchingRule) -> Overlap:
    """Measure a valid shape, in the CRS of the boundaries, against every unit it touches, and apply the rule."""
    shapely.prepare(shape)
    indices = np.sort(boundaries.tree.query(shape, predicate="intersects"))
    units = boundaries.border[indices]
    inside = np.asarray(shapely.covers(shape, units), np.bool_)
    area = np.where(inside, boundaries.area_m2[indices], 0.0)
    cut = np.flatnonzero(~inside)
    area[cut] = shared_areas(shape, units[cut])
    share = np.minimum(area / boundaries.area_m2[indices], 1.0)
    alert_share = area / shape.area
    kept = inside | (alert_share >= rule.alert_share)
    tolerance = None
    whole = _whole_units(shape, units, area, share, rule)
    if whole.any() and _cuts_at_borders(share, whole, rule):
        tolerance = tolerance_of(shape, boundaries, rule)
    if tolerance is None:
        kept |= (share >= rule.hazard_share) & (area >= rule.hazard_area_m2)
    else:
        kept |= share >= rule.border_share
    left = cut[~kept[cut]]
    if tolerance is None:
        kept[left] = [_enters(shape, indices[where], area[where], boundaries, rule) for where in left]
    else:
        kept[left] = _reaching(shape, indices[left], boundaries, tolerance)
    return Overlap(indices, area, share, alert_share, kept, tolerance)


def _whole_units(
    shape: BaseGeometry,
    units: NDArray[np.object_],
    area: NDArray[np.float64],
    share: NDArray[np.float64],
    rule: MatchingRule,
) -> NDArray[np.bool_]:
    """Return the units a shape consists of for the most part, or the one of which it is a part, an exclave; else
    none.
    """
    needed = rule.covering * area.sum()
    covered = share >= rule.covered
    if area[covered].sum() >= needed:
        return covered
    owners = np.flatnonzero(area >= needed)
    owners = owners[shapely.get_num_geometries(units[owners]) > 1]
    if not owners.size:
        return np.zeros(len(units), np.bool_)
    parts, owner = shapely.get_parts(units[owners], return_index=True)
    sizes = shapely.area(parts)
    likely = (sizes * rule.covered <= shape.area) & (sizes >= needed)
    inside = shapely.area(shapely.intersection(shape, parts[likely]))
    is_part = inside >= np.maximum(rule.covered * sizes[likely], needed)
    return np.isin(np.arange(len(units)), owners[owner[likely][is_part]])


def _cuts_at_borders(share: NDArray[np.float64], whole: NDArray[np.bool_], rule: MatchingRule) -> bool:
    cut = (share > 0) & (share < rule.whole)
    halfway = (share > rule.partial_above) & (share < rule.partial_below) & ~whole
    return bool(halfway.sum() <= rule.partial_ratio * cut.sum())


def tolerance_of(shape: BaseGeometry, boundaries: Boundaries, rule: MatchingRule) -> float | None:
    """Return how far the shape's edge strays from municipal borders, in metres; None if it does not follow them."""
    strays = _strays(shape, boundaries, rule)
    usual = rule.noise_factor * float(np.quantile(strays, rule.noise_quantile))
    if float(np.quantile(strays, rule.exact_quantile)) <= rule.exact_m:
        usual = 0.0
    tolerance = max(rule.border_floor_m, min(usual, rule.noise_margin * float(strays.max())))
    if tolerance > max(rule.border_floor_m, min(rule.tolerance_max_m, rule.tolerance_share * radius(shape))):
        return None
    return tolerance


def belongs_to(
    whole: Overlap, piece: BaseGeometry, own: Overlap, boundaries: Boundaries, rule: MatchingRule
) -> bool:
    """Return whether a piece of an area drawn along borders is drawn along them too: a district, or an exclave.

    It must stray no farther than the whole does, and be made of units, be like a part of one, or be smaller
    than the imprecision itself. A flood along a river that is a border strays little as well, and is neither.
    """
    if whole.tolerance_m is None:
        return False
    made_of_units = own.area_m2[own.share >= rule.covered].sum() >= rule.covering * own.area_m2.sum()
    small = radius(piece) <= whole.tolerance_m
    if not (small or made_of_units or _is_like_a_part(piece, own, boundaries, rule)):
        return False
    return float(np.quantile(_strays(piece, boundaries, rule), rule.noise_quantile)) <= whole.tolerance_m


def _is_like_a_part(piece: BaseGeometry, own: Overlap, boundaries: Boundaries, rule: MatchingRule) -> bool:
    most = own.indices[own.area_m2 >= rule.part_likeness * piece.area]
    parts = shapely.get_parts(boundaries.border[most])
    inside = shapely.area(shapely.intersection(parts, piece))
    return bool((inside >= rule.part_likeness * (shapely.area(parts) + piece.area - inside)).any())


def radius(shape: BaseGeometry) -> float:
    """Return the radius of the circle of the same area, in metres."""
    return float(np.sqrt(shape.area / np.pi))


def _strays(shape: BaseGeometry, boundaries: Boundaries, rule: MatchingRule) -> NDArray[np.float64]:
    """Return distances in metres from points spread evenly along the shape's edge to the nearest municipal border."""
    rings = shapely.get_rings(shapely.get_parts(shape))
    total = shapely.length(rings).sum()
    samples = min(rule.edge_samples, total / EDGE_SPACING_M)
    points = np.concatenate([_spread(ring, samples * ring.length / total) for ring in rings])
    strays = np.full(len(points), np.nan)
    which, unit = boundaries.tree.query(points, predicate="intersects")
    units, position = np.unique(unit, return_inverse=True)
    edges = shapely.boundary(boundaries.border[units])
    strays[which] = shapely.distance(edges[position], points[which])
    abroad = np.flatnonzero(np.isnan(strays))
    strays[abroad] = shapely.distance(
        points[abroad], boundaries.border[boundaries.tree.nearest(points[abroad])]
    )
    return strays


def _spread(ring: BaseGeometry, samples: float) -> NDArray[np.object_]:
    count = max(4, round(samples))
    at = (np.arange(count) + 0.5) / count
    return np.asarray(shapely.line_interpolate_point(np.array([ring]), at, normalized=True))


def _enters(
    shape: BaseGeometry, index: np.intp, area_m2: float, boundaries: Boundaries, rule: MatchingRule
) -> bool:
    """Return whether a hazard enters the unit deeper than a touch along the border."""
    if area_m2 < rule.hazard_share * boundaries.area_m2[index]:
        return False
    if rule.inset_m <= 0:
        return area_m2 > TOUCH_M2
    return bool(shapely.intersects(shape, boundaries.inset_of(index, rule.inset_m)))


def _reaching(
    shape: BaseGeometry, indices: NDArray[np.intp], boundaries: Boundaries, tolerance: float
) -> NDArray[np.bool_]:
    """Return in which units a shape reaches deeper than its imprecision explains."""
    # The inset is ready and lies less deep than any tolerance: most slivers end here.
    reaching = np.asarray(shapely.intersects(shape, boundaries.inset[indices]), np.bool_)
    deeper = np.flatnonzero(reaching)
    shared = common(shape, boundaries.border[indices[deeper]])
    for position, where in enumerate(deeper):
        border = boundaries.border[indices[where]]
        reaching[where] = _reaches(shared.of(position), shape, border, tolerance)
    return reaching


def _reaches(parts: NDArray[np.object_], shape: BaseGeometry, border: BaseGeometry, tolerance: float) -> bool:
    corners = shapely.points(shapely.get_coordinates(shapely.segmentize(parts, tolerance / DEPTH_STEPS)))
    edge = shapely.boundary(border)
    shapely.prepare(edge)
    if not shapely.dwithin(edge, corners, tolerance).all():
        return True
    # A whole part of the unit, an exclave, has its edge on the border and its middle deep inside.
    holds_a_disc = shapely.area(parts).sum() > np.pi * (tolerance / 2) ** 2
    return bool(holds_a_disc and shapely.intersects(shape, core(border, tolerance)))
