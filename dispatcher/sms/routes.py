"""Decide which gateway takes which recipient: by weight, and for one recipient always the same. Pure.

Each gateway draws a number for a recipient, which follows from both alone, and the smallest takes him (weighted
rendezvous hashing: Schindelhauer and Schomaker, 2005). So nobody changes the gateway when another one comes or goes,
but those whose own went. `dispatcher.store.sms.routing` says the same in SQL, where a plan asks it for a million.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from channels.sms.contract import Contract

DIGITS: Final = 13
"""Hexadecimal digits of the hash that make the number: 52 bits, as many as a float tells apart."""
SCALE: Final = (1 << 52) + 1


@dataclass(frozen=True, slots=True)
class Routes:
    """The gateways that take recipients now. Those with weight 0 take only who names them."""

    names: tuple[str, ...] = ()
    weights: tuple[float, ...] = ()


OWN: Final = "own:"
"""What the name of a gateway begins with that is an instance's own; its id follows. Those of the settings have no
colon."""
NOBODY_NAMES: Final[Mapping[str, int]] = MappingProxyType({})
_ROUNDING: Final = 1e-6
"""What a float that stands for a whole number may lack of it."""
NO_ROUTES: Final = Routes()
"""Nothing is decided: recipients stay with the gateway that they have on record."""


def routes(contracts: Sequence[Contract], unusable: Collection[str] = ()) -> Routes:
    """Return the gateways that take recipients while some are unusable. Where none with a weight is left, those that
    only take over do, all alike; where none is left at all, nothing is gained by leaving anybody out. An app's own
    takes over from nobody.
    """
    common = [one for one in contracts if not one.own]
    usable = [one for one in common if one.gateway not in unusable] or common
    weighted = any(one.weight for one in usable)
    own = [one.gateway for one in contracts if one.own and one.gateway not in unusable]
    return Routes(
        (*(one.gateway for one in usable), *own),
        (*(one.weight if weighted else 1.0 for one in usable), *(0.0 for _ in own)),
    )


def chosen(found: Routes, recipient: int, wanted: str = "") -> str:
    """Return the gateway of a recipient (number of the subscription) who names `wanted`. Raises `ValueError` where
    there is none at all.
    """
    if wanted in found.names:
        return wanted
    weighted = [(name, weight) for name, weight in zip(found.names, found.weights, strict=True) if weight > 0]
    return min(weighted, key=lambda one: _draw(one[0], recipient) / one[1])[0]


def _draw(gateway: str, recipient: int) -> float:
    """Return a number from 0 on, exponentially distributed, that follows from gateway and recipient."""
    digest = hashlib.md5(f"{gateway}:{recipient}".encode(), usedforsecurity=False).hexdigest()
    return -math.log((int(digest[:DIGITS], 16) + 1) / SCALE)


def portions(people: int, by: Mapping[str, int]) -> dict[str, int]:
    """Return how many of so many are of each kind, as among those who were counted; largest remainders are rounded up,
    so that none is lost.
    """
    counted = sum(by.values())
    exact = {name: people * number / counted for name, number in by.items() if number}
    return _whole(people, exact)


def shares(found: Routes, people: int, wanted: Mapping[str, int] = NOBODY_NAMES) -> dict[str, int]:
    """Return how many of so many each gateway takes about. `wanted` says of people like them how many name which
    gateway, by its name, the others by an empty one; without it nobody names any. The largest remainders are rounded
    up, so that none is lost.
    """
    total, counted = sum(found.weights), sum(wanted.values())
    if not total:
        return {}
    named = {name: people * wanted.get(name, 0) / counted if counted else 0.0 for name in found.names}
    spread = people - sum(named.values())
    exact = {
        name: part
        for name, weight in zip(found.names, found.weights, strict=True)
        if (part := named[name] + spread * weight / total) > _ROUNDING
    }
    return _whole(people, exact)


def _whole(people: int, exact: Mapping[str, float]) -> dict[str, int]:
    whole = {name: int(part + _ROUNDING) for name, part in exact.items()}
    left = people - sum(whole.values())
    for name in sorted(exact, key=lambda name: (whole[name] - exact[name], name))[:left]:
        whole[name] += 1
    return whole
