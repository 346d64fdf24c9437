"""`dispatcher source | instance`: the parties that may submit and read, and their first keys."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from dispatcher.access.credentials import Bearer, judge
from dispatcher.access.keys import KEY_ID_PATTERN, KeyKind, new_key, new_key_id
from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.permissions import Permission
from dispatcher.commands.operator import operator, requires
from dispatcher.commands.terminal import columns, json_line
from dispatcher.embedded import EmbeddedPostgres
from dispatcher.model.principals import CredentialState, Instance, PartyEntry, Source
from dispatcher.model.vocabulary import FEED_PREFIX
from dispatcher.runtime.secret_files import key_pepper
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.keys import KeyList, Keys
from dispatcher.store.sources import Sources

Result = TypeVar("Result")
AGS = re.compile(r"[0-9]{8}")
AGS_PREFIX = re.compile(r"[0-9]{2,8}")

sources = typer.Typer(help="Who may submit.", no_args_is_help=True)
instances = typer.Typer(help="Municipalities' apps.", no_args_is_help=True)
PartyId = Annotated[str, typer.Argument(help="its id")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON line each")]


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


def _fresh_key(kind: KeyKind, bearer: str) -> str:
    return new_key(kind, new_key_id(bearer, secrets.token_hex(4)), secrets.token_urlsafe(32))


def _say_others(keys: KeyList) -> None:
    """Say what else is to be known after a key was issued: that older ones are good, or that none is."""
    valid = [one for one in keys.entries if judge(one.terms, keys.now) is CredentialState.VALID]
    bearer = keys.entries[-1].bearer
    if not valid:
        typer.echo(f"{bearer} is disabled: no key of it is good", err=True)
    elif len(valid) > 1:
        typer.echo(
            f"beside it, older keys are good: {len(valid) - 1}; dispatcher keys list --{bearer.kind} {bearer.id}",
            err=True,
        )


@sources.command("add")
@requires(Permission.MANAGE_SOURCES)
def add_source(  # noqa: PLR0913 - an option for each thing that a source may be given
    source_id: Annotated[str, typer.Argument(help="short name, e.g. leitstelle-dueren")],
    sender: Annotated[list[str], typer.Option(help="CAP sender it may use; repeatable")],
    territory: Annotated[list[str], typer.Option(help="AGS or prefix it may warn, e.g. 05358; repeatable")],
    name: Annotated[str, typer.Option(help="as people know it")] = "",
    inset_m: Annotated[
        float | None,
        typer.Option(min=0, max=10_000, help="metres a hazard must enter a municipality; default 100"),
    ] = None,
    *,
    by_severity: Annotated[
        bool, typer.Option(help="match Extreme more generously, Minor more sparingly")
    ] = False,
    flash: Annotated[
        bool, typer.Option(help="its gravest warnings travel in the most urgent lane; else in priority")
    ] = True,
    quota: Annotated[
        int | None,
        typer.Option(
            min=0, max=1_000_000, help="warnings an hour; 0 for any number; default WARN_QUOTA_PER_HOUR"
        ),
    ] = None,
) -> None:
    """Create or change a source and print a new API key, once. Of a source that is there already all options are set
    anew: give all of them, --no-flash and --quota too, for what is left out has its default again.
    """
    _require_key_name(source_id)
    if bad := [prefix for prefix in territory if not AGS_PREFIX.fullmatch(prefix)]:
        raise typer.BadParameter(f"not an AGS or a prefix of one (2 to 8 digits): {', '.join(bad)}")
    settings = Settings()
    source = Source(
        source_id,
        name or source_id,
        frozenset(sender),
        tuple(territory),
        inset_m,
        by_severity=by_severity,
        may_flash=flash,
        quota=quota,
    )
    key = _fresh_key(KeyKind.SOURCE, source_id)
    by = operator().actor

    async def work(pool: record.Pool) -> KeyList:
        store = Sources(pool, key_pepper(settings))
        await store.put(source, by)
        await store.add_key(source_id, key, by)
        return await Keys(pool).listed(Bearer.of(source_id, None))

    _say_others(on_record(settings, work))
    typer.echo(key)


@sources.command("list")
@requires(Permission.READ_KEYS)
def list_sources(*, as_json: AsJson = False) -> None:
    """List all sources, feeds among them, with the number of their valid keys."""
    _list_parties(PrincipalKind.SOURCE, as_json=as_json)


@sources.command("disable")
@requires(Permission.MANAGE_SOURCES)
def disable_source(source_id: PartyId) -> None:
    """Refuse all its keys from now on. What it has in force stays in force."""
    _require_no_feed(source_id)
    in_force = _switch(PrincipalKind.SOURCE, source_id, disable=True)
    typer.echo(f"{source_id} is disabled: its keys are refused, it can submit, change and end nothing")
    typer.echo(f"its warnings in force stay so until they expire or another message ends them: {in_force}")


@sources.command("enable")
@requires(Permission.MANAGE_SOURCES)
def enable_source(source_id: PartyId) -> None:
    """Let its keys be good again."""
    _require_no_feed(source_id)
    _switch(PrincipalKind.SOURCE, source_id, disable=False)
    typer.echo(f"{source_id} is enabled")


@instances.command("list")
@requires(Permission.READ_KEYS)
def list_instances(*, as_json: AsJson = False) -> None:
    """List all instances, with the number of their valid keys."""
    _list_parties(PrincipalKind.INSTANCE, as_json=as_json)


@instances.command("disable")
@requires(Permission.MANAGE_INSTANCES)
def disable_instance(instance_id: PartyId) -> None:
    """Refuse all its keys from now on: it can read nothing more. Subscriptions stay."""
    _switch(PrincipalKind.INSTANCE, instance_id, disable=True)
    typer.echo(f"{instance_id} is disabled: its keys are refused; its subscriptions still get warnings")


@instances.command("enable")
@requires(Permission.MANAGE_INSTANCES)
def enable_instance(instance_id: PartyId) -> None:
    """Let its keys be good again."""
    _switch(PrincipalKind.INSTANCE, instance_id, disable=False)
    typer.echo(f"{instance_id} is enabled")


def _require_no_feed(source_id: str) -> None:
    if source_id.startswith(FEED_PREFIX):
        raise typer.BadParameter(
            f"{source_id} is a feed: take it out of the file of feeds, or revoke its keys "
            f"(dispatcher keys list --feed {source_id.removeprefix(FEED_PREFIX)})"
        )


def _switch(kind: PrincipalKind, party_id: str, *, disable: bool) -> int:
    """Disable or enable, and return how many warnings of a source are in force. Ends the command where that is done
    already.
    """
    settings = Settings()

    async def work(pool: record.Pool) -> tuple[bool | None, int]:
        store, by = Sources(pool, key_pepper(settings)), operator().actor
        done = await (store.disable if disable else store.enable)(kind, party_id, by)
        return done, await store.in_force(party_id) if kind is PrincipalKind.SOURCE else 0

    done, in_force = on_record(settings, work)
    if done is None:
        raise typer.BadParameter(f"there is no {kind} {party_id}; `dispatcher {kind} list` shows all")
    if not done:
        typer.echo(f"{party_id} is {'disabled' if disable else 'enabled'} already", err=True)
        raise typer.Exit(1)
    return in_force


def _list_parties(kind: PrincipalKind, *, as_json: bool) -> None:
    settings = Settings()

    async def work(pool: record.Pool) -> list[PartyEntry]:
        return await Sources(pool, key_pepper(settings)).listed(kind)

    lines = [
        {
            "id": one.id,
            "state": "disabled" if one.disabled_at else "enabled",
            "keys": one.keys,
            "name": one.name,
            "territory" if kind is PrincipalKind.SOURCE else "places": list(one.places),
            **({"senders": list(one.senders)} if kind is PrincipalKind.SOURCE else {}),
            "disabled": one.disabled_at and one.disabled_at.isoformat(),
        }
        for one in on_record(settings, work)
    ]
    if as_json:
        for line in lines:
            typer.echo(json_line(line))
        return
    head = ["id", "state", "keys", "name", "territory" if kind is PrincipalKind.SOURCE else "places"]
    body = [[_cell(line[name]) for name in head] for line in lines]
    typer.echo(columns([head, *body]))


def _cell(value: object) -> str:
    return (" ".join(map(str, value)) if isinstance(value, list) else str(value)) or "-"


@instances.command("add")
@requires(Permission.MANAGE_INSTANCES)
def add_instance(
    instance_id: Annotated[str, typer.Argument(help="e.g. the municipality's AGS")],
    place: Annotated[list[str], typer.Option(help="AGS it shows; repeatable")],
    name: Annotated[str, typer.Option(help="as people know it")] = "",
) -> None:
    """Create or change an app instance and print another key for pulling, once."""
    _require_key_name(instance_id)
    if bad := [ags for ags in place if not AGS.fullmatch(ags)]:
        raise typer.BadParameter(f"not an AGS of 8 digits: {', '.join(bad)}")
    settings = Settings()
    key = _fresh_key(KeyKind.INSTANCE, instance_id)

    async def work(pool: record.Pool) -> KeyList:
        instance = Instance(instance_id, name or instance_id, tuple(place))
        await Sources(pool, key_pepper(settings)).put_instance(instance, key, operator().actor)
        return await Keys(pool).listed(Bearer.of(None, instance_id))

    _say_others(on_record(settings, work))
    typer.echo(key)
