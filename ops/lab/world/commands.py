"""`dispatcher` commands, many in one process: each is a JSON line on standard input, see `CommandLine`.

Starting an interpreter for each of the dozens of commands that set a district up would take a minute. Every
command answers with one JSON line, {"status", "output"}; after one that fails no other is run.
"""

from __future__ import annotations

import contextlib
import io
import sys

import msgspec

from dispatcher.__main__ import app


class CommandLine(msgspec.Struct, frozen=True):
    """A command's arguments, and what it reads."""

    argv: tuple[str, ...]
    input: bytes = b""


def run(line: CommandLine) -> tuple[int, str]:
    """Run one command. Returns its exit status and what it wrote on standard output."""
    output, before = io.StringIO(), sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(line.input))
    try:
        with contextlib.redirect_stdout(output):
            app(line.argv)
    except SystemExit as end:
        return int(end.code or 0), output.getvalue()
    finally:
        sys.stdin = before
    return 0, output.getvalue()


def main() -> None:
    """Run the commands on standard input."""
    for line in sys.stdin:
        status, output = run(msgspec.json.decode(line, type=CommandLine))
        sys.stdout.buffer.write(msgspec.json.encode({"status": status, "output": output}) + b"\n")
        if status:
            sys.exit(status)


if __name__ == "__main__":
    main()
