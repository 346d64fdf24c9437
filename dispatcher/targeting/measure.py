"""Measures the shapes of an alert, one by one and together, against the municipalities."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import shapely

from dispatcher.targeting.geocodes import Unresolved
from dispatcher.targeting.reading import NamedShape, below
from dispatcher.targeting.rule import Overlap, Rule, overlap
from dispatcher.targeting.shapes import Shape, ShapeProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

    from dispatcher.targeting.boundaries import Boundaries

BORDER_ONLY = "touches municipalities only along their border"
BEYOND_REASONS = frozenset({ShapeProblem.BEYOND.value, Unresolved.CODE.value, BORDER_ONLY})
# A shape of which more than this lies in no municipality is worth a word: sea, abroad, or a mistake.
OUTSIDE_SHARE = 0.01
OVERLAP_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Measured:
    """The units reached, each unit's share under all shapes together, and shapes that reach none."""

    kept: frozenset[int] = frozenset()
    share: Mapping[int, float] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    union: BaseGeometry | None = None


def measure(named: Sequence[NamedShape], boundaries: Boundaries, rule: Rule) -> Measured:
    """Apply the rule to every shape by itself, then to their union.

    By itself, so that a small hazard beside a large district is still seen as small; together, so that a
    municipality half in one polygon and half in the next is seen as whole.
    """
    if not named:
        return Measured()
    shapes = {id(item.shape): item.shape for item in named}
    union = _union([shape.geometry for shape in shapes.values()])
    overlaps = _overlaps(shapes, union, boundaries, rule)
    failures: dict[str, str] = {}
    notes: list[str] = []
    kept: set[int] = set()
    low: set[int] = set()
    for item in named:
        found = overlaps[id(item.shape)]
        reached = set(found.indices[found.kept].tolist())
        sunk = {index for index in reached if boundaries.lies_below(index, item.floor_m)}
        kept |= reached - sunk
        low |= sunk
        if not reached:
            failures[item.name] = BORDER_ONLY if len(found.indices) else ShapeProblem.BEYOND.value
        notes += _notes(item, found, len(sunk))
    disjoint = sum(shape.geometry.area for shape in shapes.values()) <= union.area * (1 + OVERLAP_TOLERANCE)
    separate = disjoint and len(shapes) <= rule.max_shapes
    together = list(overlaps.values()) if separate else [overlap(union, boundaries, rule)]
    share = _shares(together, boundaries)
    kept |= {index for index, covered in share.items() if covered >= rule.border_share} - low
    return Measured(frozenset(kept), share, failures, tuple(notes), union)


def _overlaps(
    shapes: Mapping[int, Shape], union: BaseGeometry, boundaries: Boundaries, rule: Rule
) -> dict[int, Overlap]:
    """Every shape's overlap; of all together, where there are too many to look at each."""
    if len(shapes) > rule.max_shapes:
        return dict.fromkeys(shapes, overlap(union, boundaries, rule))
    return {key: overlap(shape.geometry, boundaries, rule) for key, shape in shapes.items()}


def _notes(item: NamedShape, found: Overlap, sunk: int) -> Iterator[str]:
    if sunk:
        yield below(item.name, sunk, item.floor_m)
    outside = 1.0 - float(found.alert_share.sum())
    if found.kept.any() and outside > OUTSIDE_SHARE:
        yield f"{item.name}: {outside:.0%} of it lies outside the boundary data"


def _shares(overlaps: Sequence[Overlap], boundaries: Boundaries) -> dict[int, float]:
    """The share of each unit that disjoint shapes cover together."""
    area: dict[int, float] = defaultdict(float)
    for found in overlaps:
        for index, covered in zip(found.indices.tolist(), found.area_m2.tolist(), strict=True):
            area[index] += covered
    return {index: min(covered / float(boundaries.area_m2[index]), 1.0) for index, covered in area.items()}


def _union(geometries: Sequence[BaseGeometry]) -> BaseGeometry:
    return geometries[0] if len(geometries) == 1 else shapely.union_all(geometries)
