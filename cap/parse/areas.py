"""Builds the `Area`s of one alert. Messages in many languages repeat their rings and heights, so each is read once."""

from collections.abc import Iterator
from typing import Final

from cap import geometry
from cap.errors import LimitExceeded
from cap.model import Area, Circle, NamedValue, Polygon
from cap.parse.elements import Element
from cap.parse.fields import Fields, Number
from cap.parse.grammar import Grammar
from cap.parse.named_values import read_named_values
from cap.parse.problems import ProblemCollector

# The name of a geocode that is no code: its value is a ring to subtract from the area (DWD CAP profile).
EXCLUDE_POLYGON: Final = "EXCLUDE_POLYGON"


class AreaBuilder:
    """Builds areas; it counts areas and vertices over the whole alert and remembers the rings already read."""

    def __init__(self, grammar: Grammar, problems: ProblemCollector) -> None:
        self._grammar = grammar
        self._problems = problems
        self._count = 0
        self._vertices = 0
        self._heights: dict[str, Number] = {}
        self._rings: dict[str, tuple[geometry.Ring | None, str | None]] = {}

    def build(self, info: Fields) -> tuple[Area, ...]:
        """Returns the areas of one info. Raises LimitExceeded."""
        children = info.all("area")
        self._count += len(children)
        info.bound("areas", self._count, self._problems.limits.max_areas, info.element)
        return tuple([self._area(child, info.path, index) for index, child in enumerate(children, 1)])

    def _area(self, element: Element, parent: str, index: int) -> Area:
        fields = Fields(element, self._grammar.area, f"{parent}/area[{index}]", self._problems)
        polygons, circles, unreadable = self._shapes(fields)
        geocodes, excluded = self._places(fields)
        return Area(
            fields.required_prose("areaDesc"),
            polygons,
            circles,
            geocodes,
            fields.number("altitude", self._heights),
            fields.number("ceiling", self._heights),
            excluded,
            unreadable,
            element.line or None,
            fields.lines,
        )

    def _shapes(self, fields: Fields) -> tuple[tuple[Polygon, ...], tuple[Circle, ...], int]:
        """Returns polygons, circles, and how many of either have a text that could not be read."""
        rings, discs = fields.all("polygon"), fields.all("circle")
        if not rings and not discs:
            return (), (), 0
        polygons = tuple(self._polygons(fields, rings))
        circles = tuple(_circles(fields, discs))
        filled = sum(1 for child in (*rings, *discs) if fields.raw(child).strip())
        return polygons, circles, filled - len(polygons) - len(circles)

    def _places(self, fields: Fields) -> tuple[tuple[NamedValue, ...], tuple[Polygon, ...]]:
        """Returns the geocodes, and the rings to subtract that some senders write as geocodes."""
        codes = read_named_values(fields, "geocode", self._grammar)
        exclusions = [code for code in codes if code.name == EXCLUDE_POLYGON]
        if not exclusions:
            return codes, ()
        rest = tuple(code for code in codes if code.name != EXCLUDE_POLYGON)
        return rest, tuple(self._excluded(fields, exclusions))

    def _polygons(self, fields: Fields, children: list[Element]) -> Iterator[Polygon]:
        for child in children:
            pairs, code = self._ring(fields.raw(child), child)
            if code:
                fields.report(code, child)
            if pairs is None:
                continue
            if geometry.crosses_antimeridian(pairs):
                fields.report("polygon-antimeridian", child)
            yield Polygon(pairs, child.line or None)

    def _excluded(self, fields: Fields, exclusions: list[NamedValue]) -> Iterator[Polygon]:
        for code in exclusions:
            pairs, _ = self._ring(code.value, fields.element)
            if pairs is None:
                self._problems.add("exclusion-unreadable", fields.path, code.line or 0)
            else:
                yield Polygon(pairs, code.line)

    def _ring(self, text: str, element: Element) -> tuple[geometry.Ring | None, str | None]:
        known = self._rings.get(text)
        if known is None:
            known = self._rings[text] = geometry.ring(text)
            self._vertices += text.count(",")  # the unreadable ones cost as much
            most = self._problems.limits.max_vertices
            if self._vertices > most:
                raise LimitExceeded(
                    f"More than {most} vertices (line {element.line}).",
                    f"Mehr als {most} Eckpunkte (Zeile {element.line}).",
                    element.line or None,
                )
        return known


def _circles(fields: Fields, children: list[Element]) -> Iterator[Circle]:
    for child in children:
        circle, code = geometry.circle(fields.raw(child))
        if code:
            fields.report(code, child)
        if circle is not None:
            yield Circle(circle.lat, circle.lon, circle.radius_km, child.line or None)
