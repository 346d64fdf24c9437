"""`dispatcher secrets rotate | drop`: other keys for what is sealed in the record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from dispatcher.access.fingerprints import SecretName
from dispatcher.access.permissions import Permission
from dispatcher.access.rotation_plan import Next, RotationStep, next_step
from dispatcher.access.sealing import KeyRing, Sealing
from dispatcher.commands.access.confirmation import Yes, refuse, require_confirmation
from dispatcher.commands.admin import on_record
from dispatcher.commands.operator import acts, operator
from dispatcher.commands.shell.now_and_then import NowAndThen
from dispatcher.model.sentences.count import how_many
from dispatcher.runtime.secrets.files import rewrite_secret, secret_path, setting_of
from dispatcher.runtime.secrets.ring import agreed_ring
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.sealed.keys import SealingKeys
from dispatcher.store.sealed.rotation import KeyNeeded, Resealed, Rotation

ADDRESSES = SecretName.ADDRESSES
Ring = Annotated[
    SecretName, typer.Argument(help="addresses: the ring of keys that endpoints are sealed with")
]


@dataclass(frozen=True, slots=True)
class _Found:
    """This machine's ring, and what is to be done with it."""

    ring: KeyRing
    current: int
    rows: dict[int, int]

    @property
    def step(self) -> RotationStep:
        return next_step(self.ring.newest, self.current, self.rows)


@acts(Permission.MANAGE_SECRETS)
def rotate(name: Ring, *, yes: Yes = False) -> None:
    """Make a new key for what is sealed in the record, and seal all of it anew. Endpoints are found and warned
    meanwhile as ever. Ended half-way, the same command goes on. The older key stays in the ring until `secrets drop`.

    Where other machines share the record, the first call only makes the key: copy `keys/` to all of them and to the
    backup, then give the command again with --yes.
    """
    settings = Settings()
    _require_addresses(name)
    found = _look(settings)
    shared = settings.database_url is not None
    if found.step.step is Next.MAKE:
        found = _with_new_key(found, settings)
        if shared:
            path = secret_path(ADDRESSES, settings)
            typer.echo(f"key {found.ring.newest} is in {path}, and nothing is sealed with it yet")
            typer.echo(
                "copy it to every machine and to the backup; then `dispatcher secrets rotate addresses --yes` seals "
                "all endpoints with it",
                err=True,
            )
            return
    if found.step.step is Next.USE:
        if shared:
            require_confirmation(
                f"from now on endpoints are sealed with key {found.ring.newest}: a machine whose ring does not have it "
                "can warn none of them, and a backup of the record without it is worth nothing",
                yes=yes,
            )
        _use(found, settings)
    done = _reseal(found, settings)
    typer.echo(f"sealed {done.rows:,} anew; all endpoints are sealed with key {found.ring.newest}")
    if done.illegible:
        refuse(
            f"{done.illegible:,} could be opened with no key of this machine's ring, and stayed as they are: nobody "
            "can be warned there; they are damaged, or sealed with the keys of another backup"
        )
    typer.echo(
        "processes that run seal with the key before until they are started again; backups need it for good. "
        "`dispatcher secrets drop addresses` takes it out of the ring once nothing in the record needs it",
        err=True,
    )


@acts(Permission.MANAGE_SECRETS)
def drop(name: Ring, *, yes: Yes = False) -> None:
    """Take all keys but the newest out of this machine's ring. Refused while anything in the record is sealed with one.
    From then on the record itself refuses what an older key has sealed. Give the command on every machine.
    """
    settings = Settings()
    _require_addresses(name)
    found = _look(settings, all_keys=False)
    older = [number for number in found.ring.keys if number < found.current]
    if not older:
        refuse(f"the ring has no key before key {found.current}; nothing was changed")
    if setting := setting_of(ADDRESSES, settings):
        refuse(f"this machine's ring comes from {setting}: take the keys out there")
    needed = {number: found.rows[number] for number in found.rows if number < found.current}
    if needed:
        refuse(
            f"{how_many(sum(needed.values()), 'endpoint is', 'endpoints are')} still sealed with an older key: "
            "`dispatcher secrets rotate addresses` seals all anew; nothing was changed"
        )
    require_confirmation(
        f"a backup of the record that is older than the last rotation cannot be used without "
        f"{', '.join(f'key {number}' for number in older)}: keep keys/ with that backup",
        yes=yes,
    )

    async def work(pool: record.Pool) -> None:
        await Rotation(pool).drop_before(found.current, operator().actor)

    try:
        on_record(settings, work, as_owner=True)
    except KeyNeeded as error:
        refuse(f"{error}; nothing was changed")
    rewrite_secret(secret_path(ADDRESSES, settings), found.ring.without_keys_before(found.current).text())
    typer.echo(f"the ring has key {found.current} alone")


def _require_addresses(name: SecretName) -> None:
    if name is not ADDRESSES:
        refuse(f"{name} is no ring of keys; `dispatcher secrets replace {name}` makes another one")


def _look(settings: Settings, *, all_keys: bool = True) -> _Found:
    async def work(pool: record.Pool) -> _Found:
        ring, noted = await agreed_ring(pool, settings, all_keys=all_keys)
        return _Found(ring, max(noted), await Rotation(pool).rows_by_key())

    return on_record(settings, work)


def _with_new_key(found: _Found, settings: Settings) -> _Found:
    """Write the ring with one key more, and to the disk for good, before anything is sealed with it."""
    if setting := setting_of(ADDRESSES, settings):
        refuse(
            f"this machine's ring comes from {setting}: add `key {found.ring.newest + 1} …` there, of 32 random bytes "
            "in URL-safe Base64, on every machine, and say this again; nothing was changed"
        )
    ring = found.ring.with_new_key()
    rewrite_secret(secret_path(ADDRESSES, settings), ring.text())
    return _Found(ring, found.current, found.rows)


def _use(found: _Found, settings: Settings) -> None:
    async def work(pool: record.Pool) -> None:
        await SealingKeys(pool).use(found.ring.key_fingerprints(), operator().actor)

    on_record(settings, work)


def _reseal(found: _Found, settings: Settings) -> Resealed:
    said = NowAndThen(lambda done, of: typer.echo(f"sealed {done:,} of {of:,} anew", err=True))

    async def work(pool: record.Pool) -> Resealed:
        return await Rotation(pool).reseal(Sealing(found.ring), lambda at: said(at.rows, at.of))

    return on_record(settings, work)
