"""Requests by template: what stands in braces is put in, what is not there is left out."""

import json
from typing import Any

import pytest

from channels.sms.http.templates import (
    DEPTH_MAX,
    NO_MEMBERS,
    FormTemplate,
    JsonTemplate,
    TextTemplate,
    path_of,
)

VALUES = {"to": "+49151", "text": "Öl & 100 % {sicher}", "validity": 60, "report_url": None}


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("{to}", "+49151"),
        ("{validity}", 60),
        ("tel:{to}", "tel:+49151"),
        ("{to}/{validity}", "+49151/60"),
        ("{{to}} {to}", "{to} +49151"),
        ("{text}", "Öl & 100 % {sicher}"),
        ("{report_url}", None),
        ("x{report_url}", None),
        ("", ""),
        ("plain", "plain"),
    ],
)
def test_texts(template: str, filled: Any) -> None:
    assert TextTemplate.parse(template).fill(VALUES) == filled


def test_a_literal_is_no_template() -> None:
    assert TextTemplate.literal("{a}").fill({}) == "{a}"


@pytest.mark.parametrize("wrong", ["{", "}", "{to", "to}", "{}", "{to!r}", "{to:>9}", "{a{b}}"])
def test_braces_that_do_not_belong_together(wrong: str) -> None:
    with pytest.raises(ValueError, match="brace"):
        TextTemplate.parse(wrong)


def test_json_keeps_its_shape_and_its_types() -> None:
    template = JsonTemplate.parse(
        {
            "messages": [{"to": ["{to}"], "body": {"text": "{text}", "ttl": "{validity}"}}],
            "report": {"url": "{report_url}"},
            "urls": ["{report_url}", "x"],
            "flash": False,
            "price": 0.5,
            "none": None,
        }
    )
    assert template.fill(VALUES) == {
        "messages": [{"to": ["+49151"], "body": {"text": "Öl & 100 % {sicher}", "ttl": 60}}],
        "report": {},
        "urls": ["x"],
        "flash": False,
        "price": 0.5,
        "none": None,
    }
    assert template.names == {"to", "text", "validity", "report_url"}


def test_what_is_wrong_is_named_by_its_path() -> None:
    with pytest.raises(ValueError, match=r"^recipients\.0\.msisdn: .*brace"):
        JsonTemplate.parse({"recipients": [{"msisdn": "{to"}]})
    with pytest.raises(ValueError, match=r"^to: .*brace"):
        FormTemplate.parse({"to": "to}"})


@pytest.mark.parametrize(("name", "path"), [("to", ".a.1.to"), ("text", ".b"), ("validity", None)])
def test_a_placeholder_stands_somewhere(name: str, path: str | None) -> None:
    template = JsonTemplate.parse({"a": [1, {"to": "tel:{to}"}], "b": "{text}"})
    assert path_of(name, template.node) == path
    assert path_of("to", FormTemplate.parse({"x": "", "To": "{to}"})) == ".To"


def test_a_template_is_as_deep_as_requests_are() -> None:
    deep: Any = "{to}"
    for _ in range(DEPTH_MAX + 2):
        deep = {"a": deep}
    with pytest.raises(ValueError, match="nested deeper"):
        JsonTemplate.parse(deep)


def test_a_form_leaves_out_what_is_not_there() -> None:
    form = FormTemplate.parse({"To": "{to}", "Ttl": "{validity}", "Callback": "{report_url}", "x": "1"})
    assert form.fill(VALUES) == {"To": "+49151", "Ttl": "60", "x": "1"}
    assert form.names == {"to", "validity", "report_url"}
    assert NO_MEMBERS.fill({}) == {}


@pytest.mark.parametrize("text", ['"}, "to": "+1', "\u2028\x00\x07", "{to}", "👩‍👩‍👧‍👦"])
def test_no_text_gets_out_of_its_place(text: str) -> None:
    template = JsonTemplate.parse({"text": "{text}", "to": "{to}"})
    filled = template.fill({**VALUES, "text": text})
    assert json.loads(json.dumps(filled)) == {"text": text, "to": "+49151"}
