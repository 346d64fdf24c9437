"""Let SMS gateways that single apps have of their own take their people, from soon after they are on record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from channels.sms.own_gateway import own_gateway
from dispatcher.apps.own_credentials import INTERVAL_S, OwnCredentials
from dispatcher.sms.routes import OWN

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from channels.sms.contract import Contract
    from channels.sms.settings import SmsGatewaySettings
    from dispatcher.model.principals import ChannelCredential


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


def newest(opened: Sequence[tuple[ChannelCredential, bytes]]) -> dict[str, OwnGateway | str]:
    """Return by its name each gateway that serves, of what is on record, opened; in place of one that is none why."""
    found: dict[str, OwnGateway | str] = {}
    for credential, plain in opened:
        if credential.replaced_at is None:
            try:
                found[f"{OWN}{credential.instance_id}"] = OwnGateway.of(credential.instance_id, plain)
            except ValueError as error:
                found[f"{OWN}{credential.instance_id}"] = str(error)
    return found


class OwnGateways(OwnCredentials[OwnGateway]):
    """Runs beside the lanes of a worker."""

    task = "own_gateways"
    unusable = "own_gateway_unusable"

    def __init__(
        self,
        opened: Callable[[], Awaitable[Sequence[tuple[ChannelCredential, bytes]]]],
        admit: Callable[[Sequence[OwnGateway]], None],
        interval_s: float = INTERVAL_S,
    ) -> None:
        """`opened` returns what is on record, opened; `admit` takes all that there are by now, those so far too."""
        super().__init__(opened, interval_s)
        self._take = admit

    def _serves(self, credential: ChannelCredential) -> bool:
        return credential.replaced_at is None

    def _key(self, credential: ChannelCredential) -> tuple[str, str]:
        return credential.instance_id, credential.fingerprint

    def _make(self, credential: ChannelCredential, plain: bytes) -> OwnGateway:
        return OwnGateway.of(credential.instance_id, plain)

    def _admit(self, made: Sequence[OwnGateway]) -> None:
        self._take(made)
