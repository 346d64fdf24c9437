"""Decide whose wake-up a worker takes next from a lane in which several sources have work. Pure.

This is start-time fair queueing (Goyal, Vin, Cheng, SIGCOMM 1996) with every wake-up of equal cost: each source has a
tag that counts its turns, whoever has the lowest is next, and a source that comes anew starts where the others are. So
nobody waits behind the length of another's queue, and nobody saves up turns while it has no work.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EXTRA_SLOTS = 4
"""How many wake-ups a process works on in a lane beyond `WARN_JOBS_PER_LANE`, each for a source that has none of the
slots: so many sources need not wait until a slow gateway has answered another's. One source alone keeps all of
`WARN_JOBS_PER_LANE`."""


class Why(StrEnum):
    """Says why a source is next."""

    ALONE = "alone"
    """No other source has anything to do here."""
    TURN = "turn"
    """Of those that wait it had the fewest turns."""
    EXTRA = "extra"
    """All slots are others', and it has none."""


@dataclass(frozen=True, slots=True)
class WaitingSource:
    """A source with wake-ups that are due. `tag` counts its turns, at least up to where the lane is."""

    source_id: str
    tag: float


@dataclass(frozen=True, slots=True)
class Turn:
    """A source takes one wake-up, for this reason."""

    source_id: str
    why: Why


def next_turns(waiting: Sequence[WaitingSource], working: Mapping[str, int], slots: int) -> list[Turn]:
    """Return who takes the free slots, in order. `working` is what this process works on in the lane, by source. With
    one source all turns are its own, in the order of its queue.
    """
    tags = {one.source_id: one.tag for one in waiting}
    taken = Counter(working)
    turns: list[Turn] = []
    while (turn := _next(tags, taken, slots)) is not None:
        turns.append(turn)
        taken[turn.source_id] += 1
        tags[turn.source_id] += 1
    return turns


def _next(tags: Mapping[str, float], taken: Counter[str], slots: int) -> Turn | None:
    total = taken.total()
    if total < slots:
        candidates, why = list(tags), Why.TURN
    elif total < slots + EXTRA_SLOTS:
        candidates, why = [source_id for source_id in tags if not taken[source_id]], Why.EXTRA
    else:
        return None
    if not candidates:
        return None
    chosen = min(candidates, key=lambda source_id: (tags[source_id], taken[source_id], source_id))
    alone = len(tags) == 1 and total == taken[chosen]
    return Turn(chosen, Why.ALONE if alone else why)
