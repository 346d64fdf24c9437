"""Decide which batches of SMS the agreed budgets hold, and where those go that one does not. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from channels.sms.contract import Contract

HELD_FOR_BUDGET: Final = "budget"
"""Why a batch waits for a person: no gateway has as many parts left as it needs."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Parts that a gateway has sent or is about to send."""

    alert: int = 0
    """For this warning."""
    month: int = 0
    """In this calendar month, for this warning too."""


@dataclass(frozen=True, slots=True)
class Load:
    """A batch that was planned for a gateway, and how many parts it needs at each."""

    batch_id: int
    gateway: str
    parts: Mapping[str, int]
    unstoppable: bool = False
    """Whether it is sent whatever it costs: an Extreme warning, or an end."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a batch goes. `gateway` None: it waits for a person."""

    batch_id: int
    gateway: str | None


def room(contract: Contract, spent: Spent) -> int | None:
    """Return how many parts a warning may still have at a gateway; None: as many as it likes."""
    limits = [(contract.parts_per_alert, spent.alert), (contract.parts_per_month, spent.month)]
    left = [limit - used for limit, used in limits if limit is not None]
    return max(0, min(left)) if left else None


def placed(
    loads: Sequence[Load], contracts: Sequence[Contract], spent: Mapping[str, Spent]
) -> list[Placement]:
    """Return where each batch goes. One for which its gateway has no room left goes whole to the next with room: first
    those with a weight, in the order of the settings.
    """
    left = {one.gateway: room(one, spent.get(one.gateway, Spent())) for one in contracts}
    order = [one.gateway for one in sorted(contracts, key=lambda one: not one.weight)]
    found = []
    for load in loads:
        for gateway in [load.gateway, *(name for name in order if name != load.gateway)]:
            needed, there = load.parts.get(gateway, 0), left.get(gateway)
            if there is None or needed <= there:
                break
        else:
            gateway = load.gateway if load.unstoppable else ""
        if gateway and (there := left.get(gateway)) is not None:
            left[gateway] = max(0, there - load.parts.get(gateway, 0))
        found.append(Placement(load.batch_id, gateway or None))
    return found
