"""What pages show of a template."""

from dataclasses import replace
from typing import Any

import pytest

from dispatcher.console.prepared.shown import changes, examples, facts, rows
from dispatcher.console.words import WORDS
from tests.model.templates.test_version import APPROVED, DRAFT, RETIRED
from tests.support.templates import template

PLACES = {"05358008": "Düren", "05358024": "Jülich"}


def word(name: str, **values: object) -> str:
    return WORDS[name].de.format(**values)


def test_rows_are_by_title_each_with_its_newest_version_and_the_one_in_use() -> None:
    draft = replace(DRAFT, version=2)
    other = replace(APPROVED, template_id="brand", title="brand")
    retired = replace(RETIRED, template_id="zug", title="Zug")
    found = rows([[APPROVED, draft], [retired], [other]])
    assert [(one.newest.template_id, one.newest.version, one.live, one.is_open) for one in found] == [
        ("brand", 1, 1, False),
        (APPROVED.template_id, 2, 1, True),
        ("zug", 1, None, False),
    ]


def test_the_examples_stand_in_every_language_as_people_read_them() -> None:
    found = examples(template(), 6)
    assert [one.language for one in found] == ["de", "de-simple", "en"]
    german = found[0]
    assert dict(german.texts)["headline"] == "Hochwasser: Jülich"
    assert "Der Pegel steht bei 520 cm." in dict(german.texts)["description"]
    assert dict(german.wording)["headline"] == "Hochwasser: {ort}"
    assert (german.parts, german.direction) == (2, "ltr") or german.parts == 1
    assert "Hochwasser: Jülich" in german.sms


def test_a_template_that_no_longer_makes_a_message_has_no_texts() -> None:
    assert examples(template(fields__ort__example="x" * 90), 6) == []


def test_facts_are_said_in_words() -> None:
    found = dict(facts(template(), PLACES, word))
    assert found["Schwere"] == "SCHWER; wählbar: EXTREM"
    assert (found["Gilt"], found["Gilt höchstens"]) == ("6 h", "24 h")
    assert found["Gemeinden"] == "Düren (05358008), Jülich (05358024)"
    assert (
        found["Feld pegel"] == "Pegel: Zahl, höchstens 5 Zeichen, Beispiel 520 cm, von 0 bis 2000, freiwillig"
    )
    assert dict(facts(template(lasts="90m"), PLACES, word))["Gilt"] == "1 h 30 min"
    anywhere = dict(facts(template(municipalities=[], area=""), {}, word))
    assert anywhere["Gemeinden"].startswith("keine")


@pytest.mark.parametrize(
    "changed",
    [
        {"title": "Flut"},
        {"categories": ["Env"]},
        {"severity": ["Extreme", "Severe"]},
        {"urgency": ["Expected"]},
        {"certainty": ["Observed"]},
        {"response_types": []},
        {"event_codes": {"list": "other"}},
        {"lasts": "7h"},
        {"lasts_at_most": "2d"},
        {"municipalities": ["05358008"]},
        {"area": "Rur"},
        {"web": "https://kreis.example"},
        {"contact": "115"},
        {"fields__ort__kind": "text"},
        {"fields__ort__label": "Wo"},
        {"fields__ort__label_en": "Where"},
        {"fields__ort__example": "Düren"},
        {"fields__ort__longest": 41},
        {"fields__pegel__required": True},
        {"fields__pegel__unit": "m"},
        {"fields__pegel__least": 1},
        {"fields__pegel__most": 2001},
        {"texts__de__event": "Flut"},
        {"texts__de-simple__headline": "Flut: {ort}"},
        {"texts__en__description": ""},
        {"texts__en__instruction": "Go."},
        {"texts__en": None},
        {"fields__neu": {"kind": "text", "label": "Neu", "example": "x"}},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_nothing_that_an_approval_is_bound_to_changes_unseen(changed: dict[str, Any]) -> None:
    before, after = template(), template(**changed)
    assert before.digest() != after.digest()
    found = changes(before, after, PLACES, word)
    assert len(found) >= 1
    back = changes(after, before, PLACES, word)
    assert {(one.label, one.after, one.before) for one in back} == {
        (one.label, one.before, one.after) for one in found
    }


def test_what_says_the_same_has_no_changes() -> None:
    assert changes(template(), template(), PLACES, word) == []
