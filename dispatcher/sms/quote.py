"""Compute what an SMS to many costs and when the last of them is out, from what is agreed with the gateways. Pure.

A gateway takes parts at the rate of its contract, one batch after the other; gateways work side by side. What is before
a warning at a gateway, of more urgent lanes and of its own, goes first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatcher.model.sms import GatewayQuote, Quote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from channels.sms.contract import Contract


def gateway_quote(
    contract: Contract, people: int, parts: int, *, before: int = 0, room: int | None = None, used: int = 0
) -> GatewayQuote:
    """Return what a gateway has to do for so many people. `before`: parts that go first; `room`: parts that its budget
    still holds, None: any; `used`: parts that it has accepted.
    """
    needed = people * parts
    return GatewayQuote(
        gateway=contract.gateway,
        people=people,
        parts=parts,
        before=before,
        seconds=_seconds(contract, before + needed if people else 0),
        price=_price(contract, needed),
        currency=contract.currency if contract.price_per_part is not None else "",
        over_budget=room is not None and needed > room,
        parts_used=used,
        price_used=_price(contract, used),
    )


def _seconds(contract: Contract, parts: int) -> float | None:
    return None if contract.rate is None else parts / contract.rate


def _price(contract: Contract, parts: int) -> Decimal | None:
    return None if contract.price_per_part is None else contract.price_per_part * parts


def quote(  # noqa: PLR0913 - each is one table of the same gateways
    contracts: Sequence[Contract],
    people: Mapping[str, int],
    parts: Mapping[str, int],
    at: datetime,
    *,
    before: Mapping[str, int],
    rooms: Mapping[str, int | None],
    unstoppable: bool = False,
) -> Quote:
    """Return what so many people by gateway take, with texts of so many parts; gateways without any are left out.
    `unstoppable`: no budget stops it.
    """
    gateways = tuple(
        gateway_quote(
            one,
            people[one.gateway],
            parts.get(one.gateway, 0),
            before=before.get(one.gateway, 0),
            room=rooms.get(one.gateway),
        )
        for one in contracts
        if people.get(one.gateway)
    )
    return Quote(gateways, at, 0 if unstoppable else _held(contracts, gateways, rooms))


def _held(
    contracts: Sequence[Contract], gateways: Sequence[GatewayQuote], rooms: Mapping[str, int | None]
) -> int:
    """Return about how many people no budget holds: what one gateway has no room for goes to another."""
    left = [rooms.get(one.gateway) for one in contracts]
    known = [room for room in left if room is not None]
    parts = max((one.parts for one in gateways), default=0)
    if len(known) < len(left) or not parts:
        return 0
    missing = sum(one.people * one.parts for one in gateways) - sum(known)
    return max(0, -(-missing // parts))
