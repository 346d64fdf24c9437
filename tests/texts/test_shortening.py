"""The mark of an exercise stands at both ends of a text, however short that has to be."""

import pytest

from channels.json_texts import json_length
from dispatcher.texts.shortening import before, marked


@pytest.mark.parametrize(
    ("text", "room", "whole"),
    [
        ("Meiden Sie das Ufer.", 60, "ÜBUNG: Meiden Sie das Ufer. – ÜBUNG"),
        ("ÜBUNG: Meiden Sie das Ufer.", 60, "ÜBUNG: Meiden Sie das Ufer. – ÜBUNG"),
        ("Meiden Sie das Ufer.", 36, "ÜBUNG: Meiden Sie… – ÜBUNG"),
        ("Meiden Sie das Ufer.", 12, ""),
    ],
)
def test_the_text_gives_way_and_never_the_mark(text: str, room: int, whole: str) -> None:
    assert marked(text, "ÜBUNG", room) == whole
    assert json_length(whole) <= room


def test_without_a_mark_a_text_is_only_shortened() -> None:
    assert (before(""), before("TEST")) == ("", "TEST: ")
    assert marked("Meiden Sie das Ufer.", "", 16) == "Meiden Sie…"
