"""What README has a newcomer type is typed here, as it stands there: in one terminal, and in a second."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import documents

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
HEADING = "## The first five minutes"
PATIENCE_S = 120.0
ID = re.compile(r"\b[0-9A-Z]{26}\b")


def blocks() -> list[str]:
    """The prerequisites, what is typed in the first terminal, and in the second."""
    return documents.blocks(documents.section((ROOT / "README.md").read_text(encoding="utf-8"), HEADING), "")


@pytest.fixture(scope="module")
def checkout(servers_dir: Path) -> Path:
    """A directory with all that a checkout has, but with a `var/` of its own."""
    checkout = servers_dir / "checkout"
    checkout.mkdir()
    for path in ROOT.iterdir():
        if path.name not in {"var", ".git", ".venv"}:
            (checkout / path.name).symlink_to(path)
    (checkout / ".venv").mkdir()
    for path in Path(sys.prefix).iterdir():
        if path.name != ".stamp":
            (checkout / ".venv" / path.name).symlink_to(path)
    # Newer than everything: `make` must not set up, through these links, the environment that the tests run in.
    (checkout / ".venv" / ".stamp").touch()
    return checkout


class Terminal:
    """What runs in the first terminal. Its API listens on a free port."""

    def __init__(self, checkout: Path) -> None:
        self.shown = ""
        self._news = threading.Condition()
        self._ended = False
        self.process = subprocess.Popen(
            ["bash", "-c", blocks()[1]],
            cwd=checkout,
            env=os.environ | {"WARN_API_PORT": "0"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with self._news:
                self.shown += line
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def wait_for(self, text: str) -> None:
        with self._news:
            self._news.wait_for(lambda: self._ended or text in self.shown, PATIENCE_S)
            assert text in self.shown, self.shown

    def interrupt(self) -> None:
        """As Ctrl-C does, which reaches the whole foreground group; wait until all of it has ended."""
        os.killpg(self.process.pid, signal.SIGINT)
        self._reader.join(PATIENCE_S)

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        assert self.process.stdout
        self.process.stdout.close()


@pytest.fixture(scope="module")
def first(checkout: Path) -> Iterator[Terminal]:
    terminal = Terminal(checkout)
    try:
        yield terminal
    finally:
        terminal.close()


def typed(command: str, checkout: Path) -> str:
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_first_five_minutes_reach_people(first: Terminal, checkout: Path) -> None:
    first.wait_for("Ctrl-C stops everything")
    lines = blocks()[2].splitlines()
    [number] = [place for place, line in enumerate(lines) if line.startswith("dispatcher status ID")]
    said = typed("\n".join(["set -e", *lines[:number]]), checkout)
    found = ID.search(said)
    assert found, said
    last = [line.replace("status ID", f"status {found[0]}") for line in lines[number:]]
    seen = typed("\n".join(["set -e", *lines[:2], *last]), checkout)
    assert "Hochwasser an der Rur bei Düren" in seen
    for text in (
        "WARNUNG: Hochwasser an der Rur bei Düren",
        "SMS (2 parts",
        "to the app of Kreuzau",
        "somebody in Düren",
    ):
        first.wait_for(text)
    assert not re.search("somebody in (?!Düren|Kreuzau|[^\n]*(Düren|Kreuzau))", first.shown)
    assert {path.suffix for path in (checkout / "var").iterdir()} >= {".xml", ".svg"}
    first.interrupt()
    assert first.shown.splitlines()[-1] == "stopped"
    assert not (checkout / "var" / "try" / "service" / "state.json").exists()


def test_the_prerequisites_can_be_checked_as_it_says(checkout: Path) -> None:
    said = typed(blocks()[0], checkout)
    assert re.search(r"^(x86_64|aarch64)\nglibc 2\.\d+\nPython 3\.\d+", said)


def test_a_command_that_fails_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        typed("set -e\nfalse\ntrue", tmp_path)


def test_the_blocks_are_those_meant_here() -> None:
    checked, one, two = blocks()
    assert (checked.split()[0], one.strip(), two.split()[0]) == ("uname", "make try", ".")
    assert "dispatcher submit" in two
