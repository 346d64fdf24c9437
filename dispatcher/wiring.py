"""The one place where concrete things are built from settings."""

from __future__ import annotations

import os
import random
import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from channels.addresses import AddressPolicy
from channels.app import App
from channels.http import HttpClient
from channels.sms_gateway import AnswerFields, BodyKind, RequestFields, SmsGateway
from channels.sms_http import SmsHttp
from channels.vapid import VapidSigner, generate_key
from channels.webpush import WebPush
from dispatcher.api.parts import ApiParts
from dispatcher.metrics import Meter
from dispatcher.pipeline.accept import Intake
from dispatcher.pipeline.deliver import Deliverer, Tools
from dispatcher.pipeline.lanes import LaneGate
from dispatcher.pipeline.notices import Notices
from dispatcher.pipeline.plan import Planner
from dispatcher.pipeline.sweep import Reconciler
from dispatcher.probes import Health
from dispatcher.store import record
from dispatcher.store.accounts import Accounts
from dispatcher.store.alerts import Alerts
from dispatcher.store.doorbell import Doorbell, open_queue
from dispatcher.store.leadership import Leadership
from dispatcher.store.ledger import Ledger
from dispatcher.store.plans import Plans
from dispatcher.store.sources import Sources
from dispatcher.store.statistics import Statistics
from dispatcher.store.subscriptions import Subscriptions
from dispatcher.targeting.boundaries import Boundaries
from dispatcher.worker.parts import WorkerParts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from channels.base import Channel
    from dispatcher.settings import Settings

CONNECTIONS_API = 10
API_COMMAND_TIMEOUT_S = 4.0
"""A submitter rather hears "not now, send again" than nothing."""
CONNECTIONS_BESIDE_JOBS = 4
"""A worker's connections besides one for each job in hand: leadership, sweep, heartbeats, probes."""


class SettingsError(Exception):
    """The settings do not make a service; the message says what to change."""


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


def pepper(settings: Settings) -> bytes:
    """The secret under which API keys are hashed."""
    if settings.key_pepper is not None:
        return settings.key_pepper.get_secret_value().encode()
    return secret_file(settings.data_dir / "keys" / "pepper", secrets.token_urlsafe(32).encode())


def vapid_signer(settings: Settings) -> VapidSigner:
    """The key with which we introduce ourselves to push services."""
    path = settings.vapid_key or settings.data_dir / "keys" / "vapid.pem"
    return VapidSigner(secret_file(path, generate_key()), settings.vapid_subject)


def load_boundaries(settings: Settings) -> Boundaries:
    """The operator's bundle, or the one that comes with the program."""
    return Boundaries.load(settings.boundaries) if settings.boundaries else Boundaries.default()


def http_client(settings: Settings) -> HttpClient:
    """The one way out of this process."""
    ca_file = str(settings.outbound_ca_file) if settings.outbound_ca_file else None
    return HttpClient(AddressPolicy(settings.allowed_origins), ca_file=ca_file)


def channels(settings: Settings, http: HttpClient) -> dict[str, Channel]:
    """Every channel, by name: one line each."""
    timeout = settings.request_timeout_s
    registry: dict[str, Channel] = {}
    registry["app"] = App(http, timeout_s=timeout)
    if settings.sms_gateways:
        registry["sms_http"] = SmsHttp(http, sms_gateways(settings), timeout_s=timeout)
    registry["webpush"] = WebPush(http, vapid_signer(settings), timeout_s=timeout)
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
        )
        for item in settings.sms_gateways
    }


def require_urls(settings: Settings) -> tuple[str, str]:
    """The record's and the queue's addresses."""
    if not settings.database_url or not settings.redis_url:
        raise SettingsError("DATABASE_URL and REDIS_URL are needed; `dispatcher up` brings its own servers")
    return settings.database_url, settings.redis_url


@asynccontextmanager
async def api_parts(settings: Settings) -> AsyncIterator[ApiParts]:
    """All that an API process needs."""
    database_url, redis_url = require_urls(settings)
    meter, boundaries = Meter(), load_boundaries(settings)
    doorbell = Doorbell(open_queue(redis_url))
    pool = await record.connect(database_url, size=CONNECTIONS_API, command_timeout_s=API_COMMAND_TIMEOUT_S)
    try:
        alerts, subscriptions = Alerts(pool), Subscriptions(pool)
        sources = Sources(pool, pepper(settings))
        for name in await sources.names():
            meter.know_source(name)
        yield ApiParts(
            settings=settings,
            intake=Intake(
                settings=settings,
                alerts=alerts,
                subscriptions=subscriptions,
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
        )
    finally:
        await doorbell.aclose()
        await pool.close()


@asynccontextmanager
async def worker_parts(settings: Settings) -> AsyncIterator[WorkerParts]:
    """All that a worker process needs."""
    database_url, redis_url = require_urls(settings)
    meter = Meter()
    doorbell = Doorbell(open_queue(redis_url))
    pool = await record.connect(database_url, size=settings.jobs_per_lane * 2 + CONNECTIONS_BESIDE_JOBS)
    http = http_client(settings)
    registry = channels(settings, http)
    alerts, ledger, leadership = Alerts(pool), Ledger(pool), Leadership(pool)
    plans = Plans(pool, settings.batch_size)
    try:
        yield WorkerParts(
            planner=Planner(plans, ledger, doorbell, meter),
            deliverer=Deliverer(
                Tools(
                    ledger=ledger,
                    subscriptions=Subscriptions(pool),
                    notices=Notices(alerts, ZoneInfo(settings.time_zone)),
                    channels=registry,
                    doorbell=doorbell,
                    gate=LaneGate(),
                    meter=meter,
                    slice_size=settings.slice_size,
                    random=random.SystemRandom().random,
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
            ),
            meter=meter,
            health=Health(pool, doorbell, needs_queue=True),
        )
    finally:
        await leadership.drop()
        for channel in registry.values():
            await channel.aclose()
        await http.aclose()
        await doorbell.aclose()
        await pool.close()
