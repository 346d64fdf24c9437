"""Decide who of a batch goes over to another gateway when its own accepts nothing. Pure.

Whoever was never tried, or was certainly not taken, goes. Who may have it already would get it twice: they go only
where the warning is Extreme, and no more of them than are left of the bound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dispatcher.model.vocabulary import UNCERTAIN, State
from dispatcher.sms.routes import chosen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.sms.routes import Routes

DOUBLES_SHARE: Final = 0.05
"""Of an Extreme warning's SMS recipients, how many at most are sent it again by another gateway although the first may
have reached them. An outage mostly begins with some lost answers, not with all."""
CERTAIN: Final = frozenset({State.PENDING, State.RETRY})


class Takeover(NamedTuple):
    """Who moves, to which gateway, and which of them may get the message twice."""

    moved: dict[int, str]
    uncertain: frozenset[int]


def takeover(recipients: Sequence[int], outcomes: bytes, taking: Routes, doubles: int) -> Takeover:
    """Return who of a batch moves. `doubles`: how many who may have the message already are let go along."""
    certain: list[int] = []
    uncertain: list[int] = []
    for recipient, outcome in zip(recipients, outcomes, strict=True):
        state = State(outcome & ~UNCERTAIN)
        if state.terminal:
            continue
        is_certain = state in CERTAIN and not outcome & UNCERTAIN
        (certain if is_certain else uncertain).append(recipient)
    along = uncertain[: max(0, doubles)]
    return Takeover({one: chosen(taking, one) for one in [*certain, *along]}, frozenset(along))
