"""Gateways as the channel uses them, made of what an operator writes."""

from typing import Any

from channels.sms.http.provider import SmsGateway
from channels.sms.settings import SmsGatewaySettings


def sms_gateway(name: str, url: str, **settings: Any) -> SmsGateway:
    return SmsGatewaySettings(name=name, url=url, **settings).gateway()
