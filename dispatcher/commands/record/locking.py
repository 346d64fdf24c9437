"""`dispatcher record locks`: who keeps others waiting in the database, and end that one."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from dispatcher.access.permissions import Permission
from dispatcher.commands.access.confirmation import refuse
from dispatcher.commands.admin import on_record
from dispatcher.commands.operator import acts, operator
from dispatcher.commands.shell.help_text import Where, helped
from dispatcher.commands.shell.output import AsJsonLines
from dispatcher.commands.terminal import columns, json_line, shown
from dispatcher.settings import Settings
from dispatcher.store.servers.locks import Lock, LockEnding, end_lock, locks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.store.record import Pool

OLD_S: Final = 30
"""Seconds after which a transaction that others wait for is shown: ours are mostly done in less."""
_HEAD: Final = ("pid", "since", "for", "from", "application", "state", "waiting", "statement")
_UNTOLD: Final = "–"
OURS: Final = (
    "dispatcher: a process of this service. While it is active it works, for minutes with millions of people; end it "
    "only if it is idle in transaction at two looks 30 s apart, and restart the worker there first"
)
HIDDEN: Final = (
    f"{_UNTOLD}: this role of the database may not see it; whoever administers PostgreSQL lets it, by "
    "GRANT pg_read_all_stats TO the role of DATABASE_URL, or looks itself"
)
FORBIDDEN: Final = (
    "no role of ours may end it; nothing was changed. Whoever administers PostgreSQL ends it, connected to this "
    "database: SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = {pid} AND xact_start = '{since}';"
)

app = typer.Typer(help="The database that keeps everything.", no_args_is_help=True)


def _instant(text: str) -> str:
    try:
        if not text or datetime.fromisoformat(text).tzinfo:
            return text
    except ValueError:
        pass
    raise typer.BadParameter("a time as the list says it, with its offset from UTC")


@app.command("locks")
@acts(Permission.RUN_SERVICE)
@helped(
    Where.SERVER,
    "dispatcher record locks",
    "dispatcher record locks --end 4711 --since 2026-11-01T03:12:45.678901+00:00",
)
def locked(
    *,
    end: Annotated[int | None, typer.Option("--end", metavar="PID", min=1, help="end this session")] = None,
    since: Annotated[
        str, typer.Option("--since", metavar="TIME", callback=_instant, help="when its transaction began")
    ] = "",
    older_than: Annotated[
        int,
        typer.Option("--older-than", metavar="S", min=0, help="show transactions older than so many seconds"),
    ] = OLD_S,
    as_json: AsJsonLines = False,
) -> None:
    """List the transactions in this database that others wait for and that wait for nobody, the oldest first.

    With --end and --since one of them is ended, if it is still the one that the list showed: otherwise nothing is
    ended. What it has not committed is discarded. It stands on the audit trail.
    """
    if (end is None) == bool(since):
        raise typer.BadParameter("--end and --since go together")
    settings = Settings()
    if end is None:
        _list(settings, timedelta(seconds=older_than), as_json=as_json)
    else:
        _end(settings, end, datetime.fromisoformat(since))


def _list(settings: Settings, older_than: timedelta, *, as_json: bool) -> None:
    async def work(pool: Pool) -> list[Lock]:
        async with pool.acquire() as connection:
            return await locks(connection, older_than)

    # Of any service: what says whose the record is may be what is locked.
    found = on_record(settings, work, of_any_service=True)
    if as_json:
        for lock in found:
            typer.echo(json_line(_members(lock)))
        return
    for line in lines(found, older_than):
        typer.echo(line)


def _end(settings: Settings, pid: int, since: datetime) -> None:
    async def work(pool: Pool) -> LockEnding:
        async with pool.acquire() as connection:
            return await end_lock(connection, pid, since, operator().actor)

    ending = on_record(settings, work, of_any_service=True)
    if (
        ending is LockEnding.FORBIDDEN
    ):  # a role may end its own sessions: the service's those of workers, the owner's others
        ending = on_record(settings, work, of_any_service=True, as_owner=True)
    if ending is LockEnding.CHANGED:
        refuse(
            f"{pid} does no transaction here that began at {since.isoformat()}: look again; nothing was changed"
        )
    if ending is LockEnding.FORBIDDEN:
        refuse(FORBIDDEN.format(pid=pid, since=since.isoformat()))
    typer.echo(f"{pid} is ended")


def _members(lock: Lock) -> dict[str, object]:
    since, lasts = lock.since and lock.since.isoformat(), lock.lasts and lock.lasts.total_seconds()
    return asdict(lock) | {"since": since, "lasts": lasts, "is_ours": lock.is_ours}


def lines(found: Sequence[Lock], older_than: timedelta) -> list[str]:
    """Return what is said of them, with how the first is ended and what is to be known before."""
    if not found:
        return [f"nobody has kept others waiting for more than {older_than.total_seconds():.0f} s"]
    table = columns([_HEAD, *map(_row, found)]).split("\n")
    ended = next((one for one in found if one.since and not one.is_ours), None)
    if ended and ended.since:
        table.append(f"end one: dispatcher record locks --end {ended.pid} --since {ended.since.isoformat()}")
    table += [OURS] if any(one.is_ours for one in found) else []
    return table + ([HIDDEN] if any(one.since is None for one in found) else [])


def _row(lock: Lock) -> tuple[str, ...]:
    if lock.since is None or lock.lasts is None:
        since = lasts = address = state = statement = _UNTOLD
    else:
        since, lasts = lock.since.isoformat(), f"{lock.lasts.total_seconds():.0f} s"
        address, state, statement = lock.address or "socket", lock.state, shown(lock.statement)
    return str(lock.pid), since, lasts, address, lock.application, state, str(lock.keeps_waiting), statement
