"""Several commands in one process: each has what it reads, and an end of its own."""

import io
import json
import sys
from typing import Any

import msgspec
import pytest

from ops.lab.world import commands
from ops.lab.world.commands import CommandLine


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What each command was given; `refuse` ends with 2."""
    seen: list[Any] = []

    def app(argv: tuple[str, ...]) -> None:
        seen.append((argv, sys.stdin.buffer.read()))
        sys.stdout.write(" ".join(argv) + "\n")
        if argv == ("refuse",):
            sys.exit(2)

    monkeypatch.setattr(commands, "app", app)
    return seen


def test_a_command_reads_its_own_input_and_says_what_it_wrote(read: list[Any]) -> None:
    before = sys.stdin
    assert commands.run(CommandLine(("credential", "--stdin"), b"secret")) == (0, "credential --stdin\n")
    assert commands.run(CommandLine(("list",))) == (0, "list\n")
    assert read == [(("credential", "--stdin"), b"secret"), (("list",), b"")]
    assert sys.stdin is before


def test_after_one_that_fails_no_other_is_run(
    read: list[Any], monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    lines = [CommandLine((name,)) for name in ("list", "refuse", "never")]
    text = b"".join(msgspec.json.encode(line) + b"\n" for line in lines).decode()
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    with pytest.raises(SystemExit, match="2"):
        commands.main()
    assert [argv for argv, _ in read] == [("list",), ("refuse",)]
    assert [json.loads(line)["status"] for line in capfdbinary.readouterr().out.splitlines()] == [0, 2]
