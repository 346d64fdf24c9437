"""Say what a restored record has lost for good where keys are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from channels.webpush.vapid import key_name
from dispatcher.access.fingerprints import SecretName
from dispatcher.access.sealing import Sealing
from dispatcher.model.sentences.count import how_many
from dispatcher.store.backup.legible import illegible, recovery_codes, unopened
from dispatcher.store.secrets import Secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dispatcher.commands.backup.keeping import KeysFound
    from dispatcher.store.backup.legible import Illegible
    from dispatcher.store.record import Pool


async def losses(pool: Pool, keys: KeysFound) -> list[str]:
    """Return a sentence for each loss; none where all keys are there."""
    found: list[str] = []
    if SecretName.ADDRESSES in keys.lacking or keys.ring:
        found += of_ring(await illegible(pool, keys.ring.keys if keys.ring else ()))
    if SecretName.PEPPER in keys.lacking:
        found += of_pepper(await Secrets(pool).keys(), await recovery_codes(pool))
    if SecretName.VAPID in keys.lacking:
        found += of_vapid(await Secrets(pool).push_subscriptions(), keys.vapid)
    return found


async def damage(pool: Pool, keys: KeysFound) -> list[str]:
    """Return a sentence for each table in which a key that is there opens not what it has sealed."""
    if keys.ring is None:
        return []
    return [
        f"{how_many(count, 'value')} in table {table} cannot be opened with the keys of the backup"
        for table, count in (await unopened(pool, Sealing(keys.ring))).items()
    ]


def of_ring(lost: Illegible) -> Iterator[str]:
    """Yield what is lost with keys of the ring."""
    if total := sum(lost.endpoints.values()):
        channels = ", ".join(f"{name} {count:,}" for name, count in sorted(lost.endpoints.items()))
        yield (
            f"{how_many(total, 'endpoint')} cannot be read ({channels}): nobody is warned there until they are "
            "imported, or people subscribe, anew"
        )
    if lost.on_duty:
        yield f"{how_many(lost.on_duty, 'endpoint')} of people on duty cannot be read: enter them anew"
    if lost.signing_keys:
        yield (
            f"{how_many(lost.signing_keys, 'key')} for signatures cannot be read: what is passed on, and the audit "
            "trail, is signed by new ones (`dispatcher signing rotate`), which others have to be told of"
        )
    if lost.credentials:
        yield (
            f"{how_many(lost.credentials, 'credential')} of apps for their gateways and push services cannot be read: "
            "`dispatcher instance credential` anew"
        )
    if lost.totp:
        yield (
            f"{how_many(lost.totp, 'person', 'persons')} cannot sign in with a code of an app (TOTP): "
            "`dispatcher person recover` each"
        )


def of_pepper(keys: int, persons: int) -> Iterator[str]:
    """Yield what is lost with the pepper."""
    if keys:
        yield (
            f"{how_many(keys, 'key')} of sources, instances, operators and feeds are refused: `dispatcher keys rotate`"
        )
    if persons:
        yield f"recovery codes of {how_many(persons, 'person', 'persons')} are worthless: they make new ones"


def of_vapid(subscriptions: Mapping[str, int], public_keys: tuple[str, ...]) -> Iterator[str]:
    """Yield what is lost with VAPID keys; subscriptions by the name of the key that they were made with."""
    held = {key_name(one) for one in public_keys}
    if lost := sum(count for name, count in subscriptions.items() if name not in held):
        yield (
            f"no message to {how_many(lost, 'browser')} can be signed: push services refuse them, and each has to "
            "subscribe anew"
        )
