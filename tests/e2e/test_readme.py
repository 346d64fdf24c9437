"""What README has a newcomer type is typed here, as it stands there: in one terminal, and in a second."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

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

    def wait_for(self, text: str, times: int = 1) -> None:
        with self._news:
            self._news.wait_for(lambda: self._ended or self.shown.count(text) >= times, PATIENCE_S)
            assert self.shown.count(text) >= times, self.shown

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


OWN_CODE = "to your own phone: a code"


def handed(checkout: Path, family: str) -> list[Any]:
    """What FCM or APNs would have handed to apps on phones of one's own: the document of each message."""
    lines = (checkout / "var" / "try" / "phones" / f"{family}.ndjson").read_text("utf-8").splitlines()
    found = [json.loads(line)[family]["notice"] for line in lines]
    return [json.loads(one) if family == "fcm" else one for one in found]


def register(first: Terminal, checkout: Path, page: str, family: str) -> None:
    """Type what the page has below "Trying it", with the code and the token that it says where to read."""
    [block] = documents.blocks(documents.section(documents.page(page), "## Trying it"), "sh")
    begin, rest = block[: block.index("tail ")], block[block.index("curl -fsS $ME/proof") :]
    codes = first.shown.count(OWN_CODE)
    put, me = typed(f"set -e\n{begin}echo; echo $ME", checkout).splitlines()
    first.wait_for(OWN_CODE, codes + 1)
    code = handed(checkout, family)[-1]["code"]
    proof = (
        rest.replace("$ME", me).replace("TOKEN", json.loads(put)["token"], 1).replace('"CODE"', f'"{code}"')
    )
    typed(proof, checkout)


class PhoneProgram:
    """The program that is a phone, started by a line of its page."""

    def __init__(self, checkout: Path, line: str) -> None:
        self._process = subprocess.Popen(
            ["bash", "-c", f". .venv/bin/activate\n{line}"],
            cwd=checkout,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )

    def says(self, *words: str) -> None:
        assert self._process.stdout
        said = self._process.stdout.readline()
        assert said.startswith(" ".join(words)), said

    def close(self) -> None:
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(PATIENCE_S)
        assert self._process.stdout
        self._process.stdout.close()


@contextmanager
def phone_programs(checkout: Path) -> Iterator[list[PhoneProgram]]:
    page = documents.page("phone-app.md")
    [program] = documents.blocks(page, "python")
    (checkout / "phone.py").write_text(program, encoding="utf-8")
    [block] = [one for one in documents.blocks(page, "sh") if "ENDPOINT" in one]
    begin, *each = re.split(r"^(?=tail )", block, flags=re.MULTILINE)
    with ExitStack() as running:
        started = []
        for line in each:
            started.append(PhoneProgram(checkout, begin + line))
            running.callback(started[-1].close)
        yield started


def test_the_first_five_minutes_reach_people_and_phones_of_ones_own(first: Terminal, checkout: Path) -> None:
    first.wait_for("Ctrl-C stops everything")
    register(first, checkout, "android-apps.md", "fcm")
    register(first, checkout, "iphone-apps.md", "apns")
    with phone_programs(checkout) as programs:
        for one in programs:
            one.says("subscribed", "200", "waiting")
            one.says("proof", "204")
        the_five_minutes(first, checkout)
        for one in programs:
            one.says("shown")
            one.says("receipt", "displayed", "204")
    for family in ("fcm", "apns"):
        warned = [one for one in handed(checkout, family) if "round_trip" not in one]
        assert [one["headline"] for one in warned] == ["Hochwasser an der Rur bei Düren"] * 2, "each once"
    first.wait_for("to your own phone", 8)
    first.interrupt()
    assert first.shown.splitlines()[-1] == "stopped"
    assert not (checkout / "var" / "try" / "service" / "state.json").exists()


def the_five_minutes(first: Terminal, checkout: Path) -> None:
    """Type what README has, and see whom it reaches."""
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
