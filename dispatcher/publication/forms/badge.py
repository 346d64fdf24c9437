"""Write how many warnings are in force at a place as a small picture (SVG), and as JSON for those who draw their own.

The picture cannot know how old it is where it is looked at: it says as of when it is, with its date. No word of a
stranger is in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from dispatcher.model.desk_time import desk_time
from dispatcher.publication.forms.own import place_of, state_of
from dispatcher.publication.forms.summary import summary
from dispatcher.texts.shortening import as_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from dispatcher.publication.forms.summary import Summary
    from dispatcher.publication.in_force import PublicInForce
    from dispatcher.publication.places import PublicPlace


@dataclass(frozen=True, slots=True)
class _Words:
    """What a badge says in one language."""

    warnings: str
    here: str
    none: str
    unknown: str
    at_least: str
    as_of: str
    gravest: str
    why: str
    severities: Mapping[str, str]


_GERMAN: Final = _Words(
    warnings="Warnungen",
    here="Amtliche Warnungen",
    none="keine",
    unknown="unbekannt",
    at_least="mindestens {}",
    as_of="Stand {}",
    gravest="höchste Schwere: {}",
    why="Ob weitere gelten, ist nicht bekannt.",
    severities={
        "Extreme": "extrem",
        "Severe": "schwer",
        "Moderate": "mäßig",
        "Minor": "gering",
        "Unknown": "ohne Angabe",
    },
)
_ENGLISH: Final = _Words(
    warnings="Warnings",
    here="Official warnings",
    none="none",
    unknown="unknown",
    at_least="at least {}",
    as_of="As of {}",
    gravest="highest severity: {}",
    why="Whether there are others is not known.",
    severities={
        "Extreme": "extreme",
        "Severe": "severe",
        "Moderate": "moderate",
        "Minor": "minor",
        "Unknown": "not stated",
    },
)
WORDS: Final = {"de": _GERMAN, "en": _ENGLISH}
_COLOURS: Final = {
    "Extreme": "#6a0032",
    "Severe": "#a31515",
    "Moderate": "#8a4500",
    "Minor": "#665500",
    "Unknown": "#5a4a00",
}
"""White letters on each of them, and on the next three, have a contrast of 4.5 to 1 at least (WCAG 2.2, 1.4.3)."""
_NONE: Final = "#1b5e20"
_NOT_KNOWN: Final = "#4a4a4a"
_LABEL: Final = "#262626"
_HEIGHT: Final = 24
_LETTER: Final = 7.0
"""Pixels of a letter of 12 pixels, about; `textLength` sees to it that the words fit, whatever the font."""
_MARGIN: Final = 8


def svg(zone: tzinfo, language: str, found: PublicInForce, place: PublicPlace) -> bytes:
    """Return the picture of a place, in local time."""
    words, summed = WORDS[language], summary(found, place)
    value, as_of = _value(summed, words), words.as_of.format(desk_time(found.as_of, zone, language))
    parts = (
        (f"{words.warnings} {place.name}".strip(), _LABEL),
        (value, _colour(summed)),
        (as_of, _LABEL),
    )
    title = f"{words.here} {place.name}".strip() + f": {value}"
    return _drawn(language, title, _description(summed, as_of, words), parts)


def data(language: str, found: PublicInForce, place: PublicPlace) -> bytes:
    """Return the same as JSON."""
    summed = summary(found, place)
    return as_json(
        {
            "place": place_of(place),
            **state_of(found, place),
            "covered": found.covers(place),
            "count": summed.count,
            "at_least": summed.at_least,
            "gravest": summed.gravest,
            "text": _value(summed, WORDS[language]),
        }
    )


def _value(summed: Summary, words: _Words) -> str:
    """Return what the badge says: `unknown` and `none` are never the same."""
    if not summed.at_least:
        return words.none if summed.is_all else words.unknown
    number = str(summed.at_least)
    said = number if summed.is_all else words.at_least.format(number)
    return f"{said} · {words.severities[summed.gravest or 'Unknown']}"


def _colour(summed: Summary) -> str:
    if summed.gravest is not None:
        return _COLOURS[summed.gravest]
    return _NONE if summed.is_all else _NOT_KNOWN


def _description(summed: Summary, as_of: str, words: _Words) -> str:
    """Return what a screen reader says beyond the title."""
    said = [f"{as_of}."]
    if summed.gravest is not None:
        said.insert(0, f"{words.gravest.format(words.severities[summed.gravest])}.")
    if not summed.is_all:
        said.append(words.why)
    return " ".join(said)


def _drawn(language: str, title: str, description: str, parts: tuple[tuple[str, str], ...]) -> bytes:
    drawn, left = [], 0.0
    for text, colour in parts:
        length = len(text) * _LETTER
        width = length + 2 * _MARGIN
        drawn.append(
            f'<rect x="{left:g}" width="{width:g}" height="{_HEIGHT}" fill="{colour}"/>'
            f'<text x="{left + _MARGIN:g}" y="16" textLength="{length:g}" lengthAdjust="spacingAndGlyphs">'
            f"{escape(text)}</text>"
        )
        left += width
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left:g}" height="{_HEIGHT}"'
        f' viewBox="0 0 {left:g} {_HEIGHT}" role="img" aria-labelledby="title desc" xml:lang="{language}"'
        f' lang="{language}"><title id="title">{escape(title)}</title><desc id="desc">{escape(description)}</desc>'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="12">{"".join(drawn)}</g></svg>\n'
    ).encode()
