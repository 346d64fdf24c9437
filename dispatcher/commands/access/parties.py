"""What the commands for sources, instances and operators share: their keys, lists, changes and switches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import Annotated, Any, NoReturn, TypeVar
from zoneinfo import ZoneInfo

import typer

from dispatcher.access.credentials import Bearer, judge
from dispatcher.access.fingerprints import SecretName
from dispatcher.access.keys import KEY_ID_PATTERN, KeyKind, fresh_key
from dispatcher.access.kinds import PrincipalKind
from dispatcher.commands.access.confirmation import refuse
from dispatcher.commands.admin import on_record
from dispatcher.commands.operator import operator
from dispatcher.commands.terminal import columns, json_line
from dispatcher.model.desk_time import desk_time
from dispatcher.model.principals import CredentialState, Instance, PartyEntry, RemoteOperator, Source
from dispatcher.model.vocabulary import FEED_PREFIX
from dispatcher.runtime.secrets.shared import agreed_secret
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.keys import KeyList, Keys
from dispatcher.store.parties import ChangedMeanwhile, Parties

Party = TypeVar("Party", Source, Instance)
Read = Callable[[Parties, str], Awaitable[Party | None]]
PartyId = Annotated[str, typer.Argument(help="its id")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON line each")]


def require_key_name(name: str) -> None:
    """Refuse an id that does not fit: it stands within the key, which would open nothing."""
    if not KEY_ID_PATTERN.fullmatch(name):
        raise typer.BadParameter("an id is made of at most 40 of a-z, 0-9 and hyphens")
    if name.startswith(FEED_PREFIX):
        raise typer.BadParameter(f"what begins with {FEED_PREFIX} is a feed of the file of feeds")


def require_no_feed(source_id: str) -> None:
    """Refuse what concerns a feed, which the file of feeds decides on."""
    if source_id.startswith(FEED_PREFIX):
        raise typer.BadParameter(
            f"{source_id} is a feed: take it out of the file of feeds, or revoke its keys "
            f"(dispatcher keys list --feed {source_id.removeprefix(FEED_PREFIX)})"
        )


def refuse_unknown(kind: PrincipalKind, party_id: str, known: Sequence[PartyEntry]) -> NoReturn:
    """Refuse an id that nobody has, with the nearest."""
    nearest = get_close_matches(party_id, [one.id for one in known], n=1)
    hint = f"the nearest is {nearest[0]}; " if nearest else ""
    group = group_of(kind)
    refuse(f"there is no {group} {party_id}; {hint}`dispatcher {group} list` shows all")


def group_of(kind: PrincipalKind) -> str:
    """Return the group of commands, and the option of others, for a kind of party."""
    return "operator" if kind is PrincipalKind.REMOTE_OPERATOR else str(kind)


def require_instances(instance_ids: Sequence[str]) -> None:
    """Refuse ids that no instance has. Ends the command with 1 for the first of them."""
    if not instance_ids:
        return

    async def work(pool: record.Pool) -> tuple[list[str], list[PartyEntry]]:
        store = Parties(pool)
        return await store.missing(instance_ids), await store.listed(PrincipalKind.INSTANCE)

    missing, known = on_record(Settings(), work)
    if missing:
        refuse_unknown(PrincipalKind.INSTANCE, missing[0], known)


async def found(pool: record.Pool, read: Read[Party], kind: PrincipalKind, party_id: str) -> Party:
    """Return the party of this id, which `read` of `Parties` reads; ends the command with 1 where there is none."""
    store = Parties(pool)
    party = await read(store, party_id)
    if party is None:
        refuse_unknown(kind, party_id, await store.listed(kind))
    return party


def of_record(read: Read[Party], kind: PrincipalKind, party_id: str) -> Party:
    """Return the party of this id as `found` does, from a command that does nothing else on the record meanwhile."""

    async def work(pool: record.Pool) -> Party:
        return await found(pool, read, kind, party_id)

    return on_record(Settings(), work)


def add(
    kind: PrincipalKind, party: Source | Instance | RemoteOperator, key_kind: KeyKind | None = None
) -> None:
    """Create a party and print its key, once, of this kind instead of its usual one. Ends the command with 1 where
    there is one of this id.
    """
    settings, group = Settings(), group_of(kind)
    key = fresh_key(key_kind or Bearer(kind, party.id).key_kind, party.id)

    async def work(pool: record.Pool) -> bool:
        pepper = await agreed_secret(pool, SecretName.PEPPER, settings)
        return await Parties(pool).add(party, key, pepper, operator().actor)

    if not on_record(settings, work):
        refuse(
            f"the {group} {party.id} is there already, nothing was changed: `dispatcher {group} change {party.id} …` "
            f"changes it, `dispatcher keys add --{group} {party.id}` issues another key"
            if kind is not PrincipalKind.REMOTE_OPERATOR
            else f"the operator {party.id} is there already, nothing was changed: `dispatcher keys rotate --operator "
            f"{party.id}` issues another key"
        )
    typer.echo(key)


def say_change(before: dict[str, Any], after: dict[str, Any], party_id: str, *, as_json: bool) -> None:
    """Print what is different, before and after."""
    changed = [name for name in after if before[name] != after[name]]
    if as_json:
        line = {"id": party_id} | {
            word: {name: values[name] for name in changed}
            for word, values in (("before", before), ("after", after))
        }
        typer.echo(json_line(line))
    else:
        typer.echo(columns([[name, cell(before[name]), "→", cell(after[name])] for name in changed]))


def change(before: Source | Instance, after: Source | Instance) -> None:
    """Change a party from what was read. Ends the command with 1 where somebody else was quicker."""

    async def work(pool: record.Pool) -> None:
        await Parties(pool).change(before, after, operator().actor)

    try:
        on_record(Settings(), work)
    except ChangedMeanwhile as error:
        refuse(f"{error} was changed by somebody else meanwhile: look at it again; nothing was changed")


def show(kind: PrincipalKind, party_id: str, values: dict[str, Any], *, as_json: bool) -> None:
    """Print all that is known of a party."""

    async def work(pool: record.Pool) -> tuple[PartyEntry, int, KeyList]:
        parties = Parties(pool)
        entry = await parties.entry(kind, party_id)
        if entry is None:
            refuse_unknown(kind, party_id, await parties.listed(kind))
        in_force = await parties.in_force(party_id) if kind is PrincipalKind.SOURCE else 0
        bearer = Bearer.of(party_id, None) if kind is PrincipalKind.SOURCE else Bearer.of(None, party_id)
        return entry, in_force, await Keys(pool).of(bearer)

    entry, in_force, keys = on_record(Settings(), work)
    good = [str(one.name) for one in keys.entries if judge(one.terms, keys.now) is CredentialState.VALID]
    line = {
        "id": party_id,
        "state": "disabled" if entry.disabled_at else "enabled",
        **values,
        "keys": good,
        **({"in_force": in_force} if kind is PrincipalKind.SOURCE else {}),
        "created": entry.created_at,
        "disabled": entry.disabled_at,
    }
    if as_json:
        typer.echo(json_line({name: iso(value) for name, value in line.items()}))
    else:
        typer.echo(columns([[name, cell(value)] for name, value in line.items()]))


def switch(kind: PrincipalKind, party_id: str, *, disable: bool) -> int:
    """Disable or enable, and return how many warnings of a source are in force. Ends the command where that is done
    already.
    """

    async def work(pool: record.Pool) -> tuple[bool | None, int, list[PartyEntry]]:
        parties, by = Parties(pool), operator().actor
        done = await (parties.disable if disable else parties.enable)(kind, party_id, by)
        in_force = await parties.in_force(party_id) if kind is PrincipalKind.SOURCE else 0
        return done, in_force, await parties.listed(kind)

    done, in_force, known = on_record(Settings(), work)
    if done is None:
        refuse_unknown(kind, party_id, known)
    if not done:
        refuse(f"{party_id} is {'disabled' if disable else 'enabled'} already")
    return in_force


def disable(kind: PrincipalKind, party_id: str, consequence: str) -> int:
    """Refuse all keys of a party from now on, and say what follows. Returns how many warnings of a source are in
    force.
    """
    in_force = switch(kind, party_id, disable=True)
    typer.echo(f"{party_id} is disabled: its keys are refused{consequence}")
    return in_force


def enable(kind: PrincipalKind, party_id: str) -> None:
    """Let the keys of a party be good again."""
    switch(kind, party_id, disable=False)
    typer.echo(f"{party_id} is enabled")


def list_parties(kind: PrincipalKind, *, as_json: bool) -> None:
    """List all sources, instances or operators, with the number of their valid keys."""

    async def work(pool: record.Pool) -> list[PartyEntry]:
        return await Parties(pool).listed(kind)

    places = {PrincipalKind.SOURCE: "territory", PrincipalKind.INSTANCE: "places"}.get(kind, "")
    lines = [
        {
            "id": one.id,
            "state": "disabled" if one.disabled_at else "enabled",
            "keys": one.keys,
            "name": one.name,
            **({places: list(one.places)} if places else {}),
            **({"senders": list(one.senders)} if kind is PrincipalKind.SOURCE else {}),
            "disabled": one.disabled_at and one.disabled_at.isoformat(),
        }
        for one in on_record(Settings(), work)
    ]
    if as_json:
        for line in lines:
            typer.echo(json_line(line))
        return
    head = ["id", "state", "keys", "name", *filter(None, [places])]
    typer.echo(columns([head, *([cell(line[name]) for name in head] for line in lines)]))


def iso(value: Any) -> Any:
    """Return a value as programs read it: a time with its offset, anything else as it is."""
    return value.isoformat() if isinstance(value, datetime) else value


def cell(value: Any) -> str:
    """Return a value as people read it in a table."""
    if isinstance(value, datetime):
        return desk_time(value, ZoneInfo(Settings().time_zone), "en")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "-"
    return (" ".join(map(str, value)) if isinstance(value, list) else str(value)) or "-"
