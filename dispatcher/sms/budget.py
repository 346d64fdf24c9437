"""Decide which batches of SMS the agreed budgets hold, and where those go that one does not. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
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
    """A batch that was planned for a gateway: of so many people, whose text has so many parts at each gateway."""

    batch_id: int
    gateway: str
    people: int
    parts: Mapping[str, int]
    """Parts of one text, by gateway."""
    unstoppable: bool = False
    """Whether it is sent whatever it costs: an Extreme warning, or an end."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where so many people of a batch go. `gateway` None: they wait for a person."""

    batch_id: int
    gateway: str | None
    people: int


def room(contract: Contract, spent: Spent) -> int | None:
    """Return how many parts a warning may still have at a gateway; None: as many as it likes."""
    limits = [(contract.parts_per_alert, spent.alert), (contract.parts_per_month, spent.month)]
    left = [limit - used for limit, used in limits if limit is not None]
    return max(0, min(left)) if left else None


def room_in_month(contract: Contract, spent: Spent) -> float:
    """Return how many parts a gateway may still have in this month, whatever for; infinity: as many as it likes."""
    return inf if contract.parts_per_month is None else max(0, contract.parts_per_month - spent.month)


def placed(
    loads: Sequence[Load], contracts: Sequence[Contract], spent: Mapping[str, Spent]
) -> list[Placement]:
    """Return where the people of each batch go, batch by batch. As many as a gateway's budget holds stay with it; the
    others go to the next with room, those with a weight first, in the order of the settings. So budgets are used to the
    full, and what many small batches and one large one take is the same. Whom an app's own gateway has no room for
    waits for a person: nobody pays for another.
    """
    left = {one.gateway: room(one, spent.get(one.gateway, Spent())) for one in contracts}
    own = {one.gateway for one in contracts if one.own}
    order = [one.gateway for one in sorted(contracts, key=lambda one: not one.weight) if not one.own]
    # Nobody loses the place at his own gateway to one whom another has no room for.
    stay = [_take(left, load.gateway, load.people, load.parts) for load in loads]
    found: list[list[Placement]] = [[] for _ in loads]
    ranks = {name: rank for rank, name in enumerate(order)}
    for n in sorted(range(len(loads)), key=lambda n: ranks.get(loads[n].gateway, len(ranks))):
        load, there = loads[n], {loads[n].gateway: stay[n]}
        missing = load.people - stay[n]
        for gateway in () if load.gateway in own else order:
            if missing and gateway != load.gateway:
                there[gateway] = _take(left, gateway, missing, load.parts)
                missing -= there[gateway]
        if load.unstoppable:
            there[load.gateway] += missing
            missing = 0
        found[n] = [Placement(load.batch_id, name, people) for name, people in there.items() if people]
        if missing:
            found[n].append(Placement(load.batch_id, None, missing))
    return [one for several in found for one in several]


def _take(left: dict[str, int | None], gateway: str, people: int, parts: Mapping[str, int]) -> int:
    """Take room at a gateway for as many of the people as it has. Returns how many these are."""
    there, each = left.get(gateway), parts.get(gateway, 0)
    if there is None or not each:
        return people
    taken = min(people, there // each)
    left[gateway] = there - taken * each
    return taken
