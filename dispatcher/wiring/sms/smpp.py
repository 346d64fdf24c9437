"""Build the SMS gateways over SMPP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from channels.clock import utc_now
from channels.sms.contract import require_usable
from channels.sms.smpp.carrier import SmppCarrier
from dispatcher.model.sentences.count import how_many
from dispatcher.settings import Settings, SettingsError
from dispatcher.wiring.http_client import authorities
from dispatcher.wiring.setting_errors import naming_setting
from dispatcher.worker.message_centres import MessageCentres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from channels.sms.channel import Carrier
    from channels.sms.smpp.carrier import Journal, SmppGateway
    from dispatcher.metrics import Metrics
    from dispatcher.queue.session_notes import SessionNotes
    from dispatcher.worker.receipt_journal import ReceiptJournal


def smpp_gateways(settings: Settings) -> dict[str, SmppGateway]:
    """Return the configured SMPP gateways by name."""
    ca_file = authorities(settings)
    with naming_setting("WARN_SMPP_GATEWAYS"):
        over_http = [item.contract(item.name) for item in settings.sms_gateways]
        require_usable([*over_http, *(item.contract(item.name) for item in settings.smpp_gateways)])
        return {item.name: item.gateway(ca_file) for item in settings.smpp_gateways}


def smpp_carriers(
    settings: Settings, now: Callable[[], datetime] = utc_now, journal: Journal | None = None
) -> dict[str, Carrier]:
    """Return what carries SMS over SMPP, by the gateway's name. Their hosts are the operator's own words: no rule for
    outbound addresses holds for them.
    """
    return {name: SmppCarrier(gateway, journal, now=now) for name, gateway in smpp_gateways(settings).items()}


def require_allowed_sessions(settings: Settings) -> None:
    """Require that the workers together open no more sessions than contracts allow. Raises SettingsError."""
    for item in settings.smpp_gateways:
        planned = item.sessions_of(settings.workers)
        if item.sessions_allowed is not None and planned > item.sessions_allowed:
            raise SettingsError(
                f"WARN_SMPP_GATEWAYS: {item.name}: {how_many(settings.workers, 'worker opens', 'workers open')} "
                f"{how_many(planned, 'session')} and the contract allows {item.sessions_allowed}: fewer sessions, or a "
                "smaller WARN_WORKERS"
            )


def message_centres(
    carriers: Iterable[Carrier],
    journal: ReceiptJournal,
    metrics: Metrics,
    sessions: SessionNotes | None = None,
) -> MessageCentres | None:
    """Return what keeps a worker's SMPP sessions; None where there are none."""
    over_smpp = [carrier for carrier in carriers if isinstance(carrier, SmppCarrier)]
    return MessageCentres(over_smpp, journal, metrics, sessions) if over_smpp else None
