"""Build what publishes the warnings in force and lets it run, and what has the pages of all apps ready."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from channels.clock import utc_now
from dispatcher.api.public.streams.listeners import StreamLimits
from dispatcher.api.public.streams.telling import PublicStreams
from dispatcher.pages.app_documents import Presented
from dispatcher.pages.apps import AppPages
from dispatcher.pages.assets import assets
from dispatcher.pages.public_bodies import load_public_bodies
from dispatcher.publication.coverage_reader import CoverageReader
from dispatcher.publication.messages import KeptMessages
from dispatcher.publication.publisher import LOOK_MAX_S, Publisher
from dispatcher.store import record
from dispatcher.store.alerts.public import PublicAlerts
from dispatcher.store.feeds.feeds import Feeds
from dispatcher.store.feeds.unread import UnreadContents
from dispatcher.store.instances.with_page import InstancesWithPage
from dispatcher.store.sources import Sources
from dispatcher.wiring.setting_errors import naming_setting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Container, Sequence

    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.feeds.configuration import Feed
    from dispatcher.metrics import Metrics
    from dispatcher.settings import Settings
    from dispatcher.store.record import Pool

ALL_APPS = "*"
"""Stands in WARN_SMS_ON_PAGES for every app."""
STREAMS_SHARE = 0.75
"""The share of a process' connections that streams may take."""


@asynccontextmanager
async def publishing(
    database_url: str, feeds: Sequence[Feed], boundaries: Boundaries, metrics: Metrics
) -> AsyncIterator[Publisher]:
    """Publish what is in force until the end. It has a connection to the record of its own: when all others are taken,
    what is published must not grow old. Raises as `record.connect`.
    """
    pool = await record.connect(database_url, size=1, command_timeout_s=LOOK_MAX_S)
    coverage = CoverageReader(Sources(pool, b""), Feeds(pool), UnreadContents(pool), feeds, utc_now)
    messages = KeptMessages(parsed_again=metrics.published_messages_parsed.inc)
    publisher = Publisher(
        PublicAlerts(pool).read,
        coverage.read,
        boundaries.names,
        note=metrics.published_as_of.set,
        messages=messages,
    )
    metrics.published_messages.labels("packed").set_function(lambda: publisher.packed_bytes)
    metrics.published_messages.labels("parsed").set_function(lambda: messages.parsed_bytes)
    running = asyncio.create_task(publisher.run())
    try:
        yield publisher
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await pool.close()


@asynccontextmanager
async def streaming(
    publisher: Publisher, settings: Settings, metrics: Metrics, connections: int
) -> AsyncIterator[PublicStreams]:
    """Tell streams what changes until the end. They leave some of the process' connections to all others."""
    most = min(settings.streams, int(connections * STREAMS_SHARE))
    streams = PublicStreams(publisher, metrics, StreamLimits(most, settings.streams_per_address))
    running = asyncio.create_task(streams.run())
    try:
        yield streams
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def app_pages(settings: Settings, pool: Pool, boundaries: Boundaries) -> AppPages:
    """Return the pages of the instances of record. Raises SettingsError."""
    with naming_setting("WARN_PUBLIC_BODIES"):
        bodies = load_public_bodies(settings.public_bodies)
    given = Presented(
        boundaries, assets(), settings.time_zone, settings.ended_kept_days, bodies, pages_with_sms(settings)
    )
    return AppPages(InstancesWithPage(pool).read, given)


class _All:
    """Has every app."""

    def __contains__(self, _: object) -> bool:
        return True


def pages_with_sms(settings: Settings) -> Container[str]:
    """Return the apps (ids of instances) on whose page people may subscribe by SMS: none without a gateway, and none
    while no codes are sent.
    """
    has_gateway = settings.sms_gateways or settings.smpp_gateways
    if not (has_gateway and settings.sms_codes_per_instance):
        return frozenset()
    return _All() if ALL_APPS in settings.sms_on_pages else frozenset(settings.sms_on_pages)
