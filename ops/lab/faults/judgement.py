"""Joins the three ledgers of each run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.lab.world.chains import audience, excuse
from ops.lab.world.population import watching
from ops.lab.world.records import Expected, Message, RecipientChannel
from ops.lab.world.verdict import Evidence, Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from ops.lab.faults.trial import SentMessage, TrialRecord
    from ops.lab.world.population import Recipient
    from ops.lab.world.records import GatewayRecord, Key


@dataclass(frozen=True, slots=True)
class JoinedRun:
    """A run and its verdict."""

    case: TrialRecord
    verdict: Verdict
    reason: str = ""
    """Why the run could not be carried out."""

    @property
    def failures(self) -> tuple[str, ...]:
        """List what must not be and is, the criteria included."""
        if self.reason:
            return (f"could not be carried out: {self.reason}", *self.verdict.failures)
        broken = (
            f"{name}={one.value:g}>{one.limit:g}" for name, one in self.case.findings.items() if not one.ok
        )
        anybody = self.verdict.total.expected or self.case.may_expire or _replaced(self.case)
        idle = () if anybody else ("nobody expected anything",)
        return (*self.verdict.failures, *broken, *idle)


def judge_cases(
    cases: Sequence[TrialRecord], recipients: Sequence[Recipient], gateway: Collection[GatewayRecord]
) -> list[JoinedRun]:
    """Judge each run by its own messages. What the gateways took for no message of any run is held against the
    run in which they took it."""
    known = {sent.id for case in cases for sent in case.sent}
    return [_judged(case, known, recipients, gateway) for case in cases]


def _judged(
    case: TrialRecord, known: set[str], recipients: Sequence[Recipient], gateway: Collection[GatewayRecord]
) -> JoinedRun:
    messages = [_message(one, case) for one in case.sent]
    own = {message.id for message in messages}
    records = [
        one for one in gateway if one.message in own or (one.message not in known and _during(one, case))
    ]
    # a recipient that a gateway called gone in an earlier run is gone in this one too
    denials = [one for one in gateway if not one.accepted and case.ended_at and one.wall_time < case.ended_at]
    expected = [
        one
        for message, sent in zip(messages, case.sent, strict=True)
        for one in _owed(message, sent, messages, recipients, records)
        if one.recipient not in case.excused
    ]
    if case.may_expire:
        expired = {one.key for one in case.claims if one.state == "expired"}
        reached = {one.key for one in records if one.accepted}
        expected = [one for one in expected if one.key in reached or one.key not in expired]
    expected = _planned(expected, case, {one.key for one in records if one.accepted})
    left = excuse(expected, [*records, *denials], case.claims, messages)
    evidence = Evidence(messages, left.expected, records, case.claims)
    at = max((message.settle_by for message in messages if message.settle_by), default=case.began_at)
    return JoinedRun(case, judge(evidence, at=at, doubled_bound=case.bound))


def _planned(expected: Iterable[Expected], case: TrialRecord, reached: set[Key]) -> list[Expected]:
    """Leave out recipients of a replaced message who were not reached and for whom the service has no line: it was
    replaced before they were planned, and what they are owed is the message that replaced it."""
    lines = {one.key for one in case.claims}
    replaced = _replaced(case)
    return [one for one in expected if one.message not in replaced or one.key in lines or one.key in reached]


def _replaced(case: TrialRecord) -> set[str]:
    last = {sent.chain: sent for sent in case.sent}
    return {sent.id for sent in case.sent if sent is not last[sent.chain]}


def _during(record: GatewayRecord, case: TrialRecord) -> bool:
    return case.ended_at is not None and case.began_at <= record.wall_time <= case.ended_at


def _message(sent: SentMessage, case: TrialRecord) -> Message:
    return Message(
        id=sent.id,
        chain=sent.chain,
        order=sent.message.order,
        kind=sent.message.kind,
        submitted_at=sent.answer.began_at,
        answered_at=sent.answer.ended_at,
        expires=sent.message.expires,
        settle_by=sent.settled_at or case.ended_at,
    )


def _owed(
    message: Message,
    sent: SentMessage,
    messages: Iterable[Message],
    recipients: Iterable[Recipient],
    gateway: Collection[GatewayRecord],
) -> tuple[Expected, ...]:
    earlier = [one for one in messages if one.chain == message.chain and one.order < message.order]
    concerned = (
        RecipientChannel(one.ref, one.channel) for one in watching(recipients, sent.message.concerned)
    )
    return audience(message, earlier, concerned, gateway)
