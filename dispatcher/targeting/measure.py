"""Measures the shapes of an alert, one by one and together, against the municipalities."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import shapely

from dispatcher.targeting.geocodes import Unresolved
from dispatcher.targeting.rule import Overlap, Rule, overlap
from dispatcher.targeting.shapes import Shape, ShapeProblem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

    from dispatcher.targeting.boundaries import Boundaries

BORDER_ONLY = "touches municipalities only along their border"
BEYOND_REASONS = frozenset({ShapeProblem.BEYOND.value, Unresolved.CODE.value, BORDER_ONLY})
# A shape of which more than this lies in no municipality is worth a word: sea, abroad, or a mistake.
OUTSIDE_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Measured:
    """The units reached, each unit's share under all shapes together, and shapes that reach none."""

    kept: frozenset[int] = frozenset()
    share: Mapping[int, float] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    union: BaseGeometry | None = None


def measure(named: Sequence[tuple[str, Shape]], boundaries: Boundaries, rule: Rule) -> Measured:
    """Apply the rule to every shape by itself, then to their union.

    By itself, so that a small hazard beside a large district is still seen as small; together, so that a
    municipality half in one polygon and half in the next is seen as whole.
    """
    if not named:
        return Measured()
    kept: set[int] = set()
    failures: dict[str, str] = {}
    notes: list[str] = []
    overlaps: dict[int, Overlap] = {}
    union = shapely.union_all([shape.geometry for _, shape in named])
    if len({id(shape) for _, shape in named}) > rule.max_shapes:
        named = [(f"polygons and circles, {len(named)} together", Shape(union))]
    for name, shape in named:
        found = overlaps.get(id(shape)) or overlap(shape.geometry, boundaries, rule)
        overlaps[id(shape)] = found
        kept.update(found.indices[found.kept].tolist())
        if not found.kept.any():
            failures[name] = BORDER_ONLY if len(found.indices) else ShapeProblem.BEYOND.value
        elif (outside := 1.0 - found.alert_share.sum()) > OUTSIDE_SHARE:
            notes.append(f"{name}: {outside:.0%} of it lies outside the boundary data")
    whole = next(iter(overlaps.values())) if len(overlaps) == 1 else overlap(union, boundaries, rule)
    kept.update(whole.indices[whole.share >= rule.kept_share].tolist())
    share = dict(zip(whole.indices.tolist(), np.asarray(whole.share).tolist(), strict=True))
    return Measured(frozenset(kept), share, failures, tuple(notes), union)
