"""The pages of the console, as text."""

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from jinja2 import UndefinedError

from dispatcher.console.pages import ROOM, STATIC, ConsoleFrame, drawn, page, root_of, static_file, version
from dispatcher.console.words import WORDS
from dispatcher.model.vocabulary import Environment

HOSTILE = "<script>alert(1)</script>\"'{{ 7*7 }}"


def frame(environment: Environment = Environment.LIVE, person: str = "") -> ConsoleFrame:
    return ConsoleFrame(environment, "de", "form-token", ZoneInfo("Europe/Berlin"), person)


VALUES: dict[str, dict[str, Any]] = {
    "sign_in": {"said": HOSTILE, "next": HOSTILE},
    "code": {"said": HOSTILE, "next": HOSTILE},
    "message": {"title": HOSTILE, "said": HOSTILE},
    "invitation": {"person": HOSTILE, "said": HOSTILE, "invitation": HOSTILE},
    "totp": {"secret": HOSTILE, "address": HOSTILE, "drawing": "", "said": HOSTILE, "enrolling": False},
    "recovery": {"codes": [HOSTILE]},
    "account": {
        "said": HOSTILE,
        "enrolling": False,
        "roles": [{"name": "author", "territory": HOSTILE, "withheld": ""}],
        "credentials": [
            {
                "number": 1,
                "kind": "passkey",
                "label": HOSTILE,
                "used_at": datetime(2026, 11, 29, tzinfo=UTC),
                "removable": True,
            }
        ],
        "recovery_codes": 3,
        "sessions": [],
        "own": 1,
    },
}


@pytest.mark.parametrize("name", sorted(VALUES))
def test_whatever_is_shown_is_a_text(name: str) -> None:
    written = page(name, frame(person=HOSTILE), **VALUES[name])
    assert "<script>alert" not in written
    assert "49" not in re.sub(r"[a-f0-9]{16}", "", written)
    assert "&lt;script&gt;" in written


def test_every_template_is_tried_here() -> None:
    assert {path.stem for path in (ROOM / "templates").glob("*.html")} - {"base"} == set(VALUES)


def test_a_template_that_was_given_too_little_is_noticed() -> None:
    with pytest.raises(UndefinedError):
        page("code", frame())


def test_templates_use_all_words_and_no_others() -> None:
    sources = "".join(path.read_text("utf-8") for path in (ROOM / "templates").glob("*.html"))
    used = set(re.findall(r"\bt\.(\w+)", sources))
    assert used <= set(WORDS)


def test_live_and_exercise_differ_in_more_than_colour() -> None:
    live, exercise = (page("message", frame(one), title="x", said="y") for one in Environment)
    assert exercise.count("ÜBUNG") >= 3
    assert "ÜBUNG" not in live
    assert "ECHTBETRIEB" in live
    assert root_of(Environment.EXERCISE) == "/console/exercise"


def test_files_have_a_version_of_their_content() -> None:
    assert all(static_file(name) for name in STATIC)
    assert static_file("../words.py") is None
    assert re.fullmatch(r"[0-9a-f]{16}", version())
    assert version() in page("sign_in", frame(), **VALUES["sign_in"])


def test_a_drawing_has_no_style_that_the_policy_forbids() -> None:
    assert drawn("otpauth://totp/x").startswith("<svg ")
    assert "style=" not in drawn("x")
