"""`dispatcher secrets show | init | adopt | replace`: what all machines of a service have alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from channels.webpush.vapid import key_name
from dispatcher.access.fingerprints import Agreement, SecretName, short
from dispatcher.access.permissions import Permission
from dispatcher.access.sealing import KeyRing
from dispatcher.commands.access.address_keys import drop, rotate
from dispatcher.commands.access.confirmation import Yes, refuse, require_confirmation
from dispatcher.commands.access.parties import AsJson, cell, iso
from dispatcher.commands.admin import on_record
from dispatcher.commands.operator import acts, operator, requires
from dispatcher.commands.terminal import columns, json_line
from dispatcher.runtime.secrets.files import (
    fingerprint,
    held_secret,
    new_secret,
    previous_vapid_keys,
    secret_file,
    secret_path,
    setting_of,
)
from dispatcher.runtime.secrets.shared import Standing, agreed_secret, standing
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.sealed.keys import SealingKeys
from dispatcher.store.secrets import Secrets

app = typer.Typer(
    help="The pepper, the VAPID key and the ring of keys of endpoints, the same on all machines.",
    no_args_is_help=True,
)
app.command("rotate")(rotate)
app.command("drop")(drop)
Name = Annotated[SecretName, typer.Argument(help="which")]
SETTLED = frozenset({Agreement.SAME, Agreement.NONE})
"""With these a machine can be started."""
PREVIOUS, KEPT = "vapid before", "kept"
"""What `show` calls a VAPID key before the current one, and its state where this machine has it."""
HEAD = ("secret", "state", "here", "record", "since", "place")


@app.command("show")
@requires(Permission.READ_KEYS)
def show(*, as_json: AsJson = False) -> None:
    """Show fingerprints of this machine's secrets and of those that the record knows, never they themselves, and of the
    VAPID keys before. The exit code is 0 only if each is `same`, or `none` where nobody has one yet; keys before do not
    count.
    """
    settings = Settings()

    async def work(pool: record.Pool) -> tuple[list[Standing], list[dict[str, Any]]]:
        return [await standing(pool, name, settings) for name in SecretName], await _previous(pool, settings)

    found, previous = on_record(settings, work, of_any_service=True)
    _print(found, previous, as_json=as_json)
    if any(one.agreement not in SETTLED for one in found):
        raise typer.Exit(1)


async def _previous(pool: record.Pool, settings: Settings) -> list[dict[str, Any]]:
    """Return a line for each VAPID key before the current one, which this machine has or the record knows."""
    store = Secrets(pool)
    current, noted = await store.noted(SecretName.VAPID), await store.vapid_keys()
    held = {fingerprint(SecretName.VAPID, pem): place for place, pem in previous_vapid_keys(settings).items()}
    known = {one.fingerprint: one.noted_at for one in noted}
    return [
        {
            "secret": PREVIOUS,
            "state": KEPT if key in held else str(Agreement.MISSING_HERE),
            "here": key if key in held else None,
            "record": key if key in known else None,
            "since": known.get(key),
            "place": held.get(key),
        }
        for key in dict.fromkeys([*reversed(known), *held])
        if current is None or key != current.fingerprint
    ]


def _print(found: list[Standing], previous: Sequence[dict[str, Any]] = (), *, as_json: bool) -> None:
    lines = [*map(_line, found), *previous]
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
    was restored, or when you put another one here on purpose. To go back to a VAPID key before, swap the two files: the
    newer key stays here as `vapid.pem.1`, for the subscriptions that were made with it.
    """
    settings = Settings()
    found, users = _found(name, settings)
    if found.here is None:
        refuse(f"this machine has no {name} ({found.place}); nothing was changed")
    if found.agreement is Agreement.SAME:
        refuse(f"this machine's {name} is the service's already, nothing was changed")
    if found.noted is not None:
        require_confirmation(_consequence(found, users, settings), yes=yes)
    _note(settings, name, found.here, _keys(name, held_secret(name, settings) or b""))
    _say_next(name, found.here)


@app.command("replace")
@acts(Permission.MANAGE_SECRETS)
def replace(name: Name, *, yes: Yes = False) -> None:
    """Make a new secret in the data directory, and let it be the service's from now on. The one before is kept beside
    it. To go back, swap the two files, do not move one over the other, and `secrets adopt` it. A VAPID key that was
    put aside so goes on signing messages to the subscriptions that were made with it: bring it to all machines, too.
    """
    settings = Settings()
    if setting := setting_of(name, settings):
        refuse(
            f"this machine's {name} comes from {setting}: put another one there, then `dispatcher secrets adopt {name}`"
        )
    found, users = _found(name, settings)
    require_confirmation(_consequence(found, users, settings), yes=yes)
    path = secret_path(name, settings)
    if found.here is not None:
        kept = _put_aside(path)
        typer.echo(f"the one before is kept in {kept}", err=True)
    secret = secret_file(
        path, _new_ring(settings).text() if name is SecretName.ADDRESSES else new_secret(name)
    )
    made = fingerprint(name, secret)
    _note(settings, name, made, _keys(name, secret))
    _say_next(name, made)


def _found(name: SecretName, settings: Settings) -> tuple[Standing, dict[str, int]]:
    """Return how the secret stands, and how many depend on which: all keys on the pepper, all endpoints on the ring,
    subscriptions each on the VAPID key of this name.
    """

    async def work(pool: record.Pool) -> tuple[Standing, dict[str, int]]:
        store = Secrets(pool)
        return await standing(pool, name, settings), await _users(store, name)

    return on_record(settings, work, of_any_service=True)


async def _users(store: Secrets, name: SecretName) -> dict[str, int]:
    if name is SecretName.PEPPER:
        return {"": await store.keys()}
    return {"": await store.sealed()} if name is SecretName.ADDRESSES else await store.push_subscriptions()


def _new_ring(settings: Settings) -> KeyRing:
    """Return a ring whose keys have numbers that none had before: what older ones sealed is told apart for good."""

    async def work(pool: record.Pool) -> KeyRing:
        return KeyRing.new(await SealingKeys(pool).last_number() + 1)

    return on_record(settings, work, of_any_service=True)


def _keys(name: SecretName, secret: bytes) -> dict[int, str]:
    """Return the fingerprints of a ring's keys; of another secret nothing."""
    return KeyRing.parse(secret).key_fingerprints() if name is SecretName.ADDRESSES else {}


def _note(settings: Settings, name: SecretName, made: str, keys: Mapping[int, str]) -> None:
    async def work(pool: record.Pool) -> None:
        await Secrets(pool).replace(name, made, operator().actor, keys)

    on_record(settings, work, of_any_service=True)


def _consequence(found: Standing, users: Mapping[str, int], settings: Settings) -> str:
    """Say who loses what with another secret in place of the one that the record knows. This machine's own VAPID key
    goes on here: it is the service's then, or it is put aside.
    """
    if found.name is SecretName.PEPPER:
        return (
            f"every key that was issued under the pepper before is worthless then, {sum(users.values())} in all, and "
            "each source, feed and instance needs a new one (`dispatcher keys rotate`)"
        )
    if found.name is SecretName.ADDRESSES:
        return (
            f"endpoints that are sealed with the keys before can be warned no more, {sum(users.values())} in all, "
            "unless those come back; all have to be imported anew (to change a key and lose nobody: "
            "`dispatcher secrets rotate addresses`)"
        )
    earlier = [fingerprint(found.name, pem) for pem in previous_vapid_keys(settings).values()]
    held = {key_name(one) for one in [*earlier, *filter(None, [found.here])]}
    if held:
        held.add("")  # made before any key was on record: with one of these
    lost = sum(count for name, count in users.items() if name not in held)
    if lost:
        return (
            f"push services refuse every Web Push subscription whose VAPID key this machine does not have, {lost} in "
            "all, and each of these browsers has to subscribe anew with the new public key: get that key from another "
            "machine or from the backup first, and put it beside this one as vapid.pem.1"
        )
    return (
        "browsers subscribe with the new VAPID key then; each one before is kept for the subscriptions made with "
        f"it, {sum(users.values())} in all, which lose nothing as long as every machine has it"
    )


def _say_next(name: SecretName, made: str) -> None:
    typer.echo(f"the {name} of the service is {short(made)} now")
    typer.echo(
        "running processes go on with the one before until they are started again; bring it to all machines first"
        + (
            ", and start the API last: browsers get the new key from then on"
            if name is SecretName.VAPID
            else ""
        ),
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
