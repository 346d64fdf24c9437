"""Build what lets apps' own SMS gateways take their people: in workers, and in the API, which says before what they
cost.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import structlog

from channels.http.addresses import Purpose
from channels.sms.channel import Sms
from channels.sms.http.carrier import HttpCarrier, limits_at
from channels.sms.http.rehearsal import require_allowed
from dispatcher.apps.own_gateways import OwnGateways
from dispatcher.store.instances.credentials import InstanceCredentials
from dispatcher.wiring.http_client import exemptions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from channels.base import Channel
    from channels.http.addresses import AddressPolicy
    from channels.http.client import HttpClient
    from channels.sms.channel import Carrier
    from channels.sms.http.provider import SmsGateway
    from dispatcher.apps.own_gateways import OwnGateway
    from dispatcher.settings import Settings
    from dispatcher.store.record import Pool
    from dispatcher.store.sealed.addresses import Addresses
    from dispatcher.store.sms.charges import Charges

log = structlog.get_logger()


async def own_gateways(
    pool: Pool,
    addresses: Addresses,
    charges: Charges,
    carry: Callable[[Sequence[OwnGateway]], Sequence[OwnGateway]] = list,
) -> OwnGateways | None:
    """Return what lets own gateways be counted with, and, by `carry`, sends by them: it returns those that can. Those
    on record now are admitted already. None where the operator has no gateway, and so nobody gets an SMS.
    """
    if not charges.contracts:
        return None

    def admit(found: Sequence[OwnGateway]) -> None:
        charges.admit([one.contract for one in carry(found)])

    found = OwnGateways(partial(InstanceCredentials(pool).opened, Sms.name, addresses), admit)
    await found.look()
    return found


def carrying(
    settings: Settings, http: HttpClient, now: Callable[[], datetime], channel: Channel | None
) -> Callable[[Sequence[OwnGateway]], Sequence[OwnGateway]]:
    """Return what lets the channel send by own gateways. One whose address is not allowed is left out, and the log says
    whose.
    """

    def carry(found: Sequence[OwnGateway]) -> Sequence[OwnGateway]:
        carriers: dict[str, Carrier] = {}
        for one in found:
            name = one.contract.gateway
            try:
                carriers[name] = own_carrier(settings, http, now, one)
            except ValueError as error:
                log.warning("own_gateway_unusable", gateway=name, reason=str(error))
        usable = [one for one in found if one.contract.gateway in carriers]
        if isinstance(channel, Sms):
            channel.admit(carriers, {one.contract.gateway: one.contract for one in usable})
        return usable

    return carry


def own_carrier(
    settings: Settings, http: HttpClient, now: Callable[[], datetime], one: OwnGateway
) -> HttpCarrier:
    """Return what carries SMS by an own gateway. Raises `ValueError` where its address is not allowed."""
    policy = exemptions(settings).policy(Purpose.GATEWAY)
    return HttpCarrier(
        http,
        allowed_gateway(one, policy),
        policy=policy,
        now=now,
        limits=limits_at(one.contract.rate),
        timeout_s=settings.request_timeout_s,
        connect_failures=settings.delivery.breaker.connect_failures,
    )


def allowed_gateway(one: OwnGateway, policy: AddressPolicy) -> SmsGateway:
    """Return an own gateway as the channel uses it. Raises `ValueError` where its address is not allowed."""
    gateway = one.settings.gateway()
    require_allowed(gateway, one.settings.url, policy)
    return gateway
