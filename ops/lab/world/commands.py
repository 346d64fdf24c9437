"""`dispatcher` commands, many in one process: each argument list is a JSON line on standard input.

Starting an interpreter for each of the dozens of commands that set a district up would take a minute. Every
command answers with one JSON line, {"status", "output"}; after one that fails no other is run.
"""

from __future__ import annotations

import contextlib
import io
import sys

import msgspec

from dispatcher.__main__ import app


def run(argv: list[str]) -> tuple[int, str]:
    """Run one command. Returns its exit status and what it wrote on standard output."""
    output = io.StringIO()
    try:
        with contextlib.redirect_stdout(output):
            app(argv)
    except SystemExit as end:
        return int(end.code or 0), output.getvalue()
    return 0, output.getvalue()


def main() -> None:
    """Run the commands on standard input."""
    for line in sys.stdin:
        status, output = run(msgspec.json.decode(line, type=list[str]))
        sys.stdout.buffer.write(msgspec.json.encode({"status": status, "output": output}) + b"\n")
        if status:
            sys.exit(status)


if __name__ == "__main__":
    main()
