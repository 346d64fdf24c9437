"""`dispatcher template`: what works on files alone."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import cap
from dispatcher.__main__ import app
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.templates import TEMPLATE_TEXTS
from tests.support.templates import members

AREA = ["--municipality", "05358024", "--area", "Jülich"]
FLOOD = [
    *("fill", "hochwasser", "--prepared", "--sender", "leitstelle@dueren.example", *AREA),
    *("--set", "gewaesser=Rur", "--set", "ort=Jülich"),
]


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


def test_a_filled_one_is_a_valid_message() -> None:
    done = run(*FLOOD, "--expires", "+3h", "--severity", "Extreme", "--exercise")
    alert = cap.parse(done.stdout.encode()).alerts[0]
    assert (done.exit_code, alert.status, alert.infos[0].headline) == (
        0,
        "Exercise",
        "Hochwasser an Rur: Jülich",
    )
    assert cap.is_valid(cap.check(alert, cap.STRICT))


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (["--set", "pegel=hoch"], 1, "values/pegel"),
        (["--set", "pegel"], 2, "NAME=WERT"),
        (["--set", "ort=Düren"], 2, "zweimal"),
        (["--expires", "gestern"], 2, "keine Zeit"),
        (["--expires", "+60h"], 1, "höchstens 48 Stunden"),
        (["--severity", "Minor"], 1, "Severe, Extreme, Moderate"),
    ],
)
def test_what_does_not_fit_makes_no_message(more: list[str], code: int, said: str) -> None:
    done = run(*FLOOD, *more)
    assert (done.exit_code, done.stdout, said in done.stderr) == (code, "", True), done.stderr
