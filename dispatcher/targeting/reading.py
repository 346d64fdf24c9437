"""Reads the areas of an alert: what their codes name, what their shapes enclose, and what cannot be used."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dispatcher.targeting import geocodes, shapes
from dispatcher.targeting.geocodes import Unresolved
from dispatcher.targeting.outcome import Codes, Unmatched
from dispatcher.targeting.shapes import Shape, ShapeProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cap.model import Area, Circle, Polygon
    from dispatcher.targeting.boundaries import Boundaries
    from dispatcher.targeting.geocodes import Registry
    from dispatcher.targeting.outcome import Profile
    from dispatcher.targeting.rule import Rule

LABEL_LENGTH = 120
NO_TARGET = "has neither polygon, circle nor code"
UNREADABLE = "has polygons or circles that cannot be read"


@dataclass(frozen=True, slots=True)
class Context:
    """Everything an alert is read against."""

    boundaries: Boundaries
    rule: Rule
    profile: Profile
    registry: Registry


@dataclass(frozen=True, slots=True)
class AreaReading:
    """One area, read. `shapes` are named for people: `polygon 2 of area 1 "Rur"`."""

    indices: tuple[int, ...] = ()
    shapes: tuple[tuple[str, Shape], ...] = ()
    failures: tuple[Unmatched, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Budget:
    """Vertices that an alert may still have."""

    vertices: int
    seen: dict[tuple[Polygon | Circle, tuple[Polygon, ...]], Shape | ShapeProblem] = field(
        default_factory=dict
    )


def read_areas(areas: Sequence[Area], context: Context) -> tuple[AreaReading, ...]:
    """Every distinct area once; the limits of the rule hold for all of them together."""
    budget = _Budget(context.rule.max_vertices)
    distinct = enumerate(dict.fromkeys(areas), 1)
    return tuple(
        _read(f'area {number} "{area.area_desc[:LABEL_LENGTH]}"', area, context, budget)
        for number, area in distinct
    )


def _read(name: str, area: Area, context: Context, budget: _Budget) -> AreaReading:
    indices, failures = _codes(area, context)
    notes: list[str] = []
    if area.unreadable and indices:
        notes.append(f"{name} {UNREADABLE}; its codes stand for it")
    elif area.unreadable:
        failures.append(Unmatched("area", name, UNREADABLE))
    if context.profile.codes is Codes.AUTHORITATIVE and indices and not failures:
        return AreaReading(indices, notes=tuple(notes))
    named: list[tuple[str, Shape]] = []
    for label, element in _elements(name, area):
        found = _shape(element, area.excluded, context, budget)
        if isinstance(found, ShapeProblem):
            failures.append(Unmatched(label.partition(" ")[0], label, found.value))
        else:
            named.append((label, found))
            notes.extend(f"{label}: {repair.value}" for repair in found.repairs)
    if not (area.polygons or area.circles or area.geocodes or area.unreadable):
        failures.append(Unmatched("area", name, NO_TARGET))
    return AreaReading(indices, tuple(named), tuple(failures), tuple(notes))


def _codes(area: Area, context: Context) -> tuple[tuple[int, ...], list[Unmatched]]:
    indices: set[int] = set()
    failures = []
    for geocode in area.geocodes:
        found = geocodes.resolve(geocode.name, geocode.value, context.boundaries, context.registry)
        indices.update(found.indices)
        for code, why in found.unresolved:
            if why is Unresolved.COUNTRY and context.profile.nationwide:
                indices.update(range(len(context.boundaries.municipalities)))
            else:
                value = f"{geocode.name}={code}"[:LABEL_LENGTH]
                failures.append(Unmatched("geocode", value, why.value))
    return tuple(sorted(indices)), failures


def _elements(name: str, area: Area) -> Iterator[tuple[str, Polygon | Circle]]:
    for number, polygon in enumerate(area.polygons, 1):
        yield f"polygon {number} of {name}", polygon
    for number, circle in enumerate(area.circles, 1):
        yield f"circle {number} of {name}", circle


def _shape(
    element: Polygon | Circle, excluded: tuple[Polygon, ...], context: Context, budget: _Budget
) -> Shape | ShapeProblem:
    key = (element, excluded)
    if key not in budget.seen:
        budget.seen[key] = _fresh_shape(element, excluded, context, budget)
    return budget.seen[key]


def _fresh_shape(
    element: Polygon | Circle, excluded: tuple[Polygon, ...], context: Context, budget: _Budget
) -> Shape | ShapeProblem:
    budget.vertices -= shapes.vertices(element) + sum(map(shapes.vertices, excluded))
    if budget.vertices < 0:
        return ShapeProblem.VERTICES
    window, crs = shapes.around(context.boundaries.window), context.boundaries.crs
    found = shapes.of(element, window, crs, context.rule)
    if isinstance(found, ShapeProblem) or not excluded:
        return found
    return shapes.without(found, [shapes.of(ring, window, crs, context.rule) for ring in excluded])
