"""Build the SMS gateways over HTTP, and say what is agreed with the providers of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from channels.clock import utc_now
from channels.http.addresses import Purpose
from channels.sms.http.carrier import HttpCarrier, limits_at
from channels.sms.http.rehearsal import require_allowed
from dispatcher.wiring.http_client import exemptions
from dispatcher.wiring.setting_errors import naming_setting

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from channels.http.client import HttpClient
    from channels.sms.channel import Carrier
    from channels.sms.contract import Contract
    from channels.sms.http.provider import SmsGateway
    from dispatcher.settings import Settings


def sms_gateway_names(settings: Settings) -> tuple[str, ...]:
    """Return the names of all SMS gateways, in their order."""
    return (*(item.name for item in settings.sms_gateways), *(item.name for item in settings.smpp_gateways))


def sms_contracts(settings: Settings) -> dict[str, Contract]:
    """Return what is agreed with the providers of SMS gateways, by the gateway's name."""
    return settings.sms_contracts()


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


def sms_carriers(
    settings: Settings, http: HttpClient, now: Callable[[], datetime] = utc_now
) -> dict[str, Carrier]:
    """Return what carries SMS, by the gateway's name."""
    policy = exemptions(settings).policy(Purpose.GATEWAY)
    with naming_setting("WARN_SMS_GATEWAYS"):
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
