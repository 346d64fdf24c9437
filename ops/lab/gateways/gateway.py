"""A request's way through a stand-in: examine, maybe meet a fault, write down, and only then answer."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

import msgspec

from ops.lab.gateways import reports
from ops.lab.gateways.faults import TAKING, FaultKind, Faults, Rule, parse
from ops.lab.gateways.http.exchange import Answer
from ops.lab.world.ledger import ROUND_TRIP, Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ops.lab.gateways.http.exchange import Exchange, Request
    from ops.lab.gateways.journal import Journal
    from ops.lab.gateways.parcel import Parcel
    from ops.lab.world.ledger import Content

CONTROL = "/_control/"
_JSON = (("content-type", "application/json"),)
_BREAKS: Mapping[FaultKind | None, Callable[[Exchange], None]] = {
    FaultKind.RESET: lambda exchange: exchange.reset(),
    FaultKind.RESET_AFTER: lambda exchange: exchange.reset(),
    FaultKind.REFUSE: lambda exchange: exchange.refuse(),
    FaultKind.DISCONNECT: lambda exchange: exchange.disconnect(),
    FaultKind.GARBAGE: lambda exchange: exchange.garble(),
}
_SENT_IN_FULL = frozenset({FaultKind.STATUS, FaultKind.DELAY, FaultKind.SLOW, FaultKind.GO_AWAY})


class Examiner(Protocol):
    """Examines the requests of one channel: what differs between the channels."""

    channel: str

    def examine(self, request: Request, now_s: float) -> Parcel:
        """Examine `request`. `now_s` is Unix time."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """Says what is written down and done about one request."""

    accepted: bool
    answer: Answer
    status: int
    """What the sender is to see; 0 for no or no whole answer."""
    reason: str
    rule: Rule | None


def decide(parcel: Parcel, rule: Rule | None) -> Outcome:
    """Decide about one request. A fault that takes nothing beats everything; one that takes cannot make a bad request
    good."""
    if rule is None or rule.action.kind in TAKING:
        accepted = not parcel.refusal
        whole = rule is None or rule.action.kind in _SENT_IN_FULL
        reason = parcel.refusal or parcel.content.reason
        return Outcome(accepted, parcel.answer, parcel.answer.status if whole else 0, reason, rule)
    action = rule.action
    answer = Answer(action.status, action.body.encode(), tuple(action.headers.items()))
    status = action.status if action.kind is FaultKind.STATUS else 0
    return Outcome(accepted=False, answer=answer, status=status, reason="fault", rule=rule)


class Gateway:
    """One channel's stand-in on a running loop. `handle` is the server's handler."""

    def __init__(self, examiner: Examiner, journal: Journal, texts: int = 0) -> None:
        """Of each message the texts of the first `texts` that it accepts are written down, and every message with a
        code.
        """
        self._examiner = examiner
        self._journal = journal
        self._faults: Faults[Rule] = Faults((), time.monotonic())
        self._attempts: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._texts = texts
        self._kept: Counter[str] = Counter()
        self._statuses: Counter[str] = Counter()
        self._protocols: Counter[str] = Counter()
        self._reporter: reports.Reporter | None = None

    def handle(self, exchange: Exchange) -> None:
        """Deal with one request, now or after the delay a fault rule asks for."""
        request = exchange.request
        if request.path.startswith(CONTROL):
            exchange.answer(self._control(request))
            return
        parcel = self._examiner.examine(request, time.time())
        rule = self._faults.choose(parcel.recipient, request.port, time.monotonic())
        settle = partial(self._settle, exchange, parcel, rule)
        if rule and rule.action.delay_s:
            asyncio.get_running_loop().call_later(rule.action.delay_s, settle)
        else:
            settle()

    def _settle(self, exchange: Exchange, parcel: Parcel, rule: Rule | None) -> None:
        outcome = decide(parcel, rule)
        self._protocols[exchange.request.protocol] += 1
        entry = self._entry(exchange.request, parcel, outcome)
        answer = partial(deliver, exchange, outcome)
        if self._reporter and outcome.accepted:
            answer = partial(self._reporter.follow, parcel.collapse, answer)
        self._journal.append(msgspec.json.encode(entry), answer)

    def _entry(self, request: Request, parcel: Parcel, outcome: Outcome) -> Entry:
        self._count(parcel, outcome)
        return Entry(
            channel=self._examiner.channel,
            recipient=parcel.recipient,
            accepted=outcome.accepted,
            status=outcome.status,
            wall_ns=time.time_ns(),
            mono_ns=time.monotonic_ns(),
            process=os.getpid(),
            number=self._counts["requests"],
            port=request.port,
            attempt=self._attempts[parcel.recipient],
            alert=parcel.content.alert,
            kind=parcel.content.kind,
            hash=parcel.content.hash,
            collapse=parcel.collapse,
            ttl=parcel.ttl,
            urgency=parcel.urgency,
            reference=parcel.reference if outcome.accepted else "",
            reason=outcome.reason,
            fault=outcome.rule.name if outcome.rule else "",
            raw=parcel.raw if outcome.accepted else "",
            handed=parcel.handed if outcome.accepted else "",
            text=parcel.content.text if outcome.accepted and self._keeps(parcel.content) else "",
        )

    def _keeps(self, content: Content) -> bool:
        if content.kind == ROUND_TRIP:
            return True  # each carries a code of its own, for its device to bring back
        self._kept[content.alert] += 1
        return self._kept[content.alert] <= self._texts

    def _count(self, parcel: Parcel, outcome: Outcome) -> None:
        self._attempts[parcel.recipient] += 1
        self._counts["requests"] += 1
        self._counts["accepted" if outcome.accepted else "refused"] += 1
        self._statuses[str(outcome.status)] += 1

    def _control(self, request: Request) -> Answer:
        match request.method, request.path.removeprefix(CONTROL):
            case "GET", "stats":
                return Answer(200, msgspec.json.encode(self._stats()), _JSON)
            case "PUT", "faults":
                return self._set_faults(request.body)
            case "DELETE", "faults":
                self._faults = Faults((), time.monotonic())
                return Answer(204)
            case "PUT", "texts":
                return self._set_texts(request.body)
            case method, "reports":
                return self._control_reports(method, request.body)
            case _:
                return Answer(404)

    def _control_reports(self, method: str, body: bytes) -> Answer:
        if method == "GET":
            if self._reporter is None:
                return Answer(404)
            return Answer(200, msgspec.json.encode(self._reporter.account()), _JSON)
        try:
            self._reporter = reports.Reporter(reports.parse(body)) if method == "PUT" else None
        except msgspec.DecodeError as error:
            return Answer(400, msgspec.json.encode({"error": str(error)}), _JSON)
        return Answer(204)

    def _set_faults(self, body: bytes) -> Answer:
        try:
            rules = parse(body)
        except msgspec.DecodeError as error:
            return Answer(400, msgspec.json.encode({"error": str(error)}), _JSON)
        self._faults = Faults(rules, time.monotonic())
        return Answer(200, msgspec.json.encode([rule.name for rule in rules]), _JSON)

    def _set_texts(self, body: bytes) -> Answer:
        try:
            self._texts = msgspec.json.decode(body, type=int)
        except msgspec.DecodeError as error:
            return Answer(400, msgspec.json.encode({"error": str(error)}), _JSON)
        return Answer(204)

    def _stats(self) -> dict[str, object]:
        return {
            "channel": self._examiner.channel,
            "requests": self._counts["requests"],
            "accepted": self._counts["accepted"],
            "refused": self._counts["refused"],
            "recipients": len(self._attempts),
            "by_status": dict(self._statuses),
            "by_fault": self._faults.fired,
            "by_protocol": dict(self._protocols),
            "commits": self._journal.commits,
            "entries": self._journal.entries,
        }


def deliver(exchange: Exchange, outcome: Outcome) -> None:
    """Give the sender what the outcome says: the answer, part of it, a reset, or nothing at all."""
    action = outcome.rule.action if outcome.rule else None
    match action.kind if action else None:
        case FaultKind.HANG | FaultKind.HANG_AFTER:
            return
        case FaultKind.GO_AWAY:
            exchange.go_away(outcome.answer)
        case FaultKind.TRUNCATE | FaultKind.CUT_OFF if action:
            exchange.truncate(outcome.answer, action.keep_bytes)
        case FaultKind.SLOW if action:
            exchange.dribble(outcome.answer, action.pause_s)
        case kind if kind in _BREAKS:
            _BREAKS[kind](exchange)
        case _:
            exchange.answer(outcome.answer)
