"""What a duty officer types wrongly is answered in the language of the desk."""

from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from dispatcher.__main__ import app
from dispatcher.commands.shell.desk_command import language_of, wrong_call
from dispatcher.commands.shell.help_text import SENT, exits_of, help_text_of
from dispatcher.desk_texts.catalogue import DeskLanguage, desk_texts
from tests.commands.shell.test_help_text import COMMANDS, DESK

FILE = str(Path(__file__))
WRONG = [
    (["submit"], "Es fehlt: DATEI.", "Missing: DATEI."),
    (["submit", "/nope.xml"], "Die Datei /nope.xml gibt es nicht", "there is no file /nope.xml"),
    (["submit", "/"], "/ ist ein Ordner", "/ is a folder"),
    (["submit", FILE, "a", "b"], "Das ist zu viel: a b.", "This is too much: a b."),
    (["submit", FILE, "--folow"], "gemeint ist vielleicht --follow.", "perhaps --follow is meant."),
    (["status", "1", "--qqq"], "Die Option --qqq gibt es nicht.", "There is no option --qqq."),
    (["update", "1", "--severity", "X"], "Möglich ist nur Extreme, Severe,", "only Extreme, Severe,"),
    (["update", "1", "--expires"], "Nach --expires fehlt die Angabe.", "missing after --expires."),
    (["cancel", "1", "--yes=3"], "Zur Option --yes gehört keine Angabe.", "--yes takes no value."),
    (["alerts", "list", "--limit", "999"], "ganze Zahl von 1 bis 500.", "number from 1 to 500."),
    (["alerts", "list", "--limit", "x"], "ganze Zahl von 1 bis 500.", "number from 1 to 500."),
]
LIBRARY = (
    "Error",
    "Usage",
    "Try '",
    "Invalid",
    "Missing argument",
    "No such",
    "Options:",
    "[required",
    "exit.",
    "default:",
)
"""What the library says of itself."""


@pytest.mark.parametrize(("typed", "german", "english"), WRONG)
def test_a_wrong_call_is_told_in_the_language_of_the_desk(
    typed: list[str], german: str, english: str, env: Any
) -> None:
    done = CliRunner().invoke(app, typed)
    assert (done.exit_code, german in done.stderr, done.stdout) == (2, True, ""), done.output
    assert not [word for word in LIBRARY if word in done.output]
    env.setenv("WARN_LANGUAGE", "en")
    assert english in CliRunner().invoke(app, typed).stderr


@pytest.mark.parametrize("words", DESK, ids=" ".join)
def test_who_sends_reads_that_nothing_is_sent(words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, [*words, "--qqq"])
    sends = SENT.items() <= exits_of(help_text_of(COMMANDS[words].callback)).items()
    assert (done.exit_code, "Nichts ist gesendet.\n" in done.output) == (2, sends)
    assert sends is (words[0] in {"submit", "update", "cancel", "all-clear"})
    assert f"{' '.join(words)} --help\n" in done.output


@pytest.mark.parametrize("words", DESK, ids=" ".join)
def test_a_help_has_its_headings_in_german(words: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(app, [*words, "--help"]).output
    assert shown.startswith("Aufruf: ")
    assert "\nOptionen:\n" in shown
    assert not [word for word in LIBRARY if word in shown]


def test_the_librarys_own_words_are_seen_by_this() -> None:
    shown = CliRunner().invoke(app, ["held", "show", "--help"]).output
    assert {word for word in LIBRARY if word in shown} >= {
        "Usage",
        "Options:",
        "[required",
        "exit.",
        "default:",
    }


@pytest.mark.parametrize(
    ("typed", "setting", "language"),
    [
        ([], "", "de"),
        ([], "en", "en"),
        (["--language", "de"], "en", "de"),
        (["x", "--language=en"], "", "en"),
        (["--language"], "en", "de"),
        (["--language", "fr"], "", "de"),
    ],
)
def test_the_language_is_known_before_the_options_are(
    typed: list[str], setting: str, language: str, env: Any
) -> None:
    env.setenv("WARN_LANGUAGE", setting)
    assert language_of(typed) == language


def test_a_sentence_that_nobody_knows_is_shown_as_it_is() -> None:
    words = desk_texts(DeskLanguage.GERMAN).command_line
    assert wrong_call(typer.BadParameter("odd"), words) == "odd"


@pytest.mark.parametrize("command", ["status", "cancel", "example"])
def test_a_zone_that_there_is_none_of_is_refused(command: str, env: Any) -> None:
    """It would be another hour that `--expires 20:58` means."""
    env.setenv("WARN_TIME_ZONE", "Mars")
    done = CliRunner().invoke(app, [command, *([] if command == "example" else ["0" * 26])])
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("WARN_TIME_ZONE: Mars ist keine Zeitzone wie Europe/Berlin.\n")
    assert ("Nichts ist gesendet." in done.stderr) is (command == "cancel")
