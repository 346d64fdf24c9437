"""Build the one client of a process for requests outwards."""

from __future__ import annotations

import ssl
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from channels.http.addresses import Exemptions
from dispatcher.runtime import descriptors
from dispatcher.wiring.connections import record_connections, sentinel_connections
from dispatcher.wiring.setting_errors import naming_setting

if TYPE_CHECKING:
    from channels.http.client import HttpClient
    from dispatcher.settings import Settings

ONE_HOST_IN_FLIGHT: Final = 512
"""The most requests that a client of one host carries by libcurl, all of them on one connection."""


def exemptions(settings: Settings) -> Exemptions:
    """Return which origins may lie in a private net, and for what."""
    with naming_setting("WARN_ALLOWED_ORIGINS"):
        return Exemptions.parse(settings.allowed_origins)


def authorities(settings: Settings) -> str | None:
    """Return the file of certificates for TLS outwards; None for the machine's."""
    return str(settings.outbound_ca_file) if settings.outbound_ca_file else None


def http_client(settings: Settings) -> HttpClient:
    """Return the one client of this process for requests outwards, with as many file descriptors as it may have."""
    require_ca_file(settings)
    reserved = record_connections(settings) + sentinel_connections(settings)
    return _client(settings, descriptors.for_outbound(descriptors.raise_limit(), reserved))


def client_of_one_host(settings: Settings) -> HttpClient:
    """Return a client whose connections no other shares: one of libcurl's to a host, and those of a mass send."""
    return _client(settings, ONE_HOST_IN_FLIGHT, per_host=1)


def _client(settings: Settings, max_in_flight: int, per_host: int = 0) -> HttpClient:
    from channels.http.client import HttpClient  # noqa: PLC0415 - brings libcurl

    name = f"cap-dispatcher/{version('cap-dispatcher')}"
    return HttpClient(
        exemptions(settings).policy(),
        ca_file=authorities(settings),
        user_agent=f"{name} ({settings.contact})" if settings.contact else name,
        max_in_flight=max_in_flight,
        per_host=per_host,
        http2_after=settings.http2_pool_after or sys.maxsize,
    )


def require_ca_file(settings: Settings) -> None:
    """Require that the certificates for requests outwards can be read. Raises SettingsError."""
    with naming_setting("WARN_OUTBOUND_CA_FILE"):
        if settings.outbound_ca_file:
            ssl.create_default_context(cafile=settings.outbound_ca_file)  # or no delivery would ever succeed
