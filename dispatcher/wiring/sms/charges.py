"""Build what counts the parts of SMS, says before what they cost, and keeps them in order."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from channels.clock import elapsed
from dispatcher.intake.preview.sms import SmsPreview
from dispatcher.store.delivery.reports import Reports
from dispatcher.store.sms.charges import Charges
from dispatcher.store.sms.failover import Failover
from dispatcher.store.sms.upkeep import SmsUpkeep
from dispatcher.wiring.sms.gateways import sms_contracts

if TYPE_CHECKING:
    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.metrics import Metrics
    from dispatcher.settings import Settings
    from dispatcher.store import record


def sms_charges(settings: Settings) -> Charges:
    """Return what counts the parts of SMS on record, by these contracts."""
    return Charges([*sms_contracts(settings).values()], settings.time_zone)


def sms_preview(
    settings: Settings, pool: record.Pool, charges: Charges, boundaries: Boundaries
) -> SmsPreview:
    """Return what says before what the SMS of a message cost."""
    return SmsPreview(pool, charges, ZoneInfo(settings.time_zone), boundaries.names())


def sms_upkeep(pool: record.Pool, charges: Charges, metrics: Metrics) -> SmsUpkeep | None:
    """Return what keeps SMS in order; None where there are no gateways."""
    if not charges.contracts:
        return None
    metrics.know_sms_gateways(one.gateway for one in charges.contracts)
    return SmsUpkeep(pool, charges, Failover(pool, charges), Reports(pool), elapsed)
