"""Build what an API process depends on."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from channels.app.channel import App
from channels.clock import utc_now
from channels.http.addresses import Purpose
from dispatcher.access.fingerprints import SecretName
from dispatcher.access.receipt_tokens import ReceiptTokens
from dispatcher.api.canary.receiving import OwnReceivers
from dispatcher.api.credentials import EnvironmentCrossings, RefusedCredentials
from dispatcher.api.dependencies import ApiDependencies
from dispatcher.api.receipts.collector import ReceiptCollector
from dispatcher.api.shares import InstanceShares
from dispatcher.apps.administration import InstanceAdministration, InstanceStores
from dispatcher.apps.channel_credentials import OperatorTerms
from dispatcher.apps.registration import Registration
from dispatcher.apps.trial import Trials
from dispatcher.feeds.assembly import FeedDependencies
from dispatcher.intake.correction.correcting import Corrections
from dispatcher.intake.four_eyes.asking import ApprovalAsking
from dispatcher.intake.submission import SubmissionIntake
from dispatcher.metrics import Metrics
from dispatcher.metrics.process import RESTARTS_FILE
from dispatcher.queue.health_ring import HealthRing
from dispatcher.queue.wakeups import WakeUpQueue, open_queue
from dispatcher.readers.readers import InProcess
from dispatcher.runtime.probes import Health
from dispatcher.signing.message_signer import MessageSigner
from dispatcher.sms.parts import most_parts
from dispatcher.store import record
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.alerts.approvals import Approvals
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.delivery.dead_letters import DeadLetters
from dispatcher.store.delivery.device_receipts import DeviceReceipts
from dispatcher.store.delivery.ledger_reader import LedgerReader
from dispatcher.store.delivery.status import AlertStatuses
from dispatcher.store.instances.credentials import InstanceCredentials
from dispatcher.store.instances.neighbours import Neighbours
from dispatcher.store.instances.push_keys import OwnPushKeys
from dispatcher.store.keys import Keys
from dispatcher.store.parties import Parties
from dispatcher.store.secrets import PushKey, Secrets
from dispatcher.store.signing_keys import SigningKeys
from dispatcher.store.sources import Sources
from dispatcher.store.templates import Templates
from dispatcher.store.webhooks import Webhooks
from dispatcher.wiring.approvals import audience_estimator, four_eyes, held_parts, held_texts
from dispatcher.wiring.boundaries import load_boundaries
from dispatcher.wiring.channels import callbacks, channel_registry
from dispatcher.wiring.check import check_settings
from dispatcher.wiring.connections import CONNECTIONS_API, client_connections, require_urls
from dispatcher.wiring.feeds import api_feed_services
from dispatcher.wiring.http_client import exemptions, http_client
from dispatcher.wiring.persons.console import console
from dispatcher.wiring.publication import app_pages, publishing, streaming
from dispatcher.wiring.readers import SUBMISSION_READERS, reader_pool
from dispatcher.wiring.secrets import record_and_secret
from dispatcher.wiring.sms.charges import sms_charges, sms_preview
from dispatcher.wiring.sms.inbound import inbound_by_http
from dispatcher.wiring.sms.own_gateways import own_gateways
from dispatcher.wiring.sms.reports import delivery_reports
from dispatcher.wiring.subscribers import SealedRecord, enrolment, management_tokens, sign_ups
from dispatcher.wiring.traces.tracing import tracer_of
from dispatcher.wiring.webpush import checking_keys

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.settings import Settings

API_COMMAND_TIMEOUT_S = 4.0
"""How long one statement of the API may take: a submitter rather hears "not now, send again" than nothing."""


def process_metrics(settings: Settings, boundaries: Boundaries | None = None) -> Metrics:
    """Return the metrics of one process, with the counts of the supervisor where `dispatcher up` runs it, and the age
    of its boundaries.
    """
    metrics = Metrics(restarts=settings.data_dir / RESTARTS_FILE)
    if boundaries is not None:
        metrics.boundaries_as_of.set(boundaries.provenance.as_of.timestamp())
    return metrics


@asynccontextmanager
async def api_dependencies(
    settings: Settings, *, in_process: bool = False, connections: int | None = None
) -> AsyncIterator[ApiDependencies]:
    """Build all that an API process needs, and close it at the end. `in_process`: submissions are read in a thread of
    this process, not in processes that take a second to start; where none are read, neither is there. `connections`:
    how many clients may have to the process; by default what the settings say of an API.
    """
    database_url, queue = require_urls(settings)
    boundaries = load_boundaries(settings)
    metrics, feeds = process_metrics(settings, boundaries), check_settings(settings, boundaries)
    connecting = record.connect(database_url, size=CONNECTIONS_API, command_timeout_s=API_COMMAND_TIMEOUT_S)
    pool, pepper, addresses = await record_and_secret(settings, SecretName.PEPPER, connecting)
    client, tokens = open_queue(queue), management_tokens(addresses.sealing.keyed_hash)
    wake_ups, http = WakeUpQueue(client, metrics.enqueue_failures.inc), http_client(settings)
    pooled = None if in_process else reader_pool(settings, SUBMISSION_READERS, metrics)
    published, tracer = AsyncExitStack(), tracer_of(settings, http, metrics, "api")
    try:
        alerts, subscriptions, charges = Alerts(pool), Subscriptions(pool, addresses), sms_charges(settings)
        statuses, sources = AlertStatuses(pool, charges), Sources(pool, pepper)
        signer = MessageSigner(SigningKeys(pool, addresses))
        if pooled is not None:
            pooled.start()
        receipts = ReceiptCollector(ReceiptTokens.of(addresses.sealing), DeviceReceipts(pool), metrics)
        push_key, own = PushKey(Secrets(pool)), await own_gateways(pool, addresses, charges)
        await push_key.get()  # from now on this one, also where another is made
        running = [asyncio.create_task(receipts.run()), asyncio.create_task(tracer.run())]
        if own is not None:
            running.append(asyncio.create_task(own.run()))
        estimator, texts = audience_estimator(pool, boundaries), held_texts(settings, boundaries.names())
        asking = ApprovalAsking(pool, estimator, texts)
        intake = SubmissionIntake(
            readers=pooled or InProcess(boundaries),
            settings=settings,
            alerts=alerts,
            statuses=statuses,
            estimator=estimator,
            boundaries=boundaries,
            wake_ups=wake_ups,
            metrics=metrics,
            sms=sms_preview(settings, pool, charges, boundaries),
            asking=asking,
        )
        publisher = await published.enter_async_context(publishing(database_url, feeds, boundaries, metrics))
        streams = await published.enter_async_context(
            streaming(publisher, settings, metrics, connections or client_connections(settings))
        )
        yield ApiDependencies(
            settings=settings,
            intake=intake,
            corrections=Corrections(alerts, intake, ZoneInfo(settings.time_zone)),
            approvals=Approvals(pool),
            four_eyes=four_eyes(pool, wake_ups, texts),
            health_ring=HealthRing(client),
            held=held_parts(pool, wake_ups, estimator, charges, texts),
            templates=Templates(pool),
            sources=sources,
            alerts=alerts,
            statuses=statuses,
            accounts=LedgerReader(pool),
            dead_letters=DeadLetters(pool),
            subscriptions=subscriptions,
            boundaries=boundaries,
            metrics=metrics,
            health=Health(pool, wake_ups, needs_queue=False),
            feed_services=await api_feed_services(
                feeds,
                FeedDependencies(
                    pool,
                    http,
                    exemptions(settings),
                    wake_ups,
                    boundaries,
                    metrics,
                    asking,
                    readers=pooled,
                    tracer=tracer,
                ),
            ),
            publisher=publisher,
            streams=streams,
            signer=signer,
            pages=app_pages(settings, pool, boundaries),
            reports=delivery_reports(settings, pool, metrics, tracer),
            console=console(
                settings,
                pool,
                addresses,
                pepper,
                metrics=metrics,
                sms_parts=most_parts(charges.contracts),
                push=channel_registry(settings, http, checking_keys(settings), carriers={})["webpush"],
                http=http,
            ),
            inbound=inbound_by_http(settings, pool, addresses, metrics),
            refused_credentials=RefusedCredentials(metrics),
            crossings=EnvironmentCrossings(pool),
            registration=Registration(
                Webhooks(pool, addresses),
                App(http, policy=exemptions(settings).policy_of_registration()),
                utc_now,
            ),
            trials=Trials(
                Webhooks(pool, addresses),
                callbacks(settings, http),
                boundaries,
                utc_now,
                settings.public_url,
                signer,
            ),
            push_key=push_key,
            enrolment=enrolment(settings, SealedRecord(pool, addresses), tokens, boundaries, http),
            sign_ups=sign_ups(settings, client, tokens),
            parties=Parties(pool),
            neighbours=Neighbours(pool),
            administration=InstanceAdministration(
                InstanceStores(Parties(pool), Keys(pool), Neighbours(pool), InstanceCredentials(pool)),
                boundaries,
                addresses,
                pepper,
                OperatorTerms(settings.vapid_subject, exemptions(settings).policy(Purpose.GATEWAY)),
            ),
            own_push_keys=OwnPushKeys(pool),
            shares=InstanceShares(settings.instance_quota_per_minute),
            receipts=receipts,
            own_receivers=OwnReceivers(addresses.sealing.keyed_hash),
            tracer=tracer,
        )
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await sources.uses.written()
    finally:
        await published.aclose()
        if pooled is not None:
            await pooled.aclose()
        await tracer.aclose()
        await http.aclose()
        await wake_ups.aclose()
        await pool.close()
