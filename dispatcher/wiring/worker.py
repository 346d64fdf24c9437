"""Build what a worker process depends on."""

from __future__ import annotations

import random
from contextlib import asynccontextmanager
from functools import partial
from secrets import token_hex
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from channels.webpush.channel import Notes
from channels.webpush.learnt_keys import LearntKeys
from channels.webpush.locations import Locations
from dispatcher.access.fingerprints import SecretName
from dispatcher.access.receipt_tokens import ReceiptTokens
from dispatcher.audience.location_index import LocationIndex
from dispatcher.delivery.deliverer import Deliverer
from dispatcher.delivery.lanes import LaneGate
from dispatcher.delivery.notices import Notices
from dispatcher.delivery.planner import Planner, audience_guard
from dispatcher.delivery.reconciler import Reconciler
from dispatcher.delivery.work.dependencies import DelivererDependencies
from dispatcher.feeds.assembly import FeedDependencies
from dispatcher.intake.four_eyes.asking import ApprovalAsking
from dispatcher.metrics import Metrics
from dispatcher.queue.health_ring import HealthRing
from dispatcher.queue.rate_bucket import RateBucket
from dispatcher.queue.session_notes import SessionNotes
from dispatcher.queue.wakeups import WakeUpQueue, open_queue
from dispatcher.runtime.probes import Health
from dispatcher.signing.message_signer import MessageSigner
from dispatcher.store import record
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.alerts.approvals import Approvals
from dispatcher.store.alerts.held import Held
from dispatcher.store.audience.address_checks import AddressCheckStore
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.audience.watched_areas import WatchedAreas
from dispatcher.store.clock import RecordClock
from dispatcher.store.delivery.ledger import Ledger
from dispatcher.store.delivery.message_locations import MessageLocations
from dispatcher.store.delivery.plans import Plans
from dispatcher.store.delivery.standby import Standby
from dispatcher.store.delivery.statistics import Statistics
from dispatcher.store.instances.credentials import InstanceCredentials
from dispatcher.store.leadership import FEEDS_LOCK, SILENT_S, Leadership
from dispatcher.store.signing_keys import SigningKeys
from dispatcher.wiring import channels
from dispatcher.wiring.approvals import audience_estimator, four_eyes, held_count, held_texts
from dispatcher.wiring.audit.keeping import audit_keeper
from dispatcher.wiring.boundaries import load_boundaries, municipality_names
from dispatcher.wiring.check import check_settings
from dispatcher.wiring.connections import record_connections, require_urls
from dispatcher.wiring.doctor.certificates import certificate_examination
from dispatcher.wiring.doctor.running import self_examination
from dispatcher.wiring.feeds import feed_scheduler
from dispatcher.wiring.http_client import exemptions, http_client
from dispatcher.wiring.on_duty import duty_desk
from dispatcher.wiring.push.apns import apple_apps, own_apple_apps
from dispatcher.wiring.push.fcm import fcm_projects, own_projects
from dispatcher.wiring.readers import FEED_READERS, reader_pool
from dispatcher.wiring.secrets import record_and_secret
from dispatcher.wiring.sms.charges import sms_charges, sms_upkeep
from dispatcher.wiring.sms.gateways import sms_carriers, sms_contracts
from dispatcher.wiring.sms.inbound import inbound_by_smpp
from dispatcher.wiring.sms.own_gateways import carrying, own_gateways
from dispatcher.wiring.sms.reports import receipt_journal
from dispatcher.wiring.sms.smpp import message_centres, smpp_carriers
from dispatcher.wiring.subscribers import address_checks, endpoint_message_sender
from dispatcher.wiring.traces.tracing import tracer_of
from dispatcher.wiring.webpush import (
    key_maker,
    message_withdrawals,
    noted_vapid_keys,
    precomputed_keys,
    push_services,
)
from dispatcher.worker.approvals.counts import ApprovalCounts
from dispatcher.worker.approvals.timers import ApprovalTimers
from dispatcher.worker.canary.running import CanaryTests
from dispatcher.worker.dependencies import WorkerDependencies
from dispatcher.worker.health.noting import HealthNotes
from dispatcher.worker.instance_keys import InstanceKeys
from dispatcher.worker.key_precomputer import KeyPrecomputer
from dispatcher.worker.vapid_key_notes import VapidKeyNotes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.settings import Settings

_CHANCE = random.SystemRandom().random


@asynccontextmanager
async def worker_dependencies(
    settings: Settings, *, chance: Callable[[], float] = _CHANCE
) -> AsyncIterator[WorkerDependencies]:
    """Build all that a worker process needs, and close it at the end. Back-offs are drawn by `chance`, in [0, 1)."""
    database_url, queue = require_urls(settings)
    # Needed for feeds alone, and large; notices want the names.
    boundaries = load_boundaries(settings) if settings.feeds else None
    names = municipality_names(settings) if boundaries is None else boundaries.names()
    feeds, texts = check_settings(settings, boundaries), held_texts(settings, names)
    metrics = _worker_metrics(settings, boundaries)
    connecting = record.connect(database_url, size=record_connections(settings))
    pool, pem, addresses = await record_and_secret(settings, SecretName.VAPID, connecting)
    client = open_queue(queue)
    wake_ups, http = WakeUpQueue(client, metrics.enqueue_failures.inc), http_client(settings)
    clock, keys, tracer = (
        RecordClock(),
        precomputed_keys(settings),
        tracer_of(settings, http, metrics, "worker", push_services(settings)),
    )
    maker, journal = (
        key_maker(settings, keys),
        receipt_journal(settings, pool, metrics, inbound_by_smpp(settings, pool, addresses, metrics), tracer),
    )
    carriers, projects, apps = (
        sms_carriers(settings, http, clock) | smpp_carriers(settings, clock, journal),
        fcm_projects(settings, http, clock),
        apple_apps(settings),
    )
    vapid, notes = await noted_vapid_keys(settings, pool, pem), Notes(LearntKeys(), Locations())
    registry = channels.channel_registry(
        settings, http, vapid, clock, keys, carriers=carriers, notes=notes, projects=projects, apps=apps
    )
    centres = message_centres(carriers.values(), journal, metrics, SessionNotes(client))
    gate, charges = LaneGate(wake_ups.higher_lane_active), sms_charges(settings)
    alerts, subscriptions, lease = Alerts(pool), Subscriptions(pool, addresses), settings.delivery.lease
    ledger, leadership = (
        Ledger(pool, lease=lease.duration, wake_up_again=lease.wake_up_again, addresses=addresses),
        Leadership(pool, silent_s=max(SILENT_S, 3 * settings.reconcile_interval_s)),
    )
    plans = Plans(
        pool,
        settings.batch_size,
        audience_guard(settings.baseline_factor),
        count=lambda closed: metrics.count_closed(closed.state, closed.recipients),
        charges=charges,
        zone=settings.time_zone,
        muted=lambda lane, people: metrics.muted.labels(lane).inc(people),
    )
    notices = Notices(
        alerts,
        ZoneInfo(settings.time_zone),
        texts.known,
        settings.public_url,
        MessageSigner(SigningKeys(pool, addresses)),
    )
    feeds_leadership, locations = Leadership(pool, FEEDS_LOCK), LocationIndex(WatchedAreas(pool))
    readers = reader_pool(settings, FEED_READERS, metrics)  # they start when the first feed is polled
    base = (
        None
        if boundaries is None
        else FeedDependencies(
            pool,
            http,
            exemptions(settings),
            wake_ups,
            boundaries,
            metrics,
            ApprovalAsking(pool, audience_estimator(pool, boundaries), texts),
            readers=readers,
            tracer=tracer,
        )
    )
    scheduler = None if base is None else feed_scheduler(feeds, base, feeds_leadership)
    planner = Planner(
        plans,
        ledger,
        wake_ups,
        metrics,
        locations,
        notices=notices,
        contracts=lambda: charges.contracts,
        standby=Standby(pool, settings.batch_size, charges, settings.time_zone),
        tracer=tracer,
    )
    try:
        yield WorkerDependencies(
            planner=planner,
            deliverer=Deliverer(
                DelivererDependencies(
                    ledger=ledger,
                    subscriptions=subscriptions,
                    notices=notices,
                    channels=registry,
                    wake_ups=wake_ups,
                    gate=gate,
                    metrics=metrics,
                    slice_size=settings.slice_size,
                    random=chance,
                    policy=settings.delivery,
                    clock=clock,
                    receipt_tokens=ReceiptTokens.of(addresses.sealing),
                    buckets=partial(RateBucket, client, process=token_hex(8)),
                    sessions=SessionNotes(client),
                    tracer=tracer,
                    expecting={} if maker is None else {"webpush": maker.expect},
                )
            ),
            reconciler=Reconciler(
                plans=plans,
                ledger=ledger,
                wake_ups=wake_ups,
                leadership=leadership,
                statistics=Statistics(pool),
                metrics=metrics,
                interval_s=settings.reconcile_interval_s,
                held=None if scheduler else Held(pool),
                sms=sms_upkeep(pool, charges, metrics),
                planner=planner,
            ),
            metrics=metrics,
            approval_timers=ApprovalTimers(Approvals(pool), four_eyes(pool, wake_ups, texts), metrics),
            approval_counts=ApprovalCounts(
                Approvals(pool),
                held_count(pool, wake_ups, locations),
                four_eyes(pool, wake_ups, texts),
                metrics,
                leads=lambda: leadership.is_held,
            ),
            health=Health(pool, wake_ups, needs_queue=True),
            feed_scheduler=scheduler,
            key_precomputer=None if keys is None else KeyPrecomputer(keys, subscriptions, metrics),
            key_maker=maker,
            message_centres=centres,
            vapid_key_notes=VapidKeyNotes(notes.learnt, subscriptions),
            instance_keys=InstanceKeys(
                vapid,
                partial(InstanceCredentials(pool).opened, "webpush", addresses),
                settings.vapid_subject,
            ),
            own_projects=await own_projects(settings, pool, addresses, projects),
            own_apple_apps=await own_apple_apps(settings, pool, addresses, apps),
            own_gateways=await own_gateways(
                pool, addresses, charges, carrying(settings, http, clock, registry.get("sms"))
            ),
            message_withdrawals=message_withdrawals(
                settings, MessageLocations(pool, addresses), http, gate, metrics, notes
            ),
            address_checks=address_checks(
                settings,
                AddressCheckStore(pool, addresses),
                registry.get("fcm"),
                gate,
                metrics,
                leads=lambda: leadership.is_held,
            ),
            endpoint_messages=endpoint_message_sender(
                settings,
                pool,
                addresses,
                http=http,
                vapid=vapid,
                clock=clock,
                gate=gate,
                metrics=metrics,
                sms=registry.get("sms"),
                charges=charges,
                projects=projects,
                apps=apps,
            ),
            duty_desk=duty_desk(
                settings,
                pool,
                addresses,
                http=http,
                vapid=vapid,
                clock=clock,
                gate=gate,
                metrics=metrics,
                sms=registry.get("sms"),
                charges=charges,
            ),
            audit_keeper=audit_keeper(settings, pool, addresses, http, metrics),
            canary_tests=CanaryTests(
                pool, alerts, wake_ups, metrics, leads=lambda: leadership.is_held, zone=settings.time_zone
            ),
            health_notes=HealthNotes(
                HealthRing(client),
                metrics,
                leads=lambda: leadership.is_held,
                # Where there are no feeds, whoever sweeps the record counts what is held.
                minds_feeds=lambda: (feeds_leadership if scheduler else leadership).is_held,
            ),
            self_examination=self_examination(settings, pool, client, metrics),
            tracer=tracer if tracer.is_on else None,
            certificate_examination=certificate_examination(settings, feeds, pool, metrics),
        )
    finally:
        await leadership.drop()
        await feeds_leadership.drop()
        await readers.aclose()
        for channel in registry.values():
            await channel.aclose()
        if centres is not None:
            await centres.aclose()
        await tracer.aclose()
        await http.aclose()
        await wake_ups.aclose()
        await pool.close()


def _worker_metrics(settings: Settings, boundaries: Boundaries | None) -> Metrics:
    """Return a worker's metrics, which show what contracts allow before the first warning, too."""
    metrics = Metrics()
    if boundaries is not None:
        metrics.boundaries_as_of.set(boundaries.provenance.as_of.timestamp())
    for name, contract in sms_contracts(settings).items():
        if contract.rate is not None:
            label = metrics.gateway_label("sms", name)
            metrics.gateway_rate.labels("sms", label, "configured").set(contract.rate)
    return metrics
