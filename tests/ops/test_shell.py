"""`ops/shell/dispatcher`: a command gets the settings that the units get."""

import getpass
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "ops" / "shell" / "dispatcher"
PRINTING = f"#!{sys.executable}\nimport json, os, sys\nprint(json.dumps([dict(os.environ), sys.argv[1:]]))\n"

pytestmark = pytest.mark.processes


def said(home: Path, settings: str, *arguments: str, account: str = "") -> subprocess.CompletedProcess[str]:
    """What comes of the command with a file of settings, and a program that prints what it was given."""
    program, file = home / "program", home / "environment"
    program.write_text(PRINTING)
    program.chmod(0o700)
    file.write_text(settings)
    given = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "CAP_DISPATCHER_ACCOUNT": account or getpass.getuser(),
        "CAP_DISPATCHER_ENVIRONMENT": str(file),
        "CAP_DISPATCHER_PROGRAM": str(program),
    }
    return subprocess.run(
        ["/bin/sh", SCRIPT, *arguments], env=given, capture_output=True, text=True, timeout=60, check=False
    )


# As systemd 252 gave them to a unit's process.
READ = {
    "WARN_A=plain": "plain",
    "  WARN_A=two words  ": "two words",
    'WARN_A=[{"name": "smsc", "url": "https://x.example"}]': '[{"name": "smsc", "url": "https://x.example"}]',
    'WARN_A="in marks"': "in marks",
    'WARN_A="a \\"mark\\" within"': 'a "mark" within',
    'WARN_A=\'[{"name": "smsc"}]\'': '[{"name": "smsc"}]',
    "WARN_A=$HOME `id` $(id)": "$HOME `id` $(id)",
    "WARN_A=a=b": "a=b",
    "WARN_A=": "",
    "# WARN_A=x\n; WARN_A=y\n\nWARN_A=last": "last",
    "WARN_A=a\\b": "ab",
}


@pytest.mark.parametrize("text", READ)
def test_settings_are_read_as_systemd_reads_them(text: str, tmp_path: Path) -> None:
    done = said(tmp_path, text, "source", "add", "a b")
    assert (done.returncode, done.stderr) == (0, "")
    surroundings, arguments = json.loads(done.stdout)
    assert surroundings["WARN_A"] == READ[text]
    assert surroundings["WARN_DATA_DIR"] == "/var/lib/cap-dispatcher"
    assert arguments == ["source", "add", "a b"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("WARN_A=x\nnonsense", "line 2: not NAME=VALUE"),
        ("export WARN_A=x", "line 1: export WARN_A is no name"),
        ("WARN_A=x\\\ny", "line 1: it goes on in the next one"),
        ('WARN_A="x\ny"', "line 1: its quotation mark is not closed"),
    ],
)
def test_what_it_cannot_read_is_said_and_nothing_is_done(text: str, reason: str, tmp_path: Path) -> None:
    done = said(tmp_path, text)
    assert (done.returncode, done.stdout) == (2, "")
    assert reason in done.stderr


def test_another_account_s_command_is_not_done_as_one_s_own(tmp_path: Path) -> None:
    done = said(tmp_path, "", account="nobody-of-this-name")
    assert done.returncode != 0
    assert done.stdout == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_file_that_the_account_may_not_read_is_named(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.touch(0o600)
    refused = said(tmp_path, "", "subscriptions", "import", str(file), account="nobody")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert f"nobody may not read {file}" in refused.stderr
    assert "may not read" not in said(tmp_path, "", "subscriptions", "import", account="nobody").stderr
