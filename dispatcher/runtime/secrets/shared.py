"""See to it that all machines of a service have the same secrets: a start with others ends with a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dispatcher.access.fingerprints import Agreement, SecretName, agreement, short
from dispatcher.access.sealing import KeyRing
from dispatcher.runtime.secrets.files import (
    SETTINGS,
    fingerprint,
    held_secret,
    new_secret,
    secret_file,
    secret_path,
    setting_of,
)
from dispatcher.settings import SettingsError
from dispatcher.store.backup.in_flight import restore_is_unfinished
from dispatcher.store.sealed.keys import SealingKeys
from dispatcher.store.secrets import NotedSecret, Secrets, note_first

if TYPE_CHECKING:
    from pathlib import Path

    from dispatcher.settings import Settings
    from dispatcher.store.record import Pool


@dataclass(frozen=True, slots=True)
class Standing:
    """How one secret stands: this machine's fingerprint and where it is from, and what the record knows."""

    name: SecretName
    place: str
    here: str | None
    noted: NotedSecret | None

    @property
    def agreement(self) -> Agreement:
        """Return how the two compare."""
        return agreement(self.here, self.noted.fingerprint if self.noted else None)


async def standing(pool: Pool, name: SecretName, settings: Settings) -> Standing:
    """Compare this machine's secret with what the record knows. Nothing is made or noted."""
    held = held_secret(name, settings)
    place = setting_of(name, settings) or str(secret_path(name, settings))
    here = None if held is None else fingerprint(name, held)
    return Standing(name, place, here, await Secrets(pool).noted(name))


async def require_no_other(pool: Pool, settings: Settings) -> None:
    """Raise SettingsError if this machine has a secret that is not the one of this record's service. What it does not
    have it may not need. So it does if the restore of the record was broken off.
    """
    if await restore_is_unfinished(pool):
        raise SettingsError(
            "the restore of this record was broken off: empty the database (DATABASE_URL), and restore it again"
        )
    for name in SecretName:
        found = await standing(pool, name, settings)
        if found.agreement is Agreement.DIFFERENT:
            raise SettingsError(_refusal(found, settings))


async def agreed_secret(pool: Pool, name: SecretName, settings: Settings) -> bytes:
    """Return the secret, which is the same on every machine of the service. On its first start it is made and noted at
    once; never where the record knows one already. Raises SettingsError with what to do.
    """
    noted = await Secrets(pool).noted(name)
    held = held_secret(
        name, settings
    )  # only now: another process of this machine writes it before it is noted
    if noted is None:
        held = await _first(pool, name, held, settings) or held_secret(name, settings)
    found = await standing(pool, name, settings)
    if held is None or found.agreement is not Agreement.SAME:
        raise SettingsError(_refusal(found, settings))
    return held


async def _first(pool: Pool, name: SecretName, held: bytes | None, settings: Settings) -> bytes | None:
    """Note the secret that is held, or make one and note it. Returns it; None if another machine was first."""
    if held is None and name is SecretName.PEPPER and (keys := await Secrets(pool).keys()):
        raise SettingsError(
            f"the record has keys ({keys}), and this machine lacks the pepper that they were issued under: copy "
            f"keys/pepper from the machine that has it to {secret_path(name, settings)}, or set {SETTINGS[name]}"
        )
    if held is None and name is SecretName.ADDRESSES and (sealed := await Secrets(pool).sealed()):
        raise SettingsError(
            f"the record has endpoints ({sealed}), and this machine lacks the keys that they are sealed with, without "
            f"which nobody can be warned: copy keys/addresses from the machine that has it to "
            f"{secret_path(name, settings)}, or set {SETTINGS[name]}"
        )
    secret = new_secret(name) if held is None else held
    async with pool.acquire() as connection, connection.transaction():
        if not await note_first(connection, name, fingerprint(name, secret)):
            return None
        if name is SecretName.ADDRESSES:
            await SealingKeys(connection).note(KeyRing.parse(secret).key_fingerprints())
        # Within the transaction: if it cannot be written, nothing is noted; if it is written and not noted, the next
        # start finds it.
        return secret if held is not None else secret_file(secret_path(name, settings), secret)


def _refusal(found: Standing, settings: Settings) -> str:
    """Return the sentence for a machine whose secret is not the service's."""
    noted = f"{short(found.noted.fingerprint)} of {found.noted.noted_at:%Y-%m-%d}" if found.noted else "none"
    path = secret_path(found.name, settings)
    if settings.database_url is None:
        return _refusal_of_own(found, noted, path.parent)
    wrong = (
        f"{found.place} is another {found.name} ({short(found.here)}) than the one of the service whose record "
        f"DATABASE_URL names ({noted})"
        if found.here
        else f"this machine has no {found.name}, and the record that DATABASE_URL names knows one ({noted})"
    )
    return (
        f"{wrong}: copy keys/{path.name} from a machine of that service to {path}, or set {SETTINGS[found.name]}, or "
        "correct DATABASE_URL; for a change on purpose there is `dispatcher secrets`"
    )


def _refusal_of_own(found: Standing, noted: str, keys: Path) -> str:
    """Return the sentence for the record in this machine's own data directory: there is no other machine, a backup at
    most.
    """
    wrong = (
        f"{found.place} is another {found.name} ({short(found.here)}) than the record in {keys.parent} knows ({noted})"
        if found.here
        else f"there is no {found.name}, and the record in {keys.parent} knows one ({noted})"
    )
    return f"{wrong}: bring back {keys} from the backup that the record is of; see Restoring in for-administrators.md"
