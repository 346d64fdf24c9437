"""Decide who of a batch goes over to another gateway when its own accepts nothing. Pure.

Whoever was never tried, or was certainly not taken, goes. Who may have it already would get it twice: they go only
where the warning is Extreme, and no more of them than are left of the bound. Nobody goes to a gateway whose budget
holds no more, nor to one that is a single app's own: that one hands over, and takes over from nobody.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from dispatcher.model.vocabulary import UNCERTAIN, State
from dispatcher.sms.routes import chosen, routes

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from channels.sms.contract import Contract
    from dispatcher.sms.routes import Routes

DOUBLES_SHARE: Final = 0.05
"""Of an Extreme warning's SMS recipients, how many at most are sent it again by another gateway although the first may
have reached them. An outage mostly begins with some lost answers, not with all."""
CERTAIN: Final = frozenset({State.PENDING, State.RETRY})


class Takeover(NamedTuple):
    """Who moves, to which gateway, and which of them may get the message twice."""

    moved: dict[int, str]
    uncertain: frozenset[int]


UNLIMITED: Final[Mapping[str, int]] = MappingProxyType({})


def takeover(
    recipients: Sequence[int],
    outcomes: bytes,
    contracts: Sequence[Contract],
    out: Collection[str],
    doubles: int,
    most: Mapping[str, int] = UNLIMITED,
) -> Takeover:
    """Return who of a batch moves, away from the gateways that are `out`. `doubles`: how many who may have the message
    already are let go along; `most`: how many at most a gateway takes, where its budget has an end. They go in the
    batch's order until no gateway has room.
    """
    certain: list[int] = []
    uncertain: list[int] = []
    for recipient, outcome in zip(recipients, outcomes, strict=True):
        state = State(outcome & ~UNCERTAIN)
        if state.terminal:
            continue
        is_certain = state in CERTAIN and not outcome & UNCERTAIN
        (certain if is_certain else uncertain).append(recipient)
    along = uncertain[: max(0, doubles)]
    moved = _moved([*certain, *along], contracts, out, most)
    return Takeover(moved, frozenset(along) & moved.keys())


def _moved(
    going: Sequence[int], contracts: Sequence[Contract], out: Collection[str], most: Mapping[str, int]
) -> dict[int, str]:
    """Return the gateway of each of those who go, as far as there is room."""
    left = dict(most)
    common = {one.gateway for one in contracts if not one.own}
    usable = common - set(out) - {name for name, room in left.items() if room <= 0}
    moved: dict[int, str] = {}
    taking = _taking(contracts, usable)
    for recipient in going:
        if not usable:
            break
        gateway = moved[recipient] = chosen(taking, recipient)
        if gateway in left:
            left[gateway] -= 1
            if not left[gateway]:
                usable.remove(gateway)
                taking = _taking(contracts, usable)
    return moved


def _taking(contracts: Sequence[Contract], usable: Collection[str]) -> Routes:
    return routes(contracts, {one.gateway for one in contracts} - set(usable))
