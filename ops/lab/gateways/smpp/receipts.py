"""Delivery receipts of the stand-in SMS centre: what is said of a message, in which form, and in which order."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import msgspec

from ops.lab.gateways.faults import draw
from ops.lab.gateways.smpp.message_ids import IdForm, write_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

FINAL = frozenset({"DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "REJECTD"})
STATES: Mapping[str, int] = {
    "ENROUTE": 1,
    "DELIVRD": 2,
    "EXPIRED": 3,
    "DELETED": 4,
    "UNDELIV": 5,
    "ACCEPTD": 6,
    "UNKNOWN": 7,
    "REJECTD": 8,
}
"""The states of a message as text, and as `message_state` (SMPP 3.4 section 5.2.28 and appendix B)."""
UNKNOWN_NUMBER = 999_999_999
"""The number of a message that no centre ever took."""


class Sequence(StrEnum):
    """Names what is said of a message, one receipt after the other."""

    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"
    REJECTED = "rejected"
    DELETED = "deleted"
    LOST = "lost"
    """The centre does not know what became of it, and nothing follows."""
    DUPLICATED = "duplicated"
    CONTRADICTED = "contradicted"
    """Delivered, after it was said to have failed."""
    DISORDERED = "disordered"
    """A state that is not final comes last."""
    FOREIGN = "foreign"
    """A receipt for a message that nobody sent comes before the right one."""
    PARTED = "parted"
    """Of several parts the first is delivered, and no other."""
    SILENT = "silent"


SEQUENCES: Mapping[Sequence, tuple[str, ...]] = {
    Sequence.DELIVERED: ("DELIVRD",),
    Sequence.FAILED: ("UNDELIV",),
    Sequence.EXPIRED: ("ENROUTE", "EXPIRED"),
    Sequence.REJECTED: ("REJECTD",),
    Sequence.DELETED: ("DELETED",),
    Sequence.LOST: ("UNKNOWN",),
    Sequence.DUPLICATED: ("DELIVRD", "DELIVRD"),
    Sequence.CONTRADICTED: ("UNDELIV", "DELIVRD"),
    Sequence.DISORDERED: ("ACCEPTD", "DELIVRD", "ENROUTE"),
    Sequence.FOREIGN: ("DELIVRD",),
    Sequence.PARTED: ("DELIVRD",),
    Sequence.SILENT: (),
}


class Form(StrEnum):
    """Names where a receipt says which message it is about, and what became of it."""

    TEXT = "text"
    TLV = "tlv"
    """In `receipted_message_id` and `message_state` alone; there is no text."""
    BOTH = "both"


class Dates(StrEnum):
    """Names how a receipt writes its dates."""

    MINUTES = "minutes"
    """Ten digits, as appendix B of SMPP 3.4 has them."""
    SECONDS = "seconds"
    """Twelve."""
    ZERO = "zero"
    """Ten zeros for a date that is not known."""


class ReceiptPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Says how to report on messages. All receipts of a text have the sequence that seed and recipient draw."""

    sequences: tuple[Sequence, ...] = (Sequence.DELIVERED,)
    seed: int = 0
    early: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    """The share of messages whose first receipt is sent before the answer."""
    delay_s: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """How long after the answer the first is sent, and after each the next."""
    hold: Annotated[int, msgspec.Meta(ge=0)] = 0
    """So many are kept back and sent in the opposite order."""
    form: Form = Form.BOTH
    dates: Dates = Dates.MINUTES
    ids: IdForm | None = None
    """The form of ids in receipts; None: as in the answer."""
    error: str = "000"
    doubled: bool = False
    """Each receipt is sent twice."""


class Receipt(msgspec.Struct, frozen=True):
    """One receipt: the number of the message, as its centre counts, and its state."""

    message: int
    state: str


def planned(plan: ReceiptPlan, recipient: str, message: int, part: int) -> list[Receipt]:
    """Return the receipts for one part of a text to `recipient`, in their order."""
    sequence = plan.sequences[int(draw(plan.seed, 0, recipient, 1) * len(plan.sequences))]
    states = SEQUENCES[sequence]
    if sequence is Sequence.PARTED and part > 1:
        states = ("UNDELIV",)
    receipts = [Receipt(message, state) for state in states]
    if sequence is Sequence.FOREIGN:
        receipts.insert(0, Receipt(UNKNOWN_NUMBER, "UNDELIV"))
    return [one for one in receipts for _ in range(1 + plan.doubled)]


def overtakes(plan: ReceiptPlan, message: int) -> bool:
    """Return whether the first receipt is sent before the answer."""
    return draw(plan.seed, 1, str(message), 1) < plan.early


def receipt_text(plan: ReceiptPlan, receipt: Receipt, answered: IdForm, at: datetime) -> str:
    """Write the receipt in words, after appendix B of SMPP 3.4; `answered` is the form of ids in answers."""
    date = {Dates.MINUTES: f"{at:%y%m%d%H%M}", Dates.SECONDS: f"{at:%y%m%d%H%M%S}", Dates.ZERO: "0" * 10}
    delivered = int(receipt.state == "DELIVRD")
    return (
        f"id:{receipt_id(plan, receipt, answered)} sub:001 dlvrd:{delivered:03} submit date:{date[plan.dates]}"
        f" done date:{date[plan.dates]} stat:{receipt.state} err:{plan.error} text:"
    )


def receipt_id(plan: ReceiptPlan, receipt: Receipt, answered: IdForm) -> str:
    """Return the id by which the receipt names its message."""
    return write_id(plan.ids or answered, receipt.message)
