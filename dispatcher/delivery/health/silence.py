"""Decide how many more may be sent to beside those of a batch who are not answered. Pure: time is a parameter
(monotonic seconds).

A slice is quiet when nothing was heard of it for a moment, although a good part of it was answered and the gateway
accepted somebody since it left: the rest are slow, or hang, and the next slice leaves beside them. It is silent when it
is older than is usual at the gateway, too. Then those who are not answered leave their places. A gateway that answers
nobody is given nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

QUIET_SHARE: Final = 0.05
"""How long a slice may pause, as a share of what is usual: answers come in bursts."""
ANSWERED_SHARE: Final = 1 / 3
"""The share of a slice that was answered at least where it is quiet: else rather the gateway is slow."""
SLICES: Final = 3
"""How many slices' recipients have places and no answer at most, of a batch: each slice leaves the share behind that
hangs, until it is silent."""
SOON_S: Final = 0.001
"""The loop's clock is no finer."""


@dataclass(frozen=True, slots=True)
class AwaitedSlice:
    """What is known of a slice some of whom may have no answer."""

    size: int
    """How many the slice had."""
    count: int
    """How many of them have a place and no answer."""
    left_at: float
    heard_at: float
    """When something was heard of the slice last; `left_at`: nothing was; infinity: what was heard is being written
    down."""
    fresh: bool = True
    """Whether they are tried for the first time. Retries are waited for."""

    def quiet_in_s(self, usual_s: float, now: float) -> float:
        """Return in how many seconds the slice has paused, if nothing is heard."""
        return max(0.0, self.heard_at + QUIET_SHARE * usual_s - now)

    def silent_in_s(self, usual_s: float, now: float) -> float:
        """Return in how many seconds it is also older than is usual."""
        return max(self.quiet_in_s(usual_s, now), self.left_at + usual_s - now)

    def is_quiet(self, accepted_at: float, usual_s: float, now: float) -> bool:
        """Whether the rest need not be waited for; `accepted_at` is when the gateway last accepted anybody. Where all
        were answered, what the slice as a whole shows of the gateway is to be known first.
        """
        part = 0 < self.count <= (1 - ANSWERED_SHARE) * self.size
        return part and self.fresh and accepted_at >= self.left_at and not self.quiet_in_s(usual_s, now)

    def is_silent(self, accepted_at: float, usual_s: float, now: float) -> bool:
        """Whether those who are not answered leave their places."""
        return self.fresh and accepted_at >= self.left_at and not self.silent_in_s(usual_s, now)


@dataclass(frozen=True, slots=True)
class Room:
    """How many recipients the next slice may have, at most."""

    recipients: int
    """0: it has to wait."""
    look_s: float = 0.0
    """In how many seconds to look again, unless a slice has landed before."""
    overdue: bool = False
    """Whether nothing is to be expected soon: whoever waits gives its place among the jobs away."""


def room(
    unanswered: Sequence[AwaitedSlice], most: int, accepted_at: float, usual_s: float, now: float
) -> Room:
    """Return how many may be sent to beside these of a batch, whose slices have `most` recipients."""
    free = min(most, SLICES * most - sum(one.count for one in unanswered))
    if free > 0 and all(one.is_quiet(accepted_at, usual_s, now) for one in unanswered):
        return Room(free)
    if not any(one.silent_in_s(usual_s, now) for one in unanswered):
        return Room(0, usual_s, overdue=True)
    pauses = [one.quiet_in_s(usual_s, now) for one in unanswered]
    return Room(0, min((pause for pause in pauses if SOON_S < pause < inf), default=QUIET_SHARE * usual_s))
