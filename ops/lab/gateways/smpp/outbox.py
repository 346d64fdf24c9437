"""Sends the receipts: over whatever session may receive, again where one ends without an answer, and keeps account."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from channels.sms.smpp.pdu import Command, ShortMessage, Tag
from ops.lab.gateways.smpp.receipts import (
    STATES,
    UNKNOWN_NUMBER,
    Form,
    Receipt,
    ReceiptPlan,
    overtakes,
    planned,
    receipt_id,
    receipt_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ops.lab.gateways.smpp.message_ids import IdForm
    from ops.lab.gateways.smpp.session import Session
    from ops.lab.gateways.smpp.submission import Submission

RECEIPT = 0x04
"""esm_class of a delivery receipt (SMPP 3.4 section 5.2.12)."""
FAILURES = 2
"""The registered_delivery of senders who want to hear of failures alone."""


class SentReceipt(msgspec.Struct, frozen=True):
    """A receipt that was sent, or waits for a session."""

    recipient: str
    """The recipient key of the message that it is about, also where it names another."""
    message: str
    """The id that it names."""
    part: int
    parts: int
    state: str
    early: bool
    known: bool
    """Whether it names the message that it is about."""
    tries: int
    status: int | None
    """The status it was answered with; None: no answer yet."""


class ReceiptSummary(msgspec.Struct, frozen=True):
    """All receipts, in the order in which they were due, and how many are not answered yet."""

    sent: tuple[SentReceipt, ...]
    open: int


@dataclass(slots=True)
class Due:
    """A receipt on its way."""

    submission: Submission
    receipt: Receipt
    early: bool
    tries: int = 0
    status: int | None = None


class Outbox:
    """Sends receipts by a plan. `receivers` are the sessions that may get them, at the time of the call."""

    def __init__(self, plan: ReceiptPlan, ids: IdForm, receivers: Callable[[], Iterable[Session]]) -> None:
        self._plan = plan
        self._ids = ids
        self._receivers = receivers
        self._account: list[Due] = []
        self._waiting: deque[Due] = deque()
        self._held: list[Due] = []
        self._planned = 0

    @property
    def open(self) -> int:
        """How many receipts are not answered yet."""
        return self._planned + sum(due.status is None for due in self._account)

    def account(self) -> ReceiptSummary:
        sent = tuple(
            SentReceipt(
                due.submission.recipient,
                receipt_id(self._plan, due.receipt, self._ids),
                due.submission.place.number,
                due.submission.place.total,
                due.receipt.state,
                due.early,
                due.receipt.message != UNKNOWN_NUMBER,
                due.tries,
                due.status,
            )
            for due in self._account
        )
        return ReceiptSummary(sent, self.open)

    def follow(self, submission: Submission, message: int, answer: Callable[[], None]) -> None:
        """Have `answer` called, and the part reported on under its number, as far as its sender wants."""
        early = overtakes(self._plan, message)
        wanted = submission.receipts
        receipts = planned(self._plan, submission.recipient, message, submission.place.number)
        dues = [
            Due(submission, receipt, early=early and number == 0)
            for number, receipt in enumerate(receipts)
            if wanted and (wanted != FAILURES or receipt.state != "DELIVRD")
        ]
        if dues and dues[0].early:
            self._due(dues.pop(0))
        answer()
        self._planned += len(dues)
        for number, due in enumerate(dues, 1):
            if self._plan.delay_s:
                loop = asyncio.get_running_loop()
                loop.call_later(self._plan.delay_s * number, self._planned_due, due)
            else:
                self._planned_due(due)

    def _planned_due(self, due: Due) -> None:
        self._planned -= 1
        self._due(due)

    def _due(self, due: Due) -> None:
        self._account.append(due)
        if not self._plan.hold:
            self._send(due)
            return
        self._held.append(due)
        if len(self._held) >= self._plan.hold:
            held, self._held = self._held, []
            for one in reversed(held):
                self._send(one)

    def resume(self) -> None:
        """Send what waits for a session that may receive."""
        for _ in range(len(self._waiting)):
            self._send(self._waiting.popleft())

    def _send(self, due: Due) -> None:
        session = next(iter(self._receivers()), None)
        if session is None:
            self._waiting.append(due)
            return
        due.tries += 1
        session.ask(Command.DELIVER_SM, self._message(due), partial(self._answered, due))

    def _answered(self, due: Due, status: int | None) -> None:
        if status is None:
            self._waiting.append(due)
            asyncio.get_running_loop().call_soon(self.resume)
        else:
            due.status = status

    def _message(self, due: Due) -> ShortMessage:
        plan, receipt = self._plan, due.receipt
        tlvs: tuple[tuple[int, bytes], ...] = ()
        if plan.form is not Form.TEXT:
            identifier = receipt_id(plan, receipt, self._ids).encode() + b"\0"
            tlvs = (
                (Tag.RECEIPTED_MESSAGE_ID, identifier),
                (Tag.MESSAGE_STATE, bytes((STATES[receipt.state],))),
            )
        text = b""
        if plan.form is not Form.TLV:
            text = receipt_text(plan, receipt, self._ids, datetime.now(UTC)).encode()
        number = due.submission.number
        return ShortMessage(
            source_ton=int(number.startswith("+")),
            source=number.removeprefix("+"),
            destination=due.submission.sender,
            esm_class=RECEIPT,
            text=text,
            tlvs=tlvs,
        )
