"""Prints the end of the demo: the verdict as a table, and where everything is."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from rich.box import SIMPLE_HEAD
from rich.table import Table

from dispatcher.boundaries.municipalities import Boundaries
from ops.lab.demo import neighbour
from ops.lab.demo.apps import ShownRecord, lines
from ops.lab.demo.authority import visitors
from ops.lab.demo.counting import ToldCounts
from ops.lab.demo.scenario import ZONE
from ops.lab.town.persons import CONSOLE_URL
from ops.lab.world import messages
from ops.lab.world.district import SENDER
from ops.lab.world.records import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from ops.lab.demo.authority.visitors import Desk
    from ops.lab.world.district import District

COLUMNS = ("expected", "accepted", "lost", "doubled", "phantom", "late", "unknown")
DISPATCHER = ".venv/bin/dispatcher"
TRY_NEXT = "Try next"
REST = (
    "uncollapsed",
    "false_delivered",
    "unrecorded",
    "pending",
    "wrong_content",
    "lone_all_clear",
    "second_all_clear",
    "overtaken",
    "stale",
)
"""Counts that must be zero too; they are shown only where they are not."""


def show(console: Console, summary: Mapping[str, Any]) -> None:
    """Print the table, the killed processes, the outsiders and the verdict."""
    # Fits into 80 columns; where it does not, figures may be cut, never what they belong to.
    table = Table(box=SIMPLE_HEAD, padding=0, pad_edge=False, show_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    for name in (*COLUMNS, "first", "last"):
        table.add_column(name, justify="right")
    for message in summary["messages"]:
        for channel, counts in message["channels"].items():
            table.add_row(message["kind"], channel, *_cells(counts))
        table.add_section()
    table.add_row("total", "", *_cells(summary["total"]), style="bold")
    console.print(
        "The gateways' ledgers, joined with the service's. First and last accepted: ms after submission."
    )
    console.print(table)
    _apps(console, summary)
    for line in summary["people"]:
        console.print(line, highlight=False, soft_wrap=True)
    for line in neighbour.lines(msgspec.convert(one, ToldCounts) for one in summary["neighbour"]):
        console.print(line, highlight=False, soft_wrap=True)
    for line in summary["authority"]:
        console.print(line, highlight=False, soft_wrap=True)
    for text in _sentences(summary):
        console.print(text, highlight=False)


def _apps(console: Console, summary: Mapping[str, Any]) -> None:
    """Print what each app showed as in force."""
    names = {unit.ags: unit.name for unit in Boundaries.default().municipalities}
    records = [msgspec.convert(one, ShownRecord) for one in summary["shown"]]
    if records:
        console.print("Apps, each with a key of its own, and where each showed a warning:")
    for line in lines(records, names):
        console.print(f"  {line}", highlight=False, soft_wrap=True)


def _cells(counts: Mapping[str, Any]) -> list[str]:
    times = (counts["time_to_first_ms"], counts["time_to_last_ms"])
    return [
        *(str(counts[name]) for name in COLUMNS),
        *("-" if time is None else f"{time:.0f}" for time in times),
    ]


def _sentences(summary: Mapping[str, Any]) -> list[str]:
    gone = sum(message["gone"] for message in summary["messages"])
    total = summary["total"]
    bound = total["doubled_bound"]
    sentences = [
        f"{one['process']} (pid {one['pid']}) was killed in the {one['kind']} at {one['at_share']:.0%}; "
        f"pid {one['successor']} took its place. Its sends in flight allow {bound} doubles."
        for one in summary["deaths"]
    ]
    sentences += [
        f"{gone} times a gateway said that a subscription is gone; nothing is owed there.",
        f"{summary['outside_reached']} of {summary['outside']} people elsewhere got anything of the district's.",
        f"Also 0: {', '.join(name for name in REST if not total[name])}.",
    ]
    if summary["ok"]:
        doubled = total["doubled"] + sum(one["doubled"] for one in summary["told_once"])
        but = f", but for {doubled} sends that were repeated, of which a device shows one" if doubled else ""
        return [
            *sentences,
            "[bold green]Nothing lost, nothing phantom, nothing late, nothing unknown.[/]",
            f"[bold green]Everybody who is counted was told once{but}.[/]",
        ]
    return [*sentences, f"[bold red]Promises broken: {', '.join(summary['failures'])}[/]"]


def addresses(console: Console, district: District, warned: str, desks: Sequence[Desk]) -> None:
    """Print where the district that was left running can be reached, who signs in at its desks, and how to warn it.
    `warned` is the id of an alert that it has.
    """
    key = district.home / "key"
    key.touch(0o600)
    key.write_text(district.service.key, "utf-8")
    url, origin = district.service.url, district.service.environment[CONSOLE_URL]
    now = datetime.now(ZONE)
    following = messages.write(Kind.ALERT, run=f"{now:%Y%m%dt%H%M%S}", sender=SENDER, sent=now)
    file = district.home / "messages" / "another.xml"
    file.write_bytes(following.xml)
    _print(
        console,
        "",
        f"API        {url}  (description: {url}/v1/openapi.json)",
        *(f"metrics    {one}/metrics  ({name})" for name, one in district.service.urls().items()),
        *(f"gateway    {one.url}/_control/stats  ({name})" for name, one in district.gateways.items()),
        f"           (with curl: --cacert {near(district.certificate)})",
        f"log        {near(district.service.log)}",
        "",
        *visitors.lines(desks, near(district.service.home), origin, DISPATCHER),
        "",
        f"{TRY_NEXT} in another terminal, in the same directory:",
        f"  export WARN_URL={url} WARN_API_KEY=$(cat {near(key)})",
        f"  {DISPATCHER} preview {near(file)}",
        f"  {DISPATCHER} submit --follow {near(file)}",
        f"  {DISPATCHER} status {warned}",
        "",
        "Ctrl-C stops everything.",
    )


def end(console: Console, out: Path) -> None:
    """Print where everything of a run is, and what to try next. None of it needs the service."""
    alert = near(out / "messages" / "alert.xml")
    _print(
        console,
        f"Messages, ledgers, log and verdict are in {near(out)}.",
        f"{TRY_NEXT}:",
        "  make try                     sixty phones; you send the warning and see it arrive",
        "  make demo KEEP=1             the same once more, left running for you to warn",
        f"  {DISPATCHER} match {alert}",
        "                               which municipalities, and why; draws a map beside it",
    )


def near(path: Path | None) -> str:
    """Return how `path` is called from here: relative where it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here) if path and path.is_relative_to(here) else path)


def _print(console: Console, *lines: str) -> None:
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True, markup=False)
