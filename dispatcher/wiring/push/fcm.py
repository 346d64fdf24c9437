"""Build what FCM needs: access tokens, and the projects of apps."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from channels.clock import utc_now
from channels.fcm.access_tokens import AccessTokens
from channels.fcm.projects import Projects
from channels.http.addresses import Purpose
from dispatcher.apps.channel_credentials import CredentialChannel
from dispatcher.apps.push.own_projects import OwnProjects
from dispatcher.store.instances.credentials import InstanceCredentials
from dispatcher.wiring.http_client import exemptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from channels.http.client import HttpClient
    from dispatcher.settings import Settings
    from dispatcher.store.record import Pool
    from dispatcher.store.sealed.addresses import Addresses


def fcm_projects(settings: Settings, http: HttpClient, now: Callable[[], datetime] = utc_now) -> Projects:
    """Return the projects of a process, none of which it knows yet; `now` gives the aware present."""
    return Projects(AccessTokens(http, exemptions(settings).policy(Purpose.GATEWAY), now))


async def own_projects(
    settings: Settings, pool: Pool, addresses: Addresses, projects: Projects
) -> OwnProjects:
    """Return what lets apps' projects be sent for, from soon after their credentials are on record. Those there now are
    admitted already.
    """
    found = OwnProjects(
        projects,
        partial(InstanceCredentials(pool).opened, CredentialChannel.FCM, addresses),
        settings.fcm_url,
        exemptions(settings).policy(Purpose.GATEWAY),
    )
    await found.look()
    return found
