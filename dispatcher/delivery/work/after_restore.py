"""Decide what becomes of the recipients of a restored record who had no final state when it was saved. Pure.

Nobody knows which of them were sent to between the backup and the loss: each is in doubt, and what is in doubt is sent
again where the retry policy repeats what may have arrived, or where a person sees once what arrives twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatcher.delivery.outcome import may_repeat
from dispatcher.model.vocabulary import TERMINAL_OUTCOMES, UNCERTAIN, State

if TYPE_CHECKING:
    from dispatcher.model.retry_policy import DeliveryPolicy

LABEL, CODE = "uncertain", "restored"
"""What a dead letter says of a recipient who is not sent to again."""


def after_restore(outcomes: bytes, policy: DeliveryPolicy, *, collapses: bool, extreme: bool) -> bytes:
    """Return the outcome bytes of a batch with everybody in doubt who had no final state. `collapses` is the channel's:
    whether a person sees once what arrives twice; `extreme` the severity, and not of an exercise.
    """
    found = bytearray(outcomes)
    for n, outcome in enumerate(outcomes):
        if outcome in TERMINAL_OUTCOMES:
            continue
        again = collapses or may_repeat(policy, outcome, extreme=extreme)
        found[n] = (outcome if again else State.DEAD) | UNCERTAIN
    return bytes(found)
