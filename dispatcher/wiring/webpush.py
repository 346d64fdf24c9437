"""Build what Web Push needs: keys, encoder, push services."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from channels.http.addresses import Purpose
from channels.webpush.encoder import DirectEncoder
from channels.webpush.keys.key_maker import KeyMaker
from channels.webpush.keys.precomputed_keys import PrecomputedKeys
from channels.webpush.services.directory import Directory
from channels.webpush.vapid import PLACEHOLDER, VapidKeys, VapidSigner, generate_key, key_name, unreachable
from channels.webpush.withdrawal import Withdrawer
from dispatcher.access.fingerprints import SecretName, short
from dispatcher.runtime.secrets.files import held_secret, previous_vapid_keys
from dispatcher.settings import SettingsError
from dispatcher.store.secrets import Secrets
from dispatcher.wiring.http_client import exemptions
from dispatcher.wiring.setting_errors import naming_setting
from dispatcher.worker.message_withdrawals import MessageWithdrawals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from channels.http.client import HttpClient
    from channels.webpush.channel import Notes
    from channels.webpush.encoder import Encoder
    from dispatcher.delivery.lanes import LaneGate
    from dispatcher.metrics import Metrics
    from dispatcher.settings import Settings
    from dispatcher.store import record
    from dispatcher.store.delivery.message_locations import MessageLocations

_CPU_LIMIT: Final = Path("/sys/fs/cgroup/cpu.max")

log = structlog.get_logger()


def vapid_keys(settings: Settings, pem: bytes, noted: Sequence[str] = ()) -> VapidKeys:
    """Return the keys by which push services know us: the current one, this machine's earlier ones, and what it has by
    the time that a subscription names another. `noted` are the public keys of all that the service has had, the first
    one first.
    """
    with naming_setting("WARN_VAPID_SUBJECT"):
        if settings.vapid_subject != PLACEHOLDER and (why := unreachable(settings.vapid_subject)):
            raise ValueError(why)
        current = VapidSigner(pem, settings.vapid_subject)
    earlier = previous_vapid_keys(settings).values()
    previous = [VapidSigner(one, settings.vapid_subject) for one in earlier]
    eldest = key_name(noted[0]) if noted else ""
    return VapidKeys(current, previous, eldest, partial(_read_again, settings))


def _read_again(settings: Settings) -> list[VapidSigner]:
    """Return what signs with the keys that this machine has by now; nothing where they cannot be read."""
    try:
        held = held_secret(SecretName.VAPID, settings)
        found = [*([] if held is None else [held]), *previous_vapid_keys(settings).values()]
        return [VapidSigner(pem, settings.vapid_subject) for pem in found]
    except (SettingsError, ValueError, OSError) as error:
        log.warning("vapid_keys_unreadable", error=type(error).__name__)
        return []


def checking_keys(settings: Settings) -> VapidKeys:
    """Return keys for channels that only check endpoints and send nothing: no push service knows them."""
    return vapid_keys(settings, generate_key())


async def noted_vapid_keys(settings: Settings, pool: record.Pool, pem: bytes) -> VapidKeys:
    """Return a worker's VAPID keys, and say in the log what is missing of them."""
    noted = [one.fingerprint for one in await Secrets(pool).vapid_keys()]
    keys = vapid_keys(settings, pem, noted)
    if settings.vapid_subject == PLACEHOLDER:
        log.warning(
            "vapid_subject_unset", setting="WARN_VAPID_SUBJECT", consequence="Apple refuses every message"
        )
    for public_key in noted:
        if key_name(public_key) not in keys:
            log.warning(
                "vapid_key_missing", key=short(public_key), consequence="its subscriptions are refused"
            )
    return keys


def push_services(settings: Settings) -> Directory:
    """Return the push services that may be subscribed, with the operator's hosts."""
    with naming_setting("WARN_PUSH_HOSTS"):
        return Directory.parse(one.strip() for one in settings.push_hosts.split(",") if one.strip())


def precomputed_keys(settings: Settings) -> PrecomputedKeys | None:
    """Return a worker's store of message keys; None where none are wanted, or the encoder would take none from it."""
    wanted = settings.ready_keys > 0 and settings.push_encoder == "own"
    return PrecomputedKeys(settings.ready_keys) if wanted else None


def processors(limit: Path = _CPU_LIMIT) -> float:
    """Return how many processors this process may use: those it may run on, and no more of them than its control group
    has time for, as a container's (`limit`: cgroups(7), version 2, the quota and the period in microseconds).
    """
    allowed = float(len(os.sched_getaffinity(0)))
    try:
        quota, period = limit.read_text().split()
        return min(allowed, int(quota) / int(period))
    except (OSError, ValueError, ZeroDivisionError):  # no such file; no limit, which is the word "max"
        return allowed


def key_maker(settings: Settings, keys: PrecomputedKeys | None) -> KeyMaker | None:
    """Return what has keys made in another process; None where that is not wanted, or would have no processor."""
    wanted = keys is not None and settings.key_process and processors() > 1
    return KeyMaker(keys) if keys is not None and wanted else None


def push_encoder(settings: Settings, keys: PrecomputedKeys | None) -> Encoder:
    """Return what encrypts Web Push messages: our own encoder with `keys` made before, if there are any."""
    if settings.push_encoder == "pywebpush":
        # With it come two HTTP clients: half a second and 11 MB for each process that starts.
        from channels.webpush.pywebpush_encoder import PywebpushEncoder  # noqa: PLC0415

        return PywebpushEncoder()
    return DirectEncoder() if keys is None else DirectEncoder(ready=keys.seal)


def message_withdrawals(
    settings: Settings,
    store: MessageLocations,
    http: HttpClient,
    gate: LaneGate,
    metrics: Metrics,
    notes: Notes,
) -> MessageWithdrawals | None:
    """Return what takes messages back at push services; None where `notes` gathers no locations."""
    if notes.locations is None:
        return None
    withdrawer = Withdrawer(http, exemptions(settings).policy(Purpose.PUSH))
    return MessageWithdrawals(notes.locations, store, withdrawer, gate, metrics)
