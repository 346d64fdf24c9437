"""`python -m ops.lab.faults`: run faults, count, say what was found. Exit code 0 only if all promises were kept."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ops.lab.faults.catalogue import CONTROLS, FAULTS, named
from ops.lab.faults.series import COUNTED, Fault, Order, run

if TYPE_CHECKING:
    from collections.abc import Sequence

OUT = Path(__file__).parents[3] / "var" / "faults"
BROKEN, UNKNOWN = 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line. Returns 0 if every promise was kept, 1 if some were not or a run could not be carried out,
    2 if there is no such fault."""
    options = _options(argv)
    if options.names == ["list"]:
        for fault in (*FAULTS, *CONTROLS):
            print(f"{fault.code:7} {fault.name:20} {fault.title}")
        return 0
    if options.names == ["table"]:
        print(table(options.out))
        return 0
    try:
        faults = [fault for name in options.names for fault in named(name)]
    except KeyError as unknown:
        print(f"no such fault: {unknown}; see `list`", file=sys.stderr)
        return UNKNOWN
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    order = Order(options.runs, options.seed, options.subscriptions, options.out.resolve())
    return _run(faults, order, as_json=options.json)


def _run(faults: Sequence[Fault], order: Order, *, as_json: bool) -> int:
    order.out.mkdir(parents=True, exist_ok=True)
    code = 0
    for found in run(faults, order, lambda text: print(text, file=sys.stderr, flush=True)):
        text = msgspec.json.encode(found)
        (order.out / f"{found['fault']}.json").write_bytes(msgspec.json.format(text) + b"\n")
        print(text.decode() if as_json else _line(found), flush=True)
        code = code if found["ok"] else BROKEN
    return code


def _line(found: dict[str, Any]) -> str:
    counts = [f"{name} {found[name]}" for name in COUNTED if found[name] or name in {"lost", "doubled"}]
    recovery = [f"recovery {found['recovery_s']['max']:.1f} s"] if found["recovery_s"] else []
    parts = [f"runs {found['runs']}", f"keys {found['keys']}", *counts, f"bound {found['bound']}", *recovery]
    said = "ok" if found["ok"] else "BROKEN: " + "; ".join(found["failures"])
    return f"{found['code']:7} {found['fault']:20} {', '.join(parts)}: {said}"


def table(out: Path) -> str:
    """Format the results in `out` as a table in Markdown, in the catalogue's order. Raises OSError, DecodeError."""
    rows = ["| | Fault | Runs | Seed | Keys | Lost | Doubled <= bound | Recovery s, median / max | |"]
    rows += ["|---|---|---|---|---|---|---|---|---|"]
    for fault in (*FAULTS, *CONTROLS):
        file = out / f"{fault.name}.json"
        if file.exists():
            rows.append(_row(msgspec.json.decode(file.read_bytes())))
    return "\n".join(rows)


def _row(found: dict[str, Any]) -> str:
    spread = found["recovery_s"]
    recovery = f"{spread['median']:.1f} / {spread['max']:.1f}" if spread else ""
    said = "kept" if found["ok"] else "BROKEN"
    if found["code"] == "control":
        said = "found" if found["ok"] else "NOT FOUND"
    cells = [
        found["code"],
        f"`{found['fault']}` {found['title']}",
        *(str(found[name]) for name in ("runs", "seed", "keys", "lost")),
        f"{found['doubled']} <= {found['bound']}",
        recovery,
        said,
    ]
    return f"| {' | '.join(cells)} |"


def _some(text: str) -> int:
    """Parse a number of at least one: no run would pass for a series in which all was kept."""
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError("at least one")
    return int(text)


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ops.lab.faults", description="The fault lab.")
    parser.add_argument(
        "names", nargs="+", metavar="name", help="a name or code (F1 ...), `all`; `list`, `table`"
    )
    parser.add_argument("--runs", type=_some, default=20, help="of each fault")
    parser.add_argument("--seed", type=int, default=1, help="instants and choices follow from it")
    parser.add_argument("--subscriptions", type=int, default=1000, help="in the district")
    parser.add_argument("--out", type=Path, default=OUT, help="where the districts stand")
    parser.add_argument("--json", action="store_true", help="one object a fault on standard output")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
