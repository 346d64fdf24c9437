"""The German of what targeting says in English: reasons why something led to no municipality, and notes."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from dispatcher.targeting.geocodes import Unresolved
from dispatcher.targeting.measure import BORDER_ONLY
from dispatcher.targeting.reading import NO_TARGET, UNREADABLE
from dispatcher.targeting.shapes import Repair, ShapeProblem

if TYPE_CHECKING:
    from collections.abc import Mapping

REASONS: Mapping[str, str] = MappingProxyType(
    {
        Unresolved.SCHEME: "unbekanntes Schlüsselverzeichnis",
        Unresolved.FORM: "kein Schlüssel dieses Verzeichnisses",
        Unresolved.CODE: "der Schlüssel ist nicht in den Gebietsdaten",
        Unresolved.COUNTRY: "bezeichnet das ganze Land; das wird nie von selbst gewarnt",
        Unresolved.TOO_MANY: "mehr Schlüssel, als ein Gebiet haben darf",
        ShapeProblem.RANGE: "die Koordinaten liegen nicht auf der Erde",
        ShapeProblem.EMPTY: "umschließt keine Fläche",
        ShapeProblem.LARGE: "größer, als ein Gebiet sein darf",
        ShapeProblem.VERTICES: "mehr Ecken, als eine Meldung haben darf",
        ShapeProblem.DETAILED: "feiner gezeichnet, als eine Karte zeigen kann",
        ShapeProblem.TANGLED: "kreuzt sich zu oft, um zu sagen, was gemeint ist",
        ShapeProblem.BEYOND: "liegt außerhalb der Gebietsdaten",
        ShapeProblem.SWAPPED: "liegt außerhalb der Gebietsdaten; Breite und Länge scheinen vertauscht",
        ShapeProblem.EXCLUDED: "ausgeschlossene Polygone lassen nichts davon übrig",
        ShapeProblem.NO_PLACE: "hat eine Ecke oder Mitte bei 0,0: dort hat niemand einen Ort eingetragen",
        Repair.VALID: "ein Ring, der sich kreuzt oder berührt, wurde zurechtgerückt",
        Repair.DOUBTFUL: "ein Ring kreuzt sich; alle Teile gelten, vielleicht sind nicht alle gemeint",
        Repair.SIMPLIFIED: "so viele Ecken, dass sie auf ein Raster von höchstens 80 m gelegt wurden",
        Repair.HULL: "durch die konvexe Hülle ersetzt",
        Repair.SWAPPED: "Breite und Länge waren vertauscht und sind zurechtgerückt",
        Repair.POLE: "über den Pol geschlossen",
        Repair.COLLAPSED: "ein Ring ohne Fläche wurde durch einen kleinen Kreis ersetzt",
        Repair.POINT: "ein Punkt wurde zu einem Kreis von 100 m erweitert",
        Repair.RADIUS: "ein Kreis von weniger als 100 m wurde auf 100 m erweitert",
        Repair.HOLE: "ein ausgeschlossenes Polygon war nicht zu gebrauchen und bleibt unbeachtet",
        Repair.CUT: "reicht über die Umgebung der Gebietsdaten hinaus",
        BORDER_ONLY: "berührt Gemeinden nur an ihrer Grenze",
        NO_TARGET: "hat weder Polygon noch Kreis noch Schlüssel",
        UNREADABLE: "hat Polygone oder Kreise, die nicht lesbar sind",
        "the alert has no area": "die Meldung nennt kein Gebiet",
    }
)
_LABEL = r"(?P<label>(?:(?:polygon|circle) \d+ of )?area \d+(?: \".*\")?)"
_REPAIRS = "|".join(re.escape(repair) for repair in Repair)
PATTERNS = tuple(
    (re.compile(pattern, re.DOTALL), words)
    for pattern, words in (
        (rf"{_LABEL}: (?P<repair>{_REPAIRS})", "{label}: {repair}"),
        (
            rf"{_LABEL} (?P<why>{re.escape(UNREADABLE)}); its codes stand for it",
            "{label} {why}; es gelten seine Schlüssel",
        ),
        (
            rf"{_LABEL}: (?P<count>\d+) \w+ lies? wholly below (?P<height>\d+) m and (?:is|are) left out",
            (
                "{label}: {count} {count:Gemeinde liegt|Gemeinden liegen} ganz unter {height} m und "
                "{count:bleibt|bleiben} außen vor"
            ),
        ),
        (
            rf"{_LABEL}: (?P<share>\S+) of it lies outside the boundary data",
            "{label}: {share} davon liegt außerhalb der Gebietsdaten",
        ),
        (
            r"codes name (?P<coded>\d+) \w+, the geometry reaches (?P<drawn>\d+): (?P<share>\S+) in common",
            (
                "die Schlüssel nennen {coded} {coded:Gemeinde|Gemeinden}, die Zeichnung erreicht {drawn}; "
                "{share} davon sind dieselben"
            ),
        ),
    )
)
"""Notes as patterns of our own English, with the German; a label's own German is `explanation.german_label`."""
