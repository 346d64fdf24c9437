"""Judge what a request chooses by parameters: nobody is answered about another place than he asked about."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from fastapi import Request

from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EVERYWHERE_PATH: Final = "/v1/public/alerts"
"""The one address that looks at a position or an area."""
_PLACES: Final = ("lat", "lon", "polygon")
_CHOSEN: Final = ("language", *_PLACES)
_REPEATED: Final = (
    "parameter_repeated",
    "it stands there more than once: ask for each by itself",
    "es steht mehrmals da: bitte jedes einzeln abfragen",
)
_ELSEWHERE: Final = (
    "parameter_elsewhere",
    f"only {EVERYWHERE_PATH} looks at it: here it would be answered about another place",
    f"nur {EVERYWHERE_PATH} beachtet es: hier gälte die Antwort einem anderen Ort",
)


class OneChoice:
    """The dependency of a route that refuses what would be chosen twice, or in vain. What means nothing anywhere is
    passed over.
    """

    refuses = (ProblemType.INVALID_REQUEST,)

    def __call__(self, request: Request) -> None:
        """Raise `RequestRefused` for such a request."""
        names = (name for name, _ in request.query_params.multi_items())
        if found := tuple(wrong_choices(request.url.path, names)):
            raise RequestRefused(ProblemType.INVALID_REQUEST, said(Phrase.PARAMETERS_WRONG), errors=found)


def wrong_choices(path: str, names: Iterable[str]) -> Iterator[dict[str, object]]:
    """Return a finding for each parameter of these names that would be chosen twice, or in vain at this path."""
    times = Counter(name for name in names if name in _CHOSEN)
    for name, number in times.items():
        if number > 1:
            yield _finding(name, *_REPEATED)
        if name in _PLACES and path != EVERYWHERE_PATH:
            yield _finding(name, *_ELSEWHERE)


def _finding(name: str, code: str, english: str, german: str) -> dict[str, object]:
    return {
        "code": code,
        "path": f"query/{name}",
        "line": None,
        "message": english,
        "message_de": german,
    }
