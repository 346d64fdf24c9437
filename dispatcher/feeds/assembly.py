"""The feeds' part of the wiring: the same for the API, the workers and the command line."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dispatcher.feeds.details import Details
from dispatcher.feeds.poller import Poller
from dispatcher.feeds.services import FeedServices
from dispatcher.feeds.sync import FeedSync
from dispatcher.intake.approval import Approval
from dispatcher.intake.feed_message import FeedIntake
from dispatcher.readers.readers import InProcess
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.alerts.held import Held
from dispatcher.store.feeds.feeds import Feeds
from dispatcher.store.feeds.quarantine import Quarantine
from dispatcher.traces.tracer import NO_TRACES

if TYPE_CHECKING:
    from collections.abc import Callable

    from channels.http.addresses import Exemptions
    from channels.http.client import HttpClient
    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.feeds.configuration import Feed
    from dispatcher.feeds.entry_reader import Get
    from dispatcher.intake.four_eyes.asking import ApprovalAsking
    from dispatcher.metrics import Metrics
    from dispatcher.queue.wakeups import WakeUpQueue
    from dispatcher.readers.readers import Readers
    from dispatcher.store.record import Pool
    from dispatcher.traces.tracer import Tracer


def utc_now() -> datetime:
    """Return the machine's clock, for schedules; whether a message has expired is judged by the record's."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class FeedDependencies:
    """What feeds depend on, the same for every process that deals with them."""

    pool: Pool
    http: HttpClient
    exemptions: Exemptions
    """Which origins the operator's feeds may have in a private net."""
    wake_ups: WakeUpQueue
    boundaries: Boundaries
    metrics: Metrics
    asking: ApprovalAsking | None
    """What asks whether a message waits for a person; None where no policy is to be asked: in the lab."""
    clock: Callable[[], datetime] = utc_now
    readers: Readers | None = None
    """What reads what feeds publish; None: a thread of this process."""
    tracer: Tracer = NO_TRACES


def feed_services(base: FeedDependencies, feeds: tuple[Feed, ...], get: Get | None = None) -> FeedServices:
    """Return the parts that deal with feeds. `get` replaces the network for what is behind links."""
    readers = base.readers or InProcess(base.boundaries)
    alerts, store, quarantine = Alerts(base.pool), Feeds(base.pool), Quarantine(base.pool)
    for feed in feeds:
        base.metrics.know_feed(
            feed.name,
            patience_s=feed.settings.stale_after.total_seconds() if feed.is_watched else None,
            frozen_after_s=feed.settings.frozen_after_s,
        )
    sync = FeedSync(
        store=store,
        quarantine=quarantine,
        ingest=FeedIntake(
            alerts=alerts,
            readers=readers,
            wake_ups=base.wake_ups,
            metrics=base.metrics,
            asking=base.asking,
            tracer=base.tracer,
        ),
        readers=readers,
        get=get or Details(base.http, base.exemptions, base.metrics, base.clock).get,
        metrics=base.metrics,
    )
    return FeedServices(
        feeds=feeds,
        alerts=alerts,
        store=store,
        quarantine=quarantine,
        held=Held(base.pool),
        release=Approval(alerts=alerts, boundaries=base.boundaries, wake_ups=base.wake_ups),
        sync=sync,
        poller=Poller(
            client=base.http,
            exemptions=base.exemptions,
            store=store,
            sync=sync,
            metrics=base.metrics,
            clock=base.clock,
            random=random.SystemRandom().random,
            readers=readers,
        ),
        clock=base.clock,
    )
