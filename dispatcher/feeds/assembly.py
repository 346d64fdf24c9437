"""The feeds' part of the wiring: the same for the API, the workers and the command line."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dispatcher.feeds.absorb import Absorber
from dispatcher.feeds.desk import FeedDesk
from dispatcher.feeds.details import Details
from dispatcher.feeds.poller import Poller
from dispatcher.pipeline.ingest import Ingest
from dispatcher.pipeline.release import Release
from dispatcher.store.alerts import Alerts
from dispatcher.store.feeds import Feeds
from dispatcher.store.held import Held
from dispatcher.store.quarantine import Quarantine

if TYPE_CHECKING:
    from collections.abc import Callable

    from channels.http import HttpClient
    from dispatcher.feeds.absorb import Get
    from dispatcher.feeds.configuration import Feed
    from dispatcher.metrics import Meter
    from dispatcher.store.doorbell import Doorbell
    from dispatcher.store.record import Pool
    from dispatcher.targeting.boundaries import Boundaries


def utc_now() -> datetime:
    """The machine's clock, for schedules; whether a message has expired is judged by the record's."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Foundation:
    """What feeds stand on, the same for every process that deals with them."""

    pool: Pool
    http: HttpClient
    doorbell: Doorbell
    boundaries: Boundaries
    meter: Meter
    clock: Callable[[], datetime] = utc_now


def feed_desk(base: Foundation, feeds: tuple[Feed, ...], get: Get | None = None) -> FeedDesk:
    """The parts that deal with feeds. `get` replaces the network for what is behind links."""
    alerts, store, quarantine = Alerts(base.pool), Feeds(base.pool), Quarantine(base.pool)
    for feed in feeds:
        base.meter.know_feed(
            feed.name,
            patience_s=feed.settings.stale_after.total_seconds() if feed.is_watched else None,
            frozen_after_s=feed.settings.frozen_after_s,
        )
    absorber = Absorber(
        store=store,
        quarantine=quarantine,
        ingest=Ingest(alerts=alerts, boundaries=base.boundaries, doorbell=base.doorbell, meter=base.meter),
        get=get or Details(base.http, base.meter, base.clock).get,
        meter=base.meter,
    )
    return FeedDesk(
        feeds=feeds,
        alerts=alerts,
        store=store,
        quarantine=quarantine,
        held=Held(base.pool),
        release=Release(alerts=alerts, boundaries=base.boundaries, doorbell=base.doorbell),
        absorber=absorber,
        poller=Poller(
            client=base.http,
            store=store,
            absorber=absorber,
            meter=base.meter,
            clock=base.clock,
            random=random.SystemRandom().random,
        ),
        clock=base.clock,
    )
