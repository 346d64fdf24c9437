"""`python -m ops.lab.demo`: run it, count, say what was found. Exit code 0 only if every promise was kept."""

from __future__ import annotations

import argparse
import fcntl
import shutil
import signal
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from ops.lab.demo import evidence, report
from ops.lab.demo.scenario import Scenario
from ops.lab.demo.view import View
from ops.lab.gateways.launch import StandinError
from ops.lab.world.district import District, Layout
from ops.lab.world.population import PopulationPlan
from ops.lab.world.service import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

OUT = Path(__file__).parents[3] / "var" / "demo"
FAILED, BROKEN = 1, 2
PLAIN_WIDTH = 200
"""Columns of output that goes to a file: enough that no line is broken."""


class OutError(Exception):
    """The directory for the run cannot be used."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo. Returns the exit code: 0 all promises kept, 1 some not, 2 the demo could not be run."""
    options = _options(argv)
    console = Console()
    if not console.is_terminal:
        console = Console(width=PLAIN_WIDTH)
    try:
        if options.recount:
            summary = evidence.recount(options.out)
            report.show(console, summary)
            return 0 if summary["ok"] else FAILED
        with _own(options.out), _orderly_end():
            return _run(options, console)
    except (OutError, ServiceError, StandinError) as error:
        console.print(f"[bold red]the demo could not be run:[/] {error}", highlight=False)
        return BROKEN
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _run(options: argparse.Namespace, console: Console) -> int:
    plan = PopulationPlan(options.seed, options.subscriptions, max(1, options.subscriptions // 20))
    console.print(
        f"Seed {plan.seed}: {plan.subscriptions} subscriptions in Kreis Düren and {plan.outside} around it.\n"
        "Making them, starting gateways and service.",
        highlight=False,
    )
    with District(options.out, Layout(plan)) as district:
        with View(console) as view:
            case = Scenario(district, view, options.seed).run()
        claims = [claim for one in case.messages for claim in district.ledger(one.id)]
        evidence.keep(options.out, case, claims)
        if not options.keep:
            district.stop()  # what would still be sent now is in the ledgers before they are counted
        summary = evidence.recount(options.out)
        report.show(console, summary)
        console.print(f"{options.out / evidence.SUMMARY}", highlight=False)
        if options.keep:
            _stay(district, console)
    return 0 if summary["ok"] else FAILED


def _stay(district: District, console: Console) -> None:
    for gateway in district.gateways.values():
        gateway.clear_faults()
    report.addresses(console, district)
    with suppress(KeyboardInterrupt):
        while True:
            signal.pause()
    console.print("stopping")


@contextmanager
def _own(out: Path) -> Iterator[None]:
    """Make `out` an empty directory of our own; an earlier run in it is removed. Raises OutError."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.with_name(f"{out.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutError(f"another demo is running in {out}") from None
        if out.exists() and any(out.iterdir()) and not (out / "population").is_dir():
            raise OutError(f"{out} holds something else; it is not removed")
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        yield


@contextmanager
def _orderly_end() -> Iterator[None]:
    """SIGTERM ends the run like Ctrl-C: everything that was started is stopped."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m ops.lab.demo", description="A flood warning, end to end."
    )
    parser.add_argument("--seed", type=int, default=1, help="whom and what chance chooses follows from it")
    parser.add_argument("--subscriptions", type=int, default=20_000, help="in the district")
    parser.add_argument("--out", type=Path, default=OUT, help="where everything of the run is written")
    parser.add_argument("--keep", action="store_true", help="leave everything running until Ctrl-C")
    parser.add_argument(
        "--recount",
        action="store_true",
        help="only judge again what a run left; warnings submitted by hand are phantoms to it",
    )
    options = parser.parse_args(argv)
    options.out = options.out.resolve()
    return options


if __name__ == "__main__":
    sys.exit(main())
