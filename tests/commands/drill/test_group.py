"""`dispatcher drill`: what it refuses before anything is sent, and what it shows of drills that are kept."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from dispatcher.__main__ import app
from dispatcher.commands.drill.group import OPEN, _conclude
from dispatcher.commands.drill.kept import keep
from dispatcher.commands.drill.report import report
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.drills import DRILL_TEXTS
from tests.commands.drill.test_plan import PLAN, written
from tests.commands.drill.test_report import GERMAN, drill
from tests.commands.drill.test_run import Answers, driven, plan

__all__ = ["plan"]
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


def test_a_step_that_nobody_got_has_no_numbers(tmp_path: Path) -> None:
    [alarm] = drill()["steps"]
    nobody = alarm | {"step": "correction", "people": dict.fromkeys(alarm["people"], 0), "channels": {}}
    one = drill(id=FIRST, steps=[nobody])
    keep(tmp_path, one, report(one, GERMAN))
    assert "Korrektur: Niemand erhält sie." in run("show", FIRST, "--folder", tmp_path).output
    listed = run("list", "--folder", tmp_path).output
    assert "0/0" not in listed
    assert "–" in listed


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


@contextmanager
def previewing(**answer: Any) -> Iterator[tuple[str, list[str]]]:
    """A service that answers every post with a preview; its address, and the paths that it was asked."""
    asked: list[str] = []
    body = json.dumps({"reason": "drill", "quota_reached": False, "reach": {"webpush": 3}} | answer).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("answer", "folder", "code", "said"),
    [
        ({"quota_reached": True}, "kept", 4, "Grenze"),
        ({"reach": {}}, "kept", 5, "Niemand"),
        ({}, "plan.toml/kept", 2, "kein Bericht ablegen"),
    ],
)
def test_what_the_preview_forbids_is_not_sent(
    tmp_path: Path, answer: dict[str, Any], folder: str, code: int, said: str
) -> None:
    file = written(tmp_path, PLAN).rename(tmp_path / "plan.toml")
    with previewing(**answer) as (url, asked):
        done = run("run", file, "--yes", "--url", url, "--folder", tmp_path / folder, WARN_API_KEY=WX)
    assert (done.exit_code, said in done.output) == (code, True), done.output
    assert asked == ["/exercise/v1/alerts/preview"]


def test_where_no_report_can_be_kept_the_all_clear_and_the_measurements_are_not_lost(
    plan: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path / "here")
    ran, result = driven(plan, Answers(lost=frozenset(range(2, 999))))
    with pytest.raises(typer.Exit) as ended:
        _conclude(ran, result, tmp_path / "file", GERMAN, as_json=False)
    assert ended.value.exit_code == OPEN
    assert Path("drill-1-all-clear.xml").read_bytes() == ran.unsent
    shown = capsys.readouterr()
    assert json.loads(shown.out)["id"] == "drill-1"
    assert "ACHTUNG" in shown.err
    spoilt, result = driven(plan, type("Spoilt", (Answers,), {"get": lambda *_: {}})())
    with pytest.raises(KeyError):
        _conclude(spoilt, result, tmp_path / "here", GERMAN, as_json=False)
    assert Path("drill-1.json").exists()
