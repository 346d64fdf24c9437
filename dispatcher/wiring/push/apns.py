"""Build what APNs needs: connections for each key, and the apps on iPhones."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from channels.apns.apple_apps import AppleApps
from channels.apns.message import ENVIRONMENTS
from dispatcher.apps.channel_credentials import CredentialChannel
from dispatcher.apps.push.own_apple_apps import OwnAppleApps
from dispatcher.store.instances.credentials import InstanceCredentials
from dispatcher.wiring.http_client import client_of_one_host

if TYPE_CHECKING:
    from dispatcher.settings import Settings
    from dispatcher.store.record import Pool
    from dispatcher.store.sealed.addresses import Addresses


def apple_apps(settings: Settings) -> AppleApps:
    """Return the apps of a process, none of which it knows yet; the channel closes their connections."""
    return AppleApps(partial(client_of_one_host, settings))


async def own_apple_apps(
    settings: Settings, pool: Pool, addresses: Addresses, apps: AppleApps
) -> OwnAppleApps:
    """Return what lets apps on iPhones be sent for, from soon after their keys are on record. Those there now are
    admitted already.
    """
    found = OwnAppleApps(
        apps,
        partial(InstanceCredentials(pool).opened, CredentialChannel.APNS, addresses),
        dict(zip(ENVIRONMENTS, (settings.apns_url, settings.apns_sandbox_url), strict=True)),
    )
    await found.look()
    return found
