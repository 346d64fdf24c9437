"""Decide whether a gateway accepts anything at all, from what is on record of it: however few people it has. Pure.

The circuit of a gateway opens where many fail in a row. Behind a gateway with few people nobody would ever be handed
over so. What fails of itself is no sign of the gateway: whoever fails alone, soon after others were accepted, may be
sick himself.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Final

SAME_MOMENT_S: Final = 5.0
"""Answers that came so close together are of one moment: who was refused just after others were accepted, among whom he
was sent to, says nothing of the gateway."""


@dataclass(frozen=True, slots=True)
class Refusals:
    """What a gateway did since it last took a message, or refused one for good: it took none."""

    people: int
    """Who was tried since then and waits, each for a failure that may be the gateway's."""
    first_s: float
    """How many seconds ago the first of them failed."""
    well_s: float = inf
    """How many seconds ago it worked; infinity: it never did, as far as the record goes."""

    def are_the_gateways(self, patience_s: float) -> bool:
        """Whether rather the gateway is to blame than the people."""
        return self.people > 1 or self.well_s - self.first_s > patience_s


def accepts_nothing(found: Refusals, patience_s: float | None) -> bool:
    """Return whether others take over: it has accepted nothing for so many seconds, and all that was tried failed.
    None: they never do.
    """
    return patience_s is not None and found.first_s >= patience_s and found.are_the_gateways(patience_s)
