"""The one place where concrete things are built from settings."""

from __future__ import annotations

import os
import random
import secrets
import ssl
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from channels.addresses import AddressPolicy
from channels.app import App
from channels.clock import utc_now
from channels.http import HttpClient
from channels.push_keys import DirectEncoder
from channels.ready_keys import ReadyKeys
from channels.sms_gateway import AnswerFields, BodyKind, RequestFields, SmsGateway
from channels.sms_http import SmsHttp, choose
from channels.sms_report import ReportFields
from channels.vapid import VapidSigner, generate_key
from channels.webpush import WebPush
from dispatcher import descriptors
from dispatcher.api.parts import ApiParts
from dispatcher.feeds.assembly import Foundation, feed_desk
from dispatcher.feeds.configuration import ConfigurationError, load
from dispatcher.feeds.watch import Watch
from dispatcher.metrics import Meter
from dispatcher.model import Lane
from dispatcher.pipeline.accept import Intake
from dispatcher.pipeline.deliver import Deliverer, Tools
from dispatcher.pipeline.foresight import Foresight
from dispatcher.pipeline.lanes import LaneGate
from dispatcher.pipeline.notices import Notices
from dispatcher.pipeline.plan import Planner, guard
from dispatcher.pipeline.precise import Precise
from dispatcher.pipeline.reports import ReportDesk, ReportingGateway
from dispatcher.pipeline.sweep import Reconciler
from dispatcher.probes import Health
from dispatcher.settings import Settings, SettingsError
from dispatcher.store import record
from dispatcher.store.accounts import Accounts
from dispatcher.store.alerts import Alerts
from dispatcher.store.clock import RecordClock
from dispatcher.store.doorbell import Doorbell, open_queue
from dispatcher.store.held import Held
from dispatcher.store.leadership import FEEDS_LOCK, SILENT_S, Leadership
from dispatcher.store.ledger import Ledger
from dispatcher.store.plans import Plans
from dispatcher.store.queue_address import Sentinels, parse
from dispatcher.store.reports import Reports
from dispatcher.store.sources import Sources
from dispatcher.store.spots import Spots
from dispatcher.store.statistics import Statistics
from dispatcher.store.subscriptions import Subscriptions
from dispatcher.targeting.boundaries import Boundaries
from dispatcher.targeting.registries import with_registries
from dispatcher.worker.keyring import Keyring
from dispatcher.worker.parts import WorkerParts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from channels.base import Channel
    from dispatcher.feeds.configuration import Feed
    from dispatcher.feeds.desk import FeedDesk
    from dispatcher.store.queue_address import QueueAddress

CONNECTIONS_API = 10
API_COMMAND_TIMEOUT_S = 4.0
"""A submitter rather hears "not now, send again" than nothing."""
CONNECTIONS_BESIDE_JOBS = 8
"""A worker's connections besides one for each job in hand: leadership, sweep, heartbeats, probes, and as many for the
feeds."""


def secret_file(path: Path, make: bytes) -> bytes:
    """The content of `path`; if there is no such file, it is made with `make`, for its owner's eyes only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(descriptor, "wb") as file:
        file.write(make)
    return make


@contextmanager
def _naming(setting: str) -> Iterator[None]:
    """What is wrong with a setting's value is said with its name, not by a traceback."""
    try:
        yield
    except (ValueError, TypeError, OSError) as error:
        raise SettingsError(f"{setting}: {error}") from error


def pepper(settings: Settings) -> bytes:
    """The secret under which API keys are hashed."""
    if settings.key_pepper is not None:
        return settings.key_pepper.get_secret_value().encode()
    return secret_file(settings.data_dir / "keys" / "pepper", secrets.token_urlsafe(32).encode())


def vapid_signer(settings: Settings) -> VapidSigner:
    """The key with which we introduce ourselves to push services."""
    with _naming("WARN_VAPID_KEY, WARN_VAPID_SUBJECT"):
        # A new key in place of one that is named and not there would be refused by every push service.
        pem = (
            settings.vapid_key.read_bytes()
            if settings.vapid_key
            else secret_file(settings.data_dir / "keys" / "vapid.pem", generate_key())
        )
        return VapidSigner(pem, settings.vapid_subject)


def load_boundaries(settings: Settings) -> Boundaries:
    """The operator's bundle, or the one that comes with the program, with the operator's tables of codes."""
    with _naming("WARN_BOUNDARIES"):
        data = Boundaries.load(settings.boundaries) if settings.boundaries else Boundaries.default()
    with _naming("WARN_REGISTRIES"):
        return with_registries(data, settings.registries)


def http_client(settings: Settings) -> HttpClient:
    """The one way out of this process, which gets as many file descriptors as it may have."""
    ca_file = str(settings.outbound_ca_file) if settings.outbound_ca_file else None
    name = f"cap-dispatcher/{version('cap-dispatcher')}"
    agent = f"{name} ({settings.contact})" if settings.contact else name
    with _naming("WARN_ALLOWED_ORIGINS"):
        policy = AddressPolicy(settings.allowed_origins)
    with _naming("WARN_OUTBOUND_CA_FILE"):
        if settings.outbound_ca_file:
            ssl.create_default_context(cafile=settings.outbound_ca_file)  # or no delivery would ever succeed
    kept = record_connections(settings) + sentinel_connections(settings)
    room = descriptors.for_outbound(descriptors.claim(), kept)
    return HttpClient(policy, ca_file=ca_file, user_agent=agent, max_in_flight=room)


def record_connections(settings: Settings) -> int:
    """Of one worker."""
    return settings.jobs_per_lane * 2 + CONNECTIONS_BESIDE_JOBS


def sentinel_connections(settings: Settings) -> int:
    """Of one worker: each lane and the bell ask all of them."""
    address = queue_address(settings.redis_url) if settings.redis_url else None
    return len(address.members) * (len(Lane) + 1) if isinstance(address, Sentinels) else 0


def load_feeds(settings: Settings, boundaries: Boundaries) -> tuple[Feed, ...]:
    """The operator's feeds. A territory where nobody lives would silence a feed."""
    try:
        feeds = load(settings.feeds, boundaries.provenance.country)
    except ConfigurationError as error:
        raise SettingsError(str(error)) from error
    for feed in feeds:
        for prefix in feed.settings.territory:
            if not boundaries.by_prefix(prefix):
                raise SettingsError(
                    f"{settings.feeds}: {feed.name}: territory: no municipality of the boundary data has an AGS "
                    f"that begins with {prefix!r}"
                )
    return feeds


def channels(
    settings: Settings,
    http: HttpClient,
    now: Callable[[], datetime] = utc_now,
    keys: ReadyKeys | None = None,
) -> dict[str, Channel]:
    """Every channel, by name: one line each. `now` gives the aware present, `keys` message keys made before."""
    timeout = settings.request_timeout_s
    registry: dict[str, Channel] = {}
    registry["app"] = App(http, now=now, timeout_s=timeout)
    if settings.sms_gateways:
        with _naming("WARN_SMS_GATEWAYS"):
            gateways = sms_gateways(settings)
        registry["sms_http"] = SmsHttp(http, gateways, now=now, timeout_s=timeout)
    encoder = DirectEncoder() if keys is None else DirectEncoder(ready=keys.seal)
    registry["webpush"] = WebPush(http, vapid_signer(settings), now=now, timeout_s=timeout, encoder=encoder)
    return registry


def sms_gateways(settings: Settings) -> dict[str, SmsGateway]:
    """The configured HTTP SMS gateways by name."""
    return {
        item.name: SmsGateway(
            name=item.name,
            url=item.url,
            authorization=item.authorization.get_secret_value() if item.authorization else "",
            sender=item.sender,
            body=BodyKind(item.body),
            fields=RequestFields(**item.fields),
            answer=AnswerFields(**item.answer.model_dump()),
            plus=item.plus,
            max_parts=item.max_parts,
            report_url=item.reports.url.get_secret_value() if item.reports else "",
        )
        for item in settings.sms_gateways
    }


def report_desk(settings: Settings, pool: record.Pool, meter: Meter) -> ReportDesk | None:
    """Where gateways report, if any is configured to."""
    names = tuple(item.name for item in settings.sms_gateways)
    gateways = {
        item.name: ReportingGateway(
            name=item.name,
            secret=item.reports.secret.get_secret_value().encode(),
            fields=ReportFields(**item.reports.model_dump(exclude={"secret", "url"})),
        )
        for item in settings.sms_gateways
        if item.reports
    }
    if not gateways:
        return None
    return ReportDesk(SmsHttp.name, gateways, Reports(pool), meter, partial(choose, gateways=names))


def require_urls(settings: Settings) -> tuple[str, QueueAddress]:
    """The record's and the queue's addresses."""
    if not settings.database_url or not settings.redis_url:
        raise SettingsError("DATABASE_URL and REDIS_URL are needed; `dispatcher up` brings its own servers")
    return settings.database_url, queue_address(settings.redis_url)


def queue_address(redis_url: str) -> QueueAddress:
    """Raises SettingsError."""
    with _naming("REDIS_URL"):
        return parse(redis_url)


@asynccontextmanager
async def api_parts(settings: Settings) -> AsyncIterator[ApiParts]:
    """All that an API process needs."""
    database_url, queue = require_urls(settings)
    meter, boundaries = Meter(), load_boundaries(settings)
    doorbell, http = Doorbell(open_queue(queue)), http_client(settings)
    pool = await record.connect(database_url, size=CONNECTIONS_API, command_timeout_s=API_COMMAND_TIMEOUT_S)
    try:
        alerts, subscriptions = Alerts(pool), Subscriptions(pool)
        sources = Sources(pool, pepper(settings))
        yield ApiParts(
            settings=settings,
            intake=Intake(
                settings=settings,
                alerts=alerts,
                foresight=Foresight(subscriptions, Precise(Spots(pool)), boundaries),
                boundaries=boundaries,
                doorbell=doorbell,
                meter=meter,
            ),
            sources=sources,
            alerts=alerts,
            accounts=Accounts(pool),
            subscriptions=subscriptions,
            boundaries=boundaries,
            meter=meter,
            health=Health(pool, doorbell, needs_queue=False),
            desk=await _api_desk(settings, Foundation(pool, http, doorbell, boundaries, meter)),
            reports=report_desk(settings, pool, meter),
        )
    finally:
        await http.aclose()
        await doorbell.aclose()
        await pool.close()


async def _api_desk(settings: Settings, base: Foundation) -> FeedDesk | None:
    feeds = load_feeds(settings, base.boundaries)
    if not feeds:
        return None
    desk = feed_desk(base, feeds)
    await desk.store.register([feed.name for feed in feeds])
    return desk


def _watch(
    settings: Settings,
    pool: record.Pool,
    http: HttpClient,
    doorbell: Doorbell,
    meter: Meter,
    leadership: Leadership,
) -> Watch | None:
    """The feeds' watch; without feeds nothing is loaded for them."""
    if settings.feeds is None:
        return None
    boundaries = load_boundaries(settings)
    base = Foundation(pool, http, doorbell, boundaries, meter)
    desk = feed_desk(base, load_feeds(settings, boundaries))
    return Watch(
        poller=desk.poller,
        feeds=desk.feeds,
        store=desk.store,
        held=desk.held,
        leadership=leadership,
        meter=meter,
        clock=base.clock,
    )


@asynccontextmanager
async def worker_parts(settings: Settings) -> AsyncIterator[WorkerParts]:
    """All that a worker process needs."""
    database_url, queue = require_urls(settings)
    meter = Meter()
    doorbell = Doorbell(open_queue(queue))
    pool = await record.connect(database_url, size=record_connections(settings))
    http = http_client(settings)
    clock = RecordClock()
    keys = ReadyKeys(settings.ready_keys)
    registry = channels(settings, http, clock, keys)
    alerts, ledger = Alerts(pool), Ledger(pool)
    leadership = Leadership(pool, silent_s=max(SILENT_S, 3 * settings.reconcile_interval_s))
    plans = Plans(pool, settings.batch_size, guard(settings.usual_factor))
    watching = Leadership(pool, FEEDS_LOCK)
    watch = _watch(settings, pool, http, doorbell, meter, watching)
    try:
        yield WorkerParts(
            planner=Planner(plans, ledger, doorbell, meter, Precise(Spots(pool))),
            deliverer=Deliverer(
                Tools(
                    ledger=ledger,
                    subscriptions=Subscriptions(pool),
                    notices=Notices(alerts, ZoneInfo(settings.time_zone)),
                    channels=registry,
                    doorbell=doorbell,
                    gate=LaneGate(doorbell.rung_above),
                    meter=meter,
                    slice_size=settings.slice_size,
                    random=random.SystemRandom().random,
                    clock=clock,
                )
            ),
            reconciler=Reconciler(
                plans=plans,
                ledger=ledger,
                bell=doorbell,
                leadership=leadership,
                statistics=Statistics(pool),
                meter=meter,
                interval_s=settings.reconcile_interval_s,
                held=None if watch else Held(pool),
            ),
            meter=meter,
            health=Health(pool, doorbell, needs_queue=True),
            watch=watch,
            keyring=Keyring(keys, Subscriptions(pool), meter) if settings.ready_keys else None,
        )
    finally:
        await leadership.drop()
        await watching.drop()
        for channel in registry.values():
            await channel.aclose()
        await http.aclose()
        await doorbell.aclose()
        await pool.close()
