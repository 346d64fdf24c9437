"""`dispatcher template`: what works on the record."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dispatcher.__main__ import app
from dispatcher.commands.template.recorded import new_version
from tests.support.templates import members, template


@pytest.fixture
def run(database_url: str, env: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    env.setenv("DATABASE_URL", database_url)
    env.setenv("WARN_DATA_DIR", str(tmp_path))

    def run(*arguments: object, code: int = 0) -> str:
        done = CliRunner().invoke(app, ["template", *map(str, arguments)])
        assert done.exit_code == code, done.output
        return str(done.output)

    return run


def test_what_is_recorded_is_what_an_approval_is_bound_to() -> None:
    one = template()
    assert (new_version(one).sha256.hex(), new_version(one).content) == (one.digest(), one.content())


def test_templates_are_saved_shown_and_withdrawn(run: Any, tmp_path: Path) -> None:
    assert "template save --prepared" in run("list")
    assert run("save", "--prepared").count("als Fassung 1 gespeichert, ein Entwurf") == 8
    assert run("save", "--prepared", "--language", "en").count("says the same already") == 8
    own = tmp_path / "own.json"
    own.write_text(json.dumps(members()), encoding="utf-8")
    assert "hochwasser: als Fassung 2" in run("save", own, "--as", "m.keller")
    shown = run("show", "hochwasser")
    assert "hochwasser 2: Entwurf" in shown
    assert "gespeichert von operator:m.keller" in shown
    assert "[de] Hochwasser: {ort}" in shown
    kept = tmp_path / "kept.json"
    kept.write_text(run("show", "hochwasser", "--content"), encoding="utf-8")
    assert "says the same already" in run("save", kept, "--language", "en")
    assert "abgelehnt" in run("reject", "hochwasser", 2, "--why", "falscher Pegel")
    assert "schon entschieden" in run("reject", "hochwasser", 2, "--why", "noch einmal", code=1)
    assert "außer Gebrauch" in run("retire", "hochwasser", 1, "--why", "veraltet")
    assert "falscher Pegel" in run("show", "hochwasser", 2)
    lines = [json.loads(line) for line in run("list", "--json").splitlines()]
    assert [(one["id"], one["version"], one["state"], one["live_version"]) for one in lines][3] == (
        *("hochwasser", 2, "rejected"),
        None,
    )
    assert json.loads(run("show", "hochwasser", 1, "--json"))["retired_why"] == "veraltet"


def test_what_is_of_no_use_is_not_saved(run: Any, tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps(members(response_types=["AllClear"])), encoding="utf-8")
    assert "response_types" in run("save", bad, code=1)
    run("save", code=2)
    for command in ("show", "reject", "retire"):
        more = () if command == "show" else ("1", "--why", "x")
        assert "nicht gespeichert" in run(command, "hochwasser", *more, code=1)
