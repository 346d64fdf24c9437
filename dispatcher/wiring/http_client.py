"""Build the one client of a process for requests outwards."""

from __future__ import annotations

import ssl
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

from channels.http.addresses import Exemptions
from channels.http.client import HttpClient
from dispatcher.runtime import descriptors
from dispatcher.wiring.connections import record_connections, sentinel_connections
from dispatcher.wiring.setting_errors import naming_setting

if TYPE_CHECKING:
    from dispatcher.settings import Settings


def exemptions(settings: Settings) -> Exemptions:
    """Return which origins may lie in a private net, and for what."""
    with naming_setting("WARN_ALLOWED_ORIGINS"):
        return Exemptions.parse(settings.allowed_origins)


def http_client(settings: Settings) -> HttpClient:
    """Return the one client of this process for requests outwards, with as many file descriptors as it may have."""
    ca_file = str(settings.outbound_ca_file) if settings.outbound_ca_file else None
    name = f"cap-dispatcher/{version('cap-dispatcher')}"
    agent = f"{name} ({settings.contact})" if settings.contact else name
    policy = exemptions(settings).policy()
    require_ca_file(settings)
    reserved = record_connections(settings) + sentinel_connections(settings)
    max_in_flight = descriptors.for_outbound(descriptors.raise_limit(), reserved)
    return HttpClient(
        policy,
        ca_file=ca_file,
        user_agent=agent,
        max_in_flight=max_in_flight,
        http2_after=settings.http2_pool_after or sys.maxsize,
    )


def require_ca_file(settings: Settings) -> None:
    """Require that the certificates for requests outwards can be read. Raises SettingsError."""
    with naming_setting("WARN_OUTBOUND_CA_FILE"):
        if settings.outbound_ca_file:
            ssl.create_default_context(cafile=settings.outbound_ca_file)  # or no delivery would ever succeed
