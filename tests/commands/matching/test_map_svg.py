"""The map of a match."""

import dataclasses
from typing import Any

import pytest
from lxml import etree

from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.commands.matching.map_svg import MAX_LABELS, scale_length, svg
from dispatcher.targeting.match import match
from dispatcher.targeting.outcome import Match
from tests.targeting.drawing import circle, coded, district, drawn

SVG = "{http://www.w3.org/2000/svg}"


def parsed(text: Any) -> Any:
    return etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False, no_network=True))


def classes(root: Any) -> list[Any]:
    return [path.get("class") for path in root.iter(f"{SVG}path")]


def test_a_picture_shows_the_alert_the_reached_and_the_neighbours(boundaries: Boundaries) -> None:
    found = match([drawn(district(boundaries, "05358")), coded(("AGS", "05370012"))], boundaries)
    root = parsed(svg(found, boundaries, "Hochwasser <Rur> & mehr"))
    assert root.find(f"{SVG}title").text == "Hochwasser <Rur> & mehr"
    headline, *_ = [text for text in root.iter(f"{SVG}text") if text.get("class") == "headline"]
    assert headline.text == "Hochwasser <Rur> & mehr"
    assert classes(root).count("geometry") == 15
    assert classes(root).count("geocode") == 1
    assert classes(root).count("alert") == 1
    assert "land" in classes(root)
    words = " ".join(root.itertext())
    assert "Düren 100\N{NO-BREAK SPACE}%" in words
    assert "© GeoBasis-DE / BKG 2016 (Daten verändert)" in words
    assert "Gebietsstand 2016-01-01" in words


def test_nothing_in_a_picture_comes_from_elsewhere(boundaries: Boundaries) -> None:
    text = svg(match([circle(50.8, 6.48, 1)], boundaries), boundaries)
    assert "href" not in text
    assert "script" not in text
    assert "url(" not in text


def test_the_legend_has_every_colour_and_line_and_the_outline_hides_none(boundaries: Boundaries) -> None:
    found = match([drawn(district(boundaries, "05358")), coded(("AGS", "05370012"))], boundaries)
    text = svg(found, boundaries)
    root = parsed(text)
    shown = {rect.get("class") for rect in root.iter(f"{SVG}rect")}
    assert set(classes(root)) - {"scale"} <= shown
    assert {"geometry", "geocode", "both", "alert", "land"} == shown
    assert ".alert{fill:none" in text, "a colour over another one would be a third"
    english = " ".join(parsed(svg(found, boundaries, language="en")).itertext())
    assert "the drawn area" in english
    assert "boundaries as of 2016-01-01" in english


def test_the_map_has_a_scale_and_names_its_neighbours(boundaries: Boundaries) -> None:
    root = parsed(svg(match([coded(("AGS", "05358008"))], boundaries), boundaries))
    texts = {text.get("class") or "": text.text for text in root.iter(f"{SVG}text")}
    assert "scale" in classes(root)
    assert any(text.text.endswith(" km") for text in root.iter(f"{SVG}text"))
    assert texts["name neighbour"]
    names = {one.name for one in boundaries.municipalities}
    assert {text.text for text in root.iter(f"{SVG}text") if text.get("class") == "name neighbour"} <= names


@pytest.mark.parametrize(
    ("most", "length"), [(999.0, 500), (1000.0, 1000), (2600.0, 2000), (12_000.0, 10_000)]
)
def test_a_scale_is_of_round_length(most: float, length: float) -> None:
    assert scale_length(most) == length


def test_codes_alone_have_no_alert_outline(boundaries: Boundaries) -> None:
    root = parsed(svg(match([coded(("AGS", "05358008"))], boundaries), boundaries))
    assert "alert" not in classes(root)


def test_many_municipalities_are_drawn_without_names(boundaries: Boundaries) -> None:
    found = match([coded(("ARS", "05"))], boundaries)
    assert len(found.affected) > MAX_LABELS
    root = parsed(svg(found, boundaries))
    assert not [text for text in root.iter(f"{SVG}text") if text.get("class") == "name"]


def test_a_match_of_nothing_shows_the_data(boundaries: Boundaries) -> None:
    root = parsed(svg(Match(()), boundaries))
    assert classes(root).count("land") == len(boundaries.municipalities)


def test_a_hostile_name_is_only_text(boundaries: Boundaries) -> None:
    found = match([coded(("AGS", "05358008"))], boundaries)
    bad = dataclasses.replace(
        found, affected=(dataclasses.replace(found.affected[0], name="<script>x</script>"),)
    )
    root = parsed(svg(bad, boundaries))
    assert not list(root.iter(f"{SVG}script"))
