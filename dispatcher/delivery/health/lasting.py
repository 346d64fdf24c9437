"""Decide whether a recipient's error lasts: it is the recipient's own, and waiting does not mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from dispatcher.model.retry_policy import LastingPolicy

AT_ONCE_S: Final = 5.0
"""Answers that came so close together are of one moment of the gateway's."""


@dataclass(frozen=True, slots=True)
class Streak:
    """Attempts of one recipient that failed alike."""

    attempts: int
    seconds: float
    """Between the first of them and the last."""


def is_lasting(streak: Streak, accepted_s: float, policy: LastingPolicy) -> bool:
    """Return whether the recipient is given up. `accepted_s` is how many seconds ago the gateway last accepted anybody,
    infinity where that is not known.
    """
    if streak.attempts < policy.attempts:
        return False
    if streak.seconds >= policy.after_s and accepted_s <= policy.after_s:
        return True
    return streak.seconds >= policy.alone_s and accepted_s <= streak.seconds + AT_ONCE_S
