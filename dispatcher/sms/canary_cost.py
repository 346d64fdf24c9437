"""Compute what it costs that the service tests itself by SMS. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from decimal import Decimal

    from channels.sms.contract import Contract

MONTH: Final = timedelta(days=30)
"""What the sums are for: calendar months differ by a tenth."""


@dataclass(frozen=True, slots=True)
class CanaryCost:
    """What the tests of one receiver take in 30 days."""

    texts: int
    parts: int | None
    """None before the first one: the plan of a text counts its parts."""
    price: Decimal | None
    """None where it is not agreed, or there are no parts yet."""
    currency: str


def canary_cost(every: timedelta, text_parts: int | None, contract: Contract | None) -> CanaryCost:
    """Return what a text each `every` takes, of so many parts, at a gateway with this contract; None where there is
    none any more.
    """
    texts = round(MONTH / every)
    parts = None if text_parts is None else texts * text_parts
    price = contract.price_per_part if contract else None
    return CanaryCost(
        texts,
        parts,
        None if parts is None or price is None else parts * price,
        contract.currency if contract else "",
    )
