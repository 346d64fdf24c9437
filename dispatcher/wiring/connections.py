"""Say where a process finds the record and the queue, and how many connections it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatcher.model.vocabulary import Lane
from dispatcher.queue.address import Sentinels, parse
from dispatcher.runtime import descriptors
from dispatcher.settings import Settings, SettingsError
from dispatcher.wiring.setting_errors import naming_setting

if TYPE_CHECKING:
    from dispatcher.queue.address import QueueAddress

CONNECTIONS_API = 12
"""Connections to the record of one API process, or one for citizens; a request beyond waits for one of them."""
CONNECTIONS_READING = 2
"""Connections to the record of one reading process: what is published, and probes."""
CONNECTIONS_BESIDE_JOBS = 12
"""A worker's connections to the record besides those for its jobs: leadership, sweep, heartbeats, probes, as many for
the feeds, two for the chain of the audit trail, and two that count whom held warnings would reach."""


def require_urls(settings: Settings) -> tuple[str, QueueAddress]:
    """Return the record's and the queue's addresses. Raises SettingsError where one is missing."""
    if not settings.database_url or not settings.redis_url:
        raise SettingsError("DATABASE_URL and REDIS_URL are needed; `dispatcher up` brings its own servers")
    return settings.database_url, queue_address(settings.redis_url)


def require_both_urls(settings: Settings) -> None:
    """Require that whoever names the owner's role names the service's, too. Raises SettingsError."""
    if settings.database_owner_url and not settings.database_url:
        raise SettingsError("WARN_DATABASE_OWNER_URL is of the database that DATABASE_URL names: set both")


def queue_address(redis_url: str) -> QueueAddress:
    """Parse the queue's address. Raises SettingsError."""
    with naming_setting("REDIS_URL"):
        return parse(redis_url)


def client_connections(settings: Settings) -> int:
    """Return how many connections clients may have to an API process at once."""
    return min(settings.api_connections, descriptors.for_clients(descriptors.raise_limit(), CONNECTIONS_API))


def reading_connections(settings: Settings) -> int:
    """Return how many connections clients may have to a reading process at once."""
    return min(
        settings.reading_connections, descriptors.for_clients(descriptors.raise_limit(), CONNECTIONS_READING)
    )


def citizens_connections(settings: Settings) -> int:
    """Return how many connections clients may have to a process for citizens at once."""
    return min(
        settings.citizens_connections, descriptors.for_clients(descriptors.raise_limit(), CONNECTIONS_API)
    )


def record_connections(settings: Settings) -> int:
    """Return how many connections to the record one worker process may have."""
    return settings.jobs_per_lane * 2 + CONNECTIONS_BESIDE_JOBS


def sentinel_connections(settings: Settings) -> int:
    """Return one worker process's connections to Sentinels: each lane and the wake-up queue ask all of them."""
    address = queue_address(settings.redis_url) if settings.redis_url else None
    return len(address.members) * (len(Lane) + 1) if isinstance(address, Sentinels) else 0
