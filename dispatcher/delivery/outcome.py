"""What one receipt means for one recipient. Pure: the channel classified, here it is decided."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from channels.base import Consequence, DeliveryError
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

_FINAL = {
    Consequence.REMOVE: State.GONE,
    Consequence.REJECT: State.REJECTED,
    Consequence.EXPIRE: State.EXPIRED,
}


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
    gateway_fault: bool = False
    """The gateway is in trouble: many of these open its breaker."""
    log_level: int = logging.DEBUG
    """Of the error that it comes from."""


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
    attempts += error.consequence.is_attempt
    state = _FINAL.get(error.consequence)
    if state is None:
        return _again(error, flag, attempts, now, deadline, random)
    return _settlement(error, state | flag, attempts, remove=error.consequence is Consequence.REMOVE)


def _settlement(
    error: DeliveryError,
    outcome: int,
    attempts: int,
    *,
    due: datetime | None = None,
    remove: bool = False,
    pause_s: float = 0.0,
) -> Settlement:
    return Settlement(
        outcome,
        error.label,
        error.code,
        error.detail,
        attempts,
        due=due,
        remove=remove,
        pause_s=pause_s,
        gateway_fault=error.gateway_fault,
        log_level=error.log_level,
    )


def _again(
    error: DeliveryError,
    flag: int,
    attempts: int,
    now: datetime,
    deadline: datetime,
    random: Callable[[], float],
) -> Settlement:
    if error.consequence is Consequence.RETRY_UNCERTAIN:
        flag = UNCERTAIN
    asked = min(error.retry_after or 0.0, RETRY_AFTER_MAX_S)
    if error.consequence is Consequence.POSTPONE:
        wait = pause = asked or RATE_LIMIT_DEFAULT_S
    else:
        wait, pause = max(asked, backoff_s(attempts, random)), asked
    due = now + timedelta(seconds=wait)
    if due >= deadline:
        # Too late for this recipient; what the gateway asked for holds for everybody else all the same.
        return _settlement(error, State.EXPIRED | flag, attempts, pause_s=pause)
    return _settlement(error, State.RETRY | flag, attempts, due=due, pause_s=pause)
