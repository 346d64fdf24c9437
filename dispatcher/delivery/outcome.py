"""What one receipt means for one recipient. Pure: the channel classified, here it is decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from channels.base import DeliveryError, Expired, Gone, RateLimited, Transient, Uncertain
from dispatcher.model.vocabulary import UNCERTAIN, State

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

BACKOFF_BASE_S = 0.5
BACKOFF_CAP_S = 60.0
RATE_LIMIT_DEFAULT_S = 5.0
"""How long a gateway is left alone that says 429 without saying for how long."""
RETRY_AFTER_MAX_S = 300.0
"""A gateway may ask for more; it is asked again after five minutes all the same, because the warning cannot wait
for ever on a wrong header."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """The recipient's new outcome byte, and what follows."""

    outcome: int
    label: str
    code: str
    detail: str
    attempts: int
    due: datetime | None = None
    remove: bool = False
    """The endpoint is gone: end the subscription."""
    pause_s: float = 0.0
    """Leave the whole gateway alone for so long."""


def backoff_s(attempts: int, random: Callable[[], float]) -> float:
    """Full jitter: uniform between 0 and base * 2^attempts, capped. `random` is uniform in [0, 1)."""
    return random() * min(BACKOFF_CAP_S, BACKOFF_BASE_S * 2.0 ** min(attempts, 20))


def settle(
    error: DeliveryError | None,
    *,
    outcome: int,
    attempts: int,
    now: datetime,
    deadline: datetime,
    random: Callable[[], float],
) -> Settlement:
    """`outcome` is the byte so far, whose UNCERTAIN flag is kept; `attempts` counts those before this one."""
    flag = outcome & UNCERTAIN
    if error is None:
        return Settlement(State.ACCEPTED, "accepted", "", "", attempts + 1)
    if isinstance(error, Expired):
        return _final(State.EXPIRED | flag, error, attempts)
    if isinstance(error, Gone):
        return _final(State.GONE | flag, error, attempts + 1, remove=True)
    if isinstance(error, Transient):
        return _again(error, flag, attempts, now, deadline, random)
    return _final(State.REJECTED | flag, error, attempts + 1)


def _final(
    outcome: int, error: DeliveryError, attempts: int, *, remove: bool = False, pause_s: float = 0.0
) -> Settlement:
    return Settlement(
        outcome, error.label, error.code, error.detail, attempts, remove=remove, pause_s=pause_s
    )


def _again(
    error: Transient,
    flag: int,
    attempts: int,
    now: datetime,
    deadline: datetime,
    random: Callable[[], float],
) -> Settlement:
    if isinstance(error, Uncertain):
        flag = UNCERTAIN
    asked = min(error.retry_after or 0.0, RETRY_AFTER_MAX_S)
    if isinstance(error, RateLimited):
        # Not an attempt: the gateway did not look at the message.
        wait = pause = asked or RATE_LIMIT_DEFAULT_S
    else:
        attempts += 1
        wait, pause = max(asked, backoff_s(attempts, random)), asked
    due = now + timedelta(seconds=wait)
    if due >= deadline:
        # Too late for this recipient; what the gateway asked for holds for everybody else all the same.
        return _final(State.EXPIRED | flag, error, attempts, pause_s=pause)
    return Settlement(
        State.RETRY | flag, error.label, error.code, error.detail, attempts, due=due, pause_s=pause
    )
