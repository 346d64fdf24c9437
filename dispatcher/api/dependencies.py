"""What an API process depends on; `dispatcher.wiring` builds it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dispatcher.api.body import BodiesInReceipt
from dispatcher.api.console.desk.counts import RecipientCounts
from dispatcher.api.console.desk.shared import SharedReadings
from dispatcher.api.situation.uncounted import UncountedPlaces
from dispatcher.traces.tracer import NO_TRACES

if TYPE_CHECKING:
    from dispatcher.api.canary.receiving import OwnReceivers
    from dispatcher.api.console.parts import ConsoleParts
    from dispatcher.api.credentials import EnvironmentCrossings, RefusedCredentials
    from dispatcher.api.held.parts import HeldParts
    from dispatcher.api.public.streams.telling import PublicStreams
    from dispatcher.api.receipts.collector import ReceiptCollector
    from dispatcher.api.shares import InstanceShares
    from dispatcher.apps.administration import InstanceAdministration
    from dispatcher.apps.enrolment import Enrolment
    from dispatcher.apps.inbound_texts import InboundTexts
    from dispatcher.apps.registration import Registration
    from dispatcher.apps.trial import Trials
    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.delivery.reports import DeliveryReports
    from dispatcher.feeds.services import FeedServices
    from dispatcher.intake.correction.correcting import Corrections
    from dispatcher.intake.four_eyes.deciding import FourEyes
    from dispatcher.intake.submission import SubmissionIntake
    from dispatcher.metrics import Metrics
    from dispatcher.pages.apps import AppPages
    from dispatcher.publication.publisher import Publisher
    from dispatcher.queue.health_ring import HealthRing
    from dispatcher.queue.sign_ups import SignUps
    from dispatcher.runtime.probes import Health
    from dispatcher.settings import Settings
    from dispatcher.signing.message_signer import MessageSigner
    from dispatcher.store.alerts.alerts import Alerts
    from dispatcher.store.alerts.approvals import Approvals
    from dispatcher.store.audience.subscriptions import Subscriptions
    from dispatcher.store.delivery.dead_letters import DeadLetters
    from dispatcher.store.delivery.ledger_reader import LedgerReader
    from dispatcher.store.delivery.status import AlertStatuses
    from dispatcher.store.instances.neighbours import Neighbours
    from dispatcher.store.instances.push_keys import OwnPushKeys
    from dispatcher.store.parties import Parties
    from dispatcher.store.secrets import PushKey
    from dispatcher.store.sources import Sources
    from dispatcher.store.templates import Templates
    from dispatcher.traces.tracer import Tracer


@dataclass(frozen=True, slots=True)
class ApiDependencies:
    """Everything that the routes of one API process need."""

    settings: Settings
    intake: SubmissionIntake
    corrections: Corrections
    approvals: Approvals
    four_eyes: FourEyes
    held: HeldParts
    health_ring: HealthRing
    templates: Templates
    sources: Sources
    alerts: Alerts
    statuses: AlertStatuses
    accounts: LedgerReader
    dead_letters: DeadLetters
    subscriptions: Subscriptions
    boundaries: Boundaries
    metrics: Metrics
    health: Health
    refused_credentials: RefusedCredentials
    crossings: EnvironmentCrossings
    registration: Registration
    trials: Trials
    push_key: PushKey
    enrolment: Enrolment
    sign_ups: SignUps
    parties: Parties
    own_push_keys: OwnPushKeys
    neighbours: Neighbours
    administration: InstanceAdministration
    shares: InstanceShares
    receipts: ReceiptCollector
    own_receivers: OwnReceivers
    publisher: Publisher
    streams: PublicStreams
    signer: MessageSigner
    pages: AppPages
    inbound: InboundTexts
    console: ConsoleParts | None = None
    """What the console needs, where there is one: persons sign in there."""
    feed_services: FeedServices | None = None
    """The services of feeds, where there are any."""
    reports: DeliveryReports | None = None
    """What takes the reports of gateways, where any report deliveries."""
    in_receipt: BodiesInReceipt = field(default_factory=BodiesInReceipt)
    counts: RecipientCounts = field(default_factory=RecipientCounts)
    """How far alerts have come, for all lists that say so of many."""
    uncounted: UncountedPlaces = field(default_factory=UncountedPlaces)
    """Alerts to so many that nobody counts them by municipality just now."""
    tracer: Tracer = NO_TRACES
    """What notes the steps of alerts, where traces are wanted."""
    readings: SharedReadings = field(default_factory=SharedReadings)
    """What those who look at the desk share."""
