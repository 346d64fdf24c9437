"""Reads the areas of an alert: what their codes name, what their shapes enclose, and what cannot be used."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dispatcher.model.sentences.count import Count
from dispatcher.targeting import geocodes, positions, shapes
from dispatcher.targeting.geocodes import Unresolved
from dispatcher.targeting.outcome import Codes, HeightUnit, Unmatched
from dispatcher.targeting.shapes import Repair, Shape, ShapeProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cap.model import Area, Circle, NamedValue, Polygon
    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.boundaries.registry import Registry
    from dispatcher.targeting.outcome import MatchProfile
    from dispatcher.targeting.rule import MatchingRule

LABEL_LENGTH = 120
# Municipalities that the codes of one alert name, each as often as it is named: all of Germany, in every official
# language of the European Union, four times.
MAX_NAMED = 1_000_000
METRES_PER_FOOT = 0.3048
# An exclusion that `cap` could not read stays among the codes; it names no place and takes nothing away.
NO_PLACE = "EXCLUDE_POLYGON"
NO_TARGET = "has neither polygon, circle nor code"
UNREADABLE = "has polygons or circles that cannot be read"


_Codes = tuple[tuple[int, ...], tuple["Unmatched", ...], bool]
"""The municipalities that the codes of an area name, the codes that name none, and whether that is a gap."""


@dataclass(frozen=True, slots=True)
class Context:
    """Everything an alert is read against."""

    boundaries: Boundaries
    rule: MatchingRule
    profile: MatchProfile
    registry: Registry


@dataclass(frozen=True, slots=True)
class NamedShape:
    """A shape with its name for people, `polygon 2 of area 1 "Rur"`, and the height it begins at."""

    name: str
    shape: Shape
    floor_m: float | None = None


@dataclass(frozen=True, slots=True)
class AreaReading:
    """What was read from one area."""

    indices: tuple[int, ...] = ()
    shapes: tuple[NamedShape, ...] = ()
    failures: tuple[Unmatched, ...] = ()
    notes: tuple[str, ...] = ()
    gap: bool = False
    """Whether, of the codes of one scheme, some name municipalities and others lie outside the boundary data."""


@dataclass(slots=True)
class _Budget:
    """Counts what an alert may still have: vertices, and municipalities, each as often as its codes name it."""

    vertices: int
    named: int
    codes: dict[tuple[NamedValue, ...], _Codes] = field(default_factory=dict)
    seen: dict[tuple[Polygon | Circle, tuple[Polygon, ...]], Shape | ShapeProblem] = field(
        default_factory=dict
    )


def read_areas(areas: Sequence[Area], context: Context) -> tuple[AreaReading, ...]:
    """Read every distinct area once; the limits of the rule hold for all of them together."""
    budget = _Budget(context.rule.max_vertices, MAX_NAMED)
    distinct = enumerate(dict.fromkeys(areas), 1)
    return tuple(
        _read(f'area {number} "{area.area_desc[:LABEL_LENGTH]}"', area, context, budget)
        for number, area in distinct
    )


def _read(name: str, area: Area, context: Context, budget: _Budget) -> AreaReading:
    coded, lost, gap = _codes(area, context, budget)
    failures = list(lost)
    floor_m = _floor_m(area, context.profile)
    indices = coded if floor_m is None else _above(coded, floor_m, context.boundaries)
    notes = [] if len(indices) == len(coded) else [below(name, len(coded) - len(indices), floor_m)]
    if area.unreadable and coded:
        notes.append(f"{name} {UNREADABLE}; its codes stand for it")
    elif area.unreadable:
        failures.append(Unmatched("area", name, UNREADABLE))
    if context.profile.codes is Codes.AUTHORITATIVE and coded and not failures:
        return AreaReading(indices, notes=tuple(notes))
    if any(code.name == NO_PLACE for code in area.geocodes):
        notes.append(f"{name}: {Repair.HOLE.value}")
    named: list[NamedShape] = []
    for label, element in _elements(name, area):
        found = _shape(element, area.excluded, context, budget)
        if isinstance(found, ShapeProblem):
            failures.append(Unmatched(label.partition(" ")[0], label, found.value))
        else:
            named.append(NamedShape(label, found, floor_m))
            notes.extend(f"{label}: {repair.value}" for repair in found.repairs)
    if not (area.polygons or area.circles or area.geocodes or area.unreadable):
        failures.append(Unmatched("area", name, NO_TARGET))
    return AreaReading(indices, tuple(named), tuple(failures), tuple(notes), gap)


def _above(indices: tuple[int, ...], floor_m: float, boundaries: Boundaries) -> tuple[int, ...]:
    return tuple(index for index in indices if not boundaries.lies_below(index, floor_m))


def below(name: str, count: int, floor_m: float | None) -> str:
    """Return the note about municipalities that a height limit leaves out."""
    lie = Count(count)
    return (
        f"{name}: {count} {lie:municipality lies|municipalities lie} wholly below {floor_m or 0:.0f} m "
        f"and {lie:is|are} left out"
    )


def _floor_m(area: Area, profile: MatchProfile) -> float | None:
    if area.altitude_ft is None:
        return None
    return area.altitude_ft * (METRES_PER_FOOT if profile.height_unit is HeightUnit.FEET else 1.0)


def _codes(area: Area, context: Context, budget: _Budget) -> _Codes:
    known = budget.codes.get(area.geocodes)
    if known is None:
        known = budget.codes[area.geocodes] = _fresh_codes(area, context, budget)
    return known


def _fresh_codes(area: Area, context: Context, budget: _Budget) -> _Codes:
    indices: set[int] = set()
    failures = []
    found_in: set[str] = set()
    lost_in: set[str] = set()
    for geocode in dict.fromkeys(area.geocodes):
        if geocode.name == NO_PLACE:
            continue
        found = _resolved(geocode, context, budget)
        indices.update(found.indices)
        scheme = geocodes.scheme_of(geocode.name)
        found_in.update([scheme] if found.indices else [])
        for code, why in found.unresolved:
            lost_in.update([scheme] if why is Unresolved.CODE else [])
            if why is Unresolved.COUNTRY and context.profile.nationwide:
                indices.update(range(len(context.boundaries.municipalities)))
            else:
                value = f"{geocode.name}={code}"[:LABEL_LENGTH]
                failures.append(Unmatched("geocode", value, why.value))
    return tuple(sorted(indices)), tuple(failures), not found_in.isdisjoint(lost_in)


def _resolved(geocode: NamedValue, context: Context, budget: _Budget) -> geocodes.CodeResolution:
    if budget.named <= 0:
        return geocodes.CodeResolution((), ((geocode.value, Unresolved.TOO_MANY),))
    found = geocodes.resolve(geocode.name, geocode.value, context.boundaries, context.registry)
    budget.named -= len(found.indices)
    return found


def _elements(name: str, area: Area) -> Iterator[tuple[str, Polygon | Circle]]:
    for number, polygon in enumerate(area.polygons, 1):
        yield f"polygon {number} of {name}", polygon
    for number, circle in enumerate(area.circles, 1):
        yield f"circle {number} of {name}", circle


def _shape(
    element: Polygon | Circle, excluded: tuple[Polygon, ...], context: Context, budget: _Budget
) -> Shape | ShapeProblem:
    key = (element, excluded)
    found = budget.seen.get(key)
    if found is None:
        found = budget.seen[key] = _fresh_shape(element, excluded, context, budget)
    return found


def _fresh_shape(
    element: Polygon | Circle, excluded: tuple[Polygon, ...], context: Context, budget: _Budget
) -> Shape | ShapeProblem:
    budget.vertices -= shapes.vertices(element) + sum(map(shapes.vertices, excluded))
    if budget.vertices < 0:
        return ShapeProblem.VERTICES
    home = context.profile.home
    exchanged = positions.put_right(element, home)
    found = _placed(exchanged or element, context)
    beyond = found is ShapeProblem.BEYOND
    if positions.lacks_a_corner(element, home, context.boundaries.window, beyond=beyond):
        return ShapeProblem.NO_PLACE
    if isinstance(found, Shape) and exchanged:
        found = Shape(found.geometry, (Repair.SWAPPED, *found.repairs), is_circle=found.is_circle)
    if beyond and positions.seem_exchanged(element, context.boundaries.window):
        return ShapeProblem.SWAPPED
    if isinstance(found, ShapeProblem) or not excluded:
        return found
    return shapes.without(found, [_hole(ring, context) for ring in excluded])


def _hole(ring: Polygon, context: Context) -> Shape | ShapeProblem:
    """Return what an excluded polygon takes away, read like the polygons that it is taken from."""
    home = context.profile.home
    if positions.are_missing(ring, home):
        return ShapeProblem.NO_PLACE
    return _placed(positions.put_right(ring, home) or ring, context)


def _placed(element: Polygon | Circle, context: Context) -> Shape | ShapeProblem:
    boundaries = context.boundaries
    return shapes.of(element, shapes.around(boundaries.window), boundaries.crs, context.rule)
