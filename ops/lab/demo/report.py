"""Prints the end of the demo: the verdict as a table, and where everything is."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from ops.lab.demo.scenario import ZONE
from ops.lab.world import messages
from ops.lab.world.district import SENDER
from ops.lab.world.records import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from ops.lab.world.district import District

COLUMNS = ("expected", "accepted", "lost", "doubled", "phantom", "late", "unknown")
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
    for text in _sentences(summary):
        console.print(text, highlight=False)


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
        f"{summary['outside_reached']} of {summary['outside']} people outside the district got anything.",
        f"Also 0: {', '.join(name for name in REST if not total[name])}.",
    ]
    if summary["ok"]:
        return [*sentences, "[bold green]Nothing lost, nothing phantom, nothing late, nothing unknown.[/]"]
    return [*sentences, f"[bold red]Promises broken: {', '.join(summary['failures'])}[/]"]


def addresses(console: Console, district: District) -> None:
    """Print where the district that was left running can be reached, and how to warn it."""
    key = district.home / "key"
    key.touch(0o600)
    key.write_text(district.service.key, "utf-8")
    url = district.service.url
    now = datetime.now(ZONE)
    following = messages.write(Kind.ALERT, run=f"{now:%Y%m%dt%H%M%S}", sender=SENDER, sent=now)
    file = district.home / "messages" / "another.xml"
    file.write_bytes(following.xml)
    lines = [
        "",
        f"API        {url}  (description: {url}/v1/openapi.json)",
        *(f"metrics    {one}/metrics  ({name})" for name, one in district.service.urls().items()),
        *(f"gateway    {one.url}/_control/stats  ({name})" for name, one in district.gateways.items()),
        f"           (with curl: --cacert {district.certificate})",
        f"log        {district.service.log}",
        "",
        "Another warning:",
        f"  WARN_API_KEY=$(cat {key}) .venv/bin/dispatcher submit --url {url} --follow {file}",
        "",
        "Ctrl-C stops everything.",
    ]
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True, markup=False)
