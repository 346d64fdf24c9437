"""Compute what an SMS to many costs and when the last of them is out, from what is agreed with the gateways. Pure.

A gateway takes parts at the rate of its contract, one batch after the other; gateways work side by side. What is before
a warning at a gateway, of more urgent lanes and of its own, goes first.
"""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from dispatcher.model.sms import GatewayQuote, Quote
from dispatcher.sms.budget import Load, Spent, placed, room

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from channels.sms.contract import Contract
    from dispatcher.model.sms import Stop


class Text(NamedTuple):
    """One text of a warning, such as that in one language."""

    people: Mapping[str, int]
    """How many it goes to, by the gateway by which a plan would send to them."""
    parts: Mapping[str, int]
    """How many parts it has at each gateway."""


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
    parts_needed: int | None = None,
) -> GatewayQuote:
    """Return what a gateway has to do for so many people. `before`: parts that go first; `over_budget`: whether it was
    to take more than its budget holds; `used`: parts that it has accepted; `stopped`: why it takes nothing now, so that
    nobody knows when it ends; `wait_s`: in how many seconds the last of them may be tried at the earliest;
    `parts_needed`: parts of all their texts, where these are different ones. Before a text is counted, which has no
    `parts` then, nobody knows when it ends, and what it costs.
    """
    is_uncounted = people > 0 and parts == 0
    needed = people * parts if parts_needed is None else parts_needed
    return GatewayQuote(
        gateway=contract.gateway,
        people=people,
        parts=parts,
        before=before,
        seconds=None
        if is_uncounted or (stopped and people)
        else _seconds(contract, before + needed if people else 0, wait_s),
        price=None if is_uncounted else _price(contract, needed),
        currency=contract.currency if contract.price_per_part is not None else "",
        over_budget=over_budget,
        parts_used=used,
        price_used=_price(contract, used),
        stopped=stopped,
        parts_needed=parts_needed,
    )


def _seconds(contract: Contract, parts: int, wait_s: float) -> float | None:
    return None if contract.rate is None else max(wait_s, parts / contract.rate)


def _price(contract: Contract, parts: int) -> Decimal | None:
    return None if contract.price_per_part is None else contract.price_per_part * parts


def quote(  # noqa: PLR0913 - each is one table of the same gateways
    contracts: Sequence[Contract],
    texts: Sequence[Text],
    at: datetime,
    *,
    before: Mapping[str, int],
    spent: Mapping[str, Spent],
    stopped: Mapping[str, Stop] = NOTHING_STOPPED,
    unstoppable: bool = False,
) -> Quote:
    """Return what these texts take, by the ways that a plan would send them: what a budget does not hold goes elsewhere
    or waits. Gateways without anybody are left out. `unstoppable`: no budget stops it.
    """
    loads = [
        Load(n, one.gateway, text.people[one.gateway], text.parts, unstoppable)
        for n, text in enumerate(texts)
        for one in contracts
        if text.people.get(one.gateway)
    ]
    going: Counter[str | None] = Counter()
    needed: Counter[str | None] = Counter()
    longest: dict[str | None, int] = {}
    for one in placed(loads, contracts, spent):
        parts = texts[one.batch_id].parts.get(one.gateway or "", 0)
        going[one.gateway] += one.people
        needed[one.gateway] += one.people * parts
        longest[one.gateway] = max(longest.get(one.gateway, 0), parts)
    wanted: Counter[str] = Counter()
    for load in loads:
        wanted[load.gateway] += load.people * load.parts.get(load.gateway, 0)
    return Quote(
        tuple(
            gateway_quote(
                one,
                going[one.gateway],
                longest.get(one.gateway, _longest(texts, one.gateway)),
                before=before.get(one.gateway, 0),
                over_budget=_is_over(one, wanted[one.gateway], spent.get(one.gateway)),
                stopped=stopped.get(one.gateway),
                parts_needed=needed[one.gateway],
            )
            for one in contracts
            if one.gateway in wanted or going[one.gateway]
        ),
        at,
        going[None],
    )


def _longest(texts: Sequence[Text], gateway: str) -> int:
    """Return the parts of the longest text that was to go by a gateway."""
    return max((text.parts.get(gateway, 0) for text in texts if text.people.get(gateway)), default=0)


def _is_over(contract: Contract, needed: int, spent: Spent | None) -> bool:
    left = room(contract, spent or Spent())
    return left is not None and needed > left
