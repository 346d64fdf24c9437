"""A badge says a number, or that nobody knows, and as of when; by words, not by colour alone."""

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.publication.coverage import Coverage
from dispatcher.publication.forms import badge
from dispatcher.publication.places import PublicPlaces
from tests.support.messages import DUEREN, InfoPart, Message
from tests.support.publication import found, warned

BERLIN = ZoneInfo("Europe/Berlin")
SVG = "{http://www.w3.org/2000/svg}"
GRAVE = Message(identifier="b", infos=(InfoPart(severity="Extreme"),))


@pytest.fixture(scope="module")
def places(boundaries: Boundaries) -> PublicPlaces:
    return PublicPlaces(boundaries)


def drawn(places: PublicPlaces, language: str = "de", *warnings: Any, **state: Any) -> Any:
    body = badge.svg(BERLIN, language, found(*warnings, **state), places.municipality(DUEREN))
    return etree.fromstring(body)


def texts(root: Any) -> list[str]:
    return [one.text for one in root.iter(f"{SVG}text")]


@pytest.mark.parametrize(
    ("language", "warnings", "state", "said"),
    [
        ("de", (), {}, "keine"),
        ("en", (), {}, "none"),
        ("de", (warned("A"),), {}, "1 · schwer"),
        ("de", (warned("A"), warned("B", message=GRAVE)), {}, "2 · extrem"),
        ("en", (warned("A"),), {"current": False}, "at least 1 · severe"),
        ("de", (warned("A"),), {"coverage": Coverage()}, "mindestens 1 · schwer"),
        ("de", (), {"coverage": Coverage()}, "unbekannt"),
        ("de", (), {"current": False}, "unbekannt"),
        ("en", (), {"coverage": Coverage()}, "unknown"),
    ],
)
def test_it_says_how_many_and_how_grave_or_that_nobody_knows(
    places: PublicPlaces, language: str, warnings: Any, state: Any, said: str
) -> None:
    root = drawn(places, language, *warnings, **state)
    label, value, as_of = texts(root)
    assert (label, value) == (f"{'Warnungen' if language == 'de' else 'Warnings'} Düren", said)
    assert as_of == ("Stand 22.11.2026 13:00 MEZ" if language == "de" else "As of 2026-11-22 13:00 CET")
    place = places.municipality(DUEREN)
    values = json.loads(badge.data(language, found(*warnings, **state), place))
    assert values["text"] == said
    assert values["count"] == (len(warnings) if not state else None)
    assert (values["at_least"], values["as_of"]) == (len(warnings), "2026-11-22T12:00:00.000+00:00")


def test_a_screen_reader_is_told_the_same(places: PublicPlaces) -> None:
    root = drawn(places, "de", warned("A"), current=False)
    assert (root.get("role"), root.get("aria-labelledby")) == ("img", "title desc")
    assert root.findtext(f"{SVG}title") == "Amtliche Warnungen Düren: mindestens 1 · schwer"
    assert root.findtext(f"{SVG}desc") == (
        "höchste Schwere: schwer. Stand 22.11.2026 13:00 MEZ. Ob weitere gelten, ist nicht bekannt."
    )
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "de"


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return sum(weight * one for weight, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_white_letters_are_read_on_every_colour() -> None:
    colours = [*badge._COLOURS.values(), badge._NONE, badge._NOT_KNOWN, badge._LABEL]
    assert {
        one: 1.05 / (luminance(one) + 0.05) for one in colours if 1.05 / (luminance(one) + 0.05) < 4.5
    } == {}
    assert 1.05 / (luminance("#999999") + 0.05) < 4.5


def test_nothing_runs_in_it_and_no_word_of_a_sender_is_there(places: PublicPlaces) -> None:
    message = Message(infos=(InfoPart(headline="<script>alert(1)</script>", event="<b>"),))
    root = drawn(places, "de", warned("A", message=message))
    assert {one.tag.removeprefix(SVG) for one in root.iter()} == {"svg", "title", "desc", "g", "rect", "text"}
    assert "script" not in etree.tostring(root, encoding="unicode")
    right = max(float(one.get("x")) + float(one.get("width")) for one in root.iter(f"{SVG}rect"))
    assert right == float(root.get("width"))
