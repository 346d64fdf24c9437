"""Templates are read within limits, and all that is wrong is said at once, with its place."""

import json
import tomllib
from typing import Any

import pytest

from dispatcher.templates.reading import FAULTS_MAX, LARGEST, TemplateError, parse, template_of
from tests.support.templates import MEMBERS, members, template

TOML = """
id = "probe"
title = "Probe"
categories = ["Other"]
severity = ["Minor"]
urgency = ["Immediate"]
certainty = ["Observed"]
lasts = "1h"
lasts_at_most = "2h"
[texts.de]
event = "Probe"
headline = "Probe"
instruction = "Nichts tun."
"""


def faults(raw: bytes) -> list[tuple[str, str]]:
    with pytest.raises(TemplateError) as caught:
        parse(raw)
    return [(one.path, one.code) for one in caught.value.faults]


def test_toml_and_json_are_the_same() -> None:
    assert parse(json.dumps(MEMBERS).encode()) == template()
    assert parse(TOML.encode()) == template_of(tomllib.loads(TOML))


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"x = " + b"1" * LARGEST, "too-large"),
        (b"\xff\xfe", "unreadable"),
        (b"id =", "unreadable"),
        (b"{", "unreadable"),
        (b"{" * 60_000, "unreadable"),
        (b'{"a":' * 15_000, "unreadable"),
        (b"a." * 151 + b"a = 1", "unreadable"),
        (b"x = {" + b"a." * 151 + b"a = 1}", "unreadable"),
    ],
)
def test_what_is_neither_is_refused(raw: bytes, code: str) -> None:
    assert faults(raw) == [("", code)]


def test_a_text_of_short_sentences_may_stand_in_one_line() -> None:
    text = ("Nach oben. " * 136).strip()
    assert len(text) > 1490
    assert parse(TOML.replace("Nichts tun.", text).encode()).texts["de"].instruction == text


@pytest.mark.parametrize(
    ("changes", "path", "code"),
    [
        ({"id": None}, "id", "member-missing"),
        ({"id": "Hoch Wasser"}, "id", "member-form"),
        ({"id": "../etc"}, "id", "member-form"),
        ({"colour": "red"}, "colour", "member-unknown"),
        ({"severity": ["Grave"]}, "severity/0", "member-value"),
        ({"severity": []}, "severity", "member-length"),
        ({"lasts": "bald"}, "lasts", "member-form"),
        ({"lasts": "9999d"}, "lasts", "member-form"),
        ({"lasts": "1m"}, "lasts", "member-form"),
        ({"municipalities": ["5358008"]}, "municipalities/0", "member-form"),
        ({"fields__Ort": MEMBERS["fields"]["ort"]}, "fields/Ort/[key]", "member-form"),
        ({"fields__ort__kind": "date"}, "fields/ort/kind", "member-value"),
        ({"fields__ort__longest": 5000}, "fields/ort/longest", "member-form"),
        ({"fields__pegel__least": float("nan")}, "fields/pegel/least", "member-form"),
        ({"fields__pegel__most": float("inf")}, "fields/pegel/most", "member-form"),
        ({"title": "\ud800"}, "title", "member-form"),
        ({"\ud800": 1}, "", "member-form"),
        ({"texts__de__instruction": None}, "texts/de/instruction", "member-missing"),
        ({"texts__de__description": "x" * 1501}, "texts/de/description", "member-length"),
        ({"texts": {}}, "texts", "member-length"),
        ({"texts": {f"a{n:c}": MEMBERS["texts"]["de"] for n in range(97, 110)}}, "texts", "member-length"),
    ],
)
def test_each_mistake_is_named_with_its_place(changes: dict[str, Any], path: str, code: str) -> None:
    assert faults(json.dumps(members(**changes)).encode()) == [(path, code)]


def test_what_cannot_be_written_is_named_as_it_can_be() -> None:
    """Half of a letter in a name would stop the answer that says so."""
    (found,) = faults(json.dumps(members(event_codes={"\ud800": "x"})).encode())
    assert found[0].encode().startswith(b"event_codes/")


def test_all_mistakes_are_named_at_once_up_to_a_bound() -> None:
    assert len(faults(json.dumps(members(id=None, title=None, lasts="bald")).encode())) == 3
    assert len(faults(json.dumps({f"m{n}": 1 for n in range(200)}).encode())) == FAULTS_MAX


def test_what_is_no_table_is_no_template() -> None:
    with pytest.raises(TemplateError):
        template_of([1, 2])
