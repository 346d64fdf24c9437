"""Define delivery reports as the record has them, and what several of them say together; and device receipts, which is
what a recipient's device says of a message. Nothing that is promised depends on either.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.model.vocabulary import Lane

PARTS_MAX: Final = 255
"""The most parts of a text that are told apart: their number has one octet (3GPP TS 23.040, 9.2.3.24.1)."""


_CODE: Final = "code"
_TRIAL: Final = "TEST"
_DUTY: Final = "DUTY"
"""How the references of messages begin that belong to no alert. An alert's is a ULID, which begins with a digit."""
_CODE_CHARACTERS: Final = 20


class BesideAlerts(StrEnum):
    """What a message is for that belongs to no alert, of which nothing that is reported is recorded."""

    CODE = "code"
    """It brings a code to a new number, for a test, or to leave by."""
    TRIAL = "trial"
    """An operator wanted to see how a gateway answers."""
    DUTY = "duty"
    """It tells a person on duty of what waits."""


_BESIDE: Final = ((_CODE, BesideAlerts.CODE), (_TRIAL, BesideAlerts.TRIAL), (_DUTY, BesideAlerts.DUTY))


def code_reference(code_digest: bytes) -> str:
    """Return what stands for the alert in the reference of a message with a code: another for each code, as gateways
    drop what is the same once more.
    """
    return f"{_CODE}{code_digest.hex()[:_CODE_CHARACTERS]}"


def trial_reference(now: datetime) -> str:
    """Return the same of an SMS of `gateway test`: another each time."""
    return f"{_TRIAL}{now:%Y%m%d%H%M%S%f}"


def duty_reference(number: int) -> str:
    """Return the same of a message to a person on duty, by its number in the record: the same if it is sent again."""
    return f"{_DUTY}{number}"


def beside_alerts(reference: str) -> BesideAlerts | None:
    """Return what a message with this in place of an alert was for; None where an alert's id may stand there."""
    for begins, purpose in _BESIDE:
        if reference.startswith(begins):
            return purpose
    return None


class Reported(StrEnum):
    """What became of a message, by all that its gateway has reported."""

    DELIVERED = "delivered"
    """It is delivered whole."""
    FAILED = "failed"
    """A part of it, or all, never arrives."""
    PARTIAL = "partial"
    """Some of its parts are delivered, and of the others nothing is known yet."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What final reports say of one message together, whatever their order. A part is named by its number or by the
    provider's id of it; `DeliveryReport.part` says how a report about the whole is named.
    """

    delivered: frozenset[str] = frozenset()
    """The parts that are reported as delivered."""
    failed: frozenset[str] = frozenset()
    code: str = ""
    """The gateway's code: of a failure where there is one, of several the first by the alphabet."""

    def merged(self, other: Evidence) -> Evidence:
        """Return what both say. The order does not matter, nor how often the same is said."""
        delivered, failed = self.delivered | other.delivered, self.failed | other.failed
        decisive = [one for one in (self, other) if bool(one.failed) == bool(failed)]
        codes = sorted(one.code for one in decisive if one.code)
        return Evidence(delivered, failed, codes[0] if codes else "")

    def state(self, parts: int, whole: str) -> Reported | None:
        """Return the state of a message of so many parts, `whole` being the name of all of them; None where nothing
        final is reported.
        """
        if self.failed:
            return Reported.FAILED
        if whole in self.delivered or len(self.delivered) >= max(parts, 1):
            return Reported.DELIVERED
        return Reported.PARTIAL if self.delivered else None

    def contradicts(self, other: Evidence, whole: str) -> bool:
        """Whether the other says the contrary of the same part, or either of them of the whole."""
        for delivered, failed in ((self.delivered, other.failed), (other.delivered, self.failed)):
            if delivered & failed or (failed and whole in delivered) or (delivered and whole in failed):
                return True
        return False


NO_EVIDENCE: Final = Evidence()


@dataclass(frozen=True, slots=True)
class ReportedDelivery:
    """What the record has of one delivery while a report about it is assessed."""

    batch_id: int
    position: int
    recipient: int
    outcome: int
    lane: Lane
    gateways: tuple[str, ...]
    """The gateways that have had the message: the batch's, and those that handed it over."""
    parts: int
    """How many parts the text has; 0 where that is not known."""
    received_at: datetime
    """When the alert was accepted."""
    deadline: datetime
    now: datetime
    evidence: Evidence = NO_EVIDENCE
    """What was reported of it before."""

    @property
    def key(self) -> tuple[int, int]:
        return self.batch_id, self.position


@dataclass(frozen=True, slots=True)
class ReportChange:
    """What new reports change of one delivery: from `before`, which the record must still have, to `after`."""

    batch_id: int
    position: int
    recipient: int
    gateway: str
    before: Evidence
    after: Evidence
    state: Reported
    contradictions: int = 0
    """How many of the new reports say the contrary of what was known."""

    @property
    def key(self) -> tuple[int, int]:
        return self.batch_id, self.position


class ReceiptState(StrEnum):
    """How far a message came on a device. Each state implies those before it."""

    DELIVERED = "delivered"
    """The device, or the phone network for it, has the message."""
    DISPLAYED = "displayed"
    """The device has shown it."""
    CONFIRMED = "confirmed"
    """The person has said that the message was read."""

    @property
    def rank(self) -> int:
        """Return the state's position, 0 first."""
        return tuple(ReceiptState).index(self)


class ReceiptPosition(NamedTuple):
    """Where a recipient's receipt is kept."""

    batch_id: int
    generation: int
    """How often the batch's recipients were renumbered, as a webhook moved, before the message was sent."""
    position: int
    """The recipient's position in the batch, from 0."""


class ReceiptMasks(NamedTuple):
    """Which of a batch's positions are at least so far: bit `n` of each number is position `n`."""

    delivered: int = 0
    displayed: int = 0
    confirmed: int = 0


def no_receipts() -> dict[str, int]:
    """Return the counts of receipts where there is none."""
    return {state.value: 0 for state in ReceiptState}
