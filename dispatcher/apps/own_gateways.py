"""Let SMS gateways that single apps have of their own take their people, from soon after they are on record."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import structlog

from channels.sms.own_gateway import own_gateway
from dispatcher.access.fingerprints import short
from dispatcher.sms.routes import OWN
from dispatcher.store.record import UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from channels.sms.contract import Contract
    from channels.sms.settings import SmsGatewaySettings
    from dispatcher.model.principals import ChannelCredential

INTERVAL_S: Final = 10.0
"""How often is looked for new ones."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class OwnGateway:
    """A gateway of an instance's own, under the name that plans have for it."""

    settings: SmsGatewaySettings
    contract: Contract

    @classmethod
    def of(cls, instance_id: str, plain: bytes) -> OwnGateway:
        """Return the gateway of its credential. Raises `ValueError`."""
        settings = own_gateway(plain)
        # Without a weight nobody goes there but whom the plan sends there.
        contract = replace(settings.contract(f"{OWN}{instance_id}"), own=True, weight=0.0)
        return cls(settings, contract)


class OwnGateways:
    """Looks what is on record, and has it admitted."""

    def __init__(
        self,
        opened: Callable[[], Awaitable[Sequence[tuple[ChannelCredential, bytes]]]],
        admit: Callable[[Sequence[OwnGateway]], None],
        interval_s: float = INTERVAL_S,
    ) -> None:
        """`opened` returns what is on record, opened; `admit` takes all that there are by now, those so far too."""
        self._opened = opened
        self._admit = admit
        self._interval_s = interval_s
        self._known: dict[tuple[str, str], OwnGateway | None] = {}
        """By instance and fingerprint; None for what is no gateway, so that this is said once."""

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(self._interval_s)

    async def look(self) -> None:
        """Admit the gateways that are on record now. An outage of the record is waited out with those known."""
        try:
            found = await self._opened()
        except UNAVAILABLE as error:
            log.warning("record_unavailable", task="own_gateways", error=type(error).__name__)
            return
        newest = [(one, plain) for one, plain in found if one.replaced_at is None]
        known = {(one.instance_id, one.fingerprint): self._gateway(one, plain) for one, plain in newest}
        if known != self._known:
            self._known = known
            self._admit([one for one in known.values() if one is not None])

    def _gateway(self, credential: ChannelCredential, plain: bytes) -> OwnGateway | None:
        key = (credential.instance_id, credential.fingerprint)
        if key in self._known:
            return self._known[key]
        try:
            return OwnGateway.of(credential.instance_id, plain)
        except ValueError as error:
            log.warning(
                "own_gateway_unusable",
                instance=credential.instance_id,
                key=short(credential.fingerprint),
                reason=str(error),
            )
            return None
