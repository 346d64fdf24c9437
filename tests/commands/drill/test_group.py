"""`dispatcher drill`: what it refuses before anything is sent, and what it shows of drills that are kept."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dispatcher.__main__ import app
from dispatcher.commands.drill.kept import keep
from dispatcher.commands.drill.report import report
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.drills import DRILL_TEXTS
from tests.commands.drill.test_plan import PLAN, written
from tests.commands.drill.test_report import GERMAN, drill

FIRST, SECOND = "drill-20261029-140000-77aa", "drill-20261129-140000-0a1b"
WX = f"wx_leitstelle_{'s' * 43}"


def run(*arguments: object, **environment: str) -> Any:
    return CliRunner().invoke(app, ["drill", *map(str, arguments)], env=environment)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    weak = {"step": "alarm", "channel": "webpush", "what": "within", "value": 4.0, "bound": 3.0}
    for one in (drill(id=FIRST), drill(id=SECOND, weak=[weak])):
        keep(tmp_path, one, report(one, GERMAN))
    return tmp_path


def test_both_languages_say_the_same_things() -> None:
    german, english = (DRILL_TEXTS[language] for language in DeskLanguage)
    assert german.keys() == english.keys()


@pytest.mark.parametrize(
    ("text", "key", "options", "code", "said"),
    [
        ("nonsense", WX, ("--yes",), 2, "ist keiner"),
        (PLAN, WX, (), 2, "--yes"),
        (PLAN, "", ("--yes",), 2, "WARN_API_KEY"),
        (PLAN, WX.replace("wx", "wk"), ("--yes",), 2, "wx_"),
        (PLAN, WX, ("--yes", "--url", "http://127.0.0.1:9"), 3, "127.0.0.1:9"),
    ],
)
def test_what_cannot_be_run_sends_nothing_and_says_why(
    tmp_path: Path, text: str, key: str, options: tuple[str, ...], code: int, said: str
) -> None:
    done = run("run", written(tmp_path, text), "--folder", tmp_path / "kept", *options, WARN_API_KEY=key)
    assert (done.exit_code, said in done.output) == (code, True), done.output
    assert not (tmp_path / "kept").exists()


def test_drills_are_listed_shown_and_compared(folder: Path) -> None:
    listed = run("list", "--folder", folder)
    assert (listed.exit_code, listed.output.index(FIRST) < listed.output.index(SECOND)) == (0, True)
    shown = run("show", SECOND, "--folder", folder, "--language", "en")
    assert "! alarm, webpush: the last accepted after 4 s instead of 3 s" in shown.output
    page = run("show", SECOND, "--folder", folder, "--html", "--language", "en").output
    assert page.startswith("<!DOCTYPE html>")
    assert "Evaluation of the exercise" in page
    assert json.loads(run("show", SECOND, "--folder", folder, "--json").output)["id"] == SECOND
    rows = [
        json.loads(line)
        for line in run("compare", FIRST, SECOND, "--folder", folder, "--json").output.splitlines()
    ]
    assert {
        "step": "alarm",
        "channel": "webpush",
        "measure": "last",
        "before": 4.0,
        "after": 4.0,
        "difference": 0.0,
    } in rows
    assert "Unterschied" in run("compare", FIRST, SECOND, "--folder", folder).output


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    for arguments in (("list",), ("show", FIRST), ("compare", FIRST, SECOND)):
        done = run(*arguments, "--folder", tmp_path)
        assert (done.exit_code, "Übung" in done.output) == (1, True)
