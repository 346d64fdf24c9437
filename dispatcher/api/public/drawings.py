"""Answer what is in force in an area that somebody has drawn, at a bounded cost, and say what is wrong with it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from dispatcher.api.shedding import Busy, Gate
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.publication.drawn_area import (
    AREA_MAX_KM2,
    CORNERS_MAX,
    CORNERS_MIN,
    DrawingProblem,
    corners_of,
    place_of,
)

if TYPE_CHECKING:
    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.publication.documents import Document
    from dispatcher.publication.editions import Edition
    from dispatcher.publication.forms.registry import PlaceForm

AT_ONCE: Final = 1
"""How many are worked on at once, each in a thread: the largest take tens of milliseconds of a processor."""
WAITING: Final = 4
"""How many of one address may wait."""
RETRY_AFTER_S: Final = 2
_WRONG: Final = {
    DrawingProblem.SYNTAX: (
        "it is written `lat,lon lat,lon …`, degrees of WGS 84 with points, one blank between the corners",
        "es steht als `Breite,Länge Breite,Länge …`, Grad nach WGS 84 mit Punkt, zwischen den Ecken ein Leerzeichen",
    ),
    DrawingProblem.CORNERS: (
        f"it has {CORNERS_MIN} to {CORNERS_MAX} corners",
        f"es hat {CORNERS_MIN} bis {CORNERS_MAX} Ecken",
    ),
    DrawingProblem.RANGE: ("a corner is not on the earth", "eine Ecke liegt nicht auf der Erde"),
    DrawingProblem.CROSSES: (
        "its edge crosses or touches itself",
        "sein Rand kreuzt oder berührt sich selbst",
    ),
    DrawingProblem.EMPTY: ("it encloses no area", "es umschließt keine Fläche"),
    DrawingProblem.LARGE: (
        f"it is larger than {AREA_MAX_KM2:,.0f} km²: read districts, or everything",
        f"es ist größer als {AREA_MAX_KM2:.0f} km²: bitte Kreise abfragen oder alles",
    ),
    DrawingProblem.SWAPPED: (
        "it lies outside the boundary data; latitude and longitude seem to be exchanged",
        "es liegt außerhalb der Gebietsdaten; Breite und Länge scheinen vertauscht",
    ),
}


class Drawings:
    """Answers for the drawings that one process is asked about."""

    def __init__(self, boundaries: Boundaries) -> None:
        self._boundaries = boundaries
        busy = Busy(Phrase.BUSY_READING, RETRY_AFTER_S)
        self._gate = Gate(AT_ONCE, 1, waiting=WAITING, busy=busy)

    async def listed(self, text: str, form: PlaceForm, edition: Edition, address: str) -> Document:
        """Return what is in force in the area. Raises `RequestRefused` for what is none, where the boundary data has no
        municipality, and where too many ask at once.
        """
        corners = corners_of(text)
        if isinstance(corners, DrawingProblem):
            raise _refused(corners)
        async with self._gate.place(address):
            return await asyncio.to_thread(self._made, corners, form, edition)

    def _made(self, corners: tuple[tuple[float, float], ...], form: PlaceForm, edition: Edition) -> Document:
        place = place_of(corners, self._boundaries)
        if isinstance(place, DrawingProblem):
            raise _refused(place)
        if place is None:
            raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_SUCH_PLACE))
        return edition.of_area(form, place)


def _refused(problem: DrawingProblem) -> RequestRefused:
    english, german = _WRONG[problem]
    finding: dict[str, object] = {
        "code": f"polygon_{problem}",
        "path": "polygon",
        "line": None,
        "message": english,
        "message_de": german,
    }
    return RequestRefused(ProblemType.INVALID_REQUEST, said(Phrase.PARAMETERS_WRONG), errors=(finding,))
