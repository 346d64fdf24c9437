"""`dispatcher submit | preview | status`: what a control centre types; it works over HTTP."""

from __future__ import annotations

import http.client
import json
import os
import re
import ssl
import time
import urllib.error
import urllib.request
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from importlib import resources
from ipaddress import ip_address
from pathlib import Path
from string import Template
from typing import Annotated, Any
from urllib.parse import SplitResult, quote, urlsplit
from xml.sax.saxutils import escape as escape_xml
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from dispatcher.commands.terminal import shown
from dispatcher.model.vocabulary import FINAL_STATES

TIMEOUT_S = 30
FOLLOW_S = 0.5
PATIENCE_S = 60
"""How long `--follow` goes on without an answer: an API that starts again takes seconds."""
REFUSED, WRONG_CALL, UNANSWERED, OVER_QUOTA = 1, 2, 3, 4
"""The exit codes of `submit`, besides 0: not accepted, so mend the message; nothing was sent, so mend the call; unknown
whether accepted, so send it again as it is; not accepted because of the quota, so send it again later."""
TOO_MANY = 429
NOT_FOUND = 404
NO_TLS = "WRONG_VERSION_NUMBER"
"""What OpenSSL says when something answers that does not speak TLS."""
NO_PROBLEM = "about:blank"
"""The type of a problem that is no more than its status (RFC 9457 section 4.2.1): no route leads there."""
AWAY = frozenset({500, 502, 503, 504})
REPEATED = " (schon angenommen)"
ZONE = "Europe/Berlin"
"""The default of WARN_TIME_ZONE. A command that only speaks HTTP does not load the settings."""

_PLAIN_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]*)?")

Url = Annotated[str, typer.Option(envvar="WARN_URL", help="the service")]
InsecureHttp = Annotated[bool, typer.Option(help="send the key over http:// to another machine all the same")]
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="a CAP 1.2 message")]


class _Unanswered(Exception):
    """No usable answer: the service is away, or something else answers in its place."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the key is for the service that was named, not for where its answer points."""

    def redirect_request(self, *_args: Any, **_options: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirect)
_direct = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))
"""For this machine: a proxy of the environment would be another one, and get the key in the clear."""


def _is_local(parts: SplitResult) -> bool:
    """Whether the host is this machine, by its name or a loopback address."""
    try:
        return parts.hostname == "localhost" or ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


def _service(url: str, *, insecure_http: bool) -> str:
    """Return the service's address, to which paths are added. Refuses one to which the key would go readable for
    others: all but TLS and this machine, unless told.
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise _wrong("Die Adresse des Dienstes (--url) ist nicht lesbar") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _wrong(
            "Die Adresse des Dienstes (--url) beginnt mit http:// oder https:// und nennt einen Rechner"
        )
    # What two parsers read as two hosts is none.
    if not _PLAIN_HOST.fullmatch(parts.netloc) or not url.isprintable() or " " in url:
        raise _wrong(
            "Die Adresse des Dienstes (--url) hat vor dem Pfad einen Rechner und höchstens noch einen Port"
        )
    try:
        port = parts.port
    except ValueError as error:
        raise _wrong("Der Port der Adresse des Dienstes (--url) ist höchstens 65535") from error
    if port == 0:
        raise _wrong("Der Port der Adresse des Dienstes (--url) ist mindestens 1")
    if parts.scheme == "http" and not insecure_http and not _is_local(parts):
        raise _wrong(
            f"{parts.hostname}: über http:// ginge der Schlüssel unverschlüsselt zu einem anderen Rechner. Bitte "
            "https:// angeben; ist das Netz dorthin sicher, hilft --insecure-http"
        )
    return url.rstrip("/")


def _wrong(sentence: str) -> typer.Exit:
    """Say what is wrong with the call: nothing was sent."""
    typer.echo(shown(sentence), err=True)
    return typer.Exit(WRONG_CALL)


def _key() -> str:
    key = os.environ.get("WARN_API_KEY", "").strip()
    if not key:
        typer.echo("WARN_API_KEY fehlt oder ist leer: Ohne Schlüssel nimmt der Dienst nichts an", err=True)
        raise typer.Exit(1)
    if not key.isascii() or not key.isprintable():  # and never quote it
        typer.echo("WARN_API_KEY enthält Zeichen, die in keinem Schlüssel vorkommen", err=True)
        raise typer.Exit(1)
    return key


def _ask(method: str, url: str, member: str, body: bytes | None = None) -> dict[str, Any]:
    """Send one request with the key from WARN_API_KEY; the answer has `member`.

    Raises `_Unanswered`; a problem other than the service's own outage, and a port that does not speak TLS, end the
    command with an exit code of its own.
    """
    try:
        request = urllib.request.Request(url, body, method=method)  # noqa: S310 - vetted by `_service`
        request.add_header("Authorization", f"Bearer {_key()}")
        request.add_header("Content-Type", "application/cap+xml")
        opener = _direct if _is_local(urlsplit(url)) else _opener
        with opener.open(request, timeout=TIMEOUT_S) as answer:
            result: Any = json.load(answer)
    except urllib.error.HTTPError as error:
        explanation = _explanation(error)
        if error.code in AWAY:
            raise _Unanswered(explanation) from error
        typer.echo(f"{explanation}{_when(error)}", err=True)
        raise typer.Exit(OVER_QUOTA if error.code == TOO_MANY else REFUSED) from error
    except (OSError, http.client.HTTPException) as error:
        if _speaks_no_tls(error):
            raise _wrong(
                f"unter {url} antwortet etwas ohne TLS, also nicht auf https://; nichts ist gesendet"
            ) from error
        raise _Unanswered(f"keine Antwort von {url}: {error}") from error
    except ValueError as error:
        raise _Unanswered(f"unter {url} antwortet etwas anderes als dieser Dienst") from error
    if not isinstance(result, dict) or member not in result:
        raise _Unanswered(f"unter {url} antwortet etwas anderes als dieser Dienst")
    return dict(result)


def _speaks_no_tls(error: Exception) -> bool:
    """Whether a connection failed since something answers there without TLS: before anything was sent, for urllib
    raises what comes later as it is.
    """
    reason = error.reason if isinstance(error, urllib.error.URLError) else None
    return isinstance(reason, ssl.SSLError) and reason.reason == NO_TLS


def _explanation(error: urllib.error.HTTPError) -> str:
    raw = error.read().decode("utf-8", "replace")
    try:
        problem = json.loads(raw)
        if error.code == NOT_FOUND and problem.get("type", NO_PROBLEM) == NO_PROBLEM:
            return _no_such_service(error)
        lines = [f"{error.code} {shown(problem['title'])}: {shown(problem.get('detail', ''))}"]
        lines += [_finding_line(item) for item in problem.get("errors", [])]
        lines += [shown(f"  {place['ags']} {place['name']}") for place in problem.get("municipalities", [])]
        lines += [shown(f"  {_reference(named)}") for named in problem.get("in_force", [])]
    except (ValueError, KeyError, TypeError, AttributeError):
        if error.code == NOT_FOUND:
            return _no_such_service(error)
        return f"{error.code}: {shown(raw[:500])}"
    return "\n".join(lines)


def _no_such_service(error: urllib.error.HTTPError) -> str:
    return shown(f"404 Not Found: unter {error.url} gibt es diesen Dienst nicht; stimmt die Adresse (--url)?")


def _when(error: urllib.error.HTTPError) -> str:
    """Return when the request may be made again, where the answer says so."""
    seconds = error.headers.get("Retry-After", "")
    return f"\n  erneut senden in {seconds} s" if seconds.isascii() and seconds.isdigit() else ""


def _reference(named: dict[str, str]) -> str:
    """Return what stands for a message in <references>. CAP writes UTC as -00:00 (CAP 1.2 section 3.3.2)."""
    return f"{named['sender']},{named['identifier']},{named['sent'].replace('+00:00', '-00:00')}"


def _finding_line(item: dict[str, Any]) -> str:
    place = f" (Zeile {item['line']})" if item.get("line") else ""
    spoken = item.get("message_de") or item.get("message")
    named = f" {item['value']}:" if item.get("value") and not spoken else ""
    message = item.get("message_de") or item.get("message") or item.get("reason") or ""
    return shown(f"  {item.get('code') or item.get('kind')}{place}:{named} {message}")


def _give_up(error: _Unanswered, advice: str = "") -> typer.Exit:
    typer.echo(shown(f"{error}{advice}"), err=True)
    return typer.Exit(UNANSWERED)


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
    insecure_http: InsecureHttp = False,
) -> None:
    """Submit a warning; the key comes from WARN_API_KEY.

    Exit code 0: accepted. 1: refused, nothing is sent; mend it. 2: a wrong call, such as a wrong URL; nothing is sent.
    3: it is unknown whether it was accepted; send it again as it is. 4: not accepted, because the quota is reached;
    send it again when the answer says.
    """
    url = _service(url, insecure_http=insecure_http)
    try:
        answer = _ask("POST", f"{url}/v1/alerts", "alert", file.read_bytes())
    except _Unanswered as error:
        raise _give_up(error, "; der Stand ist unbekannt, bitte erneut senden") from error
    alert = answer["alert"]
    typer.echo(shown(f"{alert['id']} {alert['reason']}{REPEATED if answer['repeated'] else ''}"))
    for place in answer["municipalities"]:
        typer.echo(shown(f"  {place['ags']} {place['name']} {place['reason']} {place['share']:.0%}"))
    _show_findings(answer)
    if follow:
        status(alert["id"], url, follow=True, insecure_http=insecure_http)


def preview(file: File, url: Url = "http://127.0.0.1:8080", *, insecure_http: InsecureHttp = False) -> None:
    """Show what submitting would do, without doing it."""
    url = _service(url, insecure_http=insecure_http)
    try:
        answer = _ask("POST", f"{url}/v1/alerts/preview", "reach_by_municipality", file.read_bytes())
    except _Unanswered as error:
        raise _give_up(error) from error
    until = _local(datetime.fromisoformat(answer["expires"]))
    repeated = REPEATED if answer["repeated"] else ""
    line = f"{answer['reason']} (Spur {answer['lane']}, gültig bis {until:%d.%m.%Y %H:%M %Z}){repeated}"
    typer.echo(shown(line))
    for place in answer["municipalities"]:
        reach = answer["reach_by_municipality"].get(place["ags"], {})
        typer.echo(shown(f"  {place['ags']} {place['name']}: {_counts(reach)}"))
    typer.echo(shown(f"insgesamt: {_counts(answer['reach'])}"))
    _show_findings(answer)


def _local(moment: datetime) -> datetime:
    """Return the instant as recipients' clocks show it, whatever this machine's own zone is; in UTC if no zone of the
    name is known.
    """
    try:
        return moment.astimezone(ZoneInfo(os.environ.get("WARN_TIME_ZONE") or ZONE))
    except (ZoneInfoNotFoundError, ValueError):
        return moment.astimezone(UTC)


def _counts(reach: dict[str, int | str]) -> str:
    return ", ".join(f"{channel} {count}" for channel, count in sorted(reach.items())) or "niemand"


def _show_findings(answer: dict[str, Any]) -> None:
    """Print what is to be known of a message that was accepted all the same."""
    for item in answer["findings"]:
        typer.echo(_finding_line(item), err=True)


def status(
    alert_id: str,
    url: Url = "http://127.0.0.1:8080",
    *,
    follow: Annotated[bool, typer.Option(help="until every recipient is accounted for")] = False,
    insecure_http: InsecureHttp = False,
) -> None:
    """Show how an alert stands."""
    page = f"{_service(url, insecure_http=insecure_http)}/v1/alerts/{quote(alert_id, safe='')}"
    console = Console()
    try:
        if follow:
            _follow(page, console)
        else:
            console.print(status_table(_ask("GET", page, "channels")))
    except _Unanswered as error:
        raise _give_up(error) from error


def _follow(page: str, console: Console) -> None:
    """Show one table that changes, at a terminal; elsewhere one for each change. An outage in between is waited for."""
    shown: dict[str, Any] = {}
    with Live(console=console, auto_refresh=False) if console.is_terminal else nullcontext() as live:
        while True:
            answer = _patiently(page)
            if answer != shown:
                table = status_table(answer)
                if live is None:
                    console.print(table)
                else:
                    live.update(table, refresh=True)
                shown = answer
            if answer["alert"]["state"] in FINAL_STATES:
                return
            time.sleep(FOLLOW_S)


def _patiently(page: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return _ask("GET", page, "channels")
        except _Unanswered:
            if time.monotonic() > deadline:
                raise
            time.sleep(FOLLOW_S)


def status_table(answer: dict[str, Any]) -> Table:
    """Build the table: channels down, states across."""
    alert = answer["alert"]
    headline = escape(shown(alert["headline"]))
    title = f"{headline} – {alert['state']} ({alert['reason']}), {alert['audience']} Empfänger"
    table = Table("Kanal", "Art", "Zustände", title=title)
    for channel in answer["channels"]:
        states = ", ".join(f"{name} {count}" for name, count in sorted(channel["states"].items()))
        table.add_row(*(escape(shown(cell)) for cell in (channel["channel"], channel["kind"], states)))
    return table
