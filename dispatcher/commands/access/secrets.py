"""`dispatcher secrets show | init | adopt | replace`: what all machines of a service have alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from dispatcher.access.fingerprints import Agreement, SecretName, short
from dispatcher.access.permissions import Permission
from dispatcher.commands.access.confirmation import Yes, refuse, require_confirmation
from dispatcher.commands.access.parties import AsJson, cell, iso
from dispatcher.commands.admin import on_record
from dispatcher.commands.operator import acts, operator, requires
from dispatcher.commands.terminal import columns, json_line
from dispatcher.runtime.secrets.files import fingerprint, new_secret, secret_file, secret_path, setting_of
from dispatcher.runtime.secrets.shared import Standing, agreed_secret, standing
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.secrets import Secrets

app = typer.Typer(help="The pepper and the VAPID key, the same on all machines.", no_args_is_help=True)
Name = Annotated[SecretName, typer.Argument(help="which")]
SETTLED = frozenset({Agreement.SAME, Agreement.NONE})
"""With these a machine can be started."""
HEAD = ("secret", "state", "here", "record", "since", "place")


@app.command("show")
@requires(Permission.READ_KEYS)
def show(*, as_json: AsJson = False) -> None:
    """Show fingerprints of this machine's secrets and of those that the record knows, never they themselves. The exit
    code is 0 only if each is `same`, or `none` where nobody has one yet.
    """
    settings = Settings()

    async def work(pool: record.Pool) -> list[Standing]:
        return [await standing(pool, name, settings) for name in SecretName]

    found = on_record(settings, work, of_any_service=True)
    _print(found, as_json=as_json)
    if any(one.agreement not in SETTLED for one in found):
        raise typer.Exit(1)


def _print(found: list[Standing], *, as_json: bool) -> None:
    lines = [_line(one) for one in found]
    if as_json:
        for line in lines:
            typer.echo(json_line({name: iso(value) for name, value in line.items()}))
    else:
        rows = [
            {**line, **{name: line[name] and short(line[name]) for name in ("here", "record")}}
            for line in lines
        ]
        typer.echo(columns([HEAD, *([cell(row[name]) for name in HEAD] for row in rows)]))


@app.command("init")
@acts(Permission.MANAGE_SECRETS)
def init() -> None:
    """Make what the service does not have yet and let the record know it, as a first start does; then show all. With
    secrets that are not the service's it ends with 1 and says what to do.
    """
    settings = Settings()

    async def work(pool: record.Pool) -> list[Standing]:
        for name in SecretName:
            await agreed_secret(pool, name, settings)
        return [await standing(pool, name, settings) for name in SecretName]

    _print(on_record(settings, work), as_json=False)


@app.command("adopt")
@acts(Permission.MANAGE_SECRETS)
def adopt(name: Name, *, yes: Yes = False) -> None:
    """Let this machine's secret be the service's from now on, in place of the one that the record knows: after a backup
    was restored, or when you put another one here on purpose.
    """
    settings = Settings()
    found, lost = _found(name, settings)
    if found.here is None:
        refuse(f"this machine has no {name} ({found.place}); nothing was changed")
    if found.agreement is Agreement.SAME:
        refuse(f"this machine's {name} is the service's already, nothing was changed")
    if found.noted is not None:
        require_confirmation(_consequence(name, lost), yes=yes)
    _note(settings, name, found.here)
    _say_next(name, found.here)


@app.command("replace")
@acts(Permission.MANAGE_SECRETS)
def replace(name: Name, *, yes: Yes = False) -> None:
    """Make a new secret in the data directory, and let it be the service's from now on. The one before is kept beside
    it: to go back, put it in its place again and `secrets adopt` it.
    """
    settings = Settings()
    if setting := setting_of(name, settings):
        refuse(
            f"this machine's {name} comes from {setting}: put another one there, then `dispatcher secrets adopt {name}`"
        )
    found, lost = _found(name, settings)
    require_confirmation(_consequence(name, lost), yes=yes)
    path = secret_path(name, settings)
    if found.here is not None:
        kept = _put_aside(path)
        typer.echo(f"the one before is kept in {kept}", err=True)
    made = fingerprint(name, secret_file(path, new_secret(name)))
    _note(settings, name, made)
    _say_next(name, made)


def _found(name: SecretName, settings: Settings) -> tuple[Standing, int]:
    async def work(pool: record.Pool) -> tuple[Standing, int]:
        store = Secrets(pool)
        lost = await (store.keys() if name is SecretName.PEPPER else store.push_subscriptions())
        return await standing(pool, name, settings), lost

    return on_record(settings, work, of_any_service=True)


def _note(settings: Settings, name: SecretName, made: str) -> None:
    async def work(pool: record.Pool) -> None:
        await Secrets(pool).replace(name, made, operator().actor)

    on_record(settings, work, of_any_service=True)


def _consequence(name: SecretName, lost: int) -> str:
    if name is SecretName.PEPPER:
        return (
            f"every key that was issued under the pepper before is worthless then, {lost} in all, and each source, "
            "feed and instance needs a new one (`dispatcher keys rotate`)"
        )
    return (
        f"push services refuse every Web Push subscription that was made with the VAPID key before, {lost} in all, and "
        "each browser has to subscribe anew with the new public key"
    )


def _say_next(name: SecretName, made: str) -> None:
    typer.echo(f"the {name} of the service is {short(made)} now")
    typer.echo(
        "running processes go on with the one before until they are started again; bring it to all machines first",
        err=True,
    )


def _put_aside(path: Path) -> Path:
    """Rename a file to the first free name beside it, and return that."""
    number = 1
    while (kept := path.with_name(f"{path.name}.{number}")).exists():
        number += 1
    return path.rename(kept)


def _line(one: Standing) -> dict[str, Any]:
    return {
        "secret": str(one.name),
        "state": str(one.agreement),
        "here": one.here,
        "record": one.noted and one.noted.fingerprint,
        "since": one.noted and one.noted.noted_at,
        "place": one.place,
    }
