"""Reports on alerts: for people and for programs."""

import json
from datetime import UTC, datetime

import pytest

import cap
from cap.errors import NotXml
from cap.findings import Finding, Level
from cap.formats.report import Report, as_json, as_line, as_sentences, printable, reports, unreadable
from cap.model import Identity
from tests.cap.reading import Message

IDENTITY = Identity("s@x", "i-1", datetime(2026, 11, 22, 9, tzinfo=UTC))
ERROR = Finding("time-zulu", Level.ERROR, "/alert/sent", 5, "in English", "auf Deutsch")
HINT = Finding("language-missing", Level.INFO, "/alert/info[1]", None, "a hint", "ein Hinweis")


@pytest.mark.parametrize(
    ("report", "line"),
    [
        (Report("f", 0, IDENTITY, ()), "valid   f#0 s@x,i-1,2026-11-22T09:00:00+00:00"),
        (Report("f", 1, IDENTITY, (HINT,)), "valid   f#1 s@x,i-1,2026-11-22T09:00:00+00:00"),
        (Report("f", 1, Identity("", "", None), (ERROR, HINT)), "INVALID f#1 ?,?,? time-zulu:5"),
        (Report("f", None, None, (ERROR, ERROR)), "INVALID f no alert time-zulu:5; time-zulu:5"),
        (Report("f\x1b[2J", None, None, ()), "valid   f\ufffd[2J no alert"),
    ],
)
def test_a_line_per_report(report: Report, line: str) -> None:
    assert as_line(report) == line


def test_an_object_per_report() -> None:
    text = as_json(Report("f", 0, IDENTITY, (ERROR,)))
    assert "\n" not in text
    assert json.loads(text) == {
        "file": "f",
        "index": 0,
        "identity": ["s@x", "i-1", "2026-11-22T09:00:00+00:00"],
        "verdict": "invalid",
        "warns_nobody": False,
        "problems": [
            {
                "code": "time-zulu",
                "severity": "error",
                "path": "/alert/sent",
                "line": 5,
                "message": "in English",
            }
        ],
    }
    german = json.loads(as_json(Report("f", None, None, (ERROR,)), "de"))
    assert (german["identity"], german["index"]) == (None, None)
    assert german["problems"][0]["message"] == "auf Deutsch"


@pytest.mark.parametrize(
    ("language", "words"), [("en", ["in English", "a hint"]), ("de", ["auf Deutsch", "ein Hinweis"])]
)
def test_a_sentence_per_finding(language: str, words: list[str]) -> None:
    first, second = as_sentences(Report("f", 0, IDENTITY, (ERROR, HINT)), language)
    assert first.split() == ["error", "line", "5", "time-zulu", "/alert/sent", *words[0].split()]
    assert second.split() == ["info", "-", "language-missing", "/alert/info[1]", *words[1].split()]


def test_every_alert_has_a_report_and_a_faulty_container_one_more(message: Message) -> None:
    body = message().partition(b"?>")[2]
    for data, indices in (
        (message(), [0]),
        (b"<alerts>" + body * 2 + b"</alerts>", [0, 1]),
        (b"<alerts/>", [None]),
        (b"<feed xmlns='http://www.w3.org/2005/Atom'>" + body + b"</feed>", [None, 0]),
    ):
        assert [report.index for report in reports("f", cap.parse(data), cap.STRICT)] == indices


def test_profiles_are_checked_on_request(message: Message) -> None:
    document = cap.parse(message(("</scope>", "</scope><code>IPAWSv1.0</code>")))
    (plain,) = reports("f", document, cap.STRICT)
    (profiled,) = reports("f", document, cap.STRICT, with_profiles=True)
    assert (plain.is_valid, profiled.is_valid) == (True, False)


def test_an_error_is_a_report_of_its_own() -> None:
    assert unreadable("f", NotXml("no", "nein", 3)) == Report(
        "f", None, None, (Finding("not-xml", Level.ERROR, "", 3, "no", "nein"),)
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [("Öl – „x“ 洪水", "Öl – „x“ 洪水"), ("a\nb\x1b\x9b\u202e", "a\ufffdb\ufffd\ufffd\ufffd")],
)
def test_nothing_printable_is_lost_and_nothing_else_is_kept(text: str, shown: str) -> None:
    assert printable(text) == shown
