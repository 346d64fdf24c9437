"""What is filled in is checked_values field by field."""

from typing import Any

import pytest

from dispatcher.templates.template import TemplateField
from dispatcher.templates.values import checked_values, with_unit
from tests.support.templates import template


def codes(kind: str, value: str, **more: Any) -> list[str]:
    field = {"kind": kind, "label": "Feld", "example": "1", "longest": 20} | more
    one = template(
        fields={"feld": field},
        texts={"de": {"event": "E", "headline": "{feld}", "instruction": "I"}},
    )
    return [found.code for found in checked_values(one, {"feld": value})[1]]


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        ("text", "Schule am Markt", []),
        ("text", "{feld} [x] %s", []),
        ("text", "x" * 20, []),
        ("text", "x" * 21, ["value-long"]),
        ("text", "a\nb", ["value-unseen"]),
        ("text", "a\u202eb", ["value-unseen"]),
        ("text", "a\u200bb", ["value-unseen"]),
        ("text", "a\x00b", ["value-unseen"]),
        ("text", "a\uffffb", ["value-unseen"]),
        ("text", "a\ud800b", ["value-unseen"]),
        ("text", "a<br>b", ["value-markup"]),
        ("text", "a&amp;b", ["value-markup"]),
        ("text", "Feuer & Rauch < 3", []),
        ("number", "720", []),
        ("number", "1,5", []),
        ("number", "-3.25", []),
        ("number", "1.000,5", ["value-number"]),
        ("number", "١٢", ["value-number"]),
        ("number", "1e9", ["value-number"]),
        ("number", "viel", ["value-number"]),
        ("time", "18:30", []),
        ("time", "8:30", ["value-time"]),
        ("time", "24:00", ["value-time"]),
        ("time", "morgen", ["value-time"]),
        ("place", "Jülich", []),
        ("place", "B 56 / L 12", []),
        ("place", "123", ["value-place"]),
        ("place", "🔥", ["value-place"]),
    ],
)
def test_a_value_is_of_its_kind(kind: str, value: str, found: list[str]) -> None:
    assert codes(kind, value) == found


@pytest.mark.parametrize(
    ("value", "found"), [("0", []), ("10", []), ("10,5", ["value-range"]), ("-1", ["value-range"])]
)
def test_a_number_lies_within_its_bounds(value: str, found: list[str]) -> None:
    assert codes("number", value, least=0, most=10) == found


def test_what_is_missing_and_what_there_is_none_of_is_named() -> None:
    said, faults = checked_values(template(), {"ort": "  ", "fluss": "Rur"})
    assert said == {}
    assert [(one.path, one.code) for one in faults] == [
        ("values/fluss", "value-unknown"),
        ("values/ort", "value-missing"),
    ]


def test_blanks_at_its_ends_are_no_part_of_a_value_and_its_unit_is() -> None:
    assert checked_values(template(), {"ort": " Jülich ", "pegel": "520"})[0] == {
        "ort": "Jülich",
        "pegel": "520 cm",
    }
    assert with_unit(TemplateField(kind="text", label="x", example="x"), "a") == "a"
