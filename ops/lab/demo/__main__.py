"""`python -m ops.lab.demo`: run it, count, say what was found. Exit code 0 only if every promise was kept."""

from __future__ import annotations

import argparse
import signal
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from ops.broken_pipe import quietly
from ops.lab.demo import evidence, report
from ops.lab.demo.authority import false_alarm, visitors
from ops.lab.demo.heartbeat import Heartbeat, beating
from ops.lab.demo.neighbour import Neighbour
from ops.lab.demo.scenario import Scenario
from ops.lab.demo.view import View
from ops.lab.gateways.launch import StandinError
from ops.lab.gateways.registry import WITH_PHONES
from ops.lab.town.persons import CONSOLE_URL
from ops.lab.world.district import District, Layout
from ops.lab.world.own_directory import OutError, orderly_end, owned
from ops.lab.world.population import PopulationPlan
from ops.lab.world.service import ServiceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.lab.demo.evidence import RunRecord

OUT = Path(__file__).parents[3] / "var" / "demo"
FAILED, BROKEN = 1, 2
PEOPLE = 8
"""Of each habit so many people subscribe themselves: some seconds."""
PLAIN_WIDTH = 200
"""Columns of output that goes to a file: enough that no line is broken."""


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
        with owned(options.out, "population"), orderly_end():
            return _run(options, console)
    except (OutError, ServiceError, StandinError) as error:
        console.print(f"[bold red]the demo could not be run:[/] {error}", highlight=False)
        return BROKEN
    except KeyboardInterrupt:
        console.print("stopped")
        return 128 + signal.SIGINT


def _run(options: argparse.Namespace, console: Console) -> int:
    outside = max(1, options.subscriptions // 20)
    plan = PopulationPlan(options.seed, options.subscriptions, outside, PEOPLE, standins=tuple(WITH_PHONES))
    console.print(
        f"A flood on the Rur: {plan.subscriptions} subscriptions in Kreis Düren, {plan.outside} around it "
        f"(seed {plan.seed}).\nGateways refuse and break off, and a worker is killed.\n"
        "Then a second person approves, a false alarm is corrected, and there is an exercise.",
        highlight=False,
    )
    with ExitStack() as running:
        view = running.enter_context(View(console))
        heartbeat = Heartbeat(view)
        running.enter_context(beating(heartbeat))
        neighbour = Neighbour(options.out)
        with heartbeat.step("starting the neighbour's dispatcher, a service of its own"):
            running.enter_context(neighbour)
        port = running.enter_context(visitors.reserved_port())
        layout = Layout(
            plan,
            texts=1,
            settings={**neighbour.settings(), **visitors.settings(port)},
            exempt=f"feed={neighbour.origin}",
            standins=WITH_PHONES,
        )
        district = running.enter_context(District(options.out, layout, heartbeat.step))
        scenario = Scenario(district, neighbour, view, heartbeat, options.seed, options.first_accept_within)
        case = scenario.run()
        with heartbeat.step("reading the service's ledgers"):
            claims = [claim for one in case.messages for claim in district.ledger(one.id)]
            evidence.keep(options.out, case, [*claims, *scenario.claims])
        if not options.keep:
            district.stop()  # what would still be sent now is in the ledgers before they are counted
        with heartbeat.step("comparing them with the gateways'"):
            summary = evidence.recount(options.out)
        view.clear()
        report.show(console, summary)
        if options.keep:
            _stay(district, case, console)
    report.end(console, options.out)
    return 0 if summary["ok"] else FAILED


def _stay(district: District, case: RunRecord, console: Console) -> None:
    for gateway in district.gateways.values():
        gateway.clear_faults()
    origin = district.service.environment[CONSOLE_URL]
    drill = case.exercise
    alerts = (case.messages[0].id, drill.steps[0].id if drill else "")
    desks = visitors.desks(origin, district.service.commands(*visitors.commands()), alerts)
    report.addresses(console, district, case.messages[0].id, desks)
    with suppress(KeyboardInterrupt):
        while True:
            signal.pause()
    console.print("stopping everything, which takes some seconds")


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m ops.lab.demo", description="A flood warning, end to end."
    )
    parser.add_argument("--seed", type=int, default=1, help="whom and what chance chooses follows from it")
    parser.add_argument("--subscriptions", type=int, default=20_000, help="in the district")
    parser.add_argument("--out", type=Path, default=OUT, help="where everything of the run is written")
    parser.add_argument("--keep", action="store_true", help="leave everything running until Ctrl-C")
    parser.add_argument(
        "--first-accept-within",
        type=float,
        default=false_alarm.FIRST_WITHIN_S,
        metavar="SECONDS",
        help="how soon the correction of the false alarm must have reached a gateway (default: %(default)s)",
    )
    parser.add_argument(
        "--recount",
        action="store_true",
        help="only judge again what a run left; warnings submitted by hand are phantoms to it",
    )
    options = parser.parse_args(argv)
    options.out = options.out.resolve()
    return options


if __name__ == "__main__":
    sys.exit(quietly(main))
