"""Reads warnings as the NINA service publishes them: CAP in JSON, shapes in GeoJSON beside it.

The JSON has CAP's element names as keys, arrays where elements repeat, `references` one string. Areas name
shapes by the geocode `AreaId`; where `area.polygon` is given its pairs are longitude, latitude, with -1.0,-1.0 as
filler. All this was found in published samples; the service has no normative description.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NoReturn

from cap.errors import LimitExceeded, NotJson, TooLarge
from cap.formats.geojson import Shapes, read_features
from cap.formats.rendering import UNWRITABLE
from cap.limits import Limits
from cap.model import Alert, Area, Document
from cap.parse.builder import build
from cap.parse.elements import Element, too_large
from cap.parse.grammar import GRAMMARS, NAMESPACE_OF, Model
from cap.vocabulary import Version

AREA_ID: Final = "AreaId"
_DEFAULT: Final = Limits()
# Corners over all areas, which share their shapes: a country's outline in all languages of the European Union twice.
_MOST_SHARED: Final = 2_000_000
_FILLER: Final = "-1.0,-1.0"
_NAMESPACE: Final = NAMESPACE_OF[Version.V1_2]


def parse_nina(detail: bytes, geometry: bytes | None = None, limits: Limits = _DEFAULT) -> Document:
    """Reads one warning from its `/warnings/{id}.json` and, if at hand, its `/warnings/{id}.geojson`.

    The same problems are found as in XML, without lines. Raises only `CapError`: NotJson for anything that is not
    one warning's object.
    """
    value = _load(detail, limits)
    if not isinstance(value, dict) or "identifier" not in value:
        raise NotJson(
            "The JSON is not one warning with an identifier.",
            "Das JSON ist nicht eine Warnung mit identifier.",
        )
    root = _element("alert", value, GRAMMARS[Version.V1_2].alert, _Count(limits))
    alert = build(root, Version.V1_2, limits)
    if geometry is not None:
        shapes = tuple(read_features(_load(geometry, limits), limits))
        alert = _with_shapes(alert, shapes)
    return Document((alert,), kind="nina")


def _load(data: bytes, limits: Limits) -> Any:
    if len(data) > limits.max_bytes:
        raise TooLarge(*too_large(len(data), limits.max_bytes))
    try:
        return json.loads(data, parse_constant=_refuse, object_pairs_hook=_distinct)
    except RecursionError:
        raise LimitExceeded("The JSON is nested too deep.", "Das JSON ist zu tief geschachtelt.") from None
    except ValueError as error:
        if isinstance(error, NotJson):
            raise
        raise NotJson("The body is not JSON.", "Die Einsendung ist kein JSON.") from None


def _refuse(constant: str) -> NoReturn:
    raise NotJson(f"{constant} is not JSON.", f"{constant} ist kein JSON.")


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuses a key given twice, which could mean two things to two readers."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotJson("A key occurs twice in one object.", "Ein Schlüssel kommt in einem Objekt doppelt vor.")
    return found


class _Count:
    """Counts the elements made so far against the limit."""

    def __init__(self, limits: Limits) -> None:
        self._left = limits.max_elements

    def __call__(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise LimitExceeded("The JSON holds too many values.", "Das JSON enthält zu viele Werte.")


def _element(name: str, value: Any, model: Model | None, count: _Count) -> Element:
    """Makes the element that XML would have: children in the standard's order, keys that CAP does not know left out."""
    count()
    element = Element(f"{_NAMESPACE} {name}", 0)
    if isinstance(value, Mapping):
        element.children = [
            _element(slot.name, item, _MODELS.get(slot.name), count)
            for slot in (model.slots.values() if model else ())
            for item in _items(value.get(slot.name))
        ]
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        text = UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", str(value))
        element.text = _swapped(text) if name == "polygon" else text
    return element


def _items(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        yield from value
    elif value is not None:
        yield value


_GRAMMAR: Final = GRAMMARS[Version.V1_2]
_MODELS: Final = {
    "info": _GRAMMAR.info,
    "resource": _GRAMMAR.resource,
    "area": _GRAMMAR.area,
    "eventCode": _GRAMMAR.named_value,
    "parameter": _GRAMMAR.named_value,
    "geocode": _GRAMMAR.named_value,
}


def _swapped(text: str) -> str:
    """Turns `lon,lat lon,lat` into CAP's `lat,lon lat,lon`; a malformed pair stays and makes the ring unreadable."""
    pairs = [pair.split(",") for pair in text.split() if pair != _FILLER]
    return " ".join(f"{pair[1]},{pair[0]}" if len(pair) == 2 else ",".join(pair) for pair in pairs)


def _with_shapes(alert: Alert, shapes: tuple[Shapes, ...]) -> Alert:
    """Gives every area the shapes of its AreaId, or all shapes where it names none, as translations do."""
    by_id: dict[str, list[Shapes]] = {}
    for shape in shapes:
        by_id.setdefault(shape.area_id, []).append(shape)
    left = _MOST_SHARED
    infos = []
    for info in alert.infos:
        areas = []
        for area in info.areas:
            ids = dict.fromkeys(code.value for code in area.geocodes if code.name == AREA_ID)
            own = [shape for name in ids for shape in by_id.get(name, ())] if ids else shapes
            left -= sum(1 + shape.corners for shape in own)
            if left < 0:
                raise LimitExceeded(
                    f"The areas have more than {_MOST_SHARED} vertices in common.",
                    f"Die Gebiete haben zusammen mehr als {_MOST_SHARED} Eckpunkte.",
                )
            areas.append(_shaped(area, own))
        infos.append(replace(info, areas=tuple(areas)))
    return replace(alert, infos=tuple(infos))


def _shaped(area: Area, own: Sequence[Shapes]) -> Area:
    polygons = (*area.polygons, *(ring for shape in own for ring in shape.polygons))
    holes = tuple(ring for shape in own for ring in shape.holes)
    return replace(
        area,
        polygons=polygons,
        # A hole is subtracted from the whole area: safe only while no other polygon can lie in it, as a city does
        # in the district around it.
        excluded=(*area.excluded, *(holes if len(polygons) == 1 else ())),
        unreadable=area.unreadable + sum(shape.unreadable for shape in own),
    )
