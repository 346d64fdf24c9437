"""Operators' commands on the record: they administer sources and instances."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from dispatcher.access.keys import KEY_ID_PATTERN, KeyKind, new_key
from dispatcher.access.permissions import Permission
from dispatcher.commands.operator import operator, requires
from dispatcher.embedded import EmbeddedPostgres
from dispatcher.model.principals import Instance, Source
from dispatcher.runtime.secret_files import key_pepper
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.sources import Sources

Result = TypeVar("Result")
AGS = re.compile(r"[0-9]{8}")
AGS_PREFIX = re.compile(r"[0-9]{2,8}")

sources = typer.Typer(help="Who may submit.", no_args_is_help=True)
instances = typer.Typer(help="Municipalities' apps.", no_args_is_help=True)


def on_record(settings: Settings, work: Callable[[record.Pool], Awaitable[Result]]) -> Result:
    async def main() -> Result:
        pool = await record.connect(database_url(settings), size=4)
        try:
            return await work(pool)
        finally:
            await pool.close()

    return asyncio.run(main())


def database_url(settings: Settings) -> str:
    """Return the URL of the record: the one named, or the one that `dispatcher up` runs in the data directory."""
    if settings.database_url:
        return settings.database_url
    home = settings.data_dir / "postgres"
    if not home.exists():
        raise typer.BadParameter("set DATABASE_URL, or run `dispatcher up` with the same WARN_DATA_DIR")
    return EmbeddedPostgres(home).url


def _require_key_name(name: str) -> None:
    """Refuse a name that does not fit: it stands within the key, which would open nothing."""
    if not KEY_ID_PATTERN.fullmatch(name):
        raise typer.BadParameter("an id is made of at most 40 of a-z, 0-9 and hyphens")


@sources.command("add")
@requires(Permission.MANAGE_SOURCES)
def add_source(
    source_id: Annotated[str, typer.Argument(help="short name, e.g. leitstelle-dueren")],
    sender: Annotated[list[str], typer.Option(help="CAP sender it may use; repeatable")],
    territory: Annotated[list[str], typer.Option(help="AGS or prefix it may warn, e.g. 05358; repeatable")],
    name: Annotated[str, typer.Option(help="as people know it")] = "",
    inset_m: Annotated[
        float | None,
        typer.Option(min=0, max=10_000, help="metres a hazard must enter a municipality; default 100"),
    ] = None,
    by_severity: Annotated[
        bool, typer.Option(help="match Extreme more generously, Minor more sparingly")
    ] = False,
) -> None:
    """Create or change a source and print a new API key, once."""
    _require_key_name(source_id)
    if bad := [prefix for prefix in territory if not AGS_PREFIX.fullmatch(prefix)]:
        raise typer.BadParameter(f"not an AGS or a prefix of one (2 to 8 digits): {', '.join(bad)}")
    settings = Settings()
    source = Source(
        source_id, name or source_id, frozenset(sender), tuple(territory), inset_m, by_severity=by_severity
    )
    key = new_key(KeyKind.SOURCE, f"{source_id[:31]}-{secrets.token_hex(4)}", secrets.token_urlsafe(32))
    by = operator().actor

    async def work(pool: record.Pool) -> None:
        store = Sources(pool, key_pepper(settings))
        await store.put(source, by)
        await store.add_key(source_id, key, by)

    on_record(settings, work)
    typer.echo(key)


@sources.command("revoke")
@requires(Permission.MANAGE_SOURCES)
def revoke_key(key_id: Annotated[str, typer.Argument(help="the part between wk_ and the last _")]) -> None:
    """Make a key worthless at once."""
    settings = Settings()

    async def work(pool: record.Pool) -> bool:
        return await Sources(pool, key_pepper(settings)).revoke_key(key_id, operator().actor)

    if not on_record(settings, work):
        typer.echo("no such valid key", err=True)
        raise typer.Exit(1)


@instances.command("add")
@requires(Permission.MANAGE_INSTANCES)
def add_instance(
    instance_id: Annotated[str, typer.Argument(help="e.g. the municipality's AGS")],
    place: Annotated[list[str], typer.Option(help="AGS it shows; repeatable")],
    name: Annotated[str, typer.Option(help="as people know it")] = "",
) -> None:
    """Create or change an app instance and print its new key for pulling, once."""
    _require_key_name(instance_id)
    if bad := [ags for ags in place if not AGS.fullmatch(ags)]:
        raise typer.BadParameter(f"not an AGS of 8 digits: {', '.join(bad)}")
    settings = Settings()
    key = new_key(KeyKind.INSTANCE, instance_id, secrets.token_urlsafe(32))

    async def work(pool: record.Pool) -> None:
        instance = Instance(instance_id, name or instance_id, tuple(place))
        await Sources(pool, key_pepper(settings)).put_instance(instance, key, operator().actor)

    on_record(settings, work)
    typer.echo(key)
