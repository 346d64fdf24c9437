"""The table of a match, as the duty officer reads it."""

import io
from typing import Any

import pytest
from rich.console import Console

import cap
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.commands.matching.table import share_text, show_match
from dispatcher.targeting.match import match
from tests.support.messages import Message
from tests.targeting.drawing import circle, coded


def shown(boundaries: Boundaries, *areas: Any, language: str = "de") -> str:
    alert = cap.parse(Message(identifier="rur-1").xml()).alerts[0]
    out = io.StringIO()
    show_match(Console(file=out, width=200), alert, match(list(areas), boundaries), language)
    return out.getvalue()


@pytest.mark.parametrize(
    ("share", "de", "en"),
    [
        (0.0, "< 1 %", "<1%"),
        (0.0099, "< 1 %", "<1%"),
        (0.01, "1 %", "1%"),
        (0.5, "50 %", "50%"),
        (1, "100 %", "100%"),
    ],
)
def test_no_place_that_is_warned_has_nothing(share: float, de: str, en: str) -> None:
    assert share_text(share).replace("\N{NO-BREAK SPACE}", " ") == de
    assert share_text(share, "en") == en


def test_the_officer_reads_german_and_english_on_request(boundaries: Boundaries) -> None:
    german = shown(boundaries, circle(50.8, 6.48, 2), coded(("AGS", "05358024")))
    for word in ("rur-1: ", "Gemeinde", "gezeichnet", "genannt", "nicht wegen des Gebiets abgelehnt"):
        assert word in german
    english = shown(boundaries, circle(50.8, 6.48, 2), language="en")
    for word in ("municipality", "drawn", "not refused for it"):
        assert word in english


def test_it_says_what_a_submission_would_do(boundaries: Boundaries) -> None:
    """A control centre's is refused; only a feed's waits for a person."""
    said = shown(boundaries, circle(48.1, 11.5, 1))
    assert "(submit) wird mit 422 abgelehnt" in said
    assert "Liegt außerhalb der Gebietsdaten." in said
