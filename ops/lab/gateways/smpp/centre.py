"""The stand-in SMS centre: whom it lets in, what it takes, what it writes down before it says so."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from channels.sms.smpp.pdu import BindAnswer, BindRequest, Command, MessageAnswer, Pdu, ShortMessage
from ops.lab.gateways.faults import Faults
from ops.lab.gateways.smpp.effects import perform
from ops.lab.gateways.smpp.faults import TAKING, SmppFaultKind, SmppRequest, SmppRule
from ops.lab.gateways.smpp.message_ids import write_id
from ops.lab.gateways.smpp.outbox import Outbox
from ops.lab.gateways.smpp.parts import Assembly, Place
from ops.lab.gateways.smpp.submission import Submission, examine
from ops.lab.gateways.smpp.terms import QUEUE_FULL, THROTTLED, Rate, Terms
from ops.lab.world.ledger import Entry

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Iterator

    from ops.lab.gateways.journal import Journal
    from ops.lab.gateways.smpp.receipts import ReceiptPlan
    from ops.lab.gateways.smpp.session import Session

WRONG_STATE, ALREADY_BOUND, WRONG_PASSWORD, WRONG_SYSTEM_ID, WRONG_COMMAND = 0x04, 0x05, 0x0E, 0x0F, 0x03
"""ESME_RINVBNDSTS, ESME_RALYBND, ESME_RINVPASWD, ESME_RINVSYSID, ESME_RINVCMDID (SMPP 3.4 section 5.1.3)."""
SYSTEM_ID = "standin"


@dataclass(frozen=True, slots=True)
class Account:
    """Who may bind. An empty `system_id` lets everybody in."""

    channel: str
    system_id: str = ""
    password: str = ""
    alert: re.Pattern[str] | None = None
    """What names the alert in a text that belongs to one: its first group."""


class Centre:
    """A stand-in SMS centre on a running loop. What is known of earlier runs comes from its ledger."""

    def __init__(self, account: Account, journal: Journal, earlier: Iterable[Entry] = ()) -> None:
        self.sessions: list[Session] = []
        self.counts: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self.outbox: Outbox | None = None
        self.terms = Terms()
        self._account = account
        self._journal = journal
        self._rate = Rate(self.terms)
        self._assembly = Assembly()
        self._attempts: Counter[str] = Counter()
        self._taken = 0
        self._faults: dict[SmppRequest, Faults[SmppRule]] = {}
        self.set_faults(())
        for entry in earlier:
            self._recall(entry)

    def _recall(self, entry: Entry) -> None:
        """Know again what was taken before the process was killed: ids go on, and missing parts may still come."""
        if entry.accepted:
            self._taken += 1
            self._assembly.add(entry.recipient, Place(entry.group, entry.part, entry.parts), entry.text)

    # what a test sets

    def set_faults(self, rules: tuple[SmppRule, ...]) -> None:
        """Put these rules in force, with fresh counters."""
        now_s = time.monotonic()
        self._faults = {
            request: Faults(tuple(rule for rule in rules if rule.on is request), now_s)
            for request in SmppRequest
        }

    def set_terms(self, terms: Terms) -> None:
        self.terms, self._rate = terms, Rate(terms)

    def set_receipts(self, plan: ReceiptPlan | None) -> None:
        """Report on each message taken from now on; None: on none."""
        self.outbox = Outbox(plan, self.terms.ids, self._receivers) if plan else None

    def fired(self) -> dict[str, int]:
        """Return how often each rule met a request."""
        return {name: count for faults in self._faults.values() for name, count in faults.fired.items()}

    def _receivers(self) -> Iterator[Session]:
        return (session for session in self.sessions if session.receives)

    # a session's side

    def opened(self, session: Session) -> None:
        self.sessions.append(session)
        self.counts["connections"] += 1

    def closed(self, session: Session) -> None:
        self.sessions.remove(session)

    def requested(self, session: Session, request: Pdu) -> None:
        match request.body:
            case BindRequest():
                self._bind(session, request, request.body)
            case ShortMessage() if request.command is Command.SUBMIT_SM:
                self._submit(session, request, request.body)
            case None if request.command is Command.ENQUIRE_LINK:
                self.counts["enquiries"] += 1
                self._plain(session, request, SmppRequest.ENQUIRE, lambda: None)
            case None if request.command is Command.UNBIND:
                self.counts["unbinds"] += 1
                self._plain(session, request, SmppRequest.UNBIND, session.close)
            case _:
                session.write(Pdu(Command.GENERIC_NACK, request.sequence, WRONG_COMMAND))

    def _plain(
        self, session: Session, request: Pdu, kind: SmppRequest, afterwards: Callable[[], None]
    ) -> None:
        rule = self._faults[kind].choose("", session.port, time.monotonic())

        def answer() -> None:
            session.answer(request)
            afterwards()

        perform(session, request, rule, answer)

    def _bind(self, session: Session, request: Pdu, body: BindRequest) -> None:
        rule = self._faults[SmppRequest.BIND].choose("", session.port, time.monotonic())
        status = self._admitted(session, body)
        self.counts["refused_binds" if status else request.command.name.lower()] += 1

        def answer() -> None:
            session.answer(request, status, BindAnswer(SYSTEM_ID))
            if status and session.bound is None:
                session.close()
                return
            session.bound = session.bound or request.command
            self._enquire(session, waits=False)
            if self.outbox and session.receives:
                self.outbox.resume()

        perform(session, request, rule, answer)

    def _admitted(self, session: Session, body: BindRequest) -> int:
        account = self._account
        if session.bound:
            return ALREADY_BOUND
        if account.system_id and body.system_id != account.system_id:
            return WRONG_SYSTEM_ID
        if account.system_id and body.password != account.password:
            return WRONG_PASSWORD
        bound = sum(one.bound is not None for one in self.sessions)
        return ALREADY_BOUND if self.terms.binds and bound >= self.terms.binds else 0

    def _enquire(self, session: Session, *, waits: bool) -> None:
        """Enquire every so often, and close the session that did not answer the time before."""
        if not self.terms.enquire_s or session not in self.sessions:
            return
        if waits:
            session.close()
            return
        waiting = True

        def answered(_status: int | None) -> None:
            nonlocal waiting
            waiting = False
            self.counts["enquiries_answered"] += 1

        session.ask(Command.ENQUIRE_LINK, None, answered)
        loop = asyncio.get_running_loop()
        loop.call_later(self.terms.enquire_s, lambda: self._enquire(session, waits=waiting))

    # messages

    def _submit(self, session: Session, request: Pdu, message: ShortMessage) -> None:
        session.unanswered += 1
        self.counts["window"] = max(self.counts["window"], session.unanswered)
        if self.terms.latency_s:
            loop = asyncio.get_running_loop()
            loop.call_later(self.terms.latency_s, self._settle, session, request, message)
        else:
            self._settle(session, request, message)

    def _settle(self, session: Session, request: Pdu, message: ShortMessage) -> None:
        found = examine(message, datetime.now(UTC))
        rule = self._faults[SmppRequest.SUBMIT].choose(found.recipient, session.port, time.monotonic())
        status, reason = self._decide(session, found, rule)
        taken = rule is None or rule.action.kind in TAKING
        accepted = taken and not status
        number = self._taken + 1
        if accepted:
            self._taken = number
        entry = self._entry(session, found, number if accepted else 0, status, reason, rule)

        def answer() -> None:
            session.unanswered -= 1
            identifier = write_id(self.terms.ids, number) if accepted else ""
            session.answer(request, status, MessageAnswer(identifier))

        settled = partial(perform, session, request, rule if taken or not status else None, answer)
        if accepted and self.outbox:
            settled = partial(self.outbox.follow, found, number, settled)
        self._journal.append(msgspec.json.encode(entry), settled)

    def _decide(self, session: Session, found: Submission, rule: SmppRule | None) -> tuple[int, str]:
        """Return the status of the answer, and why it is not 0."""
        if not session.transmits:
            return WRONG_STATE, "unbound"
        if rule and rule.action.kind is SmppFaultKind.STATUS:
            return rule.action.status, "fault"
        if found.status:
            return found.status, found.reason
        if not self._rate.takes(time.monotonic()) if self.terms.rate else False:
            return THROTTLED, "rate"
        if self.terms.queue and self.outbox and self.outbox.open >= self.terms.queue:
            return QUEUE_FULL, "queue"
        return 0, ""

    def _entry(
        self,
        session: Session,
        found: Submission,
        number: int,
        status: int,
        reason: str,
        rule: SmppRule | None,
    ) -> Entry:
        self._attempts[found.recipient] += 1
        self.counts["submits"] += 1
        self.counts["accepted" if number else "refused"] += 1
        self.statuses[f"0x{status:02x}"] += 1
        place, whole = found.place, None
        if number:
            whole = self._assembly.add(found.recipient, place, found.text)
        text = (found.text if whole is None else whole) if number else ""
        alert = self._account.alert.search(text) if self._account.alert and whole else None
        return Entry(
            channel=self._account.channel,
            recipient=found.recipient,
            accepted=bool(number),
            status=status,
            wall_ns=time.time_ns(),
            mono_ns=time.monotonic_ns(),
            process=os.getpid(),
            number=self.counts["submits"],
            port=session.port,
            attempt=self._attempts[found.recipient],
            alert=alert[1] if alert else "",
            hash=hashlib.sha256(text.encode()).hexdigest() if number else "",
            own=found.reference,
            ttl=found.validity_s,
            reference=write_id(self.terms.ids, number) if number else "",
            reason=reason or ("fault" if rule and not number else ""),
            fault=rule.name if rule else "",
            text=text,
            part=place.number,
            parts=place.total,
            group=place.reference,
            incomplete=bool(number) and whole is None,
        )
