"""Plots of a drill."""

import re
from typing import Any

from lxml import etree

from dispatcher.commands.drill.plots import WIDTH, Bar, Series, bars, curves, text_of


def svg(text: str) -> Any:
    return etree.fromstring(f"<div>{text}</div>".encode()).find("svg")


def test_each_series_is_a_line_within_the_picture_with_a_name() -> None:
    series = [Series("SMS & Co", [[1.0, 5.0], [9.0, 40.0]]), Series("Push", [[0.5, 80.0]])]
    text = curves(series, "Titel", "s")
    paths = svg(text).findall("path")
    assert len(paths) == 2
    numbers = [float(one) for path in paths for one in re.findall(r"[\d.]+", path.get("d"))]
    assert max(numbers) <= WIDTH
    assert svg(text).find("title").text == "Titel"
    assert "SMS &amp; Co" in text
    assert len({(path.get("stroke"), path.get("stroke-dasharray")) for path in paths}) == 2


def test_bars_are_as_long_as_their_counts() -> None:
    drawn = svg(bars([Bar("Düren", [100, 50]), Bar("Ein sehr langer Name " * 4, [0, 0])], ["a", "b"], "T"))
    widths = [float(one.get("width")) for one in drawn.findall("rect")]
    assert (widths[0], widths[2:]) == (2 * widths[1], [0.0, 0.0])


def test_nothing_is_drawn_of_nobody() -> None:
    assert (
        curves([Series("a", [])], "T", "s") == bars([Bar("a", [0])], ["x"], "T") == bars([], ["x"], "T") == ""
    )


def test_a_text_is_one_line_without_markup() -> None:
    assert text_of('a\n<b>"\u202e') == "a &lt;b&gt;&quot;"
