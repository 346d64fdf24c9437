"""Templates in files."""

from pathlib import Path

import pytest
import typer

from dispatcher.commands.template.files import finding_lines, prepared, read_file
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.templates import TEMPLATE_TEXTS
from dispatcher.templates.faults import fault

GERMAN = TEMPLATE_TEXTS[DeskLanguage.GERMAN]


def test_a_finding_is_a_line_in_the_language_of_the_desk() -> None:
    found = [fault("value-time", "values/uhrzeit"), fault("language-missing", "")]
    assert finding_lines(found, DeskLanguage.GERMAN) == [
        "  error values/uhrzeit: Der Wert ist keine Uhrzeit, wie 18:30.",
        "  error -: Ein Text auf Deutsch (de) fehlt.",
    ]
    assert "no time of day" in finding_lines(found, DeskLanguage.ENGLISH)[0]


def test_what_is_no_template_ends_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "x.toml"
    file.write_text("id = 1", encoding="utf-8")
    for path in (file, tmp_path / "none.toml"):
        with pytest.raises(typer.Exit) as caught:
            read_file(path, GERMAN, DeskLanguage.GERMAN)
        assert caught.value.exit_code == 2
    assert "error title: Diese Angabe fehlt." in capsys.readouterr().err


def test_a_prepared_one_is_found_by_its_name() -> None:
    assert prepared("hochwasser", GERMAN).id == "hochwasser"
    with pytest.raises(typer.Exit):
        prepared("vulkan", GERMAN)
