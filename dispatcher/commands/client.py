"""`dispatcher submit | preview | status`: a control centre's side, over HTTP."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from string import Template
from typing import Annotated, Any
from xml.sax.saxutils import escape as escape_xml

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

TIMEOUT_S = 30
FOLLOW_S = 0.5
FINAL = frozenset({"settled", "recorded"})

Url = Annotated[str, typer.Option(envvar="WARN_URL", help="the service")]
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="a CAP 1.2 message")]


def _call(method: str, url: str, body: bytes | None = None) -> dict[str, Any]:
    """One request with the key from WARN_API_KEY. A problem ends the command with exit code 1."""
    key = os.environ.get("WARN_API_KEY", "")
    if not url.startswith(("http://", "https://")):
        raise typer.BadParameter("the service's URL begins with http:// or https://")
    request = urllib.request.Request(url, body, method=method)  # noqa: S310 - scheme checked above
    request.add_header("Authorization", f"Bearer {key}")
    request.add_header("Content-Type", "application/cap+xml")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310 - scheme checked above
            result: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        _explain(error)
        raise typer.Exit(1) from error
    except OSError as error:
        typer.echo(
            f"keine Antwort von {url}: {error}; der Stand ist unbekannt, bitte erneut senden", err=True
        )
        raise typer.Exit(1) from error
    return result


def _explain(error: urllib.error.HTTPError) -> None:
    raw = error.read().decode("utf-8", "replace")
    try:
        problem = json.loads(raw)
    except ValueError:
        typer.echo(f"{error.code}: {raw[:500]}", err=True)
        return
    typer.echo(f"{error.code} {problem.get('title')}: {problem.get('detail')}", err=True)
    for item in problem.get("errors", []):
        place = f" (Zeile {item['line']})" if item.get("line") else ""
        message = item.get("message_de") or item.get("message") or item.get("reason") or ""
        typer.echo(f"  {item.get('code') or item.get('kind')}{place}: {message}", err=True)


def example(
    sender: Annotated[str, typer.Option(help="CAP sender")] = "leitstelle@kreis-dueren.example",
) -> None:
    """Print a valid warning, sent now, to try things with: exercise before you need it."""
    now = datetime.now(UTC).replace(microsecond=0)
    text = (resources.files("dispatcher") / "commands" / "example.xml").read_text(encoding="utf-8")
    filled = Template(text).substitute(
        identifier=f"beispiel-{now:%Y%m%d%H%M%S}",
        sender=escape_xml(sender),
        sent=now.isoformat(),
        expires=(now + timedelta(hours=2)).isoformat(),
    )
    typer.echo(filled, nl=False)


def submit(
    file: File,
    url: Url = "http://127.0.0.1:8080",
    *,
    follow: Annotated[bool, typer.Option(help="then show its progress")] = False,
) -> None:
    """Submit a warning; the key comes from WARN_API_KEY."""
    answer = _call("POST", f"{url}/v1/alerts", file.read_bytes())
    alert = answer["alert"]
    typer.echo(f"{alert['id']} {alert['reason']}{' (schon angenommen)' if answer['repeated'] else ''}")
    for place in answer["municipalities"]:
        typer.echo(f"  {place['ags']} {place['name']} {place['reason']} {place['share']:.0%}")
    if follow:
        status(alert["id"], url, follow=True)


def preview(file: File, url: Url = "http://127.0.0.1:8080") -> None:
    """What submitting would do, without doing it."""
    answer = _call("POST", f"{url}/v1/alerts/preview", file.read_bytes())
    typer.echo(f"{answer['reason']} (Spur {answer['lane']}, gültig bis {answer['expires']})")
    for place in answer["municipalities"]:
        reach = answer["reach_by_municipality"].get(place["ags"], {})
        counts = ", ".join(f"{channel} {count}" for channel, count in sorted(reach.items())) or "niemand"
        typer.echo(f"  {place['ags']} {place['name']}: {counts}")


def status(
    alert_id: str,
    url: Url = "http://127.0.0.1:8080",
    *,
    follow: Annotated[bool, typer.Option(help="until every recipient is accounted for")] = False,
) -> None:
    """How an alert stands."""
    console = Console()
    while True:
        answer = _call("GET", f"{url}/v1/alerts/{alert_id}")
        console.print(status_table(answer))
        if not follow or answer["alert"]["state"] in FINAL:
            return
        time.sleep(FOLLOW_S)


def status_table(answer: dict[str, Any]) -> Table:
    """Channels down, states across."""
    alert = answer["alert"]
    headline = escape(alert["headline"])
    title = f"{headline} – {alert['state']} ({alert['reason']}), {alert['audience']} Empfänger"
    table = Table("Kanal", "Art", "Zustände", title=title)
    for channel in answer["channels"]:
        states = ", ".join(f"{name} {count}" for name, count in sorted(channel["states"].items()))
        table.add_row(channel["channel"], channel["kind"], states)
    return table
