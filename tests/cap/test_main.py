"""`python -m cap`, as people and scripts use it."""

import contextlib
import io
import json
import os
import runpy
import socket
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

import cap
from cap.__main__ import main
from cap.rules import RULES
from cap.signatures.signing import sign
from tests.cap.archives import packed
from tests.cap.reading import Message
from tests.cap.signatures.signer import Signer


@pytest.fixture
def folder(tmp_path: Path, message: Message) -> Path:
    (tmp_path / "good.cap").write_bytes(message())
    (tmp_path / "bad.xml").write_bytes(
        message(("2026-11-22T10:00:00+01:00</sent>", "2026-11-22T09:00:00Z</sent>"))
    )
    (tmp_path / "note.txt").write_text("not an alert")
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, list[str], str]:
    code = main([str(argument) for argument in arguments])
    output = capsys.readouterr()
    return code, output.out.splitlines(), output.err


def test_one_line_per_alert_and_the_worst_as_exit_code(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, lines, _ = run(capsys, "check", "--brief", folder)
    assert code == 1
    assert lines == [
        f"INVALID {folder}/bad.xml#0 leitstelle@kreis.example,KDN-2026-0042,2026-11-22T09:00:00+00:00 time-zulu:5",
        f"valid   {folder}/good.cap#0 leitstelle@kreis.example,KDN-2026-0042,2026-11-22T10:00:00+01:00",
    ]
    assert run(capsys, "check", folder / "good.cap")[0] == 0
    assert run(capsys, "check", "--lenient", folder)[0] == 0


def test_json_has_one_object_per_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines, _ = run(capsys, "check", "--json", folder / "bad.xml")
    assert code == 1
    assert [json.loads(line) for line in lines] == [
        {
            "file": f"{folder}/bad.xml",
            "index": 0,
            "identity": ["leitstelle@kreis.example", "KDN-2026-0042", "2026-11-22T09:00:00+00:00"],
            "verdict": "invalid",
            "warns_nobody": False,
            "problems": [
                {
                    "code": "time-zulu",
                    "severity": "error",
                    "path": "/alert/sent",
                    "line": 5,
                    "message": "sent “2026-11-22T09:00:00Z” names its zone by letters; UTC is written -00:00.",
                }
            ],
        }
    ]


def test_sentences_in_the_language_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, lines, _ = run(capsys, "check", "-v", "--lang", "de", folder / "bad.xml")
    assert lines[1].endswith(
        "sent “2026-11-22T09:00:00Z” nennt die Zone in Buchstaben; UTC wird als -00:00 geschrieben."
    )


def test_an_error_is_a_sentence_without_asking_and_a_warning_with_it(
    tmp_path: Path, message: Message, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.cap"
    path.write_bytes(
        message(("<status>Actual<", "<status>Exercise<"), ("<severity>Severe<", "<severity>Schwer<"))
    )
    _, lines, _ = run(capsys, "check", "--lang", "de", path)
    (sentence,) = lines[1:]
    assert "ist kein Wert des Standards; erlaubt sind Extreme, Severe, Moderate, Minor, Unknown." in sentence
    assert any("etwa <note>Übung" in line for line in run(capsys, "check", "-v", "--lang", "de", path)[1])


def test_a_message_without_a_place_is_valid_and_said_to_warn_nobody(
    tmp_path: Path, message: Message, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.cap"
    text = message().decode()
    path.write_text(text[: text.index("<info>")] + "</alert>", encoding="utf-8")
    code, lines, _ = run(capsys, "check", "--lang", "de", path)
    assert (code, lines[0].split(" ")[0]) == (0, "valid")
    assert "Es warnt niemanden" in lines[1]
    assert json.loads(run(capsys, "check", "--json", path)[1][0])["warns_nobody"] is True
    cancel = path.read_text(encoding="utf-8").replace("<msgType>Alert<", "<msgType>Cancel<")
    path.write_text(cancel, encoding="utf-8")
    assert not any("warns nobody" in line for line in run(capsys, "check", path)[1]), "an end needs none"


def test_profiles_are_checked_on_request(
    tmp_path: Path, message: Message, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.cap"
    path.write_bytes(message(("</scope>", "</scope><code>IPAWSv1.0</code>")))
    assert run(capsys, "check", path)[0] == 0
    code, lines, _ = run(capsys, "check", "--profiles", path)
    assert code == 1
    assert "profile-event-code" in lines[0]


def test_what_cannot_be_read_is_invalid(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.cap"
    path.write_bytes(b"<!DOCTYPE a><a/>")
    code, (line,), _ = run(capsys, "check", "--json", path)
    found = json.loads(line)
    assert code == 1
    assert (found["index"], found["identity"], found["verdict"]) == (None, None, "invalid")
    assert found["problems"][0]["code"] == "doctype-refused"
    said = [f"INVALID {path} no alert doctype-refused:1"]
    assert run(capsys, "check", "--brief", path)[1] == said
    assert len(run(capsys, "check", path)[1]) == len(said) + 1, "and why, without asking for it"


def test_an_unreadable_identity_is_null(
    tmp_path: Path, message: Message, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.cap"
    path.write_bytes(message(("2026-11-22T10:00:00+01:00</sent>", "heute</sent>")))
    _, (line,), _ = run(capsys, "check", "--json", path)
    assert json.loads(line)["identity"] == ["leitstelle@kreis.example", "KDN-2026-0042", None]
    assert "KDN-2026-0042,? time-unreadable:5" in run(capsys, "check", path)[1][0]


def test_archives_are_opened_member_by_member(
    tmp_path: Path, message: Message, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "state.zip"
    path.write_bytes(packed(a=message(), b=b"broken", c=message()))
    code, lines, _ = run(capsys, "check", "--brief", path)
    assert code == 1
    assert [line.split(" ")[0] for line in lines] == ["valid", "INVALID", "valid"]
    assert f"{path}!folder/b.xml" in lines[1]


def test_an_empty_archive_holds_nothing_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "state.zip"
    with zipfile.ZipFile(path, "w"):
        pass
    assert run(capsys, "check", path) == (0, [], "")


def test_a_damaged_archive_is_reported(
    tmp_path: Path, message: Message, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "state.zip"
    path.write_bytes(packed(a=message())[:-30])
    code, (line,), _ = run(capsys, "check", "--brief", path)
    assert code == 1
    assert "not-xml" in line


def test_feeds_and_nina_are_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.atom").write_bytes(b"<feed xmlns='http://www.w3.org/2005/Atom'/>")
    (tmp_path / "b.json").write_bytes(b'{"identifier": "a"}')
    code, lines, _ = run(capsys, "check", "--brief", tmp_path / "a.atom", tmp_path / "b.json")
    assert code == 1
    assert "no alert feed-element-missing" in lines[0]
    assert "?,a,? identity-missing" in lines[1]


def test_a_broken_container_is_a_line_of_its_own(
    tmp_path: Path, message: Message, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.atom"
    body = message().partition(b"?>")[2]
    path.write_bytes(b"<feed xmlns='http://www.w3.org/2005/Atom'>" + body + b"</feed>")
    _, lines, _ = run(capsys, "check", "--json", path)
    assert [json.loads(line)["index"] for line in lines] == [None, 0]


def test_a_missing_file_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines, error = run(capsys, "check", tmp_path / "nowhere.cap")
    assert (code, lines) == (2, [])
    assert "nowhere.cap" in error


def test_a_name_that_no_system_takes_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines, error = run(capsys, "check", "x" * 5_000)
    assert (code, lines) == (2, [])
    assert "cannot read" in error


def test_what_a_directory_holds_besides_is_counted(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "2 files read, 1 not called like alerts" in run(capsys, "check", folder)[2]
    (folder / "note.txt").unlink()
    assert run(capsys, "check", folder)[2] == ""
    (tmp_path / "empty").mkdir()
    code, lines, error = run(capsys, "check", tmp_path / "empty")
    assert (code, lines) == (0, [])
    assert "0 files read" in error


def test_a_file_that_cannot_be_opened_is_reported_and_leaves_the_others(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that vanishes between listing and reading; a socket's name stands for it here."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "a"))
        code, lines, _ = run(capsys, "check", "--brief", folder / "a", folder / "good.cap")
    assert code == 1
    assert "no alert not-xml" in lines[0]
    assert lines[1].startswith("valid")


def test_show_of_a_feed_without_alerts_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.atom"
    path.write_bytes(b"<feed xmlns='http://www.w3.org/2005/Atom'/>")
    code, lines, error = run(capsys, "show", path)
    assert (code, lines) == (0, [])
    assert "keine Meldung" in error


@pytest.mark.processes
def test_any_name_and_any_terminal_will_do(folder: Path) -> None:
    """JSON is UTF-8 wherever it goes; what a terminal cannot show it gets as a number."""
    odd = os.fsencode(folder) + b"/b\xff.cap"
    (folder / "good.cap").rename(os.fsdecode(odd))
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    for options in (["check", "--json"], ["check", "-v"], ["show"]):
        result = subprocess.run(
            [sys.executable, "-m", "cap", *options, odd],
            capture_output=True,
            check=False,
            timeout=60,
            env=environment,
        )
        assert (result.returncode, result.stderr) == (0, b"")
        if "--json" in options:
            assert json.loads(result.stdout.decode())["file"] == os.fsdecode(odd)


@pytest.mark.processes
def test_a_reader_that_goes_away_is_no_failure_of_ours(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "cap", "check", *[folder / "good.cap"] * 2_000],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_output_may_go_to_any_object(folder: Path) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as output:
        assert main(["check", str(folder / "good.cap")]) == 0
    assert output.getvalue().startswith("valid")


def test_a_closed_pipe_ends_the_command_quietly(folder: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe, contextlib.redirect_stdout(pipe):
        assert main(["check", str(folder / "good.cap")]) == 1


def test_no_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main([])
    assert exit_.value.code == 2
    capsys.readouterr()


def test_show_tells_people_what_it_says(
    folder: Path, message: Message, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "good.cap"
    ring = "<geocode><valueName>EXCLUDE_POLYGON</valueName><value>50.80,6.48 50.82,6.48 50.82,6.52 50.80,6.48</value></geocode>"
    references = "<references>a@b,c-1,2026-11-22T08:00:00+01:00 c-2</references>"
    path.write_bytes(message(("<altitude>", ring + "<altitude>"), ("</scope>", "</scope>" + references)))
    code, lines, _ = run(capsys, "show", path)
    text = "\n".join(lines)
    assert code == 0
    for part in (
        "Meldung        KDN-2026-0042 von leitstelle@kreis.example",
        "Bezug          c-1 von a@b",
        "Bezug          c-2 von ?",
        "Schwere        Severe",
        "Ende           22.11.2026 18:00:00 +0100",
        "Nordstadt; Polygone: 1; ausgenommen: 1; Kreise: 1; SHN 053580008008; Höhe 0 bis 900.5 Fuß",
        "Fehler         Zeile 8: “c-2” ist nicht sender,identifier,sent.",
    ):
        assert part in text


def test_show_says_what_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b'{"identifier": "a", "info": [{"area": [{"altitude": "5", "polygon": ["x"]}]}]}')
    text = "\n".join(run(capsys, "show", path)[1])
    assert "unlesbar" in text
    assert "ohne Namen; UNLESBARE FORMEN: 1; Höhe 5 Fuß" in text
    assert "nicht angegeben" in text


def test_show_leaves_out_heights_that_are_not_given(
    tmp_path: Path, message: Message, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.cap"
    path.write_bytes(message(("<altitude>0</altitude>", ""), ("<ceiling>900.5</ceiling>", "")))
    assert "Höhe" not in "\n".join(run(capsys, "show", path)[1])


def test_show_of_a_faultless_alert(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "ohne Befund" in "\n".join(run(capsys, "show", folder / "good.cap")[1])


def test_show_reports_what_it_cannot_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, error = run(capsys, "show", folder / "note.txt")
    assert code == 1
    assert "Not well-formed" in error


def test_nothing_in_a_message_steers_the_terminal(
    tmp_path: Path, message: Message, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.cap"
    path.write_bytes(message(("KDN-2026-0042", "K\u009b31m\u202e"), ("Rauch", "R\u0085\u202e")))
    for command in ("check", "show"):
        output = "\n".join(run(capsys, command, path)[1])
        assert output.replace("\n", "").isprintable()


def test_the_rules_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines, _ = run(capsys, "rules")
    assert code == 0
    assert len(lines) == len(RULES) + 2


def test_it_ends_with_its_exit_code(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["cap", "check", str(folder)])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(Path(cap.__file__).with_name("__main__.py")), run_name="__main__")
    assert end.value.code == 1
    capsys.readouterr()


@pytest.mark.processes
def test_it_runs_as_a_module(folder: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "cap", "check", folder / "good.cap"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("valid")


# Signatures.

NOT_LONG = Signer(ec.generate_private_key(ec.SECP256R1()), days=1)


@pytest.fixture
def signed(tmp_path: Path, message: Message) -> Path:
    """An alert that is signed with a certificate that ends a day after NOW."""
    (tmp_path / "pin.pem").write_bytes(NOT_LONG.certificate)
    (tmp_path / "signed.xml").write_bytes(
        sign(cap.parse(message()).alerts[0], NOT_LONG.key, NOT_LONG.certificate)
    )
    return tmp_path / "signed.xml"


def test_a_signature_is_judged_as_of_the_receipt(signed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pinned = ("verify", "--certificate", signed.with_name("pin.pem"))
    code, lines, _ = run(capsys, *pinned, "--at", "2026-11-22T13:00:00+01:00", signed)
    assert (code, lines) == (
        0,
        [
            f"valid        {signed} as of 2026-11-22T13:00:00+01:00: by certificate SHA-256 {NOT_LONG.fingerprint}"
        ],
    )
    code, lines, _ = run(capsys, *pinned, "--at", "2026-11-24T00:00:00+01:00", "--json", signed)
    assert code == 1
    assert json.loads(lines[0]) == {
        "file": str(signed),
        "at": "2026-11-24T00:00:00+01:00",
        "verdict": "unverifiable",
        "reason": "no certificate pinned for this sender is in force and strong enough at that time",
        "certificate_sha256": None,
        "re_indented": False,
    }


def test_without_a_time_a_signature_is_judged_as_of_now(
    signed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = datetime.now(UTC)
    _, lines, _ = run(capsys, "verify", "--certificate", signed.with_name("pin.pem"), "--json", signed)
    assert before <= datetime.fromisoformat(json.loads(lines[0])["at"]) <= datetime.now(UTC)


def test_a_changed_or_unreadable_file_is_not_valid(signed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changed = signed.with_name("changed.xml")
    changed.write_bytes(signed.read_bytes().replace(b"Severe", b"Minor"))
    broken = signed.with_name("broken.xml")
    broken.write_bytes(b"<alert")
    pinned = ("verify", "--certificate", signed.with_name("pin.pem"), "--at", "2026-11-22T12:00:00Z")
    code, lines, _ = run(capsys, *pinned, changed, broken)
    assert code == 1
    assert [line.split()[0] for line in lines] == ["invalid", "unreadable"]


def test_a_certificate_that_is_none_and_a_time_without_zone_are_not_understood(
    signed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, lines, said = run(capsys, "verify", "--certificate", signed, signed)
    assert (code, lines) == (2, [])
    assert said.startswith("python -m cap: ")
    code, _, said = run(capsys, "verify", "--certificate", signed.with_name("none.pem"), signed)
    assert code == 2
    with pytest.raises(SystemExit):
        run(capsys, "verify", "--certificate", signed, "--at", "2026-11-22T12:00:00", signed)
    assert "no zone" in capsys.readouterr().err
