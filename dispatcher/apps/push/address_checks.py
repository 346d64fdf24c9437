"""Ask at night which addresses of phones are still an app's, so that a warning meets few that are gone.

FCM judges the address of a message that it is only to validate, and no phone hears of it. Each address is asked for
once in four weeks, at a hundredth of a project's quota, and never while there is something to deliver.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from channels.base import ChannelError, Consequence
from dispatcher.model.vocabulary import Lane
from dispatcher.store.record import UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from datetime import date, datetime, tzinfo

    from channels.base import Endpoint, Receipt
    from dispatcher.delivery.lanes import LaneGate
    from dispatcher.metrics import Metrics
    from dispatcher.model.retry_policy import SuspicionPolicy
    from dispatcher.store.audience.address_checks import AddressCheckStore, CheckedAddress

NIGHTS: Final = 28
"""Nights in which each address is asked for once."""
BEGINS_HOUR: Final = 2
ENDS_HOUR: Final = 5
AT_ONCE: Final = 100
EVERY_S: Final = 1.0
"""So many each second: a hundredth of what a project may send, of which a refusal counts, too."""
LOOK_EVERY_S: Final = 60.0

log = structlog.get_logger()


class Validating(Protocol):
    """A channel whose far side judges an address without a message."""

    @property
    def name(self) -> str: ...

    def validate(
        self, gateway: str, endpoints: Sequence[Endpoint]
    ) -> AsyncGenerator[list[Receipt], None]: ...


@dataclass(slots=True)
class _Found:
    """What was said of the addresses behind a gateway in a night."""

    answered: int = 0
    gone: list[CheckedAddress] = field(default_factory=list)


def night_of(now: datetime, zone: tzinfo) -> date | None:
    """Return the day in whose small hours it is, where people live; None at any other time."""
    local = now.astimezone(zone)
    return local.date() if BEGINS_HOUR <= local.hour < ENDS_HOUR else None


class AddressChecks:
    """Runs beside the lanes of a worker. One that stops leaves the rest of its night for four weeks later."""

    def __init__(  # noqa: PLR0913 - dependencies, each named at the call
        self,
        channel: Validating,
        store: AddressCheckStore,
        *,
        gate: LaneGate,
        metrics: Metrics,
        suspicion: SuspicionPolicy,
        now: Callable[[], datetime],
        zone: tzinfo,
        leads: Callable[[], bool],
        every_s: float = EVERY_S,
    ) -> None:
        """`leads`: whether this process is the one that does it; `suspicion` says when too many are called gone."""
        self._channel = channel
        self._store = store
        self._gate = gate
        self._metrics = metrics
        self._suspicion = suspicion
        self._now = now
        self._zone = zone
        self._leads = leads
        self._every_s = every_s
        self._done: date | None = None

    async def run(self) -> None:
        """Look until cancelled. An outage of the record ends a night's work."""
        while True:
            try:
                await self.look()
            except UNAVAILABLE as error:
                log.warning("record_unavailable", task="address_checks", error=type(error).__name__)
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Check a night's part, if it is night and this process has not done it yet."""
        night = night_of(self._now(), self._zone)
        if night is None or night == self._done or not self._leads():
            return
        self._done = night
        found: defaultdict[str, _Found] = defaultdict(_Found)
        stopped: set[str] = set()
        after, part = 0, night.toordinal() % NIGHTS
        name = self._channel.name
        while page := await self._store.portion(name, after, AT_ONCE, part=part, parts=NIGHTS):
            if night_of(self._now(), self._zone) != night:
                break
            for gateway in {one.gateway for one in page} - stopped:
                await self._gate.stand_aside(Lane.EXERCISE)
                asked = [one for one in page if one.gateway == gateway]
                if not await self._ask(gateway, asked, found[gateway]):
                    stopped.add(gateway)
            after = page[-1].endpoint.id
            await asyncio.sleep(self._every_s)
        for one in found.values():
            await self._end(one)

    async def _ask(self, gateway: str, asked: Sequence[CheckedAddress], found: _Found) -> bool:
        """Ask for these. Returns whether the gateway may be asked for others."""
        by_id = {one.endpoint.id: one for one in asked}
        try:
            async for receipts in self._channel.validate(gateway, [one.endpoint for one in asked]):
                for receipt in receipts:
                    self._note(receipt, by_id, found)
        except ChannelError as error:
            # The next warning would meet the same: somebody may mend it in the morning.
            level = log.error if error.needs_person else log.warning
            level("address_checks_stopped", channel=self._channel.name, gateway=gateway, code=error.code)
            return False
        return True

    def _note(self, receipt: Receipt, asked: dict[int, CheckedAddress], found: _Found) -> None:
        gone = receipt.error is not None and receipt.error.consequence is Consequence.REMOVE
        if gone:
            found.gone.append(asked[receipt.endpoint_id])
        found.answered += gone or receipt.accepted
        result = "gone" if gone else "valid" if receipt.accepted else "unknown"
        self._metrics.addresses_checked.labels(self._channel.name, result).inc()

    async def _end(self, found: _Found) -> None:
        """End those that are gone, unless so many are called so that this is not believed."""
        count = len(found.gone)
        # However few they are: a small town's part of a night is a handful, and the next warning finds who is gone.
        if count > self._suspicion.gone_share * found.answered:
            self._metrics.removals_withheld.labels(self._channel.name).inc()
            return
        for start in range(0, count, AT_ONCE):
            ended = await self._store.end(found.gone[start : start + AT_ONCE])
            self._metrics.endpoints_removed.labels(self._channel.name).inc(ended)
