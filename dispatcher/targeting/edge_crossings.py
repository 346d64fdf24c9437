"""Computes the common area of a shape and many units from the points at which their outlines cross.

By Green's theorem an area is an integral along its outline. The outline of what two areas have in common consists of
those stretches of either outline that lie in the other, and these begin and end where the outlines cross. So it is
enough to find the crossings, which are few, instead of building every common area as a geometry: five times faster
for a district. Outlines that run along one another, or touch at a corner, have no clear crossings; those units
are left to GEOS (`shared_areas.common`), and so is whatever would be too large to compare here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    Floats = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Pairs = tuple[Indices, Indices]

# Corners closer than this to another outline make it unclear on which side they are. Borders lie on a grid of a
# centimetre, and numbers of this size are exact to a nanometre.
CLEAR_M = 1e-6
# Rounding adds up to less than this over the longest outlines.
ROUNDING_M2 = 0.1
# Edges are compared in runs of so many first, by the boxes around the runs.
RUN = 16
MAX_PAIRS = 2_000_000


@dataclass(frozen=True, slots=True)
class Edges:
    """The edges of some geometries, ring by ring, with what the integral along them needs."""

    x: Floats
    y: Floats
    """Where an edge begins, seen from the origin; `dx` and `dy` lead to its end."""
    dx: Floats
    dy: Floats
    cross: Floats
    """Twice the area between an edge and the origin."""
    rest: Floats
    """The sum of `cross` from the beginning of an edge to the end of its ring."""
    ring: Indices
    ring_start: Floats
    """The first corner of each ring as a row (x, y), not relative to the origin."""
    ring_total: Floats
    ring_turn: Floats
    """1 where the inside is on the left of a ring, -1 where it is on the right."""
    ring_owner: Indices
    """The geometry a ring belongs to."""

    @classmethod
    def of(cls, geometries: NDArray[np.object_], origin: Floats) -> Edges:
        parts, owner = shapely.get_parts(geometries, return_index=True)
        rings, part = shapely.get_rings(parts, return_index=True)
        xy, ring_of = shapely.get_coordinates(rings, return_index=True)
        xs, ys = xy[:, 0] - origin[0], xy[:, 1] - origin[1]
        dx, dy = np.diff(xs), np.diff(ys)
        real = (ring_of[1:] == ring_of[:-1]) & ((dx != 0) | (dy != 0))
        x, y, dx, dy, ring = xs[:-1][real], ys[:-1][real], dx[real], dy[real], ring_of[:-1][real]
        cross = x * dy - y * dx
        total = _sums(ring, cross, len(rings))
        done = np.cumsum(cross)
        ends = np.cumsum(np.bincount(ring, minlength=len(rings))) - 1
        outer = np.append(True, part[1:] != part[:-1])
        first = np.searchsorted(ring_of, np.arange(len(rings)))
        return cls(
            x=x,
            y=y,
            dx=dx,
            dy=dy,
            cross=cross,
            rest=done[ends][ring] - done + cross,
            ring=ring,
            ring_start=xy[first],
            ring_total=total,
            ring_turn=np.where((total > 0) == outer, 1.0, -1.0),
            ring_owner=owner[part],
        )

    def boxes(self) -> Floats:
        """Return columns x0, y0, x1, y1 around the edges, and a hair more."""
        x1, y1 = self.x + self.dx, self.y + self.dy
        low = np.minimum(self.x, x1) - CLEAR_M, np.minimum(self.y, y1) - CLEAR_M
        return np.array([*low, np.maximum(self.x, x1) + CLEAR_M, np.maximum(self.y, y1) + CLEAR_M])


@dataclass(frozen=True, slots=True)
class Crossings:
    """Where an edge of one outline crosses an edge of another: the edges, and how far along each, from 0 to 1."""

    mine: Indices
    other: Indices
    at_mine: Floats
    at_other: Floats
    side: Floats
    """1 where the other edge goes to the left of mine, -1 to the right."""


def common_areas(shape: BaseGeometry, units: NDArray[np.object_]) -> Floats:
    """Return the area in m² that a valid shape shares with each of some valid units; NaN where that is not clear."""
    unclear = np.full(len(units), np.nan)
    x0, y0, x1, y1 = shape.bounds
    origin = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    mine = Edges.of(np.array([shape], dtype=object), origin)
    if not len(units) or len(units) * len(mine.ring_turn) > MAX_PAIRS:
        return unclear
    other = Edges.of(units, origin)
    near = _near(mine.boxes(), other.boxes())
    if near is None:
        return unclear
    crossings, doubtful = _crossings(mine, other, near)
    of_units, odd_rings = _of_units(shape, mine, other, crossings)
    of_shape, odd_units = _of_shape(units, mine, other, crossings)
    area = (_sums(other.ring_owner, of_units, len(units)) + of_shape) / 2
    area[other.ring_owner[odd_rings]] = np.nan
    area[other.ring_owner[other.ring[doubtful]]] = np.nan
    most = np.minimum(shapely.area(units), shape.area)
    area[odd_units | ~((area >= -ROUNDING_M2) & (area <= most + ROUNDING_M2))] = np.nan
    return np.clip(area, 0.0, most)


def _of_units(
    shape: BaseGeometry, mine: Edges, other: Edges, crossings: Crossings
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the integral along every ring of the units as far as it lies in the shape, and whether it makes no sense.

    From a ring's start, if that lies inside, and from every point where it enters, to the ring's end; less that
    from every point where it leaves.
    """
    enters = crossings.side * mine.ring_turn[mine.ring[crossings.mine]]
    ring = other.ring[crossings.other]
    rest = other.rest[crossings.other] - crossings.at_other * other.cross[crossings.other]
    inside = shapely.intersects_xy(shape, *other.ring_start.T)
    count = len(other.ring_turn)
    along = np.where(inside, other.ring_total, 0.0) + _sums(ring, enters * rest, count)
    return along * other.ring_turn, np.asarray(_sums(ring, enters, count) != 0, np.bool_)


def _of_shape(
    units: NDArray[np.object_], mine: Edges, other: Edges, crossings: Crossings
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the integral along the shape's rings as far as they lie in each unit, and whether it makes no sense."""
    unit = other.ring_owner[other.ring[crossings.other]]
    enters = -crossings.side * other.ring_turn[other.ring[crossings.other]]
    ring = mine.ring[crossings.mine]
    rest = mine.rest[crossings.mine] - crossings.at_mine * mine.cross[crossings.mine]
    starts = shapely.points(mine.ring_start)
    at, within = shapely.STRtree(units).query(starts, predicate="intersects")
    along = _sums(unit, enters * rest * mine.ring_turn[ring], len(units))
    along += _sums(within, (mine.ring_total * mine.ring_turn)[at], len(units))
    rings = len(mine.ring_turn)
    balance = _sums(unit * rings + ring, enters, len(units) * rings)
    return along, np.asarray(balance.reshape(len(units), rings).any(axis=1), np.bool_)


def _crossings(mine: Edges, other: Edges, near: Pairs) -> tuple[Crossings, Indices]:
    """Return where edges that lie near one another cross, and those of the other edges for which that is not clear."""
    ours, theirs = near
    ux, uy, vx, vy = mine.dx[ours], mine.dy[ours], other.dx[theirs], other.dy[theirs]
    x, y = other.x[theirs] - mine.x[ours], other.y[theirs] - mine.y[ours]
    turn = ux * vy - uy * vx
    begin, own_begin = ux * y - uy * x, vy * x - vx * y
    end, own_end = begin + turn, own_begin - turn
    from_mine, from_other = np.minimum(abs(begin), abs(end)), np.minimum(abs(own_begin), abs(own_end))
    clear = (from_mine > CLEAR_M * np.hypot(ux, uy)) & (from_other > CLEAR_M * np.hypot(vx, vy))
    cross = clear & ((begin < 0) != (end < 0)) & ((own_begin < 0) != (own_end < 0))
    found = Crossings(
        mine=ours[cross],
        other=theirs[cross],
        at_mine=own_begin[cross] / turn[cross],
        at_other=-begin[cross] / turn[cross],
        side=np.sign(turn[cross]),
    )
    return found, theirs[~clear]


def _sums(index: Indices, values: Floats, count: int) -> Floats:
    return np.bincount(index, values, count).astype(np.float64)


def _near(mine: Floats, other: Floats) -> Pairs | None:
    """Return the pairs of boxes that meet, found by runs of boxes; None if there are too many to look at."""
    my_runs, other_runs = _runs(mine), _runs(other)
    if my_runs.shape[1] * other_runs.shape[1] > MAX_PAIRS:
        return None
    first, second = np.nonzero(_meet(my_runs[:, :, None], other_runs[:, None]))
    if len(first) * RUN > MAX_PAIRS:
        return None
    first, second = _members(first, second, mine.shape[1])
    meet = _meet(mine[:, first], other_runs[:, second])
    first, second = first[meet], second[meet]
    if len(first) * RUN > MAX_PAIRS:
        return None
    second, first = _members(second, first, other.shape[1])
    meet = _meet(mine[:, first], other[:, second])
    return first[meet], second[meet]


def _runs(boxes: Floats) -> Floats:
    starts = np.arange(0, boxes.shape[1], RUN)
    low, high = np.minimum.reduceat(boxes[:2], starts, axis=1), np.maximum.reduceat(boxes[2:], starts, axis=1)
    return np.vstack([low, high])


def _members(runs: Indices, partners: Indices, count: int) -> Pairs:
    """Return every box of the runs, with the partner of its run."""
    boxes = runs[:, None] * RUN + np.arange(RUN)
    real = boxes < count
    return boxes[real], np.broadcast_to(partners[:, None], boxes.shape)[real]


def _meet(a: Floats, b: Floats) -> NDArray[np.bool_]:
    return np.asarray((a[0] <= b[2]) & (b[0] <= a[2]) & (a[1] <= b[3]) & (b[1] <= a[3]), np.bool_)
