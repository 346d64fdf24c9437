"""Have the ring of keys that addresses are sealed with, the same on every machine of the service."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import structlog

from dispatcher.access.fingerprints import SecretName
from dispatcher.access.sealing import KeyRing, Sealing, UnknownKey
from dispatcher.runtime.secrets.files import SETTINGS, held_secret, secret_path, setting_of
from dispatcher.runtime.secrets.shared import agreed_secret
from dispatcher.settings import SettingsError
from dispatcher.store.sealed.addresses import Addresses
from dispatcher.store.sealed.keys import SealingKeys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dispatcher.settings import Settings
    from dispatcher.store.record import Pool

ADDRESSES: Final = SecretName.ADDRESSES

log = structlog.get_logger()


async def agreed_addresses(pool: Pool, settings: Settings) -> Addresses:
    """Return what seals and opens addresses, with the ring that all machines have; it is made on the service's first
    start. Raises SettingsError, also where the ring of this machine lacks a key that rows may be sealed with.
    """
    ring, noted = await agreed_ring(pool, settings)
    current = max(noted)
    return Addresses(Sealing(ring, current), partial(_read_again, settings, current))


async def agreed_ring(
    pool: Pool, settings: Settings, *, all_keys: bool = True
) -> tuple[KeyRing, dict[int, str]]:
    """Return this machine's ring, and the fingerprints of the record's keys by number. Raises SettingsError where the
    ring lacks one of them; without `all_keys` the newest alone must be there.
    """
    ring = KeyRing.parse(await agreed_secret(pool, ADDRESSES, settings))
    noted = await SealingKeys(pool).noted()
    require_keys(ring, noted if all_keys else {max(noted): noted[max(noted)]}, settings)
    return ring, noted


def require_keys(ring: KeyRing, noted: Mapping[int, str], settings: Settings) -> None:
    """Raise SettingsError where the ring lacks a key that the record knows (fingerprints by number), or has another of
    its number.
    """
    here = ring.key_fingerprints()
    place = setting_of(ADDRESSES, settings) or secret_path(ADDRESSES, settings)
    if lacking := [number for number, known in noted.items() if here.get(number) != known]:
        raise SettingsError(
            f"{place} lacks a key that endpoints in the record are sealed with, or has another one in its place "
            f"({', '.join(f'key {number}' for number in lacking)}): copy keys/addresses from a machine that has it, "
            f"or set {SETTINGS[ADDRESSES]}; without it nobody can be warned"
        )


def _read_again(settings: Settings, current: int) -> Sealing | None:
    """Return what the ring in the data directory is by now; None where it cannot be read, or is the settings'."""
    if setting_of(ADDRESSES, settings):
        return None
    try:
        content = held_secret(ADDRESSES, settings)
        return None if content is None else Sealing(KeyRing.parse(content), current)
    except (SettingsError, UnknownKey, OSError) as error:
        log.warning("ring_unreadable", error=type(error).__name__)
        return None
