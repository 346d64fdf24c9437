"""Build what takes the texts that people send back to SMS gateways."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatcher.apps.inbound_texts import InboundTexts, TextedGateway
from dispatcher.audience.phone_numbers import NumberRules
from dispatcher.store.numbers.opt_outs import OptOuts
from dispatcher.wiring.sms.reports import shared_secret

if TYPE_CHECKING:
    from dispatcher.metrics import Metrics
    from dispatcher.settings import Settings
    from dispatcher.store.record import Pool
    from dispatcher.store.sealed.addresses import Addresses


def inbound_by_http(settings: Settings, pool: Pool, addresses: Addresses, metrics: Metrics) -> InboundTexts:
    """Return what takes texts that gateways hand on by HTTP: those with `inbound` in their settings."""
    gateways = {
        item.name: TextedGateway(item.name, shared_secret(item.inbound), item.inbound.inbound_fields())
        for item in settings.sms_gateways
        if item.inbound
    }
    return InboundTexts(gateways, OptOuts(pool, addresses), NumberRules(settings.sms_regions), metrics)


def inbound_by_smpp(settings: Settings, pool: Pool, addresses: Addresses, metrics: Metrics) -> InboundTexts:
    """Return what takes texts that come over the sessions with message centres."""
    inbound = InboundTexts({}, OptOuts(pool, addresses), NumberRules(settings.sms_regions), metrics)
    for gateway in settings.smpp_gateways:
        inbound.know(gateway.name)
    return inbound
