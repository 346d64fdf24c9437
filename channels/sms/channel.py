"""SMS: each recipient has a gateway, each gateway a carrier, which speaks its protocol."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol

from channels.base import ChannelLimits, GatewayUnknown
from channels.sms.numbers import check_number

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Mapping, Sequence

    from channels.base import Endpoint, GatewayLimits, Notice, Receipt
    from channels.sms.contract import Contract

LIMITS: Final = ChannelLimits(
    batch=1000,
    payload_bytes=6 * 140,  # six parts of 140 octets (3GPP TS 23.040): what people still read
    concurrency=20,  # providers publish 10 to 100 messages a second; at 0.2 s each this is the upper end
    max_age_s=48 * 3600,  # the validity that networks commonly keep, whatever is asked for
)


class Carrier(Protocol):
    """One gateway, in its protocol. `send` promises what `channels.base.Channel` does; an endpoint's number may be
    none, and is then refused for itself (`numbers.check_number`).
    """

    @property
    def limits(self) -> GatewayLimits: ...

    def send(self, notice: Notice, endpoints: Sequence[Endpoint]) -> AsyncGenerator[list[Receipt], None]: ...

    def parts(self, notice: Notice) -> int:
        """Return into how many parts a text of the notice is split."""
        ...

    async def aclose(self) -> None: ...


class Sms:
    """The channel `sms`. `Endpoint.address` is in E.164, `keys["gateway"]` may name a gateway."""

    name: Final = "sms"
    collapses: Final = False
    """No phone knows that a text is the same once more."""

    def __init__(
        self,
        carriers: Mapping[str, Carrier],
        limits: ChannelLimits = LIMITS,
        contracts: Mapping[str, Contract] = MappingProxyType({}),
    ) -> None:
        """`carriers`, and the `contracts` with their providers, are by gateway. The first takes the endpoints that
        name none, or none that is still there.

        Raises `ValueError` without carriers.
        """
        if not carriers:
            raise ValueError("sms needs at least one gateway")
        self.limits = limits
        self._operators = dict(carriers), dict(contracts)
        self._carriers, self._contracts = self._operators

    def admit(self, carriers: Mapping[str, Carrier], contracts: Mapping[str, Contract]) -> None:
        """Let these be the gateways that single apps have of their own, in place of those so far."""
        operators, agreed = self._operators
        self._carriers, self._contracts = operators | dict(carriers), agreed | dict(contracts)

    def check(self, endpoint: Endpoint) -> None:
        """Check a number. Raises `Permanent` for what is no number in E.164."""
        check_number(endpoint.address)

    def gateway(self, endpoint: Endpoint) -> str:
        """Return the configured name of the gateway."""
        return choose(endpoint.keys.get("gateway", ""), self._carriers)

    def gateway_limits(self, gateway: str) -> GatewayLimits:
        """Return what the gateway's carrier keeps within, and the rate that its contract allows. What no contract says
        is learnt for the account.
        """
        name = choose(gateway, self._carriers)
        limits, contract, account = self._carriers[name].limits, self._contracts.get(name), f"sms:{name}"
        if contract is not None and contract.rate is not None:
            return replace(limits, rate=contract.rate, account=account if contract.shared_rate else "")
        return limits if limits.rate is not None else replace(limits, account=account)

    def units(self, notice: Notice, gateway: str) -> int:
        """Return the parts of a text: providers count them, and networks carry them one by one."""
        return self._carrier(gateway).parts(notice)

    def send(
        self, notice: Notice, gateway: str, endpoints: Sequence[Endpoint]
    ) -> AsyncGenerator[list[Receipt], None]:
        """Let the gateway's carrier send. Raises `GatewayUnknown` for one that is not there any more: who goes by which
        gateway instead is for the record to say, as parts are counted and paid by gateway.
        """
        if gateway not in self._carriers:
            raise GatewayUnknown("not_configured", "the settings have no such gateway", gateway=gateway)
        return self._carriers[gateway].send(notice, endpoints)

    async def aclose(self) -> None:
        """Close all carriers."""
        for carrier in self._carriers.values():
            await carrier.aclose()

    def _carrier(self, gateway: str) -> Carrier:
        return self._carriers[choose(gateway, self._carriers)]


def choose(wanted: str, gateways: Collection[str]) -> str:
    """Return the gateway of a recipient who names `wanted`, of those configured. The first takes those that name none,
    or none that is still there.
    """
    return wanted if wanted in gateways else next(iter(gateways))
