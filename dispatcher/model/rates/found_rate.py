"""Hold what was found of the rate that an account takes, in the form in which processes share it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Final

MEMORY_S: Final = 3.0
"""How long acceptances are remembered: the best second of these counts, since the last may have been a quiet one."""
CALM_FIRST_S: Final = 1.0
"""How long the first rate is kept before it is raised. It was measured on a burst, and a gateway that spaces messages
takes one of a burst."""
GROWTH_FIRST: Final = 1.0
"""The share by which the first rate grows in a second."""
GROWTH: Final = 0.02
"""The share by which a rate grows in the first second after the calm, doubled with each second."""
GROWTH_MAX: Final = 0.5
GROWS_S: Final = 60.0
"""For how many seconds a rate grows at most without a refusal: by then nothing is limited any more."""


@dataclass(frozen=True, slots=True)
class FoundRate:
    """A rate that was found at a refusal, and what became of it."""

    version: int
    """Grows with each refusal that was learnt from: of two the later holds."""
    rate: float
    """Units a second, as they were found: the rate of now is larger once it grows."""
    spaced: bool = False
    """Whether it was found at even spacing, and not on a burst."""
    calm_s: float = CALM_FIRST_S
    """How long it is kept before it grows."""
    used_s: float = 0.0
    """For how long it has been made use of since."""
    fruitless: int = 0
    """Refusals without an acceptance between them."""

    def __post_init__(self) -> None:
        """Raise `ValueError` for a rate that is none: it may come from another process."""
        if not (0 < self.rate < inf and self.calm_s >= 0 and self.used_s >= 0 and self.fruitless >= 0):
            raise ValueError("a rate that is none")

    @property
    def is_grown(self) -> bool:
        """Whether it has been raised since."""
        return self.used_s > self.calm_s

    @property
    def rate_now(self) -> float:
        """Return the units a second that are tried now."""
        over_s = min(GROWS_S, self.used_s - self.calm_s)
        if over_s <= 0:
            return self.rate
        if not self.spaced:
            return float(self.rate * (1.0 + GROWTH_FIRST) ** over_s)
        rate, share = self.rate, GROWTH
        while over_s > 0 and share < GROWTH_MAX:
            rate *= (1.0 + share) ** min(1.0, over_s)
            over_s, share = over_s - 1.0, 2 * share
        return float(rate * (1.0 + GROWTH_MAX) ** max(0.0, over_s))
