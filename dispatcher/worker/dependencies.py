"""Name what a worker process is made of; `dispatcher.wiring` puts it together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dispatcher.runtime.memory_watchdog import MemoryWatchdog

if TYPE_CHECKING:
    from channels.webpush.keys.key_maker import KeyMaker
    from dispatcher.apps.own_gateways import OwnGateways
    from dispatcher.apps.push.address_checks import AddressChecks
    from dispatcher.apps.push.own_apple_apps import OwnAppleApps
    from dispatcher.apps.push.own_projects import OwnProjects
    from dispatcher.delivery.deliverer import Deliverer
    from dispatcher.delivery.planner import Planner
    from dispatcher.delivery.reconciler import Reconciler
    from dispatcher.feeds.scheduler import FeedScheduler
    from dispatcher.metrics import Metrics
    from dispatcher.runtime.probes import Health
    from dispatcher.traces.tracer import Tracer
    from dispatcher.worker.approvals.counts import ApprovalCounts
    from dispatcher.worker.approvals.timers import ApprovalTimers
    from dispatcher.worker.audit.keeper import AuditKeeper
    from dispatcher.worker.canary.running import CanaryTests
    from dispatcher.worker.endpoint_messages import EndpointMessageSender
    from dispatcher.worker.health.certificates import CertificateExamination
    from dispatcher.worker.health.examination import SelfExamination
    from dispatcher.worker.health.noting import HealthNotes
    from dispatcher.worker.instance_keys import InstanceKeys
    from dispatcher.worker.key_precomputer import KeyPrecomputer
    from dispatcher.worker.message_centres import MessageCentres
    from dispatcher.worker.message_withdrawals import MessageWithdrawals
    from dispatcher.worker.on_duty.desk import DutyDesk
    from dispatcher.worker.vapid_key_notes import VapidKeyNotes


@dataclass(frozen=True, slots=True)
class WorkerDependencies:
    """The parts that one worker process is made of."""

    planner: Planner
    deliverer: Deliverer
    reconciler: Reconciler
    metrics: Metrics
    health: Health
    feed_scheduler: FeedScheduler | None = None
    """Polls the feeds, where there are any."""
    key_precomputer: KeyPrecomputer | None = None
    """Keeps message keys ready, where that is wanted."""
    key_maker: KeyMaker | None = None
    """Has those that are missing made in another process, where that has a processor."""
    message_centres: MessageCentres | None = None
    """Keeps sessions with SMPP gateways, where there are any."""
    vapid_key_notes: VapidKeyNotes | None = None
    """Keeps what is learnt of subscriptions' VAPID keys."""
    instance_keys: InstanceKeys | None = None
    """Lets keys that apps have of their own sign."""
    own_projects: OwnProjects | None = None
    """Lets apps' Firebase projects be sent for."""
    own_apple_apps: OwnAppleApps | None = None
    """Lets apps on iPhones be sent for."""
    own_gateways: OwnGateways | None = None
    """Lets SMS gateways that apps have of their own take their people."""
    message_withdrawals: MessageWithdrawals | None = None
    """Takes back messages that an end did not reach."""
    address_checks: AddressChecks | None = None
    """Asks at night which addresses of phones are still an app's."""
    endpoint_messages: EndpointMessageSender | None = None
    """Sends codes to endpoints."""
    approval_timers: ApprovalTimers | None = None
    """Reminds of what waits for a second person."""
    approval_counts: ApprovalCounts | None = None
    """Counts whom a warning would reach that waits, where nobody could before."""
    duty_desk: DutyDesk | None = None
    """Tells people on duty of what waits for them."""
    audit_keeper: AuditKeeper | None = None
    """Chains the audit trail."""
    canary_tests: CanaryTests | None = None
    """Tests the service on its own endpoints, where there are any."""
    health_notes: HealthNotes | None = None
    """Notes what the health page shows of this worker."""
    self_examination: SelfExamination | None = None
    """Looks at what this worker stands on."""
    tracer: Tracer | None = None
    """Notes the steps of alerts, where traces are wanted."""
    certificate_examination: CertificateExamination | None = None
    """Looks when certificates end."""
    watchdog: MemoryWatchdog = field(default_factory=MemoryWatchdog)
