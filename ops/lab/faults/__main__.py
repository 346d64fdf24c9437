"""`python -m ops.lab.faults`: run faults, count, say what was found. Exit code 0 only if all promises were kept."""

from __future__ import annotations

import argparse
import random
import signal
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ops.broken_pipe import quietly
from ops.lab.faults.catalogue import CONTROLS, FAULTS, named
from ops.lab.faults.series import COUNTED, Fault, Order, run

if TYPE_CHECKING:
    from collections.abc import Sequence

OUT = Path(__file__).parents[3] / "var" / "faults"
BROKEN, UNKNOWN = 1, 2
PROSE_COLUMNS = 120
RUNS = 20
SEED_MAX = 999_999
"""The largest seed that is drawn: short enough to be typed, and to stand in a table."""


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
    order = Order(seeds_of(options), options.subscriptions, options.out.resolve())
    return _run(faults, order, as_json=options.json)


def _run(faults: Sequence[Fault], order: Order, *, as_json: bool) -> int:
    order.out.mkdir(parents=True, exist_ok=True)
    print(
        f"seeds {','.join(map(str, order.seeds))}", file=sys.stderr, flush=True
    )  # also of what is broken off
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
    """Format the results in `out` as a table in Markdown, in the catalogue's order, and below it the seeds of rows
    whose runs had one each. Raises OSError, DecodeError."""
    rows = ["| | Fault | Runs | Seed | Keys | Lost | Doubled <= bound | Recovery s, median / max | |"]
    rows += ["|---|---|---|---|---|---|---|---|---|"]
    drawn: dict[tuple[int, ...], str] = {}
    for fault in (*FAULTS, *CONTROLS):
        file = out / f"{fault.name}.json"
        if file.exists():
            found = msgspec.json.decode(file.read_bytes())
            rows.append(_row(found, _seed(tuple(found["seeds"]), drawn)))
    for seeds, name in drawn.items():
        rows += ["", *textwrap.wrap(f"{name}: {', '.join(map(str, seeds))}.", PROSE_COLUMNS)]
    return "\n".join(rows)


def _seed(seeds: tuple[int, ...], drawn: dict[tuple[int, ...], str]) -> str:
    """Return the seed of all runs; where each had its own, the name of their list, which is added to `drawn`."""
    if len(set(seeds)) == 1:
        return str(seeds[0])
    return drawn.setdefault(seeds, f"S{len(drawn) + 1}")


def _row(found: dict[str, Any], seed: str) -> str:
    spread = found["recovery_s"]
    recovery = f"{spread['median']:.1f} / {spread['max']:.1f}" if spread else ""
    said = "kept" if found["ok"] else "BROKEN"
    if found["code"] == "control":
        said = "found" if found["ok"] else "NOT FOUND"
    cells = [
        found["code"],
        f"`{found['fault']}` {found['title']}",
        str(found["runs"]),
        seed,
        *(str(found[name]) for name in ("keys", "lost")),
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


def _seeds(text: str) -> tuple[int, ...]:
    """Parse a seed or several; empty where they are to be drawn."""
    if text == "random":
        return ()
    try:
        return tuple(int(one) for one in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError("neither whole numbers nor `random`") from None


def seeds_of(options: argparse.Namespace) -> tuple[int, ...]:
    """Return a seed for each run, drawn where none is given."""
    seeds: tuple[int, ...] = options.seed
    if len(seeds) > 1:
        return seeds
    return seeds * options.runs or tuple(
        random.SystemRandom().choices(range(1, SEED_MAX + 1), k=options.runs)
    )


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ops.lab.faults", description="The fault lab.")
    parser.add_argument(
        "names", nargs="+", metavar="name", help="a name or code (F1 ...), `all`; `list`, `table`"
    )
    parser.add_argument("--runs", type=_some, help=f"of each fault; {RUNS}, or as many as there are seeds")
    parser.add_argument(
        "--seed",
        type=_seeds,
        default=(1,),
        metavar="N|N,N...|random",
        help="instants and choices follow from it; a list has one for each run, `random` draws such a list",
    )
    parser.add_argument("--subscriptions", type=int, default=1000, help="in the district")
    parser.add_argument("--out", type=Path, default=OUT, help="where the districts stand")
    parser.add_argument("--json", action="store_true", help="one object a fault on standard output")
    options = parser.parse_args(argv)
    given = len(options.seed) if len(options.seed) > 1 else 0
    if given and options.runs not in {None, given}:
        parser.error(f"{given} seeds for {options.runs} runs")
    options.runs = options.runs or given or RUNS
    return options


if __name__ == "__main__":
    sys.exit(quietly(main))
