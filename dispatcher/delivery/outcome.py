"""Decide what one receipt means for one recipient. Pure: the channel has classified it."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from channels.base import Consequence, DeliveryError
from dispatcher.model.retry_policy import ResendUncertain
from dispatcher.model.vocabulary import UNCERTAIN, State

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from dispatcher.model.retry_policy import BackoffPolicy, DeliveryPolicy


@dataclass(frozen=True, slots=True)
class RecipientState:
    """The state that a recipient has before an answer."""

    outcome: int
    """The outcome byte so far, whose UNCERTAIN flag is kept."""
    attempts: int
    """Attempts made before this one."""
    eased_s: float = 0.0
    """In how many seconds something may leave to the gateway again, if it has asked for patience."""
    may_repeat: bool = True
    """Whether the message is sent again where nobody knows whether it has arrived, see `may_repeat`."""
    limited_alone: bool = False
    """Whether the gateway may limit one endpoint alone: then one that must wait waits longer each time."""
    collapses: bool = True
    """Whether a person sees once what arrives twice; else who may have got it twice stays uncertain."""


WAITED_OUT_S = 2.0
"""The longest that a gateway's own pace is waited for with the batch in hand: for longer the gateway is paused."""

_FINAL = {
    Consequence.REMOVE: State.GONE,
    Consequence.REJECT: State.REJECTED,
    Consequence.EXPIRE: State.EXPIRED,
}


@dataclass(frozen=True, slots=True)
class Settlement:
    """The new outcome byte that an answer means for a recipient, and what follows from it."""

    outcome: int
    label: str
    code: str
    detail: str
    attempts: int
    due: datetime | None = None
    remove: bool = False
    """Whether the endpoint is gone: then the subscription is ended."""
    pause_s: float = 0.0
    """Seconds for which we were asked to wait. Where one endpoint may be limited alone, it is the gateway that asks
    only of many in a row.
    """
    error: type[DeliveryError] | None = None
    gateway_fault: bool = False
    """Whether the failure may be of the gateway's making."""
    first: bool = True
    """Whether this was the first that was tried for the recipient."""
    log_level: int = logging.DEBUG
    """The log level of the error that it comes from."""

    @property
    def is_accepted(self) -> bool:
        return self.outcome & ~UNCERTAIN == State.ACCEPTED


def backoff_s(
    policy: BackoffPolicy,
    attempts: int,
    random: Callable[[], float],
    *,
    absent: bool = False,
    left_s: float = math.inf,
) -> float:
    """Draw with full jitter: uniform between 0 and base * 2^attempts, capped, and by the `left_s` seconds to the
    deadline too, so that nobody is given up by a long draw. `random` is uniform in [0, 1); `absent`: only a device is
    missing.
    """
    cap_s = max(policy.cap_s, policy.absent_cap_s) if absent else policy.cap_s
    most_s = min(cap_s, policy.base_s * 2.0 ** min(attempts, 30))
    # In the last `base_s` it would be tried ever faster.
    return random() * (left_s if policy.base_s < left_s < most_s else most_s)


def may_repeat(policy: DeliveryPolicy, outcome: int, *, extreme: bool) -> bool:
    """Return whether a message that may have arrived is sent again where a person would get it twice. `outcome` is the
    byte so far: its flag says that it was uncertain before. `extreme` is the severity, and not the lane, in which a
    Severe warning travels too.
    """
    if policy.resend_uncertain is ResendUncertain.EXTREME:
        return extreme and not outcome & UNCERTAIN
    return policy.resend_uncertain is ResendUncertain.ALWAYS


def settle(
    error: DeliveryError | None,
    before: RecipientState,
    policy: DeliveryPolicy,
    *,
    now: datetime,
    deadline: datetime,
    random: Callable[[], float],
) -> Settlement:
    """Decide what an answer means; `error` is None where the gateway took the message."""
    flag, attempts = before.outcome & UNCERTAIN, before.attempts
    if error is None:
        twice = 0 if before.collapses else flag
        return Settlement(State.ACCEPTED | twice, "accepted", "", "", attempts + 1)
    if error.consequence is Consequence.RETRY_UNCERTAIN and not before.may_repeat:
        return _settlement(error, State.DEAD | UNCERTAIN, attempts + 1)
    state = _FINAL.get(error.consequence)
    if state is None:
        return _again(error, before, policy, now=now, deadline=deadline, random=random)
    attempts += error.consequence.is_attempt
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
        error=type(error),
        gateway_fault=error.gateway_fault,
        log_level=error.log_level,
    )


def _again(
    error: DeliveryError,
    before: RecipientState,
    policy: DeliveryPolicy,
    *,
    now: datetime,
    deadline: datetime,
    random: Callable[[], float],
) -> Settlement:
    uncertain = error.consequence is Consequence.RETRY_UNCERTAIN
    flag = UNCERTAIN if uncertain else before.outcome & UNCERTAIN
    left_s = (deadline - now).total_seconds()
    wait_s, pause_s, attempts = _patience(error, before, policy, random, left_s)
    due = now + timedelta(seconds=wait_s)
    if due >= deadline:
        # Too late for this recipient; what the gateway asked for holds for everybody else all the same.
        return _settlement(error, State.EXPIRED | flag, attempts, pause_s=pause_s)
    return _settlement(error, State.RETRY | flag, attempts, due=due, pause_s=pause_s)


def _patience(
    error: DeliveryError,
    before: RecipientState,
    policy: DeliveryPolicy,
    random: Callable[[], float],
    left_s: float,
) -> tuple[float, float, int]:
    """Return how long this recipient waits, how long we are asked to wait, and the attempts made by now. Where the
    gateway did not say how long, its pace decides when something leaves.
    """
    asked_s = min(error.retry_after or 0.0, policy.pauses.retry_after_max_s)
    attempts = before.attempts + error.consequence.is_attempt
    if error.consequence is Consequence.POSTPONE and before.limited_alone:
        pause_s, attempts = asked_s or policy.pauses.rate_limited_s, before.attempts + 1
        return max(pause_s, backoff_s(policy.backoff, attempts, random, left_s=left_s)), pause_s, attempts
    if error.consequence is Consequence.POSTPONE:
        long_s = before.eased_s if before.eased_s > WAITED_OUT_S else 0.0
        return asked_s or before.eased_s, asked_s or long_s, attempts
    wait_s = backoff_s(policy.backoff, attempts, random, absent=error.device_absent, left_s=left_s)
    return max(asked_s, wait_s), asked_s, attempts
