"""The units of systemd are ones, start what there is, and give processes no more than they need."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from dispatcher.__main__ import COMMANDS
from dispatcher.settings import Settings

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "ops" / "systemd"
NAMES = sorted(path.name for path in UNITS.glob("*.service"))
PROGRAM = "/opt/cap-dispatcher/.venv/bin/dispatcher"
EXPOSURE = 1.6
"""The most that `systemd-analyze security` may say of one; 10 is everything."""

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(
        shutil.which("systemd-analyze") is None and "CI" not in os.environ, reason="no systemd-analyze"
    ),
]


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units as they would be installed, with a program that is there."""
    shutil.copytree(UNITS, tmp_path, dirs_exist_ok=True)
    for path in tmp_path.glob("*.service"):
        path.write_text(path.read_text("utf-8").replace(PROGRAM, shutil.which("true") or ""), "utf-8")
    return tmp_path


def analyzed(units: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *arguments],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{units}:", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )


def instance(name: str) -> str:
    return name.replace("@.", "@1.")


def exposure(units: Path, name: str) -> float:
    said = analyzed(units, "security", "--offline=true", "--no-pager", str(units / instance(name)))
    found = re.search(r"exposure level for \S+: ([0-9.]+)", said.stdout)
    assert found, said
    return float(found[1])


@pytest.mark.parametrize("name", NAMES)
def test_systemd_takes_each_unit_without_a_word(name: str, units: Path) -> None:
    said = analyzed(units, "verify", "--man=no", str(units / instance(name)))
    assert (said.returncode, said.stderr) == (0, "")


@pytest.mark.parametrize("name", NAMES)
def test_each_unit_gives_its_process_no_more_than_it_needs(name: str, units: Path) -> None:
    assert exposure(units, name) <= EXPOSURE
    shutil.rmtree(units / "cap-dispatcher-.service.d")  # the control: the score is of what stands there
    assert exposure(units, name) > 9


def test_a_start_that_waits_for_the_queue_is_not_ended() -> None:
    assert "TimeoutStartSec=infinity" in (UNITS / "cap-dispatcher-up.service").read_text("utf-8").splitlines()


def test_a_backup_keeps_the_service_from_nothing() -> None:
    lines = (UNITS / "cap-dispatcher-backup.service").read_text("utf-8").splitlines()
    assert any(line.startswith("After=") and "cap-dispatcher-up.service" in line for line in lines)
    assert any(line.startswith("ExecStart=") and line.endswith(" --only-running") for line in lines)


def test_a_word_that_systemd_does_not_know_is_found(units: Path) -> None:
    path = units / NAMES[0]
    path.write_text(path.read_text("utf-8").replace("[Service]", "[Service]\nRestartt=always"), "utf-8")
    assert "Restartt" in analyzed(units, "verify", "--man=no", str(path)).stderr


def test_each_unit_starts_a_command_with_settings_that_there_are() -> None:
    names = {"HOME", "PATH", *(f"WARN_{name.upper()}" for name in Settings.model_fields)}
    for path in sorted(UNITS.rglob("*.*")):
        text = path.read_text("utf-8") if path.is_file() else ""
        started = re.findall(r"^ExecStart=(\S+) (\S+)(?: .*)?$", text, re.MULTILINE)
        assert all((program, command in COMMANDS) == (PROGRAM, True) for program, command in started), path
        assert len(started) == (path.suffix == ".service" and path.is_file()), path
        assert set(re.findall(r"^Environment=(\w+)=", text, re.MULTILINE)) <= names, path
