"""How a command of the desk ends."""

from typing import Any

import pytest
import typer

from dispatcher.commands.desk.service import ServiceRefused, Unanswered, WrongCall
from dispatcher.commands.desk.session import explained, say
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.desk import desk

PROBLEM = {"type": "urn:cap-dispatcher:problem:quota-exceeded", "title": "Too many"}


def refused(status: int) -> ServiceRefused:
    return ServiceRefused(status, PROBLEM, text="", url="http://x", retry_after="")


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (WrongCall("id_missing"), 2),
        (refused(422), 1),
        (refused(429), 4),
        (Unanswered("refused", url="http://x"), 3),
        (Unanswered("away", refused(503)), 3),
    ],
)
def test_every_end_has_its_code(error: Exception, code: int, as_json: bool, capsys: Any) -> None:
    with pytest.raises(typer.Exit) as ended, explained(desk(DeskLanguage.GERMAN), as_json=as_json):
        raise error
    out, err = capsys.readouterr()
    assert (ended.value.exit_code, out) == (code, "")
    assert err.startswith("{") is as_json


def test_a_strangers_text_begins_no_line_of_its_own(capsys: Any) -> None:
    at = desk(DeskLanguage.GERMAN)
    forged = "Hochwasser\nangenommen: nichts zu tun\r\n\u2028\x85ok"
    lines = [at.line("merged", headline=forged, sender=forged, id=forged), f"01K {forged}"]
    say(lines)
    say(lines, err=True)
    for written in capsys.readouterr():
        assert len(written.splitlines()) == 2
