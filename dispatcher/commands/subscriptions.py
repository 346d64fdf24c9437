"""`dispatcher subscriptions import | export | count`: the endpoints that warnings go to."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from dispatcher.access.permissions import Permission
from dispatcher.commands.access.confirmation import refuse
from dispatcher.commands.admin import on_record
from dispatcher.commands.bulk.exporting import ExportResult, export_to
from dispatcher.commands.bulk.line import legal_basis
from dispatcher.commands.bulk.records import FileRefused
from dispatcher.commands.operator import acts, operator, requires
from dispatcher.commands.terminal import json_line, shown
from dispatcher.model.subscriptions import PutSubscriptions
from dispatcher.runtime.secrets.ring import agreed_addresses
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.audience.subscriptions import counts
from dispatcher.store.imports.endpoint_import import DoubtfulRow, Refusal
from dispatcher.store.imports.imported import imported, note_export

if TYPE_CHECKING:
    from dispatcher.commands.bulk.importing import ImportResult, Wanted

EVERY_S: Final = 1.0
"""How often it is said how far something is."""
NAMED_MAX: Final = 100
"""Lines that are named one by one on a screen."""

app = typer.Typer(help="Endpoints.", no_args_is_help=True)


def _basis(text: str) -> str:
    try:
        return legal_basis(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


@app.command("import")
@acts(Permission.IMPORT_SUBSCRIPTIONS)
def import_subscriptions(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="FILE.ndjson, .csv or .parquet")],
    *,
    basis: Annotated[
        str,
        typer.Option(
            "--legal-basis",
            callback=_basis,
            help="why the people may be written to, of rows that do not say so: consent, for instance",
        ),
    ] = "",
    errors: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False, help="a new file for the rows that cannot be used, with line and reason"
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="check the file and write nothing")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """Add endpoints from a file of rows with the members channel, address, keys, places, language, instance, ref and
    legal_basis, of which channel, address and places are needed. Without an ending that says another, the file is
    NDJSON: one JSON object per line. In CSV and Parquet they are columns; keys and places are JSON there, or places are
    AGS with blanks between them.

    `keys` are the browser's `p256dh` and `auth`, and `vapid`, the applicationServerKey that it subscribed with; without
    that it is the app's or the service's current one. Of an SMS, `gateway` is the name of the gateway that sends it,
    over HTTP or SMPP; without it the gateways share by weight.

    A place is an AGS ("05358008"; "05358" for the whole district), a point {"lat", "lon", "radius_m"?} or
    {"polygon": [[lat, lon], …]}. Points and polygons are rounded to three decimals (about 100 m) before
    they are stored.

    Of SMS, premium, shared-cost and satellite numbers are refused; landlines, numbers of countries that are not in
    WARN_SMS_REGIONS and of no known range are imported, as you vouch for them, and said with their lines.

    Who is new is told nothing before a legal basis is stated for them, in the row or by --legal-basis.

    Lines that cannot be used are named by number and reason, the others are added; then the exit code is 1. To import
    a file again does no harm, and ended half-way it goes on where it was. An endpoint that is there already follows the
    places of the file from then on, of all its lines there, and no others; only where lines of several instances name
    it, places are added and none taken away. What people subscribe to by themselves stays as it is.
    """
    from dispatcher.commands.bulk.importing import Wanted, import_file

    settings, wanted = Settings(), Wanted(file, basis, errors, dry_run)

    async def work(pool: record.Pool) -> ImportResult:
        return await import_file(pool, settings, wanted, operator().actor, _progress())

    try:
        done = on_record(settings, work)
    except FileRefused as error:
        refuse(f"{error}; nothing was imported")
    _say_imported(done, wanted, as_json=as_json)
    if done.refused:
        raise typer.Exit(1)


def _say_imported(done: ImportResult, wanted: Wanted, *, as_json: bool) -> None:
    if as_json:
        lines = [{"line": one.line, "reason": one.reason} for one in done.refused]
        dry_run = {"dry_run": True} if wanted.dry_run else {}
        doubted = [{"line": one.line, "reason": one.reason} for one in done.doubted]
        typer.echo(json_line(_summary(done.put) | dry_run | {"refused": lines, "doubted": doubted}))
        return
    _name(done.refused)
    if done.resumed:
        typer.echo(f"went on after line {done.resumed:,}, which an earlier attempt had checked", err=True)
    put = done.put
    if wanted.dry_run:
        typer.echo(
            f"{put.lines} can be imported, {len(done.refused)} cannot; nothing was written to the record"
        )
    else:
        typer.echo(f"{put.lines} added or renewed, {len(done.refused)} refused")
    _say_put(put)
    _say_doubted(done.doubted)
    if done.refused:
        _say_mend(done.refused, wanted.errors)


def _say_put(put: PutSubscriptions) -> None:
    if put.renewed:
        typer.echo(f"known before: {put.renewed}, of them follow other places now: {put.places_changed}")
    if put.shared:
        typer.echo(f"named by several instances, so that no place was taken away: {put.shared}")
    if put.opted_out:
        typer.echo(f"left out, as they said STOP and have not subscribed anew: {put.opted_out}")
    if put.inactive:
        typer.echo(
            f"without a legal basis, so that nothing is sent to them: {put.inactive}; import the file again with "
            "--legal-basis to state it",
            err=True,
        )


def _say_doubted(doubted: Sequence[DoubtfulRow]) -> None:
    by_reason: dict[str, list[int]] = defaultdict(list)
    for one in doubted:
        by_reason[one.reason].append(one.line)
    for reason, lines in sorted(by_reason.items()):
        more = f" and {len(lines) - NAMED_MAX:,} more" if len(lines) > NAMED_MAX else ""
        typer.echo(f"taken all the same: {len(lines)}, {reason}: {ranges(lines[:NAMED_MAX])}{more}", err=True)


def _name(refused: Sequence[Refusal]) -> None:
    for one in refused[:NAMED_MAX]:
        typer.echo(f"line {one.line}: {one.reason}", err=True)
    if len(refused) > NAMED_MAX:
        typer.echo(f"and {len(refused) - NAMED_MAX:,} more", err=True)


def _say_mend(refused: Sequence[Refusal], errors: Path | None) -> None:
    numbers = ranges([one.line for one in refused[:NAMED_MAX]])
    more = " and more" if len(refused) > NAMED_MAX else ""
    mend = (
        f"mend them in {shown(errors)} and import that" if errors else "mend them and import the file again"
    )
    typer.echo(f"not imported: {numbers}{more}; {mend}, which does no harm", err=True)


def _summary(put: PutSubscriptions) -> dict[str, int]:
    return {
        "added": put.lines,
        "renewed": put.renewed,
        "places_changed": put.places_changed,
        "shared": put.shared,
        "inactive": put.inactive,
        "opted_out": put.opted_out,
    }


def _progress() -> Callable[[str, int], None]:
    """Return what says once a second how far it is; nothing of what takes no second."""
    said_at = time.monotonic()

    def tell(what: str, count: int) -> None:
        nonlocal said_at
        if (now := time.monotonic()) >= said_at + EVERY_S:
            said_at = now
            typer.echo(f"{what} {count:,}", err=True)

    return tell


def ranges(numbers: Sequence[int]) -> str:
    """Return ascending numbers of lines as people say them: `lines 2, 5-7`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    said = [str(first) if first == last else f"{first}-{last}" for first, last in runs]
    return f"{'line' if len(numbers) == 1 else 'lines'} {', '.join(said)}"


@app.command("export")
@acts(Permission.EXPORT_SUBSCRIPTIONS)
def export_subscriptions(
    file: Annotated[Path, typer.Argument(help="a new file; by its end .ndjson, .csv or .parquet")],
) -> None:
    """Write all endpoints that were imported to a new file, with their addresses, as `subscriptions import` reads it:
    to import it again changes nothing. What people subscribe to by themselves, and webhooks, are not in it.

    Only its owner may read the file. It is there when all is written, or not at all.
    """
    settings = Settings()

    async def work(pool: record.Pool) -> ExportResult:
        addresses = await agreed_addresses(pool, settings)
        async with aclosing(imported(pool, addresses)) as found:
            return await export_to(file, found, _progress(), partial(note_export, pool, operator().actor))

    try:
        done = on_record(settings, work)
    except FileRefused as error:
        refuse(str(error))
    typer.echo(f"{done.rows:,} exported")
    if done.illegible:
        refuse(
            f"{done.illegible:,} could be opened with no key of this machine's ring, and are not in the file"
        )


@app.command("count")
@requires(Permission.COUNT_SUBSCRIPTIONS)
def count_subscriptions() -> None:
    """Count endpoints by channel: a person who has several counts with each."""

    async def work(pool: record.Pool) -> dict[str, int]:
        return await counts(pool)

    for channel, count in sorted(on_record(Settings(), work).items()):
        typer.echo(f"{channel}\t{count}")
