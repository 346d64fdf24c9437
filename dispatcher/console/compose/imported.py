"""Take an area out of what another program has made of it: GeoJSON, or a CAP message; of a message its texts, too."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import cap
from cap.formats.geojson import read_features
from dispatcher.console.compose.following import form_language
from dispatcher.model.sentences.sentence import Said
from dispatcher.templates.template import TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TAKE_TEXTS: Final = "take_texts"
"""The field of the form by which the texts of a message are wanted."""
IMPORT_BYTES: Final = 256 * 1024
"""Of what is pasted or uploaded: a border of 10,000 corners, written out."""
LIMITS: Final = cap.Limits(max_bytes=IMPORT_BYTES, max_vertices=10_000, max_areas=200, max_elements=10_000)
NEITHER: Final = Said(
    "Das ist weder GeoJSON noch eine CAP-Meldung.", "This is neither GeoJSON nor a CAP message."
)
TOO_LARGE: Final = Said(
    f"Das ist zu lang: Es dürfen {IMPORT_BYTES // 1024} kB sein.",
    f"This is too long: at most {IMPORT_BYTES // 1024} kB are taken.",
)
NO_AREA: Final = Said("Darin steht kein Gebiet.", "It has no area.")
UNREADABLE: Final = Said(
    "Darin steht eine Form, die nicht lesbar ist. Flächen sind „Polygon“ oder „MultiPolygon“, mit Grad (WGS 84).",
    "It has a shape that cannot be read. Areas are “Polygon” or “MultiPolygon”, in degrees (WGS 84).",
)


class NotImported(Exception):
    """There is no area in it; `said` is a sentence why."""

    def __init__(self, said: Said) -> None:
        super().__init__(said.en)
        self.said = said


def imported_areas(text: str, name: str) -> tuple[cap.Area, ...]:
    """Return the areas of a text, of GeoJSON under this name, of a message under their own; none of a blank one.
    Raises `NotImported`.
    """
    stripped = _stripped(text)
    if not stripped:
        return ()
    if _is_too_large(stripped):
        raise NotImported(TOO_LARGE)
    try:
        areas = _of_geojson(stripped, name) if stripped.startswith("{") else _of_message(stripped)
    except cap.CapError as error:
        raise NotImported(Said(error.message_de, str(error))) from error
    if not areas:
        raise NotImported(NO_AREA)
    if any(area.unreadable for area in areas):
        raise NotImported(UNREADABLE)
    return areas


def with_texts(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of a form with the texts of the message that is pasted into it, where they are wanted and
    nothing is written. What cannot be read has none: that is said of its area.
    """
    found = {name: value for name, value in fields.items() if name != TAKE_TEXTS}
    stripped = _stripped(fields.get("imported", ""))
    if fields.get(TAKE_TEXTS) != "on" or not stripped.startswith("<") or _is_too_large(stripped):
        return found
    try:
        alerts = cap.parse(stripped.encode("utf-8", "replace"), LIMITS).alerts
    except cap.CapError:
        return found
    for name, text in (one for alert in alerts[:1] for one in _texts(alert)):
        if not found.get(name, "").strip():
            found[name] = text
    return found


def _texts(message: cap.Alert) -> Iterator[tuple[str, str]]:
    """Yield the texts of a message by the field that each has in the form."""
    for info in message.infos:
        language = form_language(info, message)
        yield from ((f"{name}-{language}", text) for name in TEXTS if (text := getattr(info, name)))


def _stripped(text: str) -> str:
    return text.strip().removeprefix("\ufeff").lstrip()


def _is_too_large(text: str) -> bool:
    return len(text.encode("utf-8", "replace")) > IMPORT_BYTES


def _of_geojson(text: str, name: str) -> tuple[cap.Area, ...]:
    try:
        found = list(read_features(_collection(json.loads(text)), LIMITS))
    except (ValueError, RecursionError) as error:
        raise NotImported(NEITHER) from error
    polygons = tuple(ring for one in found for ring in one.polygons)
    holes = tuple(ring for one in found for ring in one.holes)
    unreadable = sum(one.unreadable for one in found)
    if not polygons and not unreadable:
        return ()
    return (cap.Area(name, polygons=polygons, excluded=holes, unreadable=unreadable),)


def _collection(document: Any) -> Any:
    """Return a collection of features, whether it is one, a feature or a geometry alone."""
    if not isinstance(document, dict) or "features" in document:
        return document
    feature = document if document.get("type") == "Feature" else {"properties": {}, "geometry": document}
    return {"features": [feature]}


def _of_message(text: str) -> tuple[cap.Area, ...]:
    """Return the areas of the first message, each once: its other languages have the same."""
    if not text.startswith("<"):
        raise NotImported(NEITHER)
    alerts = cap.parse(text.encode("utf-8", "replace"), LIMITS).alerts
    areas = dict.fromkeys(area for alert in alerts[:1] for area in alert.areas())
    return tuple(replace(area, line=None) for area in areas)
