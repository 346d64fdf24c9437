"""Measures the shapes of an alert, one by one and together, against the municipalities."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from dispatcher.targeting.geocodes import Unresolved
from dispatcher.targeting.reading import NamedShape, below
from dispatcher.targeting.rule import MatchingRule, Overlap, belongs_to, overlap
from dispatcher.targeting.shapes import ShapeProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from dispatcher.boundaries.municipalities import Boundaries

BORDER_ONLY = "touches municipalities only along their border"
BEYOND_REASONS = frozenset({ShapeProblem.BEYOND.value, Unresolved.CODE.value, BORDER_ONLY})
# A shape of which more than this lies in no municipality is worth a word: sea, abroad, or a mistake.
OUTSIDE_SHARE = 0.01
OVERLAP_TOLERANCE = 1e-6
# A piece smaller than this, an islet in a river, may lie on either side of a border.
SPECK_M2 = 10_000.0
# How much larger or smaller an imprecise drawing of an exclave may be.
LIKE_SIZE = 2.0
PILE = 50
PILE_LAYERS = 4


@dataclass(frozen=True, slots=True)
class Measured:
    """The units reached, each unit's share under all shapes together, and shapes that reach none."""

    kept: frozenset[int] = frozenset()
    share: Mapping[int, float] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    union: BaseGeometry | None = None


def measure(areas: Sequence[Sequence[NamedShape]], boundaries: Boundaries, rule: MatchingRule) -> Measured:
    """Apply the rule to the shapes of every area, then look at what all of them cover together.

    Area by area, so that a small hazard beside a large district is still seen as small; together, so that a
    municipality half in one polygon and half in the next is seen as whole.
    """
    items = [item for area in areas for item in area]
    if not items:
        return Measured()
    geometries = {id(item.shape): item.shape.geometry for item in items}
    union = _union(list(geometries.values()))
    overlaps = _overlaps(areas, union, Yardstick(boundaries, rule), crowd=_is_crowd(geometries, union, rule))
    failures: dict[str, str] = {}
    notes: list[str] = []
    kept: set[int] = set()
    low: set[int] = set()
    reaches = {id(found): set(found.indices[found.kept].tolist()) for found in overlaps.values()}
    seen: set[tuple[int, float | None]] = set()
    for item in items:
        found = overlaps[id(item.shape)]
        reached = reaches[id(found)]
        sunk = _sunk(reached, item.floor_m, boundaries)
        if (id(found), item.floor_m) not in seen:
            seen.add((id(found), item.floor_m))
            kept |= reached - sunk
            low |= sunk
        if not reached:
            failures[item.name] = BORDER_ONLY if len(found.indices) else ShapeProblem.BEYOND.value
        notes += _notes(item, found, len(sunk))
    share = _shares(overlaps, geometries, union, boundaries, rule)
    kept |= {index for index, covered in share.items() if covered >= rule.border_share} - low
    return Measured(frozenset(kept), share, failures, tuple(notes), union)


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What shapes are measured against."""

    boundaries: Boundaries
    rule: MatchingRule

    def overlap(self, shape: BaseGeometry) -> Overlap:
        return overlap(shape, self.boundaries, self.rule)


def _is_crowd(geometries: Mapping[int, BaseGeometry], union: BaseGeometry, rule: MatchingRule) -> bool:
    """Return whether there are too many shapes, or too many on top of one another, to look at each in bounded time."""
    total = sum(geometry.area for geometry in geometries.values())
    piled = len(geometries) > PILE and total > PILE_LAYERS * union.area
    return piled or len(geometries) > rule.max_shapes


def _overlaps(
    areas: Sequence[Sequence[NamedShape]], union: BaseGeometry, yardstick: Yardstick, *, crowd: bool
) -> dict[int, Overlap]:
    """Return every shape's overlap by the shape's id; of all together, where they are a crowd."""
    if crowd:
        whole = yardstick.overlap(union)
        return {id(item.shape): whole for area in areas for item in area}
    found: dict[int, Overlap] = {}
    polygons: dict[int, BaseGeometry] = {}
    for area in areas:
        fresh = {id(item.shape): item.shape for item in area if id(item.shape) not in found}
        pieces = {key: shape.geometry for key, shape in fresh.items() if not shape.is_circle}
        found |= {key: yardstick.overlap(shape.geometry) for key, shape in fresh.items()}
        if len(pieces) > 1:
            found |= _pieces(pieces, pieces, found, yardstick)
        polygons |= pieces
    loose = {key: piece for key, piece in polygons.items() if found[key].tolerance_m is None}
    if 0 < len(loose) < len(polygons):
        found |= _pieces(loose, polygons, found, yardstick)
    return found


def _pieces(
    pieces: Mapping[int, BaseGeometry],
    together: Mapping[int, BaseGeometry],
    alone: Mapping[int, Overlap],
    yardstick: Yardstick,
) -> dict[int, Overlap]:
    """Return those pieces of a whole drawn along borders that are drawn so too: districts side by side, exclaves.

    An exclave is so small that its own slivers look large; it is held to the measure of the whole: of its area,
    or else of the alert. A piece that is not drawn along borders stays what it is `alone`, a hazard.
    """
    boundaries, rule = yardstick.boundaries, yardstick.rule
    whole = yardstick.overlap(_union(list(together.values())))
    return {
        key: _piece_overlap(piece, alone[key], whole, yardstick)
        for key, piece in pieces.items()
        if belongs_to(whole, piece, alone[key], boundaries, rule)
    }


def _piece_overlap(piece: BaseGeometry, own: Overlap, whole: Overlap, yardstick: Yardstick) -> Overlap:
    """Return what a piece keeps: the units that the whole keeps, and those that hold most of it.

    Without any it is a speck beside a unit that the whole keeps, or else keeps the unit that holds most of it.
    """
    members = whole.indices[whole.kept]
    shared = np.isin(own.indices, members) & (own.area_m2 > 0)
    most = (own.alert_share >= yardstick.rule.own_share) & (own.area_m2 >= SPECK_M2)
    if _draws_a_part(piece, own.indices[shared], whole.tolerance_m or 0.0, yardstick.boundaries):
        most[:] = False
    kept = np.asarray(shared | most, np.bool_)
    found = replace(own, kept=kept, tolerance_m=whole.tolerance_m)
    if kept.any():
        return found
    tree = yardstick.boundaries.tree
    near = np.intersect1d(tree.query(piece, predicate="dwithin", distance=whole.tolerance_m or 0.0), members)
    if piece.area < SPECK_M2 and near.size:
        zero = np.zeros(1)
        return Overlap(near[:1], zero, zero, zero, np.array([True]), whole.tolerance_m)
    if own.area_m2.any():
        kept[own.area_m2.argmax()] = True
    return found


def _draws_a_part(
    piece: BaseGeometry, members: NDArray[np.intp], tolerance_m: float, boundaries: Boundaries
) -> bool:
    """Return whether the piece is an exclave of a member, of about its size, that imprecision has moved next door."""
    parts = shapely.get_parts(boundaries.border[members])
    sizes = shapely.area(parts) / piece.area
    like = parts[(sizes >= 1 / LIKE_SIZE) & (sizes <= LIKE_SIZE)]
    return bool((shapely.hausdorff_distance(like, piece) <= tolerance_m).any())


def _sunk(reached: set[int], floor_m: float | None, boundaries: Boundaries) -> set[int]:
    if floor_m is None:
        return set()
    return {index for index in reached if boundaries.lies_below(index, floor_m)}


def _notes(item: NamedShape, found: Overlap, sunk: int) -> Iterator[str]:
    if sunk:
        yield below(item.name, sunk, item.floor_m)
    outside = 1.0 - float(found.alert_share.sum())
    if found.kept.any() and outside > OUTSIDE_SHARE:
        yield f"{item.name}: {outside:.0%} of it lies outside the boundary data"


def _shares(
    overlaps: Mapping[int, Overlap],
    geometries: Mapping[int, BaseGeometry],
    union: BaseGeometry,
    boundaries: Boundaries,
    rule: MatchingRule,
) -> dict[int, float]:
    """Return the share of each unit that all shapes cover together: summed where they are disjoint, else measured."""
    if len(geometries) == 1:
        (found,) = overlaps.values()
        return _touched(found.indices, found.area_m2, found.share)
    disjoint = sum(geometry.area for geometry in geometries.values()) <= union.area * (1 + OVERLAP_TOLERANCE)
    if not disjoint or len(geometries) > rule.max_shapes:
        overlaps = {0: overlap(union, boundaries, rule)}
    area = np.zeros(len(boundaries.municipalities))
    for found in overlaps.values():
        area[found.indices] += found.area_m2
    touched = np.flatnonzero(area)
    return _touched(touched, area[touched], np.minimum(area[touched] / boundaries.area_m2[touched], 1.0))


def _touched(
    indices: NDArray[np.intp], area_m2: NDArray[np.float64], share: NDArray[np.float64]
) -> dict[int, float]:
    there = area_m2 > 0
    return dict(zip(indices[there].tolist(), share[there].tolist(), strict=True))


def _union(geometries: Sequence[BaseGeometry]) -> BaseGeometry:
    return geometries[0] if len(geometries) == 1 else shapely.union_all(geometries)
