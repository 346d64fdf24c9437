"""A template that is of no use is found before it is needed."""

from typing import Any

import pytest

from dispatcher.templates.checking import check, example, example_sms
from tests.support.templates import MEMBERS, template

FIELDS, TEXTS = MEMBERS["fields"], MEMBERS["texts"]


def found(**changes: Any) -> list[tuple[str, str]]:
    return [(one.path, one.code) for one in check(template(**changes)).findings]


def test_a_good_template_is_good_and_its_numbers_are_shown() -> None:
    result = check(template())
    assert (result.findings, result.is_valid) == ((), True)
    assert [(one.language, one.headline_longest, one.sms_parts) for one in result.languages] == [
        ("de", 52, 1),
        ("de-simple", 60, 1),
        ("en", 47, 1),
    ]
    assert result.languages[0].headline == "Hochwasser: Jülich"


@pytest.mark.parametrize(
    ("changes", "findings"),
    [
        ({"texts__de__headline": "Hochwasser: {fluss}"}, {("texts/de/headline", "field-unknown")}),
        ({"texts__en__headline": "Flood", "texts__en__instruction": "Leave."}, {("texts/en", "field-left-out")}),
        ({"fields__mehr": FIELDS["ort"]}, {("fields/mehr", "field-unused")}),
        ({"texts__de__headline": "Hochwasser: {ort"}, {("texts/de/headline", "text-mark")}),
        ({"texts__de__headline": "Hochwasser: ${ort}}"}, {("texts/de/headline", "text-mark")}),
        ({"texts__de__description": "Pegel {pegel}."}, {("texts/de/description", "field-open")}),
        ({"texts__de__headline": "Hochwasser[: {ort}]"}, {("texts/de/headline", "passage")}),
        ({"texts__de__headline": "Hochwasser: {ort} [bald]"}, {("texts/de/headline", "passage")}),
        ({"fields__pegel__example": "hoch"}, {("fields/pegel/example", "value-number")}),
        ({"fields__ort__example": "x" * 41}, {("fields/ort/example", "value-long")}),
        ({"fields__ort__longest": 150}, {
            ("texts/de/headline", "headline-long"),
            ("texts/de-simple/headline", "headline-long"),
        }),
        ({"texts__de__instruction": "a\u202eb {ort}"}, {("texts/de/instruction", "text-unseen")}),
        ({"texts__de__instruction": "<b>Raus</b> aus {ort}"}, {("texts/de/instruction", "text-markup")}),
        ({"response_types": ["AllClear"]}, {("response_types", "all-clear")}),
        ({"urgency": ["Past"]}, {("urgency", "all-clear")}),
        ({"lasts": "2d"}, {("lasts", "lasts")}),
        ({"area": ""}, {("area", "area-unnamed")}),
        ({"event_codes": {"list": "a\x01"}}, {("event_codes/list", "text-unseen")}),
        ({"texts__de": None}, {("texts", "language-missing")}),
        ({"web": "kreis.example"}, {("texts/de/web", "uri-relative")}),
        ({"area": "Rur\u202etal"}, {("area", "text-unseen")}),
        ({"contact": "<b>112</b>"}, {("contact", "text-markup")}),
    ],
)  # fmt: skip
def test_what_makes_it_useless_is_an_error_with_its_place(
    changes: dict[str, Any], findings: set[tuple[str, str]]
) -> None:
    result = check(template(**changes))
    assert findings <= {(one.path, one.code) for one in result.findings}
    assert not result.is_valid


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"texts__en": None}, ("texts", "language-advised")),
        ({"texts__de-simple": None}, ("texts", "language-advised")),
        (
            {"texts__de-simple__instruction": "Gehen Sie bitte alle sofort und ohne zu warten in das oberste Stockwerk."},
            ("texts/de-simple/instruction", "sentence-long"),
        ),
    ],
)  # fmt: skip
def test_what_makes_it_worse_is_a_warning(changes: dict[str, Any], finding: tuple[str, str]) -> None:
    result = check(template(**changes))
    assert finding in {(one.path, one.code) for one in result.findings}
    assert result.is_valid


def test_an_sms_that_cannot_hold_what_is_needed_is_noticed() -> None:
    long = "Gehen Sie sofort aus dem Haus und nehmen Sie alles mit, was Sie brauchen, " * 14
    assert ("texts/de/instruction", "sms-cut") in found(texts__de__instruction=f"{long}bei {{ort}}.")


def test_an_example_is_read_as_the_check_has_measured_it() -> None:
    alert = example(template())
    assert alert is not None
    measured = {one.language: one.sms_parts for one in check(template()).languages}
    for language, parts in measured.items():
        sms = example_sms(alert, language)
        assert (sms.parts, sms.is_whole) == (parts, True)
        assert "Jülich" in sms.text
    assert example(template(fields__ort__example="x" * 41)) is None
