"""Build concrete things from settings; this is the one place that does."""

from __future__ import annotations

import random
import ssl
import sys
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from importlib.metadata import version
from secrets import token_hex
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog

from channels.app.channel import App
from channels.clock import elapsed, utc_now
from channels.http.addresses import Exemptions, Purpose
from channels.http.client import HttpClient
from channels.sms.channel import Sms, choose
from channels.sms.contract import require_usable
from channels.sms.http.carrier import HttpCarrier, limits_at
from channels.sms.http.rehearsal import require_allowed
from channels.sms.smpp.carrier import WHOLE_TEXT, SmppCarrier
from channels.webpush.channel import Notes, WebPush
from channels.webpush.encoder import DirectEncoder
from channels.webpush.learnt_keys import LearntKeys
from channels.webpush.locations import Locations
from channels.webpush.precomputed_keys import PrecomputedKeys
from channels.webpush.services.directory import Directory
from channels.webpush.vapid import (
    PLACEHOLDER,
    VapidKeys,
    VapidSigner,
    generate_key,
    key_name,
    unreachable,
)
from channels.webpush.withdrawal import Withdrawer
from dispatcher.access.credentials import SharedSecret
from dispatcher.access.fingerprints import SecretName, short
from dispatcher.api.credentials import RefusedCredentials
from dispatcher.api.dependencies import ApiDependencies
from dispatcher.apps.registration import Registration
from dispatcher.apps.trial import Trials
from dispatcher.audience.estimate import AudienceEstimator
from dispatcher.audience.location_index import LocationIndex
from dispatcher.boundaries.municipalities import Boundaries, names_in
from dispatcher.delivery.deliverer import Deliverer, DelivererDependencies
from dispatcher.delivery.lanes import LaneGate
from dispatcher.delivery.notices import Notices
from dispatcher.delivery.planner import Planner, audience_guard
from dispatcher.delivery.reconciler import Reconciler
from dispatcher.delivery.reports import DeliveryReports, ReportingGateway, ReportVerdict
from dispatcher.feeds.assembly import FeedDependencies, feed_services
from dispatcher.feeds.configuration import ConfigurationError, load
from dispatcher.feeds.scheduler import FeedScheduler
from dispatcher.intake.preview.sms import SmsPreview
from dispatcher.intake.submission import SubmissionIntake
from dispatcher.metrics import Metrics
from dispatcher.metrics.process import RESTARTS_FILE
from dispatcher.model.vocabulary import Lane
from dispatcher.queue.address import Sentinels, parse
from dispatcher.queue.rate_bucket import RateBucket
from dispatcher.queue.wakeups import WakeUpQueue, open_queue
from dispatcher.readers.pool import ReaderLimits, ReaderPool
from dispatcher.readers.process import BoundaryFiles
from dispatcher.readers.readers import InProcess
from dispatcher.runtime import descriptors
from dispatcher.runtime.probes import Health
from dispatcher.runtime.secrets.files import held_secret, previous_vapid_keys
from dispatcher.runtime.secrets.shared import agreed_secret, require_no_other
from dispatcher.settings import Settings, SettingsError
from dispatcher.store import record
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.alerts.held import Held
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.audience.watched_areas import WatchedAreas
from dispatcher.store.clock import RecordClock
from dispatcher.store.delivery.ledger import Ledger
from dispatcher.store.delivery.ledger_reader import LedgerReader
from dispatcher.store.delivery.message_locations import MessageLocations
from dispatcher.store.delivery.plans import Plans
from dispatcher.store.delivery.reports import Reports
from dispatcher.store.delivery.statistics import Statistics
from dispatcher.store.delivery.status import AlertStatuses
from dispatcher.store.leadership import FEEDS_LOCK, SILENT_S, Leadership
from dispatcher.store.secrets import PushKey, Secrets
from dispatcher.store.sms.charges import Charges
from dispatcher.store.sms.failover import Failover
from dispatcher.store.sms.upkeep import SmsUpkeep
from dispatcher.store.sources import Sources
from dispatcher.store.webhooks import Webhooks
from dispatcher.targeting.registries import with_registries
from dispatcher.worker.dependencies import WorkerDependencies
from dispatcher.worker.key_precomputer import KeyPrecomputer
from dispatcher.worker.message_centres import MessageCentres
from dispatcher.worker.message_withdrawals import MessageWithdrawals
from dispatcher.worker.receipt_journal import ReceiptJournal
from dispatcher.worker.vapid_key_notes import VapidKeyNotes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from channels.base import Channel
    from channels.sms.channel import Carrier
    from channels.sms.contract import Contract
    from channels.sms.http.provider import SmsGateway
    from channels.sms.settings import SmsReportSettings
    from channels.sms.smpp.carrier import Journal, SmppGateway
    from channels.webpush.encoder import Encoder
    from dispatcher.feeds.configuration import Feed
    from dispatcher.feeds.services import FeedServices
    from dispatcher.queue.address import QueueAddress

log = structlog.get_logger()

CONNECTIONS_API = 12
"""Connections to the record of one API process; a request beyond waits for one of them."""
API_COMMAND_TIMEOUT_S = 4.0
"""How long one statement of the API may take: a submitter rather hears "not now, send again" than nothing."""
CONNECTIONS_BESIDE_JOBS = 8
"""A worker's connections to the record besides those for its jobs: leadership, sweep, heartbeats, probes, and as many
for the feeds."""


SUBMISSION_READERS = ReaderLimits(readers=6, share=2, time_s=15.0, memory_bytes=1 << 30, wait_s=5.0, kept=2)
"""Of one API process. No message of 2 MB that was looked for took a second to read, and few a second to match."""
FEED_READERS = ReaderLimits(readers=2, share=1, time_s=60.0, memory_bytes=3 << 30, wait_s=None)
"""Of a worker with feeds. A part of a list is read at once: a document of 32 MB, which may hold a continent's warnings
and then takes some 800 MB, or a hundred messages."""
READER_MODULES = ("dispatcher.intake.reading",)
"""What readers need."""
"""What `dispatcher up` starts."""


@contextmanager
def _naming_setting(setting: str) -> Iterator[None]:
    """Raise what is wrong with a setting's value as an error with its name, instead of a traceback."""
    try:
        yield
    except (ValueError, TypeError, OSError) as error:
        raise SettingsError(f"{setting}: {error}") from error


def check(settings: Settings, boundaries: Boundaries | None) -> tuple[Feed, ...]:
    """Check all that such processes take from the settings, before anything is opened or started; returns the feeds.
    `boundaries` are None where there are no feeds to check against them. Raises SettingsError.
    """
    if settings.redis_url:
        queue_address(settings.redis_url)
    exemptions(settings)
    _require_ca_file(settings)
    with _naming_setting("WARN_SMS_GATEWAYS"):
        sms_gateways(settings)
    smpp_gateways(settings)
    for name in SecretName:
        held_secret(name, settings)
    checking_keys(settings)
    push_services(settings)
    return () if boundaries is None else load_feeds(settings, boundaries)


def _require_ca_file(settings: Settings) -> None:
    with _naming_setting("WARN_OUTBOUND_CA_FILE"):
        if settings.outbound_ca_file:
            ssl.create_default_context(cafile=settings.outbound_ca_file)  # or no delivery would ever succeed


def vapid_keys(settings: Settings, pem: bytes, noted: Sequence[str] = ()) -> VapidKeys:
    """Return the keys by which push services know us: the current one, and this machine's earlier ones. `noted` are the
    public keys of all that the service has had, the first one first.
    """
    with _naming_setting("WARN_VAPID_SUBJECT"):
        if settings.vapid_subject != PLACEHOLDER and (why := unreachable(settings.vapid_subject)):
            raise ValueError(why)
        current = VapidSigner(pem, settings.vapid_subject)
    earlier = previous_vapid_keys(settings).values()
    previous = [VapidSigner(one, settings.vapid_subject) for one in earlier]
    return VapidKeys(current, previous, eldest=key_name(noted[0]) if noted else "")


def checking_keys(settings: Settings) -> VapidKeys:
    """Return keys for channels that only check endpoints and send nothing: no push service knows them."""
    return vapid_keys(settings, generate_key())


async def _noted_vapid_keys(settings: Settings, pool: record.Pool, pem: bytes) -> VapidKeys:
    """Return a worker's VAPID keys, and say in the log what is missing of them."""
    noted = [one.fingerprint for one in await Secrets(pool).vapid_keys()]
    keys = vapid_keys(settings, pem, noted)
    if settings.vapid_subject == PLACEHOLDER:
        log.warning(
            "vapid_subject_unset", setting="WARN_VAPID_SUBJECT", consequence="Apple refuses every message"
        )
    for public_key in noted:
        if key_name(public_key) not in keys:
            log.warning(
                "vapid_key_missing", key=short(public_key), consequence="its subscriptions are refused"
            )
    return keys


def push_services(settings: Settings) -> Directory:
    """Return the push services that may be subscribed, with the operator's hosts."""
    with _naming_setting("WARN_PUSH_HOSTS"):
        return Directory.parse(one.strip() for one in settings.push_hosts.split(",") if one.strip())


def load_boundaries(settings: Settings) -> Boundaries:
    """Load the operator's bundle, or the one that comes with the program, with the operator's tables of codes."""
    with _naming_setting("WARN_BOUNDARIES"):
        data = Boundaries.load(settings.boundaries) if settings.boundaries else Boundaries.default()
    with _naming_setting("WARN_REGISTRIES"):
        return with_registries(data, settings.registries)


def municipality_names(settings: Settings) -> frozenset[str]:
    """Return the names of all municipalities of the boundary data, without loading these."""
    with _naming_setting("WARN_BOUNDARIES"):
        return names_in(settings.boundaries)


def exemptions(settings: Settings) -> Exemptions:
    """Return which origins may lie in a private net, and for what."""
    with _naming_setting("WARN_ALLOWED_ORIGINS"):
        return Exemptions.parse(settings.allowed_origins)


def http_client(settings: Settings) -> HttpClient:
    """Return the one client of this process for requests outwards, with as many file descriptors as it may have."""
    ca_file = str(settings.outbound_ca_file) if settings.outbound_ca_file else None
    name = f"cap-dispatcher/{version('cap-dispatcher')}"
    agent = f"{name} ({settings.contact})" if settings.contact else name
    policy = exemptions(settings).policy()
    _require_ca_file(settings)
    reserved = record_connections(settings) + sentinel_connections(settings)
    max_in_flight = descriptors.for_outbound(descriptors.raise_limit(), reserved)
    return HttpClient(
        policy,
        ca_file=ca_file,
        user_agent=agent,
        max_in_flight=max_in_flight,
        http2_after=settings.http2_pool_after or sys.maxsize,
    )


def client_connections(settings: Settings) -> int:
    """Return how many connections clients may have to an API process at once."""
    return min(settings.api_connections, descriptors.for_clients(descriptors.raise_limit(), CONNECTIONS_API))


def record_connections(settings: Settings) -> int:
    """Return how many connections to the record one worker process may have."""
    return settings.jobs_per_lane * 2 + CONNECTIONS_BESIDE_JOBS


def sentinel_connections(settings: Settings) -> int:
    """Return one worker process's connections to Sentinels: each lane and the wake-up queue ask all of them."""
    address = queue_address(settings.redis_url) if settings.redis_url else None
    return len(address.members) * (len(Lane) + 1) if isinstance(address, Sentinels) else 0


def load_feeds(settings: Settings, boundaries: Boundaries) -> tuple[Feed, ...]:
    """Load the operator's feeds. A territory without any municipality is refused: it would silence a feed."""
    try:
        feeds = load(settings.feeds)
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


def channels(  # noqa: PLR0913 - dependencies, the last ones named at the call
    settings: Settings,
    http: HttpClient,
    vapid: VapidKeys,
    now: Callable[[], datetime] = utc_now,
    keys: PrecomputedKeys | None = None,
    *,
    carriers: Mapping[str, Carrier] | None = None,
    notes: Notes | None = None,
) -> dict[str, Channel]:
    """Return every channel by name, one line each. `vapid` signs for Web Push, `now` gives the aware present, `keys`
    are message keys made before, `notes` is what Web Push gathers for the record; `carriers` are SMS gateways', made
    here unless given.
    """
    timeout, failures = settings.request_timeout_s, settings.delivery.breaker.connect_failures
    exempt = exemptions(settings)
    registry: dict[str, Channel] = {}
    registry["app"] = callbacks(settings, http, now)
    if carriers is None:
        carriers = sms_carriers(settings, http, now) | smpp_carriers(settings, now)
    if carriers:
        registry["sms"] = Sms(carriers, contracts=sms_contracts(settings))
    registry["webpush"] = WebPush(
        http,
        vapid,
        policy=exempt.policy(Purpose.PUSH),
        now=now,
        timeout_s=timeout,
        connect_failures=failures,
        encoder=push_encoder(settings, keys),
        services=push_services(settings),
        notes=notes,
    )
    return registry


def callbacks(settings: Settings, http: HttpClient, now: Callable[[], datetime] = utc_now) -> App:
    """Return the channel of apps' callbacks."""
    return App(
        http,
        policy=exemptions(settings).policy(Purpose.CALLBACK),
        now=now,
        timeout_s=settings.request_timeout_s,
        connect_failures=settings.delivery.breaker.connect_failures,
    )


def precomputed_keys(settings: Settings) -> PrecomputedKeys | None:
    """Return a worker's store of message keys; None where none are wanted, or the encoder would take none from it."""
    wanted = settings.ready_keys > 0 and settings.push_encoder == "own"
    return PrecomputedKeys(settings.ready_keys) if wanted else None


def push_encoder(settings: Settings, keys: PrecomputedKeys | None) -> Encoder:
    """Return what encrypts Web Push messages: our own encoder with `keys` made before, if there are any."""
    if settings.push_encoder == "pywebpush":
        # With it come two HTTP clients: half a second and 11 MB for each process that starts.
        from channels.webpush.pywebpush_encoder import PywebpushEncoder  # noqa: PLC0415

        return PywebpushEncoder()
    return DirectEncoder() if keys is None else DirectEncoder(ready=keys.seal)


def sms_carriers(
    settings: Settings, http: HttpClient, now: Callable[[], datetime] = utc_now
) -> dict[str, Carrier]:
    """Return what carries SMS, by the gateway's name."""
    policy = exemptions(settings).policy(Purpose.GATEWAY)
    with _naming_setting("WARN_SMS_GATEWAYS"):
        gateways, contracts = sms_gateways(settings), sms_contracts(settings)
    return {
        name: HttpCarrier(
            http,
            gateway,
            policy=policy,
            now=now,
            limits=limits_at(contracts[name].rate),
            timeout_s=settings.request_timeout_s,
            connect_failures=settings.delivery.breaker.connect_failures,
        )
        for name, gateway in gateways.items()
    }


def sms_contracts(settings: Settings) -> dict[str, Contract]:
    """Return what is agreed with the providers of SMS gateways, by the gateway's name."""
    over_http = {item.name: item.contract(item.name) for item in settings.sms_gateways}
    return over_http | {item.name: item.contract(item.name) for item in settings.smpp_gateways}


def _worker_metrics(settings: Settings) -> Metrics:
    """Return a worker's metrics, which show what contracts allow before the first warning, too."""
    metrics = Metrics()
    for name, contract in sms_contracts(settings).items():
        if contract.rate is not None:
            label = metrics.gateway_label("sms", name)
            metrics.gateway_rate.labels("sms", label, "configured").set(contract.rate)
    return metrics


def smpp_carriers(
    settings: Settings, now: Callable[[], datetime] = utc_now, journal: Journal | None = None
) -> dict[str, Carrier]:
    """Return what carries SMS over SMPP, by the gateway's name. Their hosts are the operator's own words: no rule for
    outbound addresses holds for them.
    """
    return {name: SmppCarrier(gateway, journal, now=now) for name, gateway in smpp_gateways(settings).items()}


def smpp_gateways(settings: Settings) -> dict[str, SmppGateway]:
    """Return the configured SMPP gateways by name."""
    ca_file = str(settings.outbound_ca_file) if settings.outbound_ca_file else None
    with _naming_setting("WARN_SMPP_GATEWAYS"):
        over_http = [item.contract(item.name) for item in settings.sms_gateways]
        require_usable([*over_http, *(item.contract(item.name) for item in settings.smpp_gateways)])
        return {item.name: item.gateway(ca_file) for item in settings.smpp_gateways}


def require_allowed_sessions(settings: Settings) -> None:
    """Require that the workers together open no more sessions than contracts allow. Raises SettingsError."""
    for item in settings.smpp_gateways:
        planned = item.sessions_of(settings.workers)
        if item.sessions_allowed is not None and planned > item.sessions_allowed:
            raise SettingsError(
                f"WARN_SMPP_GATEWAYS: {item.name}: {settings.workers} workers open {planned} sessions and the contract "
                f"allows {item.sessions_allowed}: fewer sessions, or a smaller WARN_WORKERS"
            )


def message_centres(
    carriers: Iterable[Carrier], journal: ReceiptJournal, metrics: Metrics
) -> MessageCentres | None:
    """Return what keeps a worker's SMPP sessions; None where there are none."""
    over_smpp = [carrier for carrier in carriers if isinstance(carrier, SmppCarrier)]
    return MessageCentres(over_smpp, journal, metrics) if over_smpp else None


def sms_gateway_names(settings: Settings) -> tuple[str, ...]:
    """Return the names of all SMS gateways, in their order."""
    return (*(item.name for item in settings.sms_gateways), *(item.name for item in settings.smpp_gateways))


def sms_gateways(settings: Settings) -> dict[str, SmsGateway]:
    """Return the configured HTTP SMS gateways by name. Raises `ValueError` for one whose address is not allowed."""
    policy = exemptions(settings).policy(Purpose.GATEWAY)
    gateways = {item.name: item.gateway() for item in settings.sms_gateways}
    for item in settings.sms_gateways:
        try:
            require_allowed(gateways[item.name], item.url, policy)
        except ValueError as error:
            raise ValueError(f"{item.name}: {error}") from None
    return gateways


def sms_charges(settings: Settings) -> Charges:
    """Return what counts the parts of SMS on record, by these contracts."""
    return Charges([*sms_contracts(settings).values()], settings.time_zone)


def _sms_upkeep(pool: record.Pool, charges: Charges, metrics: Metrics) -> SmsUpkeep | None:
    """Return what keeps SMS in order; None where there are no gateways."""
    if not charges.contracts:
        return None
    metrics.know_sms_gateways(one.gateway for one in charges.contracts)
    return SmsUpkeep(pool, charges, Failover(pool, charges), Reports(pool), elapsed)


def delivery_reports(settings: Settings, pool: record.Pool, metrics: Metrics) -> DeliveryReports | None:
    """Return what records gateways' reports; None if no gateway is configured to report."""
    gateways = {
        item.name: ReportingGateway(
            name=item.name,
            secret=_shared_secret(item.reports),
            fields=item.reports.report_fields(),
        )
        for item in settings.sms_gateways
        if item.reports
    }
    if not gateways:
        return None
    return DeliveryReports(Sms.name, gateways, Reports(pool), metrics, _chosen_gateway(settings))


def _chosen_gateway(settings: Settings) -> Callable[[str], str]:
    """Return what says which gateway sends for one that recipients name."""
    return partial(choose, gateways=sms_gateway_names(settings))


def receipt_journal(settings: Settings, pool: record.Pool, metrics: Metrics) -> ReceiptJournal:
    """Return what ties the receipts of SMPP gateways to messages."""
    store = Reports(pool)
    for gateway in settings.smpp_gateways:
        metrics.know_reports(Sms.name, gateway.name, tuple(ReportVerdict), ())
    reports = DeliveryReports(Sms.name, {}, store, metrics, _chosen_gateway(settings))
    return ReceiptJournal(store, reports, metrics, whole=WHOLE_TEXT)


def _shared_secret(reports: SmsReportSettings) -> SharedSecret:
    previous = reports.previous_secret.get_secret_value().encode() if reports.previous_secret else b""
    return SharedSecret(reports.secret.get_secret_value().encode(), previous, reports.previous_until)


def require_urls(settings: Settings) -> tuple[str, QueueAddress]:
    """Return the record's and the queue's addresses. Raises SettingsError where one is missing."""
    if not settings.database_url or not settings.redis_url:
        raise SettingsError("DATABASE_URL and REDIS_URL are needed; `dispatcher up` brings its own servers")
    return settings.database_url, queue_address(settings.redis_url)


def queue_address(redis_url: str) -> QueueAddress:
    """Parse the queue's address. Raises SettingsError."""
    with _naming_setting("REDIS_URL"):
        return parse(redis_url)


async def _record_and_secret(
    settings: Settings, name: SecretName, connecting: Awaitable[record.Pool]
) -> tuple[record.Pool, bytes]:
    """Return the record, and the secret that a process needs, when all that this machine has are those of the record's
    service. Raises SettingsError where they are not: then no connection is left.
    """
    pool = await connecting
    try:
        await require_no_other(pool, settings)
        return pool, await agreed_secret(pool, name, settings)
    except BaseException:
        await pool.close()
        raise


async def require_own_record(settings: Settings, database_url: str) -> None:
    """See to it, before a record is brought to this version's schema, that it is not another service's. Raises
    SettingsError. Of a new record, or one that is older than fingerprints, nobody can tell.
    """
    pool = await record.connect(database_url, size=1)
    try:
        if await Secrets(pool).are_kept():
            await require_no_other(pool, settings)
    finally:
        await pool.close()


async def agree_on_secrets(settings: Settings, database_url: str) -> None:
    """See to it, before processes are started again and again, that this machine's secrets are those of the record's
    service. Raises SettingsError.
    """
    pool = await record.connect(database_url, size=1)
    try:
        await require_no_other(pool, settings)
        for name in SecretName:
            await agreed_secret(pool, name, settings)
    finally:
        await pool.close()


def process_metrics(settings: Settings) -> Metrics:
    """Return the metrics of one process, with the counts of the supervisor where `dispatcher up` runs it."""
    return Metrics(restarts=settings.data_dir / RESTARTS_FILE)


@asynccontextmanager
async def api_dependencies(settings: Settings, *, in_process: bool = False) -> AsyncIterator[ApiDependencies]:
    """Build all that an API process needs, and close it at the end. `in_process`: submissions are read in a thread of
    this process, not in processes that take a second to start.
    """
    database_url, queue = require_urls(settings)
    metrics, boundaries = process_metrics(settings), load_boundaries(settings)
    feeds = check(settings, boundaries)
    connecting = record.connect(database_url, size=CONNECTIONS_API, command_timeout_s=API_COMMAND_TIMEOUT_S)
    pool, pepper = await _record_and_secret(settings, SecretName.PEPPER, connecting)
    wake_ups, http = WakeUpQueue(open_queue(queue), metrics.enqueue_failures.inc), http_client(settings)
    pooled = None if in_process else reader_pool(settings, SUBMISSION_READERS, metrics)
    try:
        alerts, subscriptions, charges = Alerts(pool), Subscriptions(pool), sms_charges(settings)
        statuses = AlertStatuses(pool, charges)
        sources = Sources(pool, pepper)
        if pooled is not None:
            pooled.start()
        yield ApiDependencies(
            settings=settings,
            intake=SubmissionIntake(
                readers=pooled or InProcess(boundaries),
                settings=settings,
                alerts=alerts,
                statuses=statuses,
                estimator=AudienceEstimator(subscriptions, LocationIndex(WatchedAreas(pool)), boundaries),
                boundaries=boundaries,
                wake_ups=wake_ups,
                metrics=metrics,
                sms=SmsPreview(pool, charges, ZoneInfo(settings.time_zone), boundaries.names()),
            ),
            sources=sources,
            alerts=alerts,
            statuses=statuses,
            accounts=LedgerReader(pool),
            subscriptions=subscriptions,
            boundaries=boundaries,
            metrics=metrics,
            health=Health(pool, wake_ups, needs_queue=False),
            feed_services=await _api_feed_services(
                feeds,
                FeedDependencies(
                    pool, http, exemptions(settings), wake_ups, boundaries, metrics, readers=pooled
                ),
            ),
            reports=delivery_reports(settings, pool, metrics),
            refused_credentials=RefusedCredentials(metrics),
            registration=Registration(
                Webhooks(pool), App(http, policy=exemptions(settings).policy_of_registration()), utc_now
            ),
            trials=Trials(
                Webhooks(pool), callbacks(settings, http), boundaries, utc_now, settings.public_url
            ),
            push_key=PushKey(Secrets(pool)),
        )
        await sources.uses.written()
    finally:
        if pooled is not None:
            await pooled.aclose()
        await http.aclose()
        await wake_ups.aclose()
        await pool.close()


def reader_pool(settings: Settings, limits: ReaderLimits, metrics: Metrics) -> ReaderPool:
    """Return readers with the operator's boundaries; none is started yet."""
    files = BoundaryFiles(settings.boundaries, tuple(settings.registries))
    return ReaderPool(files, limits, metrics, preload=READER_MODULES)


async def _api_feed_services(feeds: tuple[Feed, ...], base: FeedDependencies) -> FeedServices | None:
    if not feeds:
        return None
    services = feed_services(base, feeds)
    await services.store.register([feed.name for feed in feeds])
    return services


def _feed_scheduler(feeds: tuple[Feed, ...], base: FeedDependencies, leadership: Leadership) -> FeedScheduler:
    """Return the scheduler of the feeds."""
    services = feed_services(base, feeds)
    return FeedScheduler(
        poller=services.poller,
        feeds=services.feeds,
        store=services.store,
        held=services.held,
        leadership=leadership,
        metrics=base.metrics,
        clock=base.clock,
    )


def _message_withdrawals(
    settings: Settings, pool: record.Pool, http: HttpClient, gate: LaneGate, metrics: Metrics, notes: Notes
) -> MessageWithdrawals | None:
    if notes.locations is None:
        return None
    withdrawer = Withdrawer(http, exemptions(settings).policy(Purpose.PUSH))
    return MessageWithdrawals(notes.locations, MessageLocations(pool), withdrawer, gate, metrics)


@asynccontextmanager
async def worker_dependencies(settings: Settings) -> AsyncIterator[WorkerDependencies]:
    """Build all that a worker process needs, and close it at the end."""
    database_url, queue = require_urls(settings)
    # Needed for feeds alone, and large; notices want the names.
    boundaries = load_boundaries(settings) if settings.feeds else None
    known = municipality_names(settings) if boundaries is None else boundaries.names()
    feeds = check(settings, boundaries)
    metrics = _worker_metrics(settings)
    connecting = record.connect(database_url, size=record_connections(settings))
    pool, pem = await _record_and_secret(settings, SecretName.VAPID, connecting)
    client = open_queue(queue)
    wake_ups, http = WakeUpQueue(client, metrics.enqueue_failures.inc), http_client(settings)
    clock, keys = RecordClock(), precomputed_keys(settings)
    journal = receipt_journal(settings, pool, metrics)
    carriers = sms_carriers(settings, http, clock) | smpp_carriers(settings, clock, journal)
    vapid, notes = await _noted_vapid_keys(settings, pool, pem), Notes(LearntKeys(), Locations())
    registry = channels(settings, http, vapid, clock, keys, carriers=carriers, notes=notes)
    centres = message_centres(carriers.values(), journal, metrics)
    gate = LaneGate(wake_ups.higher_lane_active)
    alerts, lease = Alerts(pool), settings.delivery.lease
    ledger = Ledger(pool, lease=lease.duration, wake_up_again=lease.wake_up_again)
    leadership = Leadership(pool, silent_s=max(SILENT_S, 3 * settings.reconcile_interval_s))
    charges = sms_charges(settings)
    plans = Plans(
        pool,
        settings.batch_size,
        audience_guard(settings.baseline_factor),
        count=lambda closed: metrics.count_closed(closed.state, closed.recipients),
        charges=charges,
    )
    notices = Notices(alerts, ZoneInfo(settings.time_zone), known, settings.public_url)
    feeds_leadership = Leadership(pool, FEEDS_LOCK)
    readers = reader_pool(settings, FEED_READERS, metrics)  # they start when the first feed is polled
    base = (
        None
        if boundaries is None
        else FeedDependencies(
            pool, http, exemptions(settings), wake_ups, boundaries, metrics, readers=readers
        )
    )
    scheduler = None if base is None else _feed_scheduler(feeds, base, feeds_leadership)
    try:
        yield WorkerDependencies(
            planner=Planner(
                plans,
                ledger,
                wake_ups,
                metrics,
                LocationIndex(WatchedAreas(pool)),
                notices=notices,
                contracts=charges.contracts,
            ),
            deliverer=Deliverer(
                DelivererDependencies(
                    ledger=ledger,
                    subscriptions=Subscriptions(pool),
                    notices=notices,
                    channels=registry,
                    wake_ups=wake_ups,
                    gate=gate,
                    metrics=metrics,
                    slice_size=settings.slice_size,
                    random=random.SystemRandom().random,
                    policy=settings.delivery,
                    clock=clock,
                    buckets=partial(RateBucket, client, process=token_hex(8)),
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
                sms=_sms_upkeep(pool, charges, metrics),
            ),
            metrics=metrics,
            health=Health(pool, wake_ups, needs_queue=True),
            feed_scheduler=scheduler,
            key_precomputer=None if keys is None else KeyPrecomputer(keys, Subscriptions(pool), metrics),
            message_centres=centres,
            vapid_key_notes=VapidKeyNotes(notes.learnt, Subscriptions(pool)),
            message_withdrawals=_message_withdrawals(settings, pool, http, gate, metrics, notes),
        )
    finally:
        await leadership.drop()
        await feeds_leadership.drop()
        await readers.aclose()
        for channel in registry.values():
            await channel.aclose()
        if centres is not None:
            await centres.aclose()
        await http.aclose()
        await wake_ups.aclose()
        await pool.close()
