"""`python -m ops.lab.bench NAME [--json] …`: every benchmark is a module here with `main(argv) -> int`."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path

from dispatcher.runtime import logs

HELPERS = frozenset({"crowd", "drawings", "proc", "report", "warning"})
"""Modules that benchmarks share."""


def names() -> list[str]:
    """What can be measured, spelt as on the command line."""
    found = {module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)])}
    return sorted(name.replace("_", "-") for name in found - HELPERS if not name.startswith("_"))


def main(argv: list[str]) -> int:
    """Run one benchmark; 2 for a wrong call."""
    if not argv or argv[0] not in names():
        print(f"usage: python -m ops.lab.bench NAME [--json]\nnames: {', '.join(names())}", file=sys.stderr)
        return 2
    logs.configure(as_json=False, process="bench")  # to standard error: a result is all that is printed
    module = importlib.import_module(f"ops.lab.bench.{argv[0].replace('-', '_')}")
    code: int = module.main(argv[1:])
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
