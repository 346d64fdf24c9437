"""An app's own gateway is one as of the settings, and is refused without a word of it."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from channels.sms.own_gateway import own_gateway

ROOT = Path(__file__).parents[3]
URL = "https://sms.example/messages"
GEHEIM_DEEP: Any = "GEHEIM"
for _ in range(20):
    GEHEIM_DEEP = {"GEHEIM": GEHEIM_DEEP}


def templated(url: str, text: str) -> bytes:
    rules = [{"status": "2xx", "means": "accepted"}]
    return json.dumps({"url": url, "request": {"text": text}, "answer": {"rules": rules}}).encode()


RULES = [{"status": "2xx", "means": "accepted"}]
NESTED = (
    ({"answer": {"rules": [{"status": "GEHEIM", "means": "accepted"}]}}, "answer.rules.0.status: no status"),
    (
        {"answer": {"rules": [{"text": "***", "means": "accepted"}]}},
        "answer.rules.0.text: a pattern of stars",
    ),
    (
        {"answer": {"rules": [RULES[0], {"status": "200", "means": "rejected", "name": "GEHEIM"}]}},
        "rules.1: can never",
    ),
    ({"answer": {"error": "GEHEIM[*].x"}}, "answer.error: paths have dots"),
    ({"answer": {"reference": "GEHEIM.*"}}, "answer.reference: paths have numbers"),
    ({"answer": {"success": "s", "error": "e"}, "errors": {"1": "GEHEIM"}}, "errors: one of permanent"),
    ({"request": {"json": {"GEHEIM": "{to"}}, "answer": {"rules": RULES}}, "request: json: "),
    (
        {"request": {"json": {"GEHEIM": "{to!r}"}}, "answer": {"rules": RULES}},
        "request: json: a placeholder is",
    ),
    ({"request": {"text": "{GEHEIM:x}"}, "answer": {"rules": RULES}}, "request: text: a placeholder is"),
    ({"request": {"json": GEHEIM_DEEP}, "answer": {"rules": RULES}}, "request: json: nested deeper than"),
    (
        {"url": "https://sms.example/{", "request": {"text": "{to}{text}"}, "answer": {"rules": RULES}},
        "url: .* brace",
    ),
    ({"fields": {"GEHEIM": "x"}}, "fields: has a field that there is not; there are to, "),
    ({"validity": {"at_least_s": 9, "at_most_s": 3}}, "at_most_s is less"),
    ({"validity": {"unit": "date", "format": "%QGEHEIM"}}, "format: one of it is none of"),
    ({"validity": {"zone": "GEHEIM"}}, "validity.zone: no time zone"),
    (
        {"inbound": {"secret": "GEHEIM-GEHEIM-GEHEIM", "previous_secret": "GEHEIM-GEHEIM-GEHEI2"}},
        "inbound: previous",
    ),
    ({"inbound": {"secret": "GEHEIM"}}, "inbound.secret: "),
    ({"inbound": {"secret": "GEHEIM-GEHEIM-GEHEIM", "text": "GEHEIM[0]"}}, "inbound.text: paths have dots"),
    ({"max_parts": 99}, "max_parts: should be less than or equal to 10"),
    ({"validity_unit": "GEHEIM"}, "validity_unit: should be 's' or 'min'"),
    ({"reference": "GEHEIM"}, "reference: there is no such member"),
)
"""What is wrong inside of a member, and how it is said."""


@pytest.mark.parametrize(("given", "why"), NESTED)
def test_what_is_wrong_inside_is_a_sentence_that_names_the_member(given: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        own_gateway(json.dumps({"url": URL, **given}).encode())
    assert re.search("GEHEIM|value error|cannot be so", str(refused.value)) is None


def unworded(source: str) -> list[int]:
    """The lines on which something is refused without a sentence that may be shown."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Raise)
        and isinstance(node.exc, ast.Call)
        and getattr(node.exc.func, "id", "") == "ValueError"
    ]


SETTINGS = (
    "channels/sms/settings.py",
    *(
        f"channels/sms/http/{name}.py"
        for name in ("flat", "patterns", "profiles", "rehearsal", "settings", "templates", "validity")
    ),
)


@pytest.mark.parametrize("path", SETTINGS)
def test_whatever_is_refused_of_a_gateway_has_a_sentence_that_may_be_shown(path: str) -> None:
    assert unworded((ROOT / path).read_text("utf-8")) == []


def test_a_refusal_without_one_is_noticed() -> None:
    assert unworded("def f():\n    raise ValueError('x')\n") == [2]


def test_it_is_read_as_one_of_the_settings() -> None:
    found = own_gateway(json.dumps({"url": URL, "authorization": "Bearer GEHEIM", "rate": 10}).encode())
    assert (found.url, found.contract("own:dueren").rate) == (URL, 10)
    assert "GEHEIM" not in repr(found)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (b"GEHEIM", "a JSON object"),
        (b'["GEHEIM"]', "a JSON object"),
        (b"[" * 100_000, "a JSON object"),
        (b"\xff", "a JSON object"),
        (b"{}", "url: missing"),
        (b'{"url": "https://sms.example", "name": "GEHEIM"}', "name: not to be said"),
        (
            b'{"url": "https://sms.example", "reports": {"secret": "GEHEIM"}, "weight": 1}',
            "reports, weight: not",
        ),
        (b'{"url": "https://sms.example", "rate": "GEHEIM"}', "rate: should be a valid number"),
        (
            b'{"url": "https://sms.example", "sender": "GEHEIM GEHEIM GEHEIM"}',
            "sender: a number of 3 to 15 digits",
        ),
        (
            b'{"url": "https://sms.example", "profile": "GEHEIM"}',
            "profile: there is none .* there are .*seven",
        ),
        (b'{"url": "https://sms.example?GEHEIM", "profile": "seven"}', "secrets.[a-z_]+: missing"),
        (b'{"url": "https://sms.example", "secrets": {"k": "GEHEIM"}}', "secrets.k: nothing uses it"),
        (
            templated("https://sms.example?k={GEHEIM}", "{to}{text}"),
            "url: has a placeholder that there is not",
        ),
        (templated(URL, "{to}{text}{GEHEIM}"), "request: has a placeholder that there is not"),
        (templated(URL, "{to}{text}{secret.GEHEIM}"), "secrets: one that the request names is missing"),
    ],
)
def test_what_is_none_is_refused_without_a_word_of_it(given: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        own_gateway(given)
    assert "GEHEIM" not in str(refused.value)
