"""`dispatcher template`: what works on files alone."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dispatcher.__main__ import app
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.templates import TEMPLATE_TEXTS
from tests.support.templates import members


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["template", *map(str, arguments)])


def test_both_languages_say_the_same_things() -> None:
    german, english = (TEMPLATE_TEXTS[language] for language in DeskLanguage)
    assert german.keys() == english.keys()


def test_the_prepared_ones_are_in_order() -> None:
    done = run("check", "--prepared")
    assert (done.exit_code, done.output.count("in Ordnung")) == (0, 8)
    documents = [json.loads(line) for line in run("check", "--prepared", "--json").output.splitlines()]
    assert all(one["is_valid"] and len(one["sha256"]) == 64 for one in documents)


def test_a_bad_one_is_refused_with_the_place(tmp_path: Path) -> None:
    file = tmp_path / "bad.json"
    file.write_text(json.dumps(members(texts__de__headline="Hochwasser: {fluss}")), encoding="utf-8")
    done = run("check", file, "--language", "en")
    assert (done.exit_code, "texts/de/headline: The text names the field fluss" in done.output) == (1, True)


@pytest.mark.parametrize(
    "arguments", [["check"], ["check", "x.toml", "--prepared"], ["fill", "x", "--sender", "a"]]
)
def test_a_wrong_call_is_one(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2
