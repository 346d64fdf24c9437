"""Define what an SMS to many costs and how long it takes, by gateway and over all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a gateway takes nothing now, since when (None: not known), and when it is tried again."""

    reason: str
    since: datetime | None
    until: datetime


@dataclass(frozen=True, slots=True)
class GatewayQuote:
    """What one gateway has to do."""

    gateway: str
    people: int
    parts: int
    """Parts of one text, of several the longest; 0 where that is not known."""
    before: int = 0
    """Parts that go first."""
    seconds: float | None = None
    """Until the last of them is out; None: the contract says no rate, or it is stopped."""
    price: Decimal | None = None
    currency: str = ""
    over_budget: bool = False
    """Whether its budget does not hold all whom it was to take: `people` are those who go by it all the same."""
    parts_used: int = 0
    """Parts that it has accepted before, for this warning."""
    price_used: Decimal | None = None
    stopped: Stop | None = None
    parts_needed: int | None = None
    """Parts of the texts of all these people, who read different ones; None: all read one of `parts`."""

    @property
    def parts_total(self) -> int:
        return self.people * self.parts if self.parts_needed is None else self.parts_needed


@dataclass(frozen=True, slots=True)
class HeldSms:
    """The SMS of one alert that wait for a person, because no gateway's budget holds them."""

    alert_id: str
    source_id: str
    headline: str
    event: str
    severity: str
    expires: datetime
    recipients: dict[str, int]
    """How many wait, by the gateway at which they would go out."""


@dataclass(frozen=True, slots=True)
class BudgetLeft:
    """What is left of a gateway's budget, in parts; None where there is no such limit."""

    gateway: str
    alert: int | None
    """Of what one warning may have, for this one."""
    alert_limit: int | None
    month: int | None
    """Of this calendar month."""
    month_limit: int | None


@dataclass(frozen=True, slots=True)
class Quote:
    """What an SMS takes, over all gateways."""

    gateways: tuple[GatewayQuote, ...]
    at: datetime
    """The present from which it is counted."""
    held: int = 0
    """How many people's SMS waits, or would wait, for a person, because no budget holds it."""

    @property
    def people(self) -> int:
        return sum(one.people for one in self.gateways)

    @property
    def parts(self) -> int:
        """Return the parts of one text: at most."""
        return max((one.parts for one in self.gateways), default=0)

    @property
    def parts_total(self) -> int:
        return sum(one.parts_total for one in self.gateways)

    @property
    def seconds(self) -> float | None:
        """Return how long the slowest takes; None where a gateway with people says no rate, or is
        stopped.
        """
        busy = [one.seconds for one in self.gateways if one.people]
        known = [seconds for seconds in busy if seconds is not None]
        return max(known, default=0.0) if len(known) == len(busy) else None

    @property
    def finishes_at(self) -> datetime | None:
        return None if self.seconds is None else self.at + timedelta(seconds=self.seconds)

    @property
    def prices(self) -> dict[str, Decimal]:
        """Return the sum for each currency; empty where the price of some is not known."""
        return _sums([(one.currency, one.price) for one in self.gateways if one.people])

    @property
    def over_budget(self) -> bool:
        return any(one.over_budget for one in self.gateways)

    @property
    def parts_used(self) -> int:
        return sum(one.parts_used for one in self.gateways)

    @property
    def prices_used(self) -> dict[str, Decimal]:
        """Return what the parts used cost, for each currency; empty where the price of some is not known."""
        return _sums([(one.currency, one.price_used) for one in self.gateways if one.parts_used])


def _sums(prices: Iterable[tuple[str, Decimal | None]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for currency, price in prices:
        if price is None:
            return {}
        sums[currency] = sums.get(currency, Decimal(0)) + price
    return sums
