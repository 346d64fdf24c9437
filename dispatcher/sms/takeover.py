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


NOBODY_DOUBTFUL: Final[frozenset[str]] = frozenset()


def takeover(  # noqa: PLR0913 - each is one thing that is known of the gateways
    recipients: Sequence[int],
    outcomes: bytes,
    contracts: Sequence[Contract],
    out: Collection[str],
    doubles: int,
    most: Mapping[str, int] = UNLIMITED,
    *,
    doubtful: Collection[str] = NOBODY_DOUBTFUL,
) -> Takeover:
    """Return who of a batch moves, away from the gateways that are `out`. `doubles`: how many who may have the message
    already are let go along; `most`: how many at most a gateway takes, where its budget has an end; `doubtful`: those
    of which nothing shows that they would take anything, where nobody goes while another one has room, and be it one
    that only takes over. They go in the batch's order until no gateway has room.
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
    moved = _moved([*certain, *along], _Gateways(contracts, out, doubtful), most)
    return Takeover(moved, frozenset(along) & moved.keys())


class _Gateways(NamedTuple):
    """What is known of the gateways."""

    contracts: Sequence[Contract]
    out: Collection[str]
    doubtful: Collection[str]

    def taking(self, full: Collection[str]) -> Routes | None:
        """Return which take somebody, but those that are full; None: none does."""
        usable = {one.gateway for one in self.contracts if not one.own}.difference(self.out, full)
        usable = usable.difference(self.doubtful) or usable
        return routes(self.contracts, {one.gateway for one in self.contracts} - usable) if usable else None


def _moved(going: Sequence[int], gateways: _Gateways, most: Mapping[str, int]) -> dict[int, str]:
    """Return the gateway of each of those who go, as far as there is room."""
    left = dict(most)
    full = {name for name, room in left.items() if room <= 0}
    moved: dict[int, str] = {}
    taking = gateways.taking(full)
    for recipient in going:
        if taking is None:
            break
        gateway = moved[recipient] = chosen(taking, recipient)
        if gateway in left:
            left[gateway] -= 1
            if not left[gateway]:
                full.add(gateway)
                taking = gateways.taking(full)
    return moved
