"""Build what records the delivery reports of SMS gateways."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from channels.sms.channel import Sms, choose
from channels.sms.smpp.carrier import WHOLE_TEXT
from dispatcher.access.credentials import SharedSecret
from dispatcher.delivery.reports import DeliveryReports, ReportingGateway, ReportVerdict
from dispatcher.store.delivery.reports import Reports
from dispatcher.traces.tracer import NO_TRACES
from dispatcher.wiring.sms.gateways import sms_gateway_names
from dispatcher.worker.receipt_journal import ReceiptJournal

if TYPE_CHECKING:
    from collections.abc import Callable

    from channels.sms.settings import CallerSettings
    from dispatcher.apps.inbound_texts import InboundTexts
    from dispatcher.metrics import Metrics
    from dispatcher.settings import Settings
    from dispatcher.store import record
    from dispatcher.traces.tracer import Tracer


def delivery_reports(
    settings: Settings, pool: record.Pool, metrics: Metrics, tracer: Tracer = NO_TRACES
) -> DeliveryReports | None:
    """Return what records gateways' reports; None if no gateway is configured to report."""
    gateways = {
        item.name: ReportingGateway(
            name=item.name,
            secret=shared_secret(item.reports),
            fields=item.reports.report_fields(),
        )
        for item in settings.sms_gateways
        if item.reports
    }
    if not gateways:
        return None
    return DeliveryReports(Sms.name, gateways, Reports(pool), metrics, _chosen_gateway(settings), tracer)


def receipt_journal(
    settings: Settings,
    pool: record.Pool,
    metrics: Metrics,
    inbound: InboundTexts,
    tracer: Tracer = NO_TRACES,
) -> ReceiptJournal:
    """Return what ties the receipts of SMPP gateways to messages, and hands on what people send over them."""
    store = Reports(pool)
    for gateway in settings.smpp_gateways:
        metrics.know_reports(Sms.name, gateway.name, tuple(ReportVerdict), ())
    reports = DeliveryReports(Sms.name, {}, store, metrics, _chosen_gateway(settings), tracer)
    return ReceiptJournal(store, reports, metrics, inbound, whole=WHOLE_TEXT)


def _chosen_gateway(settings: Settings) -> Callable[[str], str]:
    """Return what says which gateway sends for one that recipients name."""
    return partial(choose, gateways=sms_gateway_names(settings))


def shared_secret(caller: CallerSettings) -> SharedSecret:
    """Return what a gateway shows that calls us."""
    previous = caller.previous_secret.get_secret_value().encode() if caller.previous_secret else b""
    return SharedSecret(caller.secret.get_secret_value().encode(), previous, caller.previous_until)
