"""Compute what an SMS to many costs and when the last of them is out, from what is agreed with the gateways. Pure.

A gateway takes parts at the rate of its contract, one batch after the other; gateways work side by side. What is before
a warning at a gateway, of more urgent lanes and of its own, goes first.
"""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from dispatcher.model.sms import GatewayQuote, Quote
from dispatcher.sms.budget import Load, Spent, placed, room

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from channels.sms.contract import Contract
    from dispatcher.model.sms import Stop

NOTHING_STOPPED: Final[Mapping[str, Stop]] = MappingProxyType({})


def gateway_quote(  # noqa: PLR0913 - each is one figure of the same gateway
    contract: Contract,
    people: int,
    parts: int,
    *,
    before: int = 0,
    over_budget: bool = False,
    used: int = 0,
    stopped: Stop | None = None,
    wait_s: float = 0.0,
) -> GatewayQuote:
    """Return what a gateway has to do for so many people. `before`: parts that go first; `over_budget`: whether it was
    to take more than its budget holds; `used`: parts that it has accepted; `stopped`: why it takes nothing now, so that
    nobody knows when it ends; `wait_s`: in how many seconds the last of them may be tried at the earliest.
    """
    needed = people * parts
    return GatewayQuote(
        gateway=contract.gateway,
        people=people,
        parts=parts,
        before=before,
        seconds=None if stopped and people else _seconds(contract, before + needed if people else 0, wait_s),
        price=_price(contract, needed),
        currency=contract.currency if contract.price_per_part is not None else "",
        over_budget=over_budget,
        parts_used=used,
        price_used=_price(contract, used),
        stopped=stopped,
    )


def _seconds(contract: Contract, parts: int, wait_s: float) -> float | None:
    return None if contract.rate is None else max(wait_s, parts / contract.rate)


def _price(contract: Contract, parts: int) -> Decimal | None:
    return None if contract.price_per_part is None else contract.price_per_part * parts


def quote(  # noqa: PLR0913 - each is one table of the same gateways
    contracts: Sequence[Contract],
    people: Mapping[str, int],
    parts: Mapping[str, int],
    at: datetime,
    *,
    before: Mapping[str, int],
    spent: Mapping[str, Spent],
    stopped: Mapping[str, Stop] = NOTHING_STOPPED,
    unstoppable: bool = False,
) -> Quote:
    """Return what so many people by gateway take, with texts of so many parts, by the ways that a plan would send them:
    what a budget does not hold goes elsewhere or waits. Gateways without any are left out. `unstoppable`: no budget
    stops it.
    """
    loads = [
        Load(n, one.gateway, people[one.gateway], parts, unstoppable)
        for n, one in enumerate(contracts)
        if people.get(one.gateway)
    ]
    going: Counter[str | None] = Counter()
    for placement in placed(loads, contracts, spent):
        going[placement.gateway] += placement.people
    return Quote(
        tuple(
            gateway_quote(
                one,
                going[one.gateway],
                parts.get(one.gateway, 0),
                before=before.get(one.gateway, 0),
                over_budget=_is_over(
                    one, people.get(one.gateway, 0) * parts.get(one.gateway, 0), spent.get(one.gateway)
                ),
                stopped=stopped.get(one.gateway),
            )
            for one in contracts
            if people.get(one.gateway) or going[one.gateway]
        ),
        at,
        going[None],
    )


def _is_over(contract: Contract, needed: int, spent: Spent | None) -> bool:
    left = room(contract, spent or Spent())
    return left is not None and needed > left
