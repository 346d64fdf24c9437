"""`python -m ops.lab.bench NAME [--json] …`: every benchmark is a module here with `main(argv) -> int`.

With `--against CHECKOUT` it is measured in another checkout as well, and ratios are printed.
"""

from __future__ import annotations

import importlib
import keyword
import pkgutil
import sys
from pathlib import Path

from dispatcher.runtime import logs
from ops.broken_pipe import quietly
from ops.lab.bench.paired import against

HELPERS = frozenset({"fixtures", "paired", "report", "senders", "sink"})
"""Modules and packages that benchmarks share: they are no benchmarks themselves."""
USAGE = """usage: python -m ops.lab.bench NAME [--json] [the benchmark's own flags, see NAME --help]
       python -m ops.lab.bench NAME --against CHECKOUT [--pairs N] [--json] [the benchmark's own flags]
names: {names}"""


def names() -> list[str]:
    """List the benchmarks, spelt as on the command line."""
    found = {module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)])}
    return sorted(name.rstrip("_").replace("_", "-") for name in found - HELPERS if not name.startswith("_"))


def module_of(name: str) -> str:
    """Return the module of a benchmark; one that is called as Python's own words are ends with `_`."""
    return f"ops.lab.bench.{name.replace('-', '_')}{'_' if keyword.iskeyword(name) else ''}"


def main(argv: list[str]) -> int:
    """Run one benchmark; 2 for a wrong call."""
    if argv in (["-h"], ["--help"]):
        print(USAGE.format(names=", ".join(names())))
        return 0
    if not argv or argv[0] not in names():
        print(USAGE.format(names=", ".join(names())), file=sys.stderr)
        return 2
    logs.configure(as_json=False, process="bench")  # to standard error: a result is all that is printed
    if against.wanted(argv[1:]):
        return against.main(argv[0], argv[1:])
    module = importlib.import_module(module_of(argv[0]))
    code: int = module.main(argv[1:])
    return code


if __name__ == "__main__":
    sys.exit(quietly(lambda: main(sys.argv[1:])))
